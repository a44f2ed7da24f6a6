"""Votes on pairs of pictures: Bradley and Terry's model with ties (Davidson 1970), in one posterior with the stars.

Of two pictures of a row the one whose value is better by d (in units of `SCALE` times the noise of a rating) wins with
the odds e^(d/2) to e^(-d/2), and neither with the odds `ties`. Near the likeliest differences the logarithm of that is
a parabola, which `fit` takes beside the stars (Laplace's method; Bayesian Data Analysis, 3rd ed., ch. 4.1).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import cosh, exp, log
from operator import mul

from msgspec import Struct

from ...base.statistics import Matrix, Vector, backward, cholesky, forward, mirrored
from .posterior import NO_EFFECT, Observation, Point, Posterior, VoteSite, fit
from .rated_images import Table, Value, key_of
from .value_priors import EffectShape

# A vote wavers as much as the difference of two ratings: √2 noises as a normal number, in units of a logistic one.
SCALE = 0.8
# The odds of "no difference" between equals that are considered, and the prior of their logarithm.
_TIES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
_USUAL_TIES, _TIES_SD = 0.8, 1.0
# Without stars a value is this many noises away from the others (sd); only to find where the parabola is to touch.
_RIDGE = 1.5
_TOUCHES = 2
FEWEST_STARS, MOST_STARS = 1.0, 5.0


class ComparedPair(Struct, frozen=True):
    """A vote before it is analysed: the two values, and the row as anything that tells rows of all plans apart."""

    first: Value
    second: Value
    won: int
    row: tuple[int, int]


class Vote(Struct, frozen=True):
    """The indexes of two values whose pictures of one row were compared; `won` 1 = the first is better, −1 = the
    second, 0 = no difference. `weight` (0 to 1): the part of it that other votes on the same pictures do not tell.
    """

    first: int
    second: int
    won: int
    weight: float = 1.0


def votes_of(pairs: Sequence[ComparedPair], values: Sequence[Value]) -> list[Vote]:
    """The votes on two of these values, weighed."""
    place = {key_of(value): nth for nth, value in enumerate(values)}
    known = [pair for pair in pairs if key_of(pair.first) in place and key_of(pair.second) in place]
    return weighed([(Vote(place[key_of(one.first)], place[key_of(one.second)], one.won), one.row) for one in known])


def beside_votes(table: Table, pairs: Sequence[ComparedPair]) -> Sequence[Observation]:
    """The rated pictures without those of compared rows in which all have five stars, or all one: there the scale has
    come to its end, and equal stars do not say that the pictures are equally good. The votes speak for them.
    """
    voted = {pair.row for pair in pairs}
    if not voted:
        return table.pictures
    rows: dict[int, list[Observation]] = {}
    for picture in table.pictures:
        rows.setdefault(picture.row, []).append(picture)

    def ended(row: list[Observation]) -> bool:
        first = row[0]
        stars = {picture.stars for picture in row}
        here = table.plans[first.plan], table.rows[first.row]
        return here in voted and len(row) > 1 and len(stars) == 1 and stars <= {MOST_STARS, FEWEST_STARS}

    kept = [picture for row in rows.values() if not ended(row) for picture in row]
    # One alone says nothing about differences, and there must be one.
    return kept or table.pictures[:1]


def weighed(votes: Sequence[tuple[Vote, object]]) -> list[Vote]:
    """Votes with the row each belongs to (anything that tells rows apart), weighed: the pictures of a row have one luck
    each, so all its votes together tell no more than n − 1 differences of n pictures.
    """
    count = Counter(row for _, row in votes)
    pictures: dict[object, set[int]] = {}
    for vote, row in votes:
        pictures.setdefault(row, set()).update((vote.first, vote.second))
    return [
        Vote(vote.first, vote.second, vote.won, min(1.0, (len(pictures[row]) - 1) / count[row])) for vote, row in votes
    ]


def log_likelihood(votes: Sequence[Vote], means: Sequence[float], ties: float) -> float:
    """Log likelihood of the votes; `means` of the values in units of the noise."""
    return sum(
        vote.weight * _log_chance(vote, (means[vote.first] - means[vote.second]) / SCALE, ties) for vote in votes
    )


def _log_chance(vote: Vote, apart: float, ties: float) -> float:
    half = abs(apart) / 2
    # log(2 cosh(d/2) + ties) without an overflow.
    whole = half + log(1 + exp(-2 * half) + ties * exp(-half))
    return (vote.won * apart / 2 if vote.won else log(ties)) - whole


def site(votes: Sequence[Vote], count: int, means: Sequence[float], ties: float) -> VoteSite:
    """The parabola that touches the log likelihood at these means."""
    precision, slope = _derivatives(votes, count, means, ties)
    pull = [s + sum(map(mul, line, means)) for s, line in zip(slope, precision, strict=True)]
    height = log_likelihood(votes, means, ties)
    constant = (
        height
        - sum(map(mul, pull, means))
        + 0.5 * sum(m * sum(map(mul, line, means)) for m, line in zip(means, precision, strict=True))
    )
    return VoteSite(precision, pull, constant, log_likelihood(votes, [0.0] * count, ties))


def _derivatives(votes: Sequence[Vote], count: int, means: Sequence[float], ties: float) -> tuple[Matrix, Vector]:
    """Minus the second derivatives of the log likelihood, and the first."""
    precision, slope = [[0.0] * count for _ in range(count)], [0.0] * count
    for vote in votes:
        a, b = vote.first, vote.second
        half = max(-300.0, min(300.0, (means[a] - means[b]) / SCALE / 2))
        whole = 2 * cosh(half) + ties
        tilt = (exp(half) - exp(-half)) / whole / 2
        bend = vote.weight * (0.25 * 2 * cosh(half) / whole - tilt**2) / SCALE**2
        pull = vote.weight * (vote.won / 2 - tilt) / SCALE
        slope[a] += pull
        slope[b] -= pull
        precision[a][a] += bend
        precision[b][b] += bend
        precision[a][b] -= bend
        precision[b][a] -= bend
    return precision, slope


def first_guess(votes: Sequence[Vote], count: int) -> tuple[Vector, float]:
    """The likeliest means by the votes alone, with a ridge, and the likeliest odds of "no difference"."""
    found = []
    for ties in _TIES:
        means = _mode(votes, count, ties)
        prior = -0.5 * (log(ties / _USUAL_TIES) / _TIES_SD) ** 2 - 0.5 * sum(m * m for m in means) / _RIDGE**2
        found.append((log_likelihood(votes, means, ties) + prior, ties, means))
    _, ties, means = max(found)
    return means, ties


def _mode(votes: Sequence[Vote], count: int, ties: float) -> Vector:
    """Newton's method; the function is concave, and the ridge keeps the steps small."""
    means = [0.0] * count
    for _ in range(30):
        precision, slope = _derivatives(votes, count, means, ties)
        ridged = [[cell + (i == j) / _RIDGE**2 for j, cell in enumerate(line)] for i, line in enumerate(precision)]
        factor = cholesky(ridged)
        pull = [s - m / _RIDGE**2 for s, m in zip(slope, means, strict=True)]
        step = backward(mirrored(factor), forward(factor, pull))
        means = [m + s for m, s in zip(means, step, strict=True)]
        if max(map(abs, step)) < 1e-9:
            break
    return means


def in_noises(posterior: Posterior, count: int) -> Vector:
    """The posterior means of the values around their average, in units of the noise."""
    total = [sum(p.weight * p.means[v] / p.scales.noise for p in posterior.possibilities) for v in range(count)]
    middle = sum(total) / count
    return [value - middle for value in total]


def fit_with_votes(
    pictures: Sequence[Observation],
    shapes: Sequence[EffectShape],
    points: Sequence[Point] | None,
    votes: Sequence[Vote],
    *,
    count: int = 0,
    no_effect: float = NO_EFFECT,
) -> Posterior:
    """The posterior of stars and votes together; for `count` and `no_effect` see `fit`. The parabola touches where it
    lies, found in a few steps.
    """
    count = count or len(shapes[0].precision)
    means, ties = first_guess(votes, count)
    found = fit(pictures, shapes, points, site(votes, count, means, ties), count=count, no_effect=no_effect)
    for _ in range(_TOUCHES):
        touching = site(votes, count, in_noises(found, count), ties)
        found = fit(pictures, shapes, points, touching, count=count, no_effect=no_effect)
    return found
