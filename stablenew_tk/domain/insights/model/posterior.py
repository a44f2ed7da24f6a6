"""The Bayesian model behind `analysis`: posterior of the mean stars of each value, as a mixture over scales.

The model is a two-way layout with random rows (Gelman et al., Bayesian Data Analysis, 3rd ed., ch. 5 and 15): the
rating of a picture = level + effect of its value + effect of its seed (the row) + drift of the rater + noise. When
several seeds of a prompt are rated, what a value does to one prompt only is told from the noise. The standard
deviations of all these are unknown; `fit` weights a grid of them by their likelihood. With a prior probability of
`NO_EFFECT` the values do not differ at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from math import exp, floor, log, log1p
from operator import mul

from msgspec import Struct

from ...base.random_numbers import RandomNumbers
from ...base.statistics import Matrix, Vector, backward, cholesky, forward, mirrored
from .value_priors import EffectShape, effect_prior

# Prior probability that the setting changes nothing. With it, half of all plans are expected to show no difference
# that can be seen, however many values they have; and who looks after every picture until a best one is named among
# equals waits in vain in 99 % of all cases (Ville's inequality bounds how often this probability becomes small).
NO_EFFECT = 0.4
# Ratios on the grid: sd of the seed effects / noise, and sd of the value effects / noise. Ratios, because then the
# linear algebra is done once per pair and the noise itself costs nothing (BDA3 ch. 14: all scales with sigma).
ROW_RATIOS = (0.1, 0.3, 0.55, 0.85, 1.3, 2.2)
_VALUE_RATIOS = (0.05, 0.12, 0.22, 0.36, 0.55, 0.85, 1.3, 2.1, 3.6)
# The part of the axis of logarithms that each ratio stands for.
_VALUE_STEPS = tuple(
    (log(_VALUE_RATIOS[min(n + 1, 8)]) - log(_VALUE_RATIOS[max(n - 1, 0)])) / (1 if n in (0, 8) else 2)
    for n in range(9)
)
# sd of what a value does to one prompt / noise, where it can be told from the noise: a quarter of a star or most of
# one. Few prompts hardly tell which, and without the large one too much is claimed for the pack.
PROMPT_RATIOS = (0.3, 0.9)
# Noise of one rating around value + seed, in stars: from "rounded to whole stars, nothing else" to hopeless.
NOISES = tuple(0.3 * 1.17**k for k in range(13))
# Part of the noise variance that is the rater's inconsistency (the rest is the picture's). Only ratings of pictures
# that were shown again contain information about it.
RATER_PARTS = (0.1, 0.25, 0.45, 0.7, 1.0)
# A rating is a whole star: even a perfect judge wavers by the variance of rounding.
ROUNDING = 1 / 12
# A rater's scale moves by this many times the noise while DRIFT_OVER ratings are given (prior sd).
DRIFT = 0.7
DRIFT_OVER = 30


class Observation(Struct, frozen=True):
    """One rated picture: index of its value, of its row and of its prompt, its mean stars, how often it was rated
    (`shown`), the sum of squares of its ratings around their mean (`scatter`), and `when` it was rated: ratings before
    it / DRIFT_OVER, 0 for all when the order is unknown. `plan` is the index of its plan."""

    value: int
    row: int
    stars: float
    shown: int = 1
    scatter: float = 0.0
    prompt: int = 0
    when: float = 0.0
    plan: int = 0


class Scales(Struct, frozen=True):
    """Standard deviations in stars: of the value effects, the seed effects (`rows`) and the noise; `rater` is the part
    of the noise variance (0-1) that is the rater's inconsistency."""

    values: float
    rows: float
    noise: float
    rater: float = 1.0


class Possibility(Struct, frozen=True):
    """One point of the grid: its posterior weight, and the distribution of the values' means given its scales.

    The means are normal around `means` with precision `factor` times its transpose, divided by the noise squared; where
    the `shape` has parts, that is the precision of its parts.
    """

    weight: float
    scales: Scales
    means: Vector
    factor: Matrix
    shape: EffectShape


