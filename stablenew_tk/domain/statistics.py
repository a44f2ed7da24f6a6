"""The arithmetic behind the insights: what a handful of 1-5 star ratings prove about each value, and how surely.

The model is a two-way layout with random rows (Gelman et al., Bayesian Data Analysis, 3rd ed., ch. 5 and 15): the
rating of a picture = level + effect of its value + luck of its seed (the row) + noise. How large effects, luck and
noise are is not known; `fit` weighs a grid of possibilities by how well they explain the ratings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp, floor, isfinite, lgamma, log, log1p, sqrt
from operator import mul
from statistics import NormalDist

from msgspec import Struct

Vector = list[float]
Matrix = list[Vector]

# Ratios on the grid: sd of the seeds' luck / noise, and sd of the values' effects / noise. Ratios, because then the
# linear algebra is done once per pair and the noise itself costs nothing (BDA3 ch. 14: all scales with sigma).
_ROW_RATIOS = (0.1, 0.3, 0.55, 0.85, 1.3, 2.2)
_VALUE_RATIOS = (0.05, 0.12, 0.22, 0.36, 0.55, 0.85, 1.3, 2.1, 3.6)
# Noise of one rating around value + seed, in stars: from "rounded to whole stars, nothing else" to hopeless.
_NOISES = tuple(0.3 * 1.17**k for k in range(13))
# Part of the noise that is the rater's own wavering (the rest is the picture's); only re-shown pictures can tell.
_RATER_PARTS = (0.1, 0.25, 0.45, 0.7, 1.0)
# A rating is a whole star: even a perfect judge wavers by the variance of rounding.
_ROUNDING = 1 / 12


class Picture(Struct, frozen=True):
    """One rated picture: places of its value and row from 0, its mean stars, how often it was shown, and the sum of
    squares of its ratings around their mean."""

    value: int
    row: int
    stars: float
    shown: int = 1
    scatter: float = 0.0


class Scales(Struct, frozen=True):
    """Standard deviations in stars: of the values' effects, the seeds' luck, the noise; and the rater's part (0-1) of
    the noise variance."""

    values: float
    rows: float
    noise: float
    rater: float = 1.0


class Possibility(Struct, frozen=True):
    """One point of the grid: its posterior weight, and what the means of the values are if it is the truth.

    The means are normal around `means` with precision `factor` times its transpose, divided by the noise squared.
    """

    weight: float
    scales: Scales
    means: Vector
    factor: Matrix


class Trend(Struct, frozen=True):
    """Change per unit: the slope, its 90 % interval, and the probability that it points up."""

    slope: float
    low: float
    high: float
    p_up: float


class Dice:
    """Reproducible normal numbers: splitmix64 (Steele, Lea, Flood 2014) through the inverse normal distribution.

    Not the `random` module: the domain has no dice of its own, and the sequence of this one never changes with the
    version of Python, so the same ratings always give the same sentence.
    """

    def __init__(self, seed: int) -> None:
        self._state = seed & 0xFFFFFFFFFFFFFFFF

    def uniform(self) -> float:
        """A number inside (0, 1), never at its ends."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        return (((mixed ^ (mixed >> 31)) >> 12) + 0.5) / 4503599627370496.0

    def normals(self, count: int) -> Vector:
        """Independent standard normal numbers."""
        return [_STANDARD.inv_cdf(self.uniform()) for _ in range(count)]


_STANDARD = NormalDist()


def cholesky(matrix: Matrix) -> Matrix:
    """Lower triangle L with L Lᵀ = `matrix`, which must be symmetric and positive definite; row i has i + 1 numbers.

    ValueError when it is not positive definite.
    """
    lower: Matrix = []
    for i, line in enumerate(matrix):
        row: Vector = []
        for j in range(i):
            # map stops at the shorter operand: the first j numbers of each row.
            row.append((line[j] - sum(map(mul, row, lower[j]))) / lower[j][j])
        rest = line[i] - sum(map(mul, row, row))
        row.append(sqrt(rest) if rest > 0 else _not_positive())
        lower.append(row)
    return lower


def _not_positive() -> float:
    raise ValueError("The matrix is not positive definite.")


def forward(lower: Matrix, right: Sequence[float]) -> Vector:
    """x with L x = `right`."""
    found: Vector = []
    for line, value in zip(lower, right, strict=True):
        found.append((value - sum(map(mul, line, found))) / line[-1])
    return found


def backward(upper: Matrix, right: Sequence[float]) -> Vector:
    """x with Lᵀ x = `right`, for `upper` = `mirrored(L)`. As `forward`, seen from the other end."""
    return forward(upper, right[::-1])[::-1]


