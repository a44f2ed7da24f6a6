"""The Bayesian model behind `analysis`: posterior of the mean stars of each value, as a mixture over scales.

The model is a two-way layout with random rows (Gelman et al., Bayesian Data Analysis, 3rd ed., ch. 5 and 15): the
rating of a picture = level + effect of its value + effect of its seed (the row) + noise. The standard deviations of the
effects and of the noise are unknown; `fit` weights a grid of them by their likelihood.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import exp, floor, log, log1p
from operator import mul

from msgspec import Struct

from ..base.random_numbers import RandomNumbers
from ..base.statistics import Matrix, Vector, backward, cholesky, forward, inverted, mirrored

# Ratios on the grid: sd of the seed effects / noise, and sd of the value effects / noise. Ratios, because then the
# linear algebra is done once per pair and the noise itself costs nothing (BDA3 ch. 14: all scales with sigma).
_ROW_RATIOS = (0.1, 0.3, 0.55, 0.85, 1.3, 2.2)
_VALUE_RATIOS = (0.05, 0.12, 0.22, 0.36, 0.55, 0.85, 1.3, 2.1, 3.6)
# Noise of one rating around value + seed, in stars: from "rounded to whole stars, nothing else" to hopeless.
_NOISES = tuple(0.3 * 1.17**k for k in range(13))
# Part of the noise variance that is the rater's inconsistency (the rest is the picture's). Only ratings of pictures
# that were shown again contain information about it.
_RATER_PARTS = (0.1, 0.25, 0.45, 0.7, 1.0)
# A rating is a whole star: even a perfect judge wavers by the variance of rounding.
_ROUNDING = 1 / 12


class Observation(Struct, frozen=True):
    """One rated picture: index of its value and of its row, its mean stars, how often it was rated (`shown`), and the
    sum of squares of its ratings around their mean (`scatter`)."""

    value: int
    row: int
    stars: float
    shown: int = 1
    scatter: float = 0.0


class Scales(Struct, frozen=True):
    """Standard deviations in stars: of the value effects, the seed effects (`rows`) and the noise; `rater` is the part
    of the noise variance (0-1) that is the rater's inconsistency."""

    values: float
    rows: float
    noise: float
    rater: float = 1.0


class Possibility(Struct, frozen=True):
    """One point of the grid: its posterior weight, and the distribution of the values' means given its scales.

    The means are normal around `means` with precision `factor` times its transpose, divided by the noise squared.
    """

    weight: float
    scales: Scales
    means: Vector
    factor: Matrix


def likeness(axis: Sequence[float] | None, count: int) -> Matrix:
    """The prior covariance matrix of the values' effects.

    Without an axis (categories) not at all. Along an axis: 95 % smooth (the squared exponential of Rasmussen &
    Williams, Gaussian Processes for Machine Learning, 2006, eq. 4.9, with a length of 0.35 of the range) and 5 % of
    each value's own. Scaled so that in both cases two values differ by the same amount on average: then "sd of the
    effects" means the same for samplers and for steps.
    """
    if axis is None or count < 2:
        return [[float(i == j) for j in range(count)] for i in range(count)]
    # Half the range and 15 % was measured too: with 15 pictures it draws the peak towards the ends of the axis and
    # misses by more than 1/4 star in 20 % of the smooth worlds of the bench instead of 15 %.
    places = _places(axis)
    raw = [
        [0.95 * exp(-0.5 * ((a - b) / 0.35) ** 2) + 0.05 * (i == j) for j, b in enumerate(places)]
        for i, a in enumerate(places)
    ]
    pairs = [1.0 - raw[i][j] for i in range(count) for j in range(i)]
    scale = len(pairs) / sum(pairs)
    return [[scale * cell for cell in line] for line in raw]


def _places(axis: Sequence[float]) -> Vector:
    """Map ascending values to 0-1, half by size and half by rank.

    Somebody who tests 10, 15, 20 and 100 expects a similar change from 10 to 15 as from 20 to 100."""
    low, span, last = axis[0], axis[-1] - axis[0], len(axis) - 1
    return [((value - low) / span + rank / last) / 2 for rank, value in enumerate(axis)]