class Posterior(Struct, frozen=True):
    """What the ratings say: the probability of `no_effect` at all, and the mixture of `possibilities` if the values
    differ; their weights add up to 1."""

    no_effect: float
    possibilities: list[Possibility]


class Likelihood(Struct, frozen=True):
    """The likelihood of the means and of the drift, in units of the noise: precision matrix and right-hand side (the
    drift comes last), sum of squares, and half the log determinant of the ratings' covariance."""

    precision: Matrix
    right: Vector
    squares: float
    half_log_determinant: float


class VoteSite(Struct, frozen=True):
    """The parabola: precision and right-hand side of the values' means in units of the noise, its constant, and the log
    likelihood when all values are equal.
    """

    precision: Matrix
    right: Vector
    constant: float
    level: float


def evidence(
    pictures: Sequence[Observation], count: int, *, row_ratio: float, rater: float, prompt_ratio: float = 0.0
) -> Likelihood:
    """The likelihood of the `count` means, with seeds, drift and the prompts' own effects integrated out exactly."""
    by_prompt: dict[int, list[Observation]] = {}
    for picture in pictures:
        by_prompt.setdefault(picture.prompt if prompt_ratio else 0, []).append(picture)
    parts = [of_rows(group, count, row_ratio=row_ratio, rater=rater) for group in by_prompt.values()]
    if prompt_ratio:
        parts = [loosened(part, count, prompt_ratio) for part in parts]
    return _without_drift(_sum(parts), count) if any(picture.when for picture in pictures) else _cut(_sum(parts), count)


def of_rows(pictures: Sequence[Observation], count: int, *, row_ratio: float, rater: float) -> Likelihood:
    """Integrate the seed effects out, one row at a time (Sherman-Morrison; R&W 2006 eq. A.9, A.10).

    A picture shown k times has the noise variance (1 − rater) + rater / k.
    """
    size = count + 1
    precision = [[0.0] * size for _ in range(size)]
    right, squares, half_log = [0.0] * size, 0.0, 0.0
    by_row: dict[int, list[Observation]] = {}
    for picture in pictures:
        by_row.setdefault(picture.row, []).append(picture)
    for row in by_row.values():
        weights: dict[int, float] = {}
        total = pull = 0.0
        for picture in row:
            v, when, weight = picture.value, picture.when, 1 / (1 - rater + rater / picture.shown)
            weights[v] = weights.get(v, 0.0) + weight
            weights[count] = weights.get(count, 0.0) + weight * when
            precision[v][v] += weight
            precision[v][count] += weight * when
            precision[count][count] += weight * when**2
            right[v] += weight * picture.stars
            right[count] += weight * when * picture.stars
            squares += weight * picture.stars**2
            half_log -= 0.5 * log(weight)
            total += weight
            pull += weight * picture.stars
        share = row_ratio**2 / (1 + row_ratio**2 * total)
        half_log += 0.5 * log1p(row_ratio**2 * total)
        squares -= share * pull**2
        for i, weight in weights.items():
            right[i] -= share * weight * pull
            line, part = precision[i], share * weight
            for j, other in weights.items():
                if j >= i:
                    line[j] -= part * other
    for i in range(size):
        for j in range(i):
            precision[i][j] = precision[j][i]
    return Likelihood(precision, right, squares, half_log)


def loosened(known: Likelihood, count: int, ratio: float) -> Likelihood:
    """The likelihood of the means over all prompts, from that of one prompt, whose own effects are normal around them
    with this ratio to the noise: Λ − Λ(Λ + I/ratio²)⁻¹Λ (Woodbury; R&W 2006 eq. A.9)."""
    inner = [
        [cell + (i == j) / ratio**2 for j, cell in enumerate(line[:count])]
        for i, line in enumerate(known.precision[:count])
    ]
    factor = cholesky(inner)
    columns = [forward(factor, line[:count]) for line in known.precision]
    pull = forward(factor, known.right[:count])
    return Likelihood(
        [
            [cell - sum(map(mul, columns[i], columns[j])) for j, cell in enumerate(line)]
            for i, line in enumerate(known.precision)
        ],
        [value - sum(map(mul, column, pull)) for value, column in zip(known.right, columns, strict=True)],
        known.squares - sum(map(mul, pull, pull)),
        known.half_log_determinant + sum(log(line[-1]) for line in factor) + count * log(ratio),
    )


