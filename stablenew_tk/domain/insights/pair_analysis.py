"""Bayesian analysis of a Learning Run that varies two settings: every pair, what each setting does, the verdict.

It is the model of `analysis` with other shapes of effects: rows, prompts, drift and noise are the same, and so are the
states of the verdict and their probabilities. Pairs without a picture follow from their neighbours, their row and their
column, with the wider interval that this deserves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, islice
from math import sqrt
from operator import mul

from msgspec.structs import replace

from ..base.statistics import Vector
from ..runs.plan import LearningPlan, ValueInsight
from ..runs.value_order import places_by_value
from ..runs.value_pairs import ValuePair
from .analysis import HALF, FactorInsight, Insight, PairInsight, Tally, decide, nearest, tallied
from .model.pair_model import ComparedPair, beside_votes, fit_with_votes, votes_of
from .model.pair_shapes import NEITHER, PairShape, pair_shapes
from .model.posterior import Posterior, draws, fit
from .model.rated_images import RatedImage, Table, gather
from .model.telling import telling
from .next_pictures import NEARLY_LEVEL
from .verdict_text import SuggestedCell, Verdict, too_early

_DRAWS, _CELLS = 2000, 3

Axes = tuple[Sequence[float] | None, Sequence[float] | None]


def pairs_in_order(plan: LearningPlan) -> tuple[ValuePair, ...]:
    """The pairs of a plan by number, with the places that their values have in ascending order."""
    first, second = (
        {place: rank for rank, place in enumerate(places_by_value(subject, values))}
        for subject, values in zip(plan.subjects, (plan.variant_values, plan.second_values), strict=True)
    )
    return tuple(
        ValuePair(first[pair.first], second[pair.second] if pair.second >= 0 else pair.second, pair.text)
        for pair in plan.pairs
    )


def axes_of(plan: LearningPlan) -> Axes:
    """The numbers of both settings, ascending; None for names."""
    first, second = (
        sorted(map(float, values)) if subject.ordered else None
        for subject, values in zip(plan.subjects, (plan.variant_values, plan.second_values), strict=True)
    )
    return first, second


def analyse_pairs(
    ratings: Sequence[RatedImage],
    pairs: Sequence[ValuePair],
    axes: Axes,
    paths: tuple[str, str],
    *,
    seed: int = 0,
    votes: Sequence[ComparedPair] = (),
) -> Insight:
    """Analyse the ratings of pairs, whose values are the texts of `pairs`. `axes` are the numbers of either setting, in
    the order of its list and ascending, None for names. All pairs are among the values of the result. `votes` on two
    pictures count as in `analyse`.

    The same ratings and `seed` give the same result. Raises InvalidInput as `analyse` does.
    """
    found = gather(tuple(ratings), ordered=False)
    if not found.values:
        verdict = Verdict("too_early", None, 0.0, *too_early(rated=0, planned=0, values=0))
        return Insight(False, (), verdict, (), 0.0, None, 0, None, 0, 0)
    place = {pair.text: number for number, pair in enumerate(pairs)}
    own = [place[str(value)] for value in found.values]
    table = Table(
        tuple(pair.text for pair in pairs),
        found.rows,
        tuple(replace(picture, value=own[picture.value]) for picture in found.pictures),
    )
    shapes = pair_shapes(pairs, axes)
    priors, pictures = [one.shape for one in shapes], beside_votes(table, votes)
    if told := votes_of(votes, table.values):
        posterior = fit_with_votes(pictures, priors, None, told, count=len(pairs), no_effect=NEITHER)
    else:
        posterior = fit(pictures, priors, count=len(pairs), no_effect=NEITHER)
    sample = list(draws(posterior.possibilities, _DRAWS, seed))
    tally = tallied(sample, no_effect=posterior.no_effect)
    seen = Counter(picture.value for picture in table.pictures)
    values = _values(pairs, posterior, sample, tally, seen)
    leader = values.index(nearest(values))
    state, value, probability = decide(values, tally.level, fewest=_fewest(pairs, seen))
    again = sum(picture.shown - 1 for picture in table.pictures)
    *chances, together = _supposed(posterior, shapes)
    factors = _factors(pairs, paths, (chances[0], chances[1]), sample, no_effect=posterior.no_effect, leader=leader)
    return Insight(
        ordered=False,
        values=values,
        verdict=Verdict(state, value, probability),
        next=tuple(_next(table, values, posterior, leader=leader, level=tally.level)),
        noise_sd=sum(p.weight * p.scales.noise for p in posterior.possibilities),
        repeat_sd=sqrt(sum(p.scatter for p in table.pictures) / again) if again else None,
        repeats=again,
        trend=None,
        rows=len(table.rows),
        rated=len(table.pictures),
        no_effect=posterior.no_effect,
        pair=PairInsight(factors, together, _leaning(pairs, axes, sample)),
    )


def _values(
    pairs: Sequence[ValuePair], posterior: Posterior, sample: Sequence[Vector], tally: Tally, seen: Mapping[int, int]
) -> tuple[ValueInsight, ...]:
    best = _alone_best(sample, posterior.no_effect)
    means = [sum(p.weight * p.means[v] for p in posterior.possibilities) for v in range(len(pairs))]
    return tuple(
        ValueInsight(
            pair.text, seen[v], min(5.0, max(1.0, means[v])), tally.low[v], tally.high[v], best[v], tally.near[v]
        )
        for v, pair in enumerate(pairs)
    )


def _alone_best(sample: Sequence[Vector], no_effect: float) -> list[float]:
    """The probability of each pair to be better than all others. Where a setting changes nothing, none is alone."""
    best = Counter(draw.index(top) for draw in sample if draw.count(top := max(draw)) == 1)
    return [(1 - no_effect) * best[v] / len(sample) for v in range(len(sample[0]))]


def _fewest(pairs: Sequence[ValuePair], seen: Mapping[int, int]) -> int:
    """Rated pictures of the value, of either setting, that has the fewest."""
    first, second = Counter[int](), Counter[int]()
    for number, pair in enumerate(pairs):
        first[pair.first] += seen[number]
        if pair.second >= 0:
            second[pair.second] += seen[number]
    return min((*first.values(), *second.values()))


def _next(
    table: Table, values: Sequence[ValueInsight], posterior: Posterior, *, leader: int, level: float
) -> Iterator[SuggestedCell]:
    """The pictures that would tell most, the most useful first.

    As soon as there may be no difference at all, the two pairs that reach highest are compared with the one that
    reaches lowest. Else see `telling`: also a picture of another pair may tell most, because it shares a value.
    """
    if level >= NEARLY_LEVEL:
        ranked = sorted(range(len(values)), key=lambda v: (-values[v].high, -values[v].mean))
        lowest = min(ranked, key=lambda v: (values[v].low, values[v].mean))
        contenders = list(dict.fromkeys((*ranked[:2], lowest)))
        cells = list(islice(_holes(table, contenders), _CELLS))
    else:
        known = len(table.rows)
        rows = [*table.rows, table.rows[-1] + 1]
        found = telling(table.pictures, posterior, known, leader=leader, count=_CELLS)
        cells = [(v, rows[row]) for v, row in found]
    yield from (SuggestedCell(values[v].value, row) for v, row in cells)


def _holes(table: Table, contenders: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pairs (number, row) without a rating: two contenders at a time on all known rows, then new rows of the first."""
    rows, filled = list(table.rows), table.filled()
    for first in range(0, len(contenders), 2):
        for at, row in enumerate(rows):
            yield from ((v, row) for v in contenders[first : first + 2] if (v, at) not in filled)
    for row in count(rows[-1] + 1):
        yield from ((v, row) for v in contenders[:_CELLS])


