"""What is expected of pairs of values before any rating: which of two settings matter, alone or together.

The effect of a pair = effect of its first value + effect of its second + what only the two together do (Gelman et al.,
Bayesian Data Analysis, 3rd ed., ch. 15.6: batches of coefficients of a two-way layout). Each setting may change nothing
with the same probability as one that is varied alone, so a pair of which one setting changes nothing has exactly the
prior of the other one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log

from msgspec import Struct

from ...base.statistics import Matrix, cholesky, inverted
from ...runs.value_pairs import ValuePair
from .posterior import NO_EFFECT
from .value_priors import SMOOTH_PARTS, EffectShape, covariance, places_on, range_of_normals, shape_of

# Part of the variance that is the first setting's, where both matter.
_SHARES = (0.25, 0.5, 0.75)
# Where both matter: how probable it is that they also do something together, and its variance beside theirs.
_TOGETHER, _TOGETHER_VARIANCE = 0.5, 0.5
# Prior probability that neither changes anything.
NEITHER = NO_EFFECT**2
# Smooth curves of what two settings do together: solving for all pairs is dear, so the extremes stand for all.
_SMOOTH_TOGETHER = ((0.0, 0.35), (0.97, 0.65))


class PairShape(Struct, frozen=True):
    """A prior of the pairs' effects and what it supposes: that the `first` setting matters, the `second`, and that they
    do something `together`.
    """

    shape: EffectShape
    first: bool
    second: bool
    together: bool = False


def pair_shapes(
    pairs: Sequence[ValuePair], axes: tuple[Sequence[float] | None, Sequence[float] | None]
) -> list[PairShape]:
    """All shapes to consider; their weights add up to 1. `axes` are the numbers of each setting in its list's order,
    None for one whose values are names.
    """
    counts = len({pair.first for pair in pairs}), len({pair.second for pair in pairs if pair.second >= 0})
    sides = [_Side(axis, count, len(pairs)) for axis, count in zip(axes, counts, strict=True)]
    both = (1 - NO_EFFECT) ** 2
    one = NO_EFFECT * (1 - NO_EFFECT)
    whole = both + 2 * one
    found = [PairShape(shape, True, False) for shape in _alone(pairs, sides, (1.0, 0.0), one / whole)]
    found += [PairShape(shape, False, True) for shape in _alone(pairs, sides, (0.0, 1.0), one / whole)]
    for share in _SHARES:
        weight = (1 - _TOGETHER) * both / whole / len(_SHARES)
        parts = 2 * share, 2 * (1 - share)
        found += [PairShape(shape, True, True) for shape in _alone(pairs, sides, parts, weight)]
    return [*found, *(PairShape(s, True, True, True) for s in _together(pairs, sides, _TOGETHER * both / whole))]


class _Side:
    """One of the two settings: covariances of its values' effects, sized so that their range is as expected of a single
    setting when the pairs' effects have the size that `effect_prior` expects of so many values."""

    def __init__(self, axis: Sequence[float] | None, count: int, pairs: int) -> None:
        self.count = count
        self.smooth = axis is not None and count >= 3
        self._places = places_on(axis) if axis is not None and self.smooth else []
        self._scale = (range_of_normals(pairs) / range_of_normals(count)) ** 2 if count > 1 else 1.0

    def covariance(self, part: float) -> Matrix:
        """The covariance with this smooth part; of names always that of independent effects."""
        raw = covariance(self._places, part if self.smooth else 0.0, self.count)
        return [[self._scale * cell for cell in line] for line in raw]


def _smooth_parts(sides: Sequence[_Side], parts: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    return parts if any(side.smooth for side in sides) else ((0.0, 1.0),)


def _alone(
    pairs: Sequence[ValuePair], sides: Sequence[_Side], parts: tuple[float, float], weight: float
) -> Iterator[EffectShape]:
    """Shapes in which the settings add up; `parts` are their variances, 0 = it changes nothing.

    The first part of all pairs is their level, which is left open.
    """
    used = [side for side, part in zip(sides, parts, strict=True) if part]
    begin = (1, 1 + (sides[0].count if parts[0] else 0))
    made_of = tuple(
        (
            0,
            *((begin[0] + pair.first,) if parts[0] else ()),
            *((begin[1] + pair.second,) if parts[1] and pair.second >= 0 else ()),
        )
        for pair in pairs
    )
    size = 1 + sum(side.count for side in used)
    for smooth, share in _smooth_parts(used, SMOOTH_PARTS):
        precision = [[0.0] * size for _ in range(size)]
        half_log, at = 0.5 * log(len(pairs)), 1
        for side, part in zip(sides, parts, strict=True):
            if part:
                own = [[part * cell for cell in line] for line in side.covariance(smooth)]
                for i, line in enumerate(inverted(own)):
                    precision[at + i][at : at + side.count] = line
                half_log -= sum(log(line[-1]) for line in cholesky(own))
                at += side.count
        yield EffectShape(weight * share, precision, half_log, made_of)


def _together(pairs: Sequence[ValuePair], sides: Sequence[_Side], weight: float) -> Iterator[EffectShape]:
    """Shapes in which every pair also has an effect of its own."""
    for smooth, share in _smooth_parts(sides, _SMOOTH_TOGETHER):
        first, second = (side.covariance(smooth) for side in sides)
        unit = first[0][0] * second[0][0]
        mean = (first[0][0] + second[0][0]) / 2
        whole = [
            [
                first[a.first][b.first]
                + (second[a.second][b.second] if a.second >= 0 and b.second >= 0 else 0.0)
                + (
                    _TOGETHER_VARIANCE * mean * first[a.first][b.first] * second[a.second][b.second] / unit
                    if a.second >= 0 and b.second >= 0
                    else 0.0
                )
                for b in pairs
            ]
            for a in pairs
        ]
        yield shape_of(weight * share, whole)