def _sum(parts: Sequence[Likelihood]) -> Likelihood:
    return Likelihood(
        [
            [sum(cells) for cells in zip(*lines, strict=True)]
            for lines in zip(*(p.precision for p in parts), strict=True)
        ],
        [sum(values) for values in zip(*(p.right for p in parts), strict=True)],
        sum(p.squares for p in parts),
        sum(p.half_log_determinant for p in parts),
    )


def _cut(known: Likelihood, count: int) -> Likelihood:
    precision = [line[:count] for line in known.precision[:count]]
    return Likelihood(precision, known.right[:count], known.squares, known.half_log_determinant)


def _without_drift(known: Likelihood, count: int) -> Likelihood:
    """Integrate the drift out: a slope over the order of the ratings with a normal prior."""
    across = known.precision[count][:count]
    own, pull = known.precision[count][count] + DRIFT**-2, known.right[count]
    return Likelihood(
        [
            [cell - across[i] * across[j] / own for j, cell in enumerate(line[:count])]
            for i, line in enumerate(known.precision[:count])
        ],
        [value - share * pull / own for value, share in zip(known.right[:count], across, strict=True)],
        known.squares - pull**2 / own,
        known.half_log_determinant + 0.5 * log(own * DRIFT**2),
    )


@lru_cache(maxsize=4096)
def log_prior(rows: float, noise: float) -> float:
    """Log prior density of the scales of the seeds and of the noise (sd in stars), per logarithm of each.

    Noise: log-normal around 1.1 stars with 0.3 for its logarithm (0.75 to 1.6 in 80 %). That is more than most raters
    show, because a handful of pictures can look more alike by chance than they are, and the verdict would claim too
    much. Seed effects: half normal with 0.8. With few groups the data hardly determine the scale, so a prior is needed
    (BDA3 ch. 5.7).
    """
    wavering = -0.5 * (log(noise / 1.1) / 0.3) ** 2
    luck = log(rows) - 0.5 * (rows / 0.8) ** 2
    return wavering + luck


class _Solution(Struct, frozen=True):
    """The part of the solution at one point of the grid that does not depend on the noise. `values` is 0 where the
    values do not differ; `half` is the right-hand side behind the first half of the solve, `voted` that of votes on
    pairs, which tell differences in units of the noise. `middle` is the average of all stars.

    Log likelihood = `constant` − degrees of freedom · log(noise) − `left` / (2 · noise²) + `pull` / noise.
    """

    values: float
    rows: float
    rater: float
    middle: float
    half: Vector
    factor: Matrix
    constant: float
    left: float
    shape: EffectShape
    voted: Vector = []

    @property
    def pull(self) -> float:
        """What stars and votes have in common."""
        return sum(map(mul, self.half, self.voted)) if self.voted else 0.0

    def means(self) -> tuple[Vector, Vector]:
        """The means by the stars, and what votes add to them in units of the noise, () without votes."""
        upper = mirrored(self.factor)
        own = [self.middle + m for m in _of_values(backward(upper, self.half), self.shape)]
        return own, _of_values(backward(upper, self.voted), self.shape) if self.voted else []