def contrast_precision(covariance: Matrix) -> Matrix:
    """Precision of the effects when their common level is unknown: K⁻¹ − K⁻¹11ᵀK⁻¹ / 1ᵀK⁻¹1.

    A basis function of constant 1 with a vague prior (Rasmussen & Williams 2006, ch. 2.7).
    """
    size = len(covariance)
    inverse = inverted(covariance)
    sums = [sum(line) for line in inverse]
    total = sum(sums)
    return [[inverse[i][j] - sums[i] * sums[j] / total for j in range(size)] for i in range(size)]


class Likelihood(Struct, frozen=True):
    """The likelihood of the means with the seed effects integrated out: precision matrix, right-hand side, sum of
    squares and half the log determinant of the ratings' covariance, all in units of the noise."""

    precision: Matrix
    right: Vector
    squares: float
    half_log_determinant: float


def evidence(pictures: Sequence[Observation], count: int, *, row_ratio: float, rater: float) -> Likelihood:
    """Integrate the seed effects out exactly, one row at a time (Sherman-Morrison; R&W 2006 eq. A.9, A.10).

    A picture shown k times has the noise variance (1 − rater) + rater / k.
    """
    precision = [[0.0] * count for _ in range(count)]
    right, squares, half_log = [0.0] * count, 0.0, 0.0
    by_row: dict[int, list[Observation]] = {}
    for picture in pictures:
        by_row.setdefault(picture.row, []).append(picture)
    for row in by_row.values():
        weights: dict[int, float] = {}
        total = pull = 0.0
        for picture in row:
            weight = 1 / (1 - rater + rater / picture.shown)
            weights[picture.value] = weights.get(picture.value, 0.0) + weight
            right[picture.value] += weight * picture.stars
            squares += weight * picture.stars**2
            half_log -= 0.5 * log(weight)
            total += weight
            pull += weight * picture.stars
        share = row_ratio**2 / (1 + row_ratio**2 * total)
        half_log += 0.5 * log1p(row_ratio**2 * total)
        squares -= share * pull**2
        for i, weight in weights.items():
            precision[i][i] += weight
            right[i] -= share * weight * pull
            line, part = precision[i], share * weight
            for j, other in weights.items():
                line[j] -= part * other
    return Likelihood(precision, right, squares, half_log)


@lru_cache(maxsize=4096)
def log_prior(values: float, rows: float, noise: float) -> float:
    """Log prior density of the scales (sd in stars), per logarithm of each scale.

    Noise: log-normal around 1.1 stars with 0.3 for its logarithm (0.75 to 1.6 in 80 %). That is more than most raters
    show, because a handful of pictures can look more alike by chance than they are, and the verdict would claim too
    much. Seed effects: half normal with 0.8. Value effects: log-normal around 0.45 with 0.6 (best and worst of five
    are 0.5 to 2.3 apart). With few groups the data hardly determine the scale, so a prior is needed (BDA3 ch. 5.7).
    """
    wavering = -0.5 * (log(noise / 1.1) / 0.3) ** 2
    luck = log(rows) - 0.5 * (rows / 0.8) ** 2
    effects = -0.5 * (log(values / 0.45) / 0.6) ** 2
    return wavering + luck + effects


class _Solution(Struct, frozen=True):
    """The part of the solution at one point of the grid that does not depend on the noise.

    Log likelihood = `constant` − degrees of freedom · log(noise) − `left` / (2 · noise²).
    """

    values: float
    rows: float
    rater: float
    means: Vector
    factor: Matrix
    constant: float
    left: float