def mirrored(lower: Matrix) -> Matrix:
    """Lᵀ with rows and columns in reverse order, which is lower triangular again."""
    size = len(lower)
    return [[lower[size - 1 - j][size - 1 - i] for j in range(i + 1)] for i in range(size)]


def solved(matrix: Matrix, right: Sequence[float]) -> Vector:
    """x with `matrix` x = `right`; symmetric and positive definite as in `cholesky`."""
    lower = cholesky(matrix)
    return backward(mirrored(lower), forward(lower, right))


def likeness(axis: Sequence[float] | None, count: int) -> Matrix:
    """How much the effects of two values resemble each other before anything is rated.

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
    """Ascending values on 0-1, half by size and half by rank: 10, 15, 20, 100 is written by someone who expects as much
    to happen from 10 to 15 as from 20 to 100."""
    low, span, last = axis[0], axis[-1] - axis[0], len(axis) - 1
    return [((value - low) / span + rank / last) / 2 for rank, value in enumerate(axis)]


def contrast_precision(covariance: Matrix) -> Matrix:
    """Precision of the effects when their common level is unknown: K⁻¹ − K⁻¹11ᵀK⁻¹ / 1ᵀK⁻¹1.

    A basis function of constant 1 with a vague prior (Rasmussen & Williams 2006, ch. 2.7).
    """
    size = len(covariance)
    inverse = [solved(covariance, [float(i == j) for j in range(size)]) for i in range(size)]
    sums = [sum(line) for line in inverse]
    total = sum(sums)
    return [[inverse[i][j] - sums[i] * sums[j] / total for j in range(size)] for i in range(size)]


class Evidence(Struct, frozen=True):
    """What the ratings say about the means, rows taken out: precision matrix, right-hand side, sum of squares and half
    the log determinant of the ratings' covariance, all in units of the noise."""

    precision: Matrix
    right: Vector
    squares: float
    half_log_determinant: float


def evidence(pictures: Sequence[Picture], count: int, *, row_ratio: float, rater: float) -> Evidence:
    """The rows' luck integrated out exactly, one row at a time (Sherman-Morrison; R&W 2006 eq. A.9, A.10).

    A picture shown k times has the noise variance (1 − rater) + rater / k.
    """
    precision = [[0.0] * count for _ in range(count)]
    right, squares, half_log = [0.0] * count, 0.0, 0.0
    by_row: dict[int, list[Picture]] = {}
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
    return Evidence(precision, right, squares, half_log)


def log_prior(scales: Scales) -> float:
    """Log density, per logarithm of each scale, of what is known before the first rating.

    Noise: log-normal around 1.1 stars with 0.3 for its logarithm (0.75 to 1.6 in 80 %): on the wary side of what people
    show, because a handful of pictures can look more alike by luck than they are, and then too much is claimed. Luck
    of seeds: half normal with 0.8. Effects: log-normal around 0.45 with 0.6 (best and worst of five 0.5 to 2.3 apart).
    Few groups cannot tell their own scale, so such a prior is needed (BDA3 ch. 5.7).
    """
    noise = -0.5 * (log(scales.noise / 1.1) / 0.3) ** 2
    rows = log(scales.rows) - 0.5 * (scales.rows / 0.8) ** 2
    values = -0.5 * (log(scales.values / 0.45) / 0.6) ** 2
    return noise + rows + values


def fit(pictures: Sequence[Picture], covariance: Matrix) -> list[Possibility]:
    """The posterior as a mixture of normals, weights adding up to 1; at least one picture is needed.

    Every place of `covariance` is a value; the level of all has a flat prior. For one pair of ratios the posterior of
    the means is R&W 2006 eq. 2.23 in precision form, and the weight of a noise is the marginal likelihood eq. 2.30.
    """
    count = len(covariance)
    middle = sum(p.stars for p in pictures) / len(pictures)
    centred = [Picture(p.value, p.row, p.stars - middle, p.shown, p.scatter) for p in pictures]
    prior = contrast_precision(covariance)
    again = sum(p.shown - 1 for p in pictures)
    # Whole stars repeat exactly more often than the wavering behind them would.
    scatter = sum(p.scatter for p in pictures) + again * _ROUNDING
    found: list[tuple[float, Scales, Vector, Matrix]] = []
    for rater in _RATER_PARTS if again else (1.0,):
        for row_ratio in _ROW_RATIOS:
            known = evidence(centred, count, row_ratio=row_ratio, rater=rater)
            for value_ratio in _VALUE_RATIOS:
                shrink = value_ratio**-2
                factor = cholesky(
                    [
                        [shrink * a + b for a, b in zip(line, other, strict=True)]
                        for line, other in zip(prior, known.precision, strict=True)
                    ]
                )
                half = forward(factor, known.right)
                means = [middle + m for m in backward(mirrored(factor), half)]
                left = max(0.0, known.squares - sum(map(mul, half, half))) + scatter / rater
                likely = -known.half_log_determinant - (count - 1) * log(value_ratio)
                likely -= sum(log(line[-1]) for line in factor) + 0.5 * again * log(rater)
                for noise in _NOISES:
                    scales = Scales(value_ratio * noise, row_ratio * noise, noise, rater)
                    weight = likely - (len(pictures) - 1 + again) * log(noise) - left / (2 * noise**2)
                    found.append((weight + log_prior(scales), scales, means, factor))
    top = max(point[0] for point in found)
    # What is a ten-thousandth as likely as the likeliest can neither be seen in a draw nor in a mean.
    kept = [(exp(point[0] - top), point) for point in found if point[0] > top - 9.2]
    total = sum(weight for weight, _ in kept)
    return [Possibility(weight / total, scales, means, factor) for weight, (_, scales, means, factor) in kept]


