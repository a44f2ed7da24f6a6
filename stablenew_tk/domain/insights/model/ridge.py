"""Bayesian ridge regression of ratings on many yes-or-no factors, within blocks (prompts).

rating = block + sum of the effects of its factors + noise. Effects are normal around 0, so effects that the ratings
hardly determine stay near 0 with a wide interval (Gelman et al., Bayesian Data Analysis, 3rd ed., ch. 14.8 and 15).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp, log, sqrt
from operator import mul
from statistics import NormalDist

from msgspec import Struct

from ...base.statistics import Matrix, Vector, backward, cholesky, f_tail, forward, mirrored

# How large effects are, as a part of the noise, is not known: a grid, weighed by how well each explains the ratings.
_RATIOS = (0.03, 0.1, 0.2, 0.4, 0.8, 1.6)
_OPEN = 0.8
_ROUNDING = 1 / 12


class Fit(Struct, frozen=True):
    """The posterior for one `ratio` of effects to noise: its log weight, the coefficients, the factor of their
    precision in units of the noise, and the noise in stars with its degrees of freedom.
    """

    ratio: float
    weight: float
    means: Vector
    factor: Matrix
    noise: float
    degrees: int


def ridge(columns: Sequence[int], blocks: Sequence[int], stars: Sequence[float]) -> list[Fit]:
    """Fit the effects of `columns` on `stars`.

    A column is a set of places in `stars` as bits, and so is a block; blocks do not overlap, and places outside all of
    them are left out. The noise is integrated out under a flat prior of its logarithm. Empty without columns; there
    must be more places in blocks than blocks.
    """
    left = list(stars)
    for block in blocks:
        places = list(_places(block))
        middle = sum(stars[place] for place in places) / len(places)
        for place in places:
            left[place] -= middle
    within = sum(blocks)
    # Bits instead of a table of zeros and ones: the products of 60 columns over 2,000 ratings take milliseconds.
    shares = [[(column & block).bit_count() / sqrt(block.bit_count()) for block in blocks] for column in columns]
    gram = [
        [(a & b & within).bit_count() - sum(map(mul, shares[i], shares[j])) for j, b in enumerate(columns)]
        for i, a in enumerate(columns)
    ]
    pull = [sum(left[place] for place in _places(column & within)) for column in columns]
    squares = sum(left[place] ** 2 for place in _places(within))
    degrees = within.bit_count() - len(blocks)
    found = []
    for ratio in _RATIOS if columns else ():
        factor = cholesky([[cell + (i == j) / ratio**2 for j, cell in enumerate(line)] for i, line in enumerate(gram)])
        half = forward(factor, pull)
        # Stars are whole numbers: less noise than that of rounding cannot be.
        rest = max(squares - sum(map(mul, half, half)), degrees * _ROUNDING)
        weight = -sum(log(line[-1]) for line in factor) - len(columns) * log(ratio) - degrees / 2 * log(rest)
        found.append(Fit(ratio, weight, backward(mirrored(factor), half), factor, sqrt(rest / degrees), degrees))
    return found


def _places(mask: int) -> Iterator[int]:
    return (place for place, bit in enumerate(reversed(f"{mask:b}")) if bit == "1")


def open_minded(fits: Sequence[Fit]) -> list[Fit]:
    """The fits whose prior expects effects as large as the noise.

    They hardly shrink the effects, so their intervals are as wide as the ratings alone make them.
    """
    return [fit for fit in fits if fit.ratio >= _OPEN]


def interval(fits: Sequence[Fit], contrast: Sequence[float]) -> tuple[float, float, float]:
    """Mean and 90 % interval, in stars, of the coefficients weighted by `contrast`, under the mixture of the fits."""
    top = max(fit.weight for fit in fits)
    parts = []
    for fit in fits:
        mean = sum(map(mul, contrast, fit.means))
        spread = fit.noise * sqrt(sum(x * x for x in forward(fit.factor, contrast)))
        parts.append((exp(fit.weight - top), NormalDist(mean, spread)))
    total = sum(weight for weight, _ in parts)

    def quantile(share: float) -> float:
        low, high = -8.0, 8.0
        for _ in range(40):
            middle = (low + high) / 2
            if sum(weight * part.cdf(middle) for weight, part in parts) < share * total:
                low = middle
            else:
                high = middle
        return (low + high) / 2

    return sum(weight * part.mean for weight, part in parts) / total, quantile(0.05), quantile(0.95)


class Effect(Struct, frozen=True):
    """An effect in stars, and a vector whose products with those of other effects are their covariances."""

    mean: float
    half: Vector


class Tester:
    """Tests whether effects differ, by the F test of the contrasts between them.

    The effects are those of the loosest prior, which hardly shrinks them; the noise is that of the likeliest one, since
    loose priors take noise for effects. So the test errs on the side of silence.
    """

    def __init__(self, fits: Sequence[Fit]) -> None:
        self._fit = max(fits, key=lambda fit: fit.ratio)
        self._noise = max(fits, key=lambda fit: fit.weight).noise

    def effect(self, weights: Sequence[float]) -> Effect:
        """The sum of the coefficients with these weights."""
        return Effect(sum(map(mul, weights, self._fit.means)), forward(self._fit.factor, weights))

    def p_value(self, effects: Sequence[Effect]) -> float:
        """How probable it is that two or more effects differ so much when in truth all are the same."""
        base, rest = effects[-1], effects[:-1]
        means = [one.mean - base.mean for one in rest]
        halves = [[a - b for a, b in zip(one.half, base.half, strict=True)] for one in rest]
        factor = cholesky([[sum(map(mul, one, other)) for other in halves] for one in halves])
        size = sum(x * x for x in forward(factor, means)) / self._noise**2
        return f_tail(size / len(rest), len(rest), self._fit.degrees)

    def distance(self, one: Effect, other: Effect) -> float:
        """By how many standard errors two effects differ."""
        spread = sqrt(sum((a - b) ** 2 for a, b in zip(one.half, other.half, strict=True)))
        return abs(one.mean - other.mean) / (spread * self._noise)