def fit(pictures: Sequence[Observation], covariance: Matrix) -> list[Possibility]:
    """The posterior as a mixture of normals, weights adding up to 1; at least one picture is needed.

    Every place of `covariance` is a value; the level of all has a flat prior. For one pair of ratios the posterior of
    the means is R&W 2006 eq. 2.23 in precision form, and the weight of a noise is the marginal likelihood eq. 2.30.
    """
    again = sum(p.shown - 1 for p in pictures)
    freedom = len(pictures) - 1 + again
    points: list[tuple[float, float, _Solution]] = []
    for found in _solutions(pictures, covariance, again):
        for noise in _NOISES:
            weight = found.constant - freedom * log(noise) - found.left / (2 * noise**2)
            points.append((weight + log_prior(found.values * noise, found.rows * noise, noise), noise, found))
    top = max(weight for weight, _, _ in points)
    # What is a ten-thousandth as likely as the likeliest can neither be seen in a draw nor in a mean.
    kept = [(exp(weight - top), noise, found) for weight, noise, found in points if weight > top - 9.2]
    total = sum(weight for weight, _, _ in kept)
    return [
        Possibility(weight / total, Scales(f.values * noise, f.rows * noise, noise, f.rater), f.means, f.factor)
        for weight, noise, f in kept
    ]


def _solutions(pictures: Sequence[Observation], covariance: Matrix, again: int) -> Iterator[_Solution]:
    """One linear solve for every pair of ratios and, with pictures shown `again`, every part of the rater."""
    count = len(covariance)
    middle = sum(p.stars for p in pictures) / len(pictures)
    centred = [Observation(p.value, p.row, p.stars - middle, p.shown, p.scatter) for p in pictures]
    prior = contrast_precision(covariance)
    # Whole stars repeat exactly more often than the wavering behind them would.
    scatter = sum(p.scatter for p in pictures) + again * _ROUNDING
    for rater in _RATER_PARTS if again else (1.0,):
        for row_ratio in _ROW_RATIOS:
            known = evidence(centred, count, row_ratio=row_ratio, rater=rater)
            for value_ratio in _VALUE_RATIOS:
                factor = cholesky(_shrunk(prior, value_ratio, known.precision))
                half = forward(factor, known.right)
                means = [middle + m for m in backward(mirrored(factor), half)]
                left = max(0.0, known.squares - sum(map(mul, half, half))) + scatter / rater
                constant = -known.half_log_determinant - (count - 1) * log(value_ratio) - 0.5 * again * log(rater)
                constant -= sum(log(line[-1]) for line in factor)
                yield _Solution(value_ratio, row_ratio, rater, means, factor, constant, left)


def _shrunk(prior: Matrix, value_ratio: float, precision: Matrix) -> Matrix:
    """Posterior precision in units of the noise: the prior's, for effects of this size, plus that of the ratings."""
    weight = value_ratio**-2
    return [
        [weight * a + b for a, b in zip(line, other, strict=True)] for line, other in zip(prior, precision, strict=True)
    ]


def draws(possibilities: Sequence[Possibility], count: int, seed: int) -> Iterator[Vector]:
    """`count` (even) draws of all means from the posterior, the same for the same seed.

    Possibilities get their share by systematic sampling; every draw has its mirror image (antithetic variates), which
    makes the mean of the draws exact and halves the work.
    """
    if not possibilities:
        return
    pairs, passed, done = count // 2, 0.0, 0
    offset, throws = _throws(seed, pairs, len(possibilities[0].means))
    upper: Matrix = []
    last: Matrix | None = None
    for possibility in possibilities:
        passed += possibility.weight
        due = min(pairs, floor(passed * pairs + offset))
        if due > done and possibility.factor is not last:
            last = possibility.factor
            upper = mirrored(last)
        noise = possibility.scales.noise
        for throw in throws[done:due]:
            steps = backward(upper, throw)
            yield [m + noise * s for m, s in zip(possibility.means, steps, strict=True)]
            yield [m - noise * s for m, s in zip(possibility.means, steps, strict=True)]
        done = due


@lru_cache(maxsize=4)
def _throws(seed: int, count: int, size: int) -> tuple[float, list[Vector]]:
    """The random numbers for `draws`. Cached: they take half of its time and are the same for the same arguments."""
    rng = RandomNumbers(seed)
    return rng.uniform(), [rng.normals(size) for _ in range(count)]
