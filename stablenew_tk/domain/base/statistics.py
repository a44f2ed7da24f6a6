"""Numerical routines in plain Python: Cholesky, triangular systems, quantiles, Student's t, F, linear regression."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, floor, isfinite, lgamma, log, log1p, sqrt
from operator import mul

from msgspec import Struct

Vector = list[float]
Matrix = list[Vector]


class Trend(Struct, frozen=True):
    """Change per unit: the slope, its 90 % interval, and the probability that it points up."""

    slope: float
    low: float
    high: float
    p_up: float


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
    """x with Lᵀ x = `right`, for `upper` = `mirrored(L)`."""
    return forward(upper, right[::-1])[::-1]


def mirrored(lower: Matrix) -> Matrix:
    """Lᵀ with rows and columns in reverse order, which is lower triangular again."""
    size = len(lower)
    return [[lower[size - 1 - j][size - 1 - i] for j in range(i + 1)] for i in range(size)]


def inverted(matrix: Matrix) -> Matrix:
    """The inverse; symmetric and positive definite as in `cholesky`."""
    lower = cholesky(matrix)
    upper, size = mirrored(lower), len(matrix)
    return [backward(upper, forward(lower, [float(i == j) for j in range(size)])) for i in range(size)]


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
    tail = 0.5 * _incomplete_beta(degrees / (degrees + t * t), degrees / 2, 0.5)
    return 1 - tail if t > 0 else tail


def f_tail(f: float, above: float, below: float) -> float:
    """F distribution: probability of a number ≥ `f`, with the degrees of freedom of numerator and denominator."""
    return _incomplete_beta(below / (below + above * f), below / 2, above / 2) if f > 0 else 1.0


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta function I_x(a, b)."""
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