def fit(
    pictures: Sequence[Observation],
    shapes: Sequence[EffectShape],
    points: Iterable[Point] | None = None,
    votes: VoteSite | None = None,
    *,
    count: int = 0,
    no_effect: float = NO_EFFECT,
) -> Posterior:
    """The posterior of the `count` means (0 = as many as the first shape has); at least one picture is needed. `points`
    are those of another model than that of one plan, `votes` what pairs of pictures tell beside the stars.

    Every place of a shape is a value, or a part of some; the level of all has a flat prior. For one pair of ratios the
    posterior of the means is R&W 2006 eq. 2.23 in precision form, and the weight of a noise is the marginal likelihood
    eq. 2.30. `no_effect` is the prior probability that the values do not differ at all.
    """
    count = count or len(shapes[0].precision)
    again = sum(p.shown - 1 for p in pictures)
    freedom = len(pictures) - 1 + again
    grid = _points(pictures, count, again) if points is None else points
    weighted: list[tuple[float, float, _Solution]] = []
    for found in _solutions(grid, shapes, count, votes):
        pull = found.pull
        for noise in NOISES:
            weight = found.constant - freedom * log(noise) - found.left / (2 * noise**2) + pull / noise
            weight += log_prior(found.rows * noise, noise)
            weight += _prior_of(found.values * noise, count, no_effect)
            weighted.append((weight, noise, found))
    top = max(weight for weight, _, _ in weighted)
    flat = sum(exp(weight - top) for weight, _, found in weighted if not found.values)
    # A single value cannot differ from others.
    weighted = [point for point in weighted if point[2].values]
    same = flat / (flat + sum(exp(weight - top) for weight, _, _ in weighted))
    top = max(weight for weight, _, _ in weighted)
    # What is a ten-thousandth as likely as the likeliest can neither be seen in a draw nor in a mean.
    kept = [(exp(weight - top), noise, found) for weight, noise, found in weighted if weight > top - 9.2]
    total = sum(weight for weight, _, _ in kept)
    # Most points are not kept, and several noises share the means of one.
    means = {at: f.means() for at, f in {id(found): found for _, _, found in kept}.items()}
    possibilities = [
        Possibility(
            weight / total,
            Scales(f.values * noise, f.rows * noise, noise, f.rater),
            _with_votes(*means[id(f)], noise),
            f.factor,
            f.shape,
        )
        for weight, noise, f in kept
    ]
    return Posterior(same if count > 1 else 0.0, possibilities)


def _with_votes(stars: Vector, steady: Vector, noise: float) -> Vector:
    return [m + noise * s for m, s in zip(stars, steady, strict=True)] if steady else stars


@lru_cache(maxsize=4096)
def _prior_of(effects: float, count: int, no_effect: float) -> float:
    if not effects:
        return log(no_effect)
    return log(1 - no_effect) + (effect_prior(effects, count) if count > 1 else 0.0)


class Point(Struct, frozen=True):
    """One pair of scales of seeds and rater with the likelihood there. `middle` is the average of all stars, `rest` the
    part of the squares that no mean explains, `start` the part of the constant that is the same for all effects."""

    known: Likelihood
    middle: float
    row_ratio: float
    rater: float
    start: float
    rest: float


def _points(pictures: Sequence[Observation], count: int, again: int) -> Iterator[Point]:
    """All pairs of ratios and, where the ratings tell, parts of the rater and sizes of what a value does to one
    prompt."""
    centred = _centred(pictures)
    middle = sum(p.stars for p in pictures) / len(pictures)
    # Whole stars repeat exactly more often than the wavering behind them would.
    scatter = sum(p.scatter for p in pictures) + again * ROUNDING
    for rater in RATER_PARTS if again else (1.0,):
        for prompt_ratio in PROMPT_RATIOS if prompts_repeat(pictures) else (0.0,):
            for row_ratio in ROW_RATIOS:
                known = evidence(centred, count, row_ratio=row_ratio, rater=rater, prompt_ratio=prompt_ratio)
                start = -known.half_log_determinant - 0.5 * again * log(rater)
                yield Point(known, middle, row_ratio, rater, start, scatter / rater)


def _solutions(
    points: Iterable[Point], shapes: Sequence[EffectShape], count: int, votes: VoteSite | None
) -> Iterator[_Solution]:
    """One linear solve for every point, shape and size of the effects, and the solution without any effect."""
    told = {} if votes is None else {shape.parts: _votes_on_parts(votes, shape) for shape in shapes}
    for point in points:
        known = point.known
        total, pull = sum(map(sum, known.precision)), sum(known.right)
        left = max(0.0, known.squares - pull**2 / total) + point.rest
        level = point.start + (votes.level if votes is not None else 0.0)
        constant = level - 0.5 * log(total / count)
        yield _Solution(0.0, point.row_ratio, point.rater, point.middle, [], [], constant, left, shapes[0])
        of_parts = {shape.parts: _of_parts(known, shape) for shape in shapes}
        for shape in shapes:
            yield from _with_effects(shape, point, of_parts[shape.parts], told.get(shape.parts))