# ---- what either setting does


def _supposed(posterior: Posterior, shapes: Sequence[PairShape]) -> tuple[float, float, float]:
    """The probabilities that the first setting matters, the second, and that they do something together."""
    kinds = {id(one.shape): one for one in shapes}
    found = [0.0, 0.0, 0.0]
    for possibility in posterior.possibilities:
        one = kinds[id(possibility.shape)]
        for place, said in enumerate((one.first, one.second, one.together)):
            found[place] += (1 - posterior.no_effect) * possibility.weight if said else 0.0
    return found[0], found[1], found[2]


def _factors(
    pairs: Sequence[ValuePair],
    paths: tuple[str, str],
    chances: tuple[float, float],
    sample: Sequence[Vector],
    *,
    no_effect: float,
    leader: int,
) -> tuple[FactorInsight, FactorInsight]:
    first, second = (
        FactorInsight(
            path,
            chance,
            (1 - no_effect) * _span(sample, side),
            1.0 if len(near) < 2 else no_effect + (1 - no_effect) * _level(sample, near),
        )
        for path, chance, side, near in zip(paths, chances, _sides(pairs), _beside(pairs, leader), strict=True)
    )
    return first, second


def _sides(pairs: Sequence[ValuePair]) -> tuple[list[list[int]], list[list[int]]]:
    """For either setting the numbers of the pairs that have each of its values and a partner."""
    first: dict[int, list[int]] = {}
    second: dict[int, list[int]] = {}
    for number, pair in enumerate(pairs):
        if pair.second >= 0:
            first.setdefault(pair.first, []).append(number)
            second.setdefault(pair.second, []).append(number)
        else:
            first[pair.first] = [number]
    return list(first.values()), list(second.values())


def _beside(pairs: Sequence[ValuePair], leader: int) -> tuple[list[int], list[int]]:
    """The pairs that differ from one in the first value only, and in the second only, itself among them."""
    own = pairs[leader]
    first = [number for number, pair in enumerate(pairs) if pair.second == own.second or pair.second < 0]
    return first, [number for number, pair in enumerate(pairs) if pair.first == own.first]


def _span(sample: Sequence[Vector], side: Sequence[Sequence[int]]) -> float:
    total = 0.0
    for draw in sample:
        means = [sum([draw[v] for v in members]) / len(members) for members in side]
        total += max(means) - min(means)
    return total / len(sample)


def _level(sample: Sequence[Vector], near: Sequence[int]) -> float:
    level = 0
    for draw in sample:
        stars = [draw[v] for v in near]
        level += max(stars) - min(stars) < HALF
    return level / len(sample)


def _leaning(pairs: Sequence[ValuePair], axes: Axes, sample: Sequence[Vector]) -> float | None:
    """The probability that the product of both numbers, around their middles, goes with fewer stars."""
    if axes[0] is None or axes[1] is None:
        return None
    middles = [sum(axis) / len(axis) for axis in axes if axis is not None]
    signs = [(axes[0][pair.first] - middles[0]) * (axes[1][pair.second] - middles[1]) for pair in pairs]
    sums = [sum(map(mul, signs, draw)) for draw in sample]
    # Draws without anything in common of the two tell nothing.
    telling = [one for one in sums if abs(one) > 1e-9 * sum(map(abs, signs))]
    return sum(one < 0 for one in telling) / len(telling) if telling else None