def draws(possibilities: Sequence[Possibility], count: int, seed: int) -> Iterator[Vector]:
    """`count` (even) draws of all means from the posterior, the same for the same seed.

    Possibilities get their share by systematic sampling; every draw has its mirror image (antithetic variates), which
    makes the mean of the draws exact and halves the work.
    """
    dice = Dice(seed)
    pairs, passed, done = count // 2, 0.0, 0
    offset = dice.uniform()
    upper: Matrix = []
    last: Matrix | None = None
    for possibility in possibilities:
        passed += possibility.weight
        due = min(pairs, floor(passed * pairs + offset))
        if due > done and possibility.factor is not last:
            last = possibility.factor
            upper = mirrored(last)
        for _ in range(due - done):
            steps = backward(upper, dice.normals(len(possibility.means)))
            noise = possibility.scales.noise
            yield [m + noise * s for m, s in zip(possibility.means, steps, strict=True)]
            yield [m - noise * s for m, s in zip(possibility.means, steps, strict=True)]
        done = due


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of an ascending sequence lies, interpolated; at least one number."""
    place = share * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def t_distribution(t: float, degrees: float) -> float:
    """Student's t: probability of a number ≤ `t` (incomplete beta by Lentz's continued fraction, DLMF 8.17.22)."""
    if not isfinite(t):
        return 1.0 if t > 0 else 0.0
    tail = 0.5 * _incomplete_beta(degrees / (degrees + t * t), degrees / 2)
    return 1 - tail if t > 0 else tail


def _incomplete_beta(x: float, a: float) -> float:
    """Regularised incomplete beta function I_x(a, 1/2)."""
    b = 0.5
    if x in (0.0, 1.0):
        return x
    swap = x > (a + 1) / (a + b + 2)
    if swap:
        x, a, b = 1 - x, b, a
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 300):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + even * d)
        c = 1 + even / c
        value *= c * d
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / (1 + odd * d)
        c = 1 + odd / c
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return 1 - front * value if swap else front * value


def t_quantile(share: float, degrees: float) -> float:
    """The t with `t_distribution(t, degrees)` = `share`, 0 < share < 1, by bisection."""
    if share < 0.5:
        return -t_quantile(1 - share, degrees)
    low, high = 0.0, 2.0
    while t_distribution(high, degrees) < share:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if t_distribution(middle, degrees) < share else (low, middle)
    return (low + high) / 2


def trend(points: Sequence[tuple[float, float]]) -> Trend | None:
    """Straight line through (x, y) points: least-squares slope, with the t distribution of n − 2 degrees of freedom.

    The same figures are the posterior under a flat prior (BDA3 ch. 14.2). None for fewer than 3 points or when all x
    are equal. Points exactly on a line give an interval without width.
    """
    count = len(points)
    if count < 3:
        return None
    x_mean, y_mean = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    across = sum((x - x_mean) ** 2 for x, _ in points)
    if across <= 0:
        return None
    slope = sum((x - x_mean) * (y - y_mean) for x, y in points) / across
    left = sum((y - y_mean - slope * (x - x_mean)) ** 2 for x, y in points)
    error = sqrt(left / (count - 2) / across)
    reach = error * t_quantile(0.95, count - 2)
    if error == 0:
        return Trend(slope, slope, slope, 0.5 if slope == 0 else float(slope > 0))
    return Trend(slope, slope - reach, slope + reach, t_distribution(slope / error, count - 2))
