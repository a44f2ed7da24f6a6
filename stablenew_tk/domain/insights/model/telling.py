"""Which pictures would tell most about the value to take, where every picture tells something about several values.

What is given away by taking a value in place of another one is, on average over a normal difference of mean d,
sd · φ(d / sd) + d · Φ(d / sd) (Frazier, Powell and Dayanik, The Knowledge-Gradient Policy for Correlated Normal
Beliefs, 2009, eq. 13). Its derivative to the variance is φ(d / sd) / 2 sd, and by how much a picture lessens a variance
is known before it is made. So the picture is asked for that lessens most of what may be given away beside all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from ...base.statistics import Matrix, Vector, inverted
from .posterior import Observation, Possibility, Posterior

# Shapes of effects that are looked at, the likeliest ones; each at its likeliest scales.
_SHAPES = 3


def telling(
    pictures: Sequence[Observation], posterior: Posterior, rows: int, *, leader: int, count: int
) -> list[tuple[int, int]]:
    """The `count` pictures (index of the value, index of the row) that would tell most beside the rated `pictures`, the
    most useful first. `rows` are known; the number of the next one is `rows` itself. `leader` is the value to take.
    """
    views = [_View(found, weight, pictures, rows, leader) for found, weight in _likeliest(posterior)]
    done = {(picture.value, picture.row) for picture in pictures}
    values, chosen = len(posterior.possibilities[0].means), list[tuple[int, int]]()
    for _ in range(count):
        free = [(v, row) for row in range(rows + 1) for v in range(values) if (v, row) not in done]
        gains = [sum(parts) for parts in zip(*(view.gains(free) for view in views), strict=True)]
        best = free[gains.index(max(gains))]
        chosen.append(best)
        done.add(best)
        for view in views:
            view.make(best)
    return chosen


def _likeliest(posterior: Posterior) -> list[tuple[Possibility, float]]:
    """The likeliest possibility of each of the likeliest shapes, with the weight of the shape."""
    weights: dict[int, float] = {}
    tops: dict[int, Possibility] = {}
    for one in posterior.possibilities:
        key = id(one.shape)
        weights[key] = weights.get(key, 0.0) + one.weight
        if key not in tops or one.weight > tops[key].weight:
            tops[key] = one
    ranked = sorted(tops, key=lambda key: -weights[key])[:_SHAPES]
    return [(tops[key], weights[key]) for key in ranked]


class _View:
    """One possibility: the covariance of all values and rows (in units of the noise), the next row among them."""

    def __init__(
        self, found: Possibility, weight: float, pictures: Sequence[Observation], rows: int, leader: int
    ) -> None:
        self.values, self.leader, self.weight = len(found.means), leader, weight
        noise = found.scales.noise
        self.apart = [(mean - found.means[leader]) / noise for mean in found.means]
        self.covariance = _covariance(found, pictures, rows)

    def gains(self, free: Sequence[tuple[int, int]]) -> Vector:
        """What each of these pictures would lessen."""
        known, top = self.covariance, self.leader
        worth, beside = list[float](), list[Vector]()
        for v in range(self.values):
            spread = known[v][v] + known[top][top] - 2 * known[v][top]
            if v != top and spread > 1e-9:
                worth.append(exp(-0.5 * self.apart[v] ** 2 / spread) / spread**0.5)
                beside.append([a - b for a, b in zip(known[v], known[top], strict=True)])
        found = []
        for v, row in free:
            at = self.values + row
            own = known[v][v] + known[at][at] + 2 * known[v][at] + 1
            less = sum([share * (line[v] + line[at]) ** 2 for share, line in zip(worth, beside, strict=True)])
            found.append(self.weight * less / own)
        return found

    def make(self, picture: tuple[int, int]) -> None:
        """Reckon with this picture, whatever its stars will be."""
        v, at = picture[0], self.values + picture[1]
        pull = [a + b for a, b in zip(self.covariance[v], self.covariance[at], strict=True)]
        own = pull[v] + pull[at] + 1
        self.covariance = [
            [cell - one * other / own for cell, other in zip(line, pull, strict=True)]
            for line, one in zip(self.covariance, pull, strict=True)
        ]


def _covariance(found: Possibility, pictures: Sequence[Observation], rows: int) -> Matrix:
    scales, shape = found.scales, found.shape
    size = len(shape.precision)
    loose, luck = (scales.noise / scales.values) ** 2, (scales.noise / scales.rows) ** 2
    whole = [[loose * cell for cell in line] + [0.0] * rows for line in shape.precision]
    whole += [[0.0] * (size + at) + [luck] + [0.0] * (rows - at - 1) for at in range(rows)]
    parts = shape.parts or tuple((v,) for v in range(size))
    for picture in pictures:
        members = (*parts[picture.value], size + picture.row)
        for i in members:
            for j in members:
                whole[i][j] += 1.0
    inverse = inverted(whole)
    # Values from their parts, on both sides; a row is a part of its own, and nothing is known of the next one.
    made = [*parts, *((size + row,) for row in range(rows))]
    half = [[sum([line[i] for i in own]) for own in made] for line in inverse]
    known = [[sum([half[i][at] for i in own]) for at in range(len(made))] + [0.0] for own in made]
    return [*known, [0.0] * len(made) + [1 / luck]]
