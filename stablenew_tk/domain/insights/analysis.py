"""Bayesian analysis of the ratings of one sweep: mean and interval of every value, verdict, suggested next pictures.

All ratings passed in must come from one prompt pack, one checkpoint and one parameter, and either all or none of them
from the sketch engine. A rating does not carry that information, so the caller must make sure of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import sqrt
from operator import eq

from msgspec import Struct
from msgspec.structs import replace

from ..base.statistics import Trend, quantile
from ..runs.plan import ValueInsight, VerdictState
from . import verdict_text as words
from .model.joined import joined_points
from .model.pair_model import ComparedPair, beside_votes, fit_with_votes, votes_of
from .model.posterior import draws, fit
from .model.rated_images import RatedImage, Value, gather, key_of, plain
from .model.value_priors import effect_shapes
from .next_pictures import QUARTER, suggested
from .verdict_text import SuggestedCell, Verdict

HALF = 0.5
_DRAWS = 2000
# Ratings before "no difference" may be said, and pictures of each value: it is a claim about something not seen.
_LEVEL_RATED, _LEVEL_EACH = 20, 4
_LEVEL = 0.8
# Measured over the worlds of scripts/bench/verdicts.py: at this probability more than nine of ten verdicts are right
# where the ratings are as assumed, and 80 to 90 % where raters waver, disagree, or values do well on single seeds only.
# At 0.88 some 5 % more runs come to a verdict, but of those in such worlds only 77 to 86 % are right.
_SETTLED = 0.9
_BEST = 0.95
# Of the values that may be said to lead, see `likely_best`.
_ABOVE_CHANCE, _ONE_LEADS, _SOME_LEAD, _LEADERS = 1.5, 2 / 3, 0.8, 3


class FactorInsight(Struct, frozen=True):
    """What one of two settings does: the probability that it changes anything (`p_matters`), how many stars lie between
    its best and worst value on average over the other's (`span`), and the probability that beside the pair to take all
    its values lie within half a star (`p_level`).
    """

    path: str
    p_matters: float
    span: float
    p_level: float


class PairInsight(Struct, frozen=True):
    """What each of two settings does, and the probability that they do something together beyond that. `leaning`: the
    probability that with a higher first value a lower second one does better; None where one of them has no order.
    """

    factors: tuple[FactorInsight, FactorInsight]
    p_together: float
    leaning: float | None = None


class Insight(Struct, frozen=True):
    """The result of `analyse`.

    `values` are ascending when `ordered`, else in the order of their first rating. `next`: the three pictures that
    would tell most, () when there is only one value. `noise_sd`: posterior mean of the standard deviation, in stars, of
    one picture around its value and seed. `no_effect`: probability that the setting changes nothing; `p_best` takes it
    into account, the other figures of the values are for the case that it does change something. `repeat_sd`: standard
    deviation, in stars, between ratings of the same picture, None when no picture was shown again; `repeats` counts the
    ratings beyond the first. `trend`: stars per unit of the parameter, None for categories. `rows`: seeds with a
    rating; `rated`: number of pictures. `pair`: what either setting does, where two are varied.
    """

    ordered: bool
    values: tuple[ValueInsight, ...]
    verdict: Verdict
    next: tuple[SuggestedCell, ...]
    noise_sd: float
    repeat_sd: float | None
    repeats: int
    trend: Trend | None
    rows: int
    rated: int
    no_effect: float = 0.0
    pair: PairInsight | None = None


class Tally(Struct, frozen=True):
    """Figures counted over all posterior draws. Lists have one number for each value, in the order of `Table.values`.

    `best`: probability of being the best value; `near`: of being within a quarter star of the best; `level`: that all
    values lie within half a star; `low` and `high`: the 90 % interval of the mean, in stars.
    """

    best: list[float]
    near: list[float]
    level: float
    low: list[float]
    high: list[float]


def analyse(
    ratings: Sequence[RatedImage],
    *,
    ordered: bool,
    seed: int = 0,
    own: int | None = None,
    votes: Sequence[ComparedPair] = (),
) -> Insight:
    """Analyse the ratings of one sweep. The same ratings and `seed` always give the same result.

    `ordered`: the values are numbers on an axis, so neighbours are expected to resemble each other. Without ratings, or
    with a single value, the verdict is "too_early". Numbers equal in 9 significant digits count as one value. The order
    in which they are passed only affects the order of categories in the result; when each was given is in its `nth`.
    Raises InvalidInput for stars outside 1 to 5, numbers that are not finite, text on an ordered axis, and one picture
    under two values or rows.

    `votes` on pairs of pictures count as far as both values have ratings, see `pair_model`. Ratings of several plans
    are one posterior, see `joined`. The pictures to make next are then those of the plan
    `own`; without it there are none.
    """
    table = gather(ratings := tuple(ratings), ordered=ordered)
    count = len(table.values)
    if not count:
        nothing = Verdict("too_early", None, 0.0, *words.too_early(rated=0, planned=0, values=0))
        return Insight(ordered, (), nothing, (), 0.0, None, 0, None, 0, 0)
    axis = [float(value) for value in table.values] if ordered else None
    several = len(table.plans) > 1
    pictures = beside_votes(table, votes)
    points = joined_points(pictures, count) if several else None
    told, shapes = votes_of(votes, table.values), effect_shapes(axis, count)
    posterior = fit_with_votes(pictures, shapes, points, told) if told else fit(pictures, shapes, points)
    possibilities = posterior.possibilities
    sample = list(draws(possibilities, _DRAWS, seed))
    tally = tallied(sample, no_effect=posterior.no_effect)
    means = [_bounded(sum(p.weight * p.means[v] for p in possibilities)) for v in range(count)]
    seen = [sum(p.value == v for p in table.pictures) for v in range(count)]
    found = [
        ValueInsight(value, seen[v], means[v], tally.low[v], tally.high[v], tally.best[v], tally.near[v])
        for v, value in enumerate(table.values)
    ]
    values = tuple(found if ordered else _as_they_came(found, ratings))
    state, leader, probability = decide(values, tally.level)
    again = sum(p.shown - 1 for p in table.pictures)
    here = table.of(-1 if own is None else own) if several else table
    insight = Insight(
        ordered=ordered,
        values=values,
        verdict=Verdict(state, leader, probability),
        next=suggested(here, found, sample, leader=found.index(nearest(found)), level=tally.level, ordered=ordered)
        if count > 1 and here.rows
        else (),
        noise_sd=sum(p.weight * p.scales.noise for p in possibilities),
        repeat_sd=sqrt(sum(p.scatter for p in table.pictures) / again) if again else None,
        repeats=again,
        trend=along(axis, sample) if axis else None,
        rows=len(table.rows),
        rated=len(table.pictures),
        no_effect=posterior.no_effect,
    )
    return replace(insight, verdict=phrase(insight, name=plain))


def phrase(
    insight: Insight,
    *,
    name: Callable[[Value], str],
    scope: str = "",
    seconds: Mapping[Value, float] | None = None,
    planned: int = 0,
) -> Verdict:
    """Write headline and meaning of a verdict; returns the verdict with them.

    `name` turns a value into text ("CFG 7", "28 steps"), `scope` says what the verdict is limited to ("for this prompt
    and checkpoint"), `seconds` per picture let "no difference" recommend the fastest value, `planned` is the number of
    pictures in the plan.
    """
    verdict = insight.verdict
    scope = f" {scope.strip()}" if scope.strip() else ""
    value, chance = verdict.value, verdict.probability
    if verdict.state == "too_early" or value is None:
        headline, meaning = words.too_early(rated=insight.rated, planned=planned, values=len(insight.values))
    elif verdict.state == "best":
        headline, meaning = words.best(name(value), chance, scope)
    elif verdict.state == "settled":
        headline, meaning = words.settled(name(value), chance, scope)
    elif verdict.state == "no_difference":
        advice = words.fastest([v.value for v in insight.values], seconds or {}, name)
        value = value if advice.value is None else advice.value
        headline, meaning = words.no_difference(chance, scope, advice)
    else:
        ahead = [insight.values[v].value for v in likely_best(insight.values)]
        # The probability is that of `value`: where others lead, the two would contradict each other.
        headline, meaning = words.leading([name(v) for v in ahead if value in ahead], name(value), chance, scope)
        order = {v.value: place for place, v in enumerate(insight.values)}
        cells = sorted(insight.next, key=lambda cell: order.get(cell.value, len(order)))
        meaning += words.suggestion(cells, name)
    return replace(verdict, value=value, headline=words.unbroken(headline), meaning=words.unbroken(meaning))


def _as_they_came(found: Sequence[ValueInsight], ratings: Sequence[RatedImage]) -> list[ValueInsight]:
    came = {key: nth for nth, key in enumerate(dict.fromkeys(key_of(rating.value) for rating in ratings))}
    return sorted(found, key=lambda one: came[key_of(one.value)])


def tallied(sample: Sequence[Sequence[float]], *, no_effect: float = 0.0) -> Tally:
    """Count over the posterior draws how often each value is best or near the best, and its 90 % interval.

    The draws are of values that differ; with the probability `no_effect` none is best and all are level. Being near the
    best must hold also if they differ.
    """
    columns = list(zip(*sample, strict=True))
    tops = [max(draw) for draw in sample]
    share = 1 / len(sample)
    sides = [sorted(column) for column in columns]
    return Tally(
        best=[(1 - no_effect) * share * sum(map(eq, tops, column)) for column in columns],
        near=[
            share * sum([top - mean <= QUARTER for top, mean in zip(tops, column, strict=True)]) for column in columns
        ],
        level=no_effect
        + (1 - no_effect) * share * sum([top - min(draw) < HALF for top, draw in zip(tops, sample, strict=True)]),
        low=[_bounded(quantile(side, 0.05)) for side in sides],
        high=[_bounded(quantile(side, 0.95)) for side in sides],
    )


def _bounded(stars: float) -> float:
    """Limit a mean to 1 to 5 stars, because the normal model may go beyond."""
    return min(5.0, max(1.0, stars))


def decide(
    values: Sequence[ValueInsight], level: float, *, fewest: int | None = None
) -> tuple[VerdictState, Value | None, float]:
    """Decide the verdict: its state, the value it names, and the probability of the claim.

    `level` is P(all values within half a star). "no_difference" is tested first: it lets the user choose the fastest
    value, and what makes no difference has no best value. The numbers of pictures are of `values`; `fewest` is that of
    the value with the fewest, where not every value has to have some.
    """
    rated = sum(v.n for v in values)
    if fewest is None:
        fewest = min((v.n for v in values), default=0)
    if fewest < 2 or rated < 7 or len(values) < 2:
        return "too_early", None, 0.0
    leader = nearest(values)
    if level >= _LEVEL and rated >= _LEVEL_RATED and fewest >= _LEVEL_EACH:
        return "no_difference", leader.value, level
    top = max(values, key=lambda v: v.p_best)
    if top.p_best >= _BEST and top.n >= 5:
        return "best", top.value, top.p_best
    sure = [v for v in values if v.p_within_quarter >= _SETTLED and v.n >= 3]
    if sure:
        leader = nearest(sure)
        return "settled", leader.value, leader.p_within_quarter
    return "leaning", leader.value, leader.p_within_quarter


def nearest(values: Sequence[ValueInsight]) -> ValueInsight:
    """The value with the highest probability of being within a quarter star of the best.

    Sampling leaves an error of up to 3 % in that probability. Among values closer than that the higher mean wins, then
    the larger number of pictures, then the earlier one.
    """
    top = max(v.p_within_quarter for v in values)
    close = [v for v in values if v.p_within_quarter >= top - 0.03]
    return max(close, key=lambda v: (round(v.mean, 6), v.n))


def likely_best(values: Sequence[ValueInsight]) -> list[int]:
    """Indexes of the values that may be said to lead; empty when none stands out.

    One leads when it is at least twice as probable to be the best as all others together; two or three, but not more
    than half of the values, when the best is among them with 80 % probability. Each must be 1.5 times as probable as by
    chance. Measured with 30 ratings of equal values: named in 0 of 200 runs of eight and of three, 1 of 200 of five.
    """
    ranked = sorted(range(len(values)), key=lambda v: -values[v].p_best)
    clear = [v for v in ranked if values[v].p_best * len(values) >= _ABOVE_CHANCE]
    if clear and values[clear[0]].p_best >= _ONE_LEADS:
        return clear[:1]
    for count in range(2, min(_LEADERS, len(values) // 2) + 1):
        if len(clear) >= count and sum(values[v].p_best for v in clear[:count]) >= _SOME_LEAD:
            return sorted(clear[:count])
    return []


def along(axis: Sequence[float], sample: Sequence[Sequence[float]]) -> Trend | None:
    """Slope in stars per unit of the parameter, from a least-squares line through each posterior draw of the means."""
    middle = sum(axis) / len(axis)
    across = sum((x - middle) ** 2 for x in axis)
    if across <= 0:
        return None
    slopes = sorted(sum((x - middle) * y for x, y in zip(axis, draw, strict=True)) / across for draw in sample)
    up = sum(slope > 0 for slope in slopes) / len(slopes)
    return Trend(sum(slopes) / len(slopes), quantile(slopes, 0.05), quantile(slopes, 0.95), up)
