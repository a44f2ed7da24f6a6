"""What is expected of the values before any rating: how alike neighbours are, how far apart best and worst are.

A prior of the effects is a covariance matrix, scaled so that two values differ by the same amount on average whatever
its shape; `effect_prior` says how large that amount is.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, pi, sqrt

from msgspec import Struct

from ...base.statistics import Matrix, Vector, cholesky, inverted

# Parts of the values' effects that follow a smooth curve, with the prior weight of each. Steps and CFG mostly follow
# one; a single value that falls out of line, or a second peak, does not, and a fixed part would smooth it away.
SMOOTH_PARTS = ((0.0, 0.2), (0.7, 0.3), (0.97, 0.5))
_LENGTH = 0.4
# Expected range of n independent normal numbers in units of their standard deviation (Tippett 1925, table of the
# control charts' d2), from n = 2 on.
_RANGE_OF_NORMALS = (1.128, 1.693, 2.059, 2.326, 2.534, 2.704, 2.847, 2.970, 3.078, 3.173, 3.258)
# Stars between best and worst of the values somebody tries, if they differ: half of all cases lie below.
_TYPICAL_SPREAD = 1.25
_SPREAD_OF_SPREADS = 0.4


class EffectShape(Struct, frozen=True):
    """A prior of the values' effects up to its size: its `weight` among the shapes, the `precision` of the effects when
    their common level is unknown, and half the log of the product of that matrix's positive eigenvalues.

    With `parts` the effects are sums: `parts` has for each value the places of what it is made of, and `precision` is
    that of those. () = every value is a part of its own.
    """

    weight: float
    precision: Matrix
    half_log_determinant: float
    parts: tuple[tuple[int, ...], ...] = ()


def effect_shapes(axis: Sequence[float] | None, count: int) -> tuple[EffectShape, ...]:
    """The shapes to consider for `count` values: along an ascending `axis` of three or more several smooth ones beside
    the one for categories, which do not resemble each other; else only that one. Their weights add up to 1.
    """
    if axis is None or count < 3:
        return (shape_of(1.0, covariance([], 0.0, count)),)
    places = places_on(axis)
    return tuple(shape_of(weight, covariance(places, part, count)) for part, weight in SMOOTH_PARTS)


def covariance(places: Vector, smooth: float, count: int) -> Matrix:
    """Covariance of the effects: a `smooth` part (squared exponential of Rasmussen & Williams, Gaussian Processes for
    Machine Learning, 2006, eq. 4.9) and the rest of each value's own.
    """
    if not smooth:
        return [[float(i == j) for j in range(count)] for i in range(count)]
    raw = [
        [smooth * exp(-0.5 * ((a - b) / _LENGTH) ** 2) + (1 - smooth) * (i == j) for j, b in enumerate(places)]
        for i, a in enumerate(places)
    ]
    pairs = [1.0 - raw[i][j] for i in range(count) for j in range(i)]
    scale = len(pairs) / sum(pairs)
    return [[scale * cell for cell in line] for line in raw]


def places_on(axis: Sequence[float]) -> Vector:
    """Map ascending values to 0-1, half by size and half by rank.

    Somebody who tests 10, 15, 20 and 100 expects a similar change from 10 to 15 as from 20 to 100."""
    low, span, last = axis[0], axis[-1] - axis[0], len(axis) - 1
    return [((value - low) / span + rank / last) / 2 for rank, value in enumerate(axis)]


def shape_of(weight: float, covariance: Matrix) -> EffectShape:
    """The shape with its level left open: precision K⁻¹ − K⁻¹11ᵀK⁻¹ / 1ᵀK⁻¹1 (R&W 2006, ch. 2.7: a basis function of
    constant 1 with a vague prior), whose positive eigenvalues multiply to count / (|K| · 1ᵀK⁻¹1).
    """
    size = len(covariance)
    inverse = inverted(covariance)
    sums = [sum(line) for line in inverse]
    total = sum(sums)
    precision = [[inverse[i][j] - sums[i] * sums[j] / total for j in range(size)] for i in range(size)]
    log_determinant = 2 * sum(log(line[-1]) for line in cholesky(covariance))
    return EffectShape(weight, precision, 0.5 * (log(size / total) - log_determinant))


def range_of_normals(count: int) -> float:
    """Expected range of `count` (from 2 on) independent normal numbers in units of their standard deviation."""
    return _RANGE_OF_NORMALS[min(count, len(_RANGE_OF_NORMALS) + 1) - 2]


def effect_prior(effects: float, count: int) -> float:
    """Log prior density, per logarithm, of the standard deviation `effects` (stars) of `count` values that differ.

    Log-normal, so that best and worst are `_TYPICAL_SPREAD` apart in half of all cases however many values are tried:
    people choose values far enough apart to see something. Smaller differences are left to "no effect at all".
    """
    off = log(effects * range_of_normals(count) / _TYPICAL_SPREAD) / _SPREAD_OF_SPREADS
    return -0.5 * off**2 - log(_SPREAD_OF_SPREADS * sqrt(2 * pi))
