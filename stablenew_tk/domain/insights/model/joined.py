"""The likelihood of several Learning Runs that asked the same question, for one posterior of all of them.

A plan has a level of its own (the mood of the rater that day), a drift of its own, and what each value does in this
plan only; a prompt has what each value does to it only, the same in every plan that uses it. All are normal around what
holds in general, and are integrated out exactly: first what belongs to one plan, then the prompts that plans share
(crossed random effects; Gelman et al., Bayesian Data Analysis, 3rd ed., ch. 15).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from math import log
from operator import mul

from ...base.statistics import Matrix, Vector, cholesky, forward
from .posterior import (
    DRIFT,
    NOISES,
    PROMPT_RATIOS,
    RATER_PARTS,
    ROUNDING,
    ROW_RATIOS,
    Likelihood,
    Observation,
    Point,
    log_prior,
    loosened,
    of_rows,
    prompts_repeat,
)

# sd of what a value does in one plan only / noise, with the prior weight of each. Settings, prompts and rater are the
# same, so it is mostly small; where plans contradict each other the large one wins.
PLAN_RATIOS = ((0.12, 0.75), (0.45, 0.25))
# sd of the level of a plan / noise: who rates on another day is stricter or kinder to all values alike.
PLAN_LEVEL = 0.5
# So many shared prompts are told apart exactly, the most frequent ones; the cost grows with the cube of their number.
# In further plans a rarer one counts as a prompt of that plan's own: with so many others that changes nothing to see.
MOST_SHARED = 60
# Scales that are e⁸ times less likely than the likeliest are left out.
_UNLIKELY = 8.0

Group = Sequence[Observation]
Scale = tuple[float, float, float, float]  # ratios of rows, rater, prompts and plans


def joined_points(pictures: Sequence[Observation], count: int) -> list[Point]:
    """The points of the grid of scales for pictures of several plans; `fit` takes them.

    The scales are searched one after the other, and only those that are likely are combined with the next.
    """
    again = sum(p.shown - 1 for p in pictures)
    centred, middle = _centred(pictures), sum(p.stars for p in pictures) / len(pictures)
    rest = sum(p.scatter for p in pictures) + again * ROUNDING
    freedom = len(pictures) - 1 + again
    crossed = prompts_repeat(pictures)

    def point(row: float, rater: float, prompt: float, plan: float) -> Point:
        known = likelihood(centred, count, row_ratio=row, rater=rater, prompt_ratio=prompt, plan_ratio=plan)
        start = -known.half_log_determinant - 0.5 * again * log(rater) + log(dict(PLAN_RATIOS)[plan])
        return Point(known, middle, row, rater, start, rest / rater)

    # In the order in which they are searched: those that change the others most come first.
    axes: tuple[Sequence[float], ...] = (
        ROW_RATIOS,
        RATER_PARTS if again else (1.0,),
        PROMPT_RATIOS if crossed else (0.0,),
        tuple(ratio for ratio, _ in PLAN_RATIOS),
    )
    first = (0.55, 0.45 if again else 1.0, axes[2][0], axes[3][0])
    found: dict[Scale, Point] = {first: point(*first)}
    kept = [first]
    for place, axis in enumerate(axes):
        wanted = [_at(one, place, ratio) for one in kept for ratio in axis]
        for one in wanted:
            if one not in found:
                found[one] = point(*one)
        scores = {one: _score(found[one], count, freedom) for one in wanted}
        top = max(scores.values())
        kept = [one for one in wanted if scores[one] > top - _UNLIKELY]
    return [found[one] for one in kept]


def _at(one: Scale, place: int, ratio: float) -> Scale:
    row, rater, prompt, plan = (ratio if nth == place else old for nth, old in enumerate(one))
    return row, rater, prompt, plan


def _score(point: Point, count: int, freedom: int) -> float:
    """The log likelihood of these scales at their best noise, the values taken as they are."""
    known = point.known
    # A value without a picture of its own would leave the matrix without an inverse.
    regular = [[cell + 1e-6 * (i == j) for j, cell in enumerate(line)] for i, line in enumerate(known.precision)]
    factor = cholesky(regular)
    half = forward(factor, known.right)
    left = max(0.0, known.squares - sum(map(mul, half, half))) + point.rest
    start = point.start - sum(log(line[-1]) for line in factor)
    sizes = (
        start - (freedom - count) * log(noise) - left / (2 * noise**2) + log_prior(point.row_ratio * noise, noise)
        for noise in NOISES
    )
    return float(max(sizes))


def _centred(pictures: Sequence[Observation]) -> list[Observation]:
    """The pictures with their stars around the average of all, and their places around the average of their plan."""
    stars = sum(p.stars for p in pictures) / len(pictures)
    whens: dict[int, list[float]] = {}
    for p in pictures:
        whens.setdefault(p.plan, []).append(p.when)
    middle = {plan: sum(places) / len(places) for plan, places in whens.items()}
    return [
        Observation(p.value, p.row, p.stars - stars, p.shown, p.scatter, p.prompt, p.when - middle[p.plan], p.plan)
        for p in pictures
    ]


def likelihood(
    pictures: Sequence[Observation],
    count: int,
    *,
    row_ratio: float,
    rater: float,
    prompt_ratio: float,
    plan_ratio: float,
) -> Likelihood:
    """The likelihood of the `count` means with everything that belongs to rows, prompts and plans integrated out.

    All scales are ratios to the noise; `prompt_ratio` 0: what a value does to a prompt is not told apart. Stars and
    places in the order must be centred.
    """
    shared = _shared(pictures) if prompt_ratio else []
    place = {prompt: count * (1 + nth) for nth, prompt in enumerate(shared)}
    size = count * (1 + len(shared))
    precision, right = [[0.0] * size for _ in range(size)], [0.0] * size
    squares = half_log = 0.0
    for plan in _by(pictures, lambda p: p.plan):
        known, at = _of_plan(plan, count, place, row_ratio=row_ratio, rater=rater, prompt_ratio=prompt_ratio)
        known = loosened(known, count, plan_ratio)
        squares += known.squares
        half_log += known.half_log_determinant
        for i, line, value in zip(at, known.precision, known.right, strict=True):
            right[i] += value
            target = precision[i]
            for j, cell in zip(at, line, strict=True):
                target[j] += cell
    whole = Likelihood(precision, right, squares, half_log)
    return _without_shared(whole, count, prompt_ratio) if shared else whole


def _of_plan(
    pictures: Group, count: int, place: dict[int, int], *, row_ratio: float, rater: float, prompt_ratio: float
) -> tuple[Likelihood, list[int]]:
    """The likelihood of one plan, of its means and of what the values do to its shared prompts; where each stands in
    the whole.

    Its level and its drift are integrated out.
    """
    groups = list(_by(pictures, lambda p: p.prompt if prompt_ratio else 0))
    mine = [group[0].prompt for group in groups if prompt_ratio and group[0].prompt in place]
    start = {prompt: count + 1 + count * nth for nth, prompt in enumerate(mine)}
    size = count + 1 + count * len(mine)
    precision, right = [[0.0] * size for _ in range(size)], [0.0] * size
    squares = half_log = 0.0
    for group in groups:
        known = of_rows(group, count, row_ratio=row_ratio, rater=rater)
        own = start.get(group[0].prompt) if prompt_ratio else None
        if prompt_ratio and own is None:
            known = loosened(known, count, prompt_ratio)
        squares += known.squares
        half_log += known.half_log_determinant
        # The mean of a value in the plan and what it does to the prompt stand in the ratings as their sum.
        for first in (0,) if own is None else (0, own):
            for i, (line, value) in enumerate(zip(known.precision, known.right, strict=True)):
                if first and i == count:
                    continue
                right[first + i] += value
                target = precision[first + i]
                for j, cell in enumerate(line):
                    target[j] += cell
                    if own is not None and j < count:
                        target[own + j] += cell
    local = Likelihood(precision, right, squares, half_log)
    local = _without_drift(local, count) if any(p.when for p in pictures) else _cut(local, count)
    at = [*range(count), *(place[prompt] + v for prompt in mine for v in range(count))]
    return _without_level(local, count), at


def _without_drift(known: Likelihood, drift: int) -> Likelihood:
    """Integrate the coordinate of the drift out, which has a normal prior."""
    column = [line[drift] for line in known.precision]
    return _cut(_without(known, column, known.right[drift], column[drift] + DRIFT**-2, log(DRIFT)), drift)


def _without_level(known: Likelihood, count: int) -> Likelihood:
    """Integrate a level out that all means of the plan have in common."""
    column = [sum(line[:count]) for line in known.precision]
    own = sum(column[:count]) + PLAN_LEVEL**-2
    return _without(known, column, sum(known.right[:count]), own, log(PLAN_LEVEL))


def _without(known: Likelihood, column: Vector, pull: float, own: float, log_sd: float) -> Likelihood:
    precision = [
        [cell - a * b / own for cell, b in zip(line, column, strict=True)]
        for line, a in zip(known.precision, column, strict=True)
    ]
    right = [value - a * pull / own for value, a in zip(known.right, column, strict=True)]
    return Likelihood(
        precision, right, known.squares - pull**2 / own, known.half_log_determinant + 0.5 * log(own) + log_sd
    )


def _cut(known: Likelihood, place: int) -> Likelihood:
    precision = [line[:place] + line[place + 1 :] for n, line in enumerate(known.precision) if n != place]
    return Likelihood(
        precision, known.right[:place] + known.right[place + 1 :], known.squares, known.half_log_determinant
    )


def _without_shared(known: Likelihood, count: int, ratio: float) -> Likelihood:
    """Integrate out what the values do to the shared prompts: Λ − Λ₁₂(Λ₂₂ + I/ratio²)⁻¹Λ₂₁."""
    inner: Matrix = [
        [cell + (i == j) / ratio**2 for j, cell in enumerate(line[count:])]
        for i, line in enumerate(known.precision[count:])
    ]
    factor = cholesky(inner)
    columns = [forward(factor, line[count:]) for line in known.precision[:count]]
    pull = forward(factor, known.right[count:])
    return Likelihood(
        [
            [cell - sum(map(mul, column, other)) for cell, other in zip(line, columns, strict=False)]
            for line, column in zip(known.precision, columns, strict=False)
        ],
        [value - sum(map(mul, column, pull)) for value, column in zip(known.right, columns, strict=False)],
        known.squares - sum(map(mul, pull, pull)),
        known.half_log_determinant + sum(log(line[-1]) for line in factor) + len(inner) * log(ratio),
    )


def _shared(pictures: Sequence[Observation]) -> list[int]:
    """The prompts that several plans have pictures of, the most frequent ones."""
    plans = Counter(prompt for prompt, _ in {(p.prompt, p.plan) for p in pictures})
    count = 1 + max(p.value for p in pictures)
    several = (prompt for prompt, times in plans.items() if times > 1)
    often = sorted(several, key=lambda prompt: (-plans[prompt], prompt))
    return sorted(often[: max(1, MOST_SHARED // count)])


def _by(pictures: Sequence[Observation], key: Callable[[Observation], int]) -> Iterator[list[Observation]]:
    for _, group in groupby(sorted(pictures, key=key), key=key):
        yield list(group)