def _of_parts(known: Likelihood, shape: EffectShape) -> Likelihood:
    """The likelihood of what the values of a shape are made of, from that of the values."""
    if not shape.parts:
        return known
    size = len(shape.precision)
    precision, right = [[0.0] * size for _ in range(size)], [0.0] * size
    for own, line, pull in zip(shape.parts, known.precision, known.right, strict=True):
        for i in own:
            right[i] += pull
            target = precision[i]
            for other, cell in zip(shape.parts, line, strict=True):
                for j in other:
                    target[j] += cell
    return Likelihood(precision, right, known.squares, known.half_log_determinant)


def _votes_on_parts(votes: VoteSite, shape: EffectShape) -> VoteSite:
    found = _of_parts(Likelihood(votes.precision, votes.right, 0.0, 0.0), shape)
    return VoteSite(found.precision, found.right, votes.constant, votes.level)


def _of_values(parts: Vector, shape: EffectShape) -> Vector:
    """The values from their parts."""
    return [sum([parts[i] for i in own]) for own in shape.parts] if shape.parts else parts


def _centred(pictures: Sequence[Observation]) -> list[Observation]:
    """The pictures with their stars and their place in the order around the average."""
    stars = sum(p.stars for p in pictures) / len(pictures)
    when = sum(p.when for p in pictures) / len(pictures)
    return [Observation(p.value, p.row, p.stars - stars, p.shown, p.scatter, p.prompt, p.when - when) for p in pictures]


def prompts_repeat(pictures: Sequence[Observation]) -> bool:
    """Whether what a value does to one prompt can be told from the noise: with several rows of one of several prompts.

    With one row for each prompt it is part of the noise, which the verdict then takes into account just as well.
    """
    rows: dict[int, set[int]] = {}
    for picture in pictures:
        rows.setdefault(picture.prompt, set()).add(picture.row)
    return len(rows) > 1 and any(len(found) > 1 for found in rows.values())


def _with_effects(shape: EffectShape, point: Point, known: Likelihood, votes: VoteSite | None) -> Iterator[_Solution]:
    free = len(shape.precision) - 1
    told = known.precision
    if votes is not None:
        lines = zip(told, votes.precision, strict=True)
        told = [[a + b for a, b in zip(line, more, strict=True)] for line, more in lines]
    start = point.start + log(shape.weight) + shape.half_log_determinant
    for value_ratio, step in zip(_VALUE_RATIOS, _VALUE_STEPS, strict=True):
        factor = cholesky(_shrunk(shape.precision, value_ratio, told))
        half = forward(factor, known.right)
        left = max(0.0, known.squares - sum(map(mul, half, half))) + point.rest
        constant = start - free * log(value_ratio) + log(step) - sum(log(line[-1]) for line in factor)
        voted = [] if votes is None else forward(factor, votes.right)
        constant += 0.0 if votes is None else votes.constant + 0.5 * sum(map(mul, voted, voted))
        at = (value_ratio, point.row_ratio, point.rater, point.middle)
        yield _Solution(*at, half, factor, constant, left, shape, voted)


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
    offset, throws = _throws(seed, pairs, max(len(possibility.factor) for possibility in possibilities))
    upper: Matrix = []
    last: Matrix | None = None
    for possibility in possibilities:
        passed += possibility.weight
        due = min(pairs, floor(passed * pairs + offset))
        if due > done and possibility.factor is not last:
            last = possibility.factor
            upper = mirrored(last)
        noise, shape, size = possibility.scales.noise, possibility.shape, len(possibility.factor)
        for throw in throws[done:due]:
            steps = _of_values(backward(upper, throw[:size]), shape)
            yield [m + noise * s for m, s in zip(possibility.means, steps, strict=True)]
            yield [m - noise * s for m, s in zip(possibility.means, steps, strict=True)]
        done = due


@lru_cache(maxsize=4)
def _throws(seed: int, count: int, size: int) -> tuple[float, list[Vector]]:
    """The random numbers for `draws`. Cached: they take half of its time and are the same for the same arguments."""
    rng = RandomNumbers(seed)
    return rng.uniform(), [rng.normals(size) for _ in range(count)]
