"""Bayesian analysis of the ratings of one sweep: mean and interval of every value, verdict, suggested next pictures.

All ratings passed in must come from one prompt pack, one checkpoint and one parameter, and either all or none of them
from the sketch engine. A rating does not carry that information, so the caller must make sure of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from math import sqrt
from numbers import Real
from operator import eq

from msgspec import Struct
from msgspec.structs import replace

from ..base.errors import InvalidInput
from ..base.statistics import Trend, quantile
from ..runs.plan import ValueInsight, VerdictState
from . import verdict_text as words
from .posterior import Observation, draws, fit, likeness
from .verdict_text import SuggestedCell, Value, Verdict

QUARTER = 0.25
HALF = 0.5
_DRAWS = 2000
# Squares of larger numbers would overflow a float.
_LARGEST = 1e100
_STILL_POSSIBLE = 0.1
# Of the values that may be said to lead, see `likely_best`.
_ABOVE_CHANCE, _ONE_LEADS, _SOME_LEAD, _LEADERS = 1.5, 2 / 3, 0.8, 3


class RatedImage(Struct, frozen=True):
    """One rating of one picture: the tested `value`, the seed `row` (any whole number), and 1 to 5 `stars`.

    Two ratings with the same non-empty `image` are of the same picture, which was shown again.
    """

    value: Value
    row: int
    stars: float
    image: str = ""


class Insight(Struct, frozen=True):
    """The result of `analyse`.

    `values` are ascending when `ordered`, else in the order of their first rating. `next`: the three pictures that
    would tell most, () when there is only one value. `noise_sd`: posterior mean of the standard deviation, in stars, of
    one picture around its value and seed. `repeat_sd`: standard deviation, in stars, between ratings of the same
    picture, None when no picture was shown again; `repeats` counts the ratings beyond the first. `trend`: stars per
    unit of the parameter, None for categories. `rows`: seeds with a rating; `complete_rows`: those rated at every
    value; `rated`: number of pictures.
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
    complete_rows: int
    rated: int


class Table(Struct, frozen=True):
    """The ratings after checking. `pictures` refer to `values` and `rows` by index."""

    values: tuple[Value, ...]
    rows: tuple[int, ...]
    pictures: tuple[Observation, ...]

    def filled(self) -> set[tuple[int, int]]:
        """Pairs (index of the value, index of the row) that have a rating."""
        return {(p.value, p.row) for p in self.pictures}

    def complete(self) -> int:
        """Number of rows that are rated at every value."""
        filled = self.filled()
        return sum(all((v, r) in filled for v in range(len(self.values))) for r in range(len(self.rows)))


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


def analyse(ratings: Sequence[RatedImage], *, ordered: bool, seed: int = 0) -> Insight:
    """Analyse the ratings of one sweep. The same ratings and `seed` always give the same result.

    `ordered`: the values are numbers on an axis, so neighbours are expected to resemble each other. Without ratings, or
    with a single value, the verdict is "too_early". Numbers equal in 9 significant digits count as one value. The order
    of the ratings only affects the order of categories in the result. Raises InvalidInput for stars outside 1 to 5,
    numbers that are not finite, text on an ordered axis, and one picture under two values or rows.
    """
    ratings = tuple(ratings)
    table = gather(ratings, ordered=ordered)
    count = len(table.values)
    if not count:
        nothing = Verdict("too_early", None, 0.0, *words.too_early(rated=0, planned=0, complete=0, values=0))
        return Insight(ordered, (), nothing, (), 0.0, None, 0, None, 0, 0, 0)
    axis = [float(value) for value in table.values] if ordered else None
    posterior = fit(table.pictures, likeness(axis, count))
    sample = list(draws(posterior, _DRAWS, seed))
    tally = tallied(sample)
    means = [_bounded(sum(p.weight * p.means[v] for p in posterior)) for v in range(count)]
    seen = [sum(p.value == v for p in table.pictures) for v in range(count)]
    found = [
        ValueInsight(value, seen[v], means[v], tally.low[v], tally.high[v], tally.best[v], tally.near[v])
        for v, value in enumerate(table.values)
    ]
    values = tuple(found if ordered else _as_they_came(found, ratings))
    state, leader, probability = decide(values, tally.level, complete=table.complete(), rated=len(table.pictures))
    again = sum(p.shown - 1 for p in table.pictures)
    insight = Insight(
        ordered=ordered,
        values=values,
        verdict=Verdict(state, leader, probability),
        # A curve is found sooner by its whole length than by its top, so ordered numbers begin with three whole rows.
        next=tuple(islice(useful(table, found, whole=3 if ordered else 2), 3)) if count > 1 else (),
        noise_sd=sum(p.weight * p.scales.noise for p in posterior),
        repeat_sd=sqrt(sum(p.scatter for p in table.pictures) / again) if again else None,
        repeats=again,
        trend=along(axis, sample) if axis else None,
        rows=len(table.rows),
        complete_rows=table.complete(),
        rated=len(table.pictures),
    )
    return replace(insight, verdict=phrase(insight, name=words.plain))


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
        rated, complete, count = insight.rated, insight.complete_rows, len(insight.values)
        headline, meaning = words.too_early(rated=rated, planned=planned, complete=complete, values=count)
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


def gather(ratings: Sequence[RatedImage], *, ordered: bool) -> Table:
    """Check the ratings and merge those of the same picture. Raises InvalidInput as `analyse` does."""
    values: dict[Value, Value] = {}
    shown: dict[str, list[RatedImage]] = {}
    for number, rating in enumerate(ratings):
        check(rating, ordered=ordered)
        values.setdefault(key_of(rating.value), rating.value)
        # Every rating without an image id counts as a picture of its own.
        shown.setdefault((rating.image and f"id {rating.image}") or f"rating {number}", []).append(rating)
    # Names are sorted so that the random draws do not depend on which one was rated first.
    keys = sorted(values, key=float if ordered else lambda key: (isinstance(key, str), key))
    rows = sorted({rating.row for rating in ratings})
    place, row_place = {key: v for v, key in enumerate(keys)}, {row: r for r, row in enumerate(rows)}
    pictures: list[Observation] = []
    for group in shown.values():
        first = group[0]
        if any((key_of(r.value), r.row) != (key_of(first.value), first.row) for r in group):
            raise InvalidInput(
                f"Picture {first.image} is rated under two values or two rows. Give each picture one id."
            )
        mean = float(sum(r.stars for r in group) / len(group))
        scatter = float(sum((r.stars - mean) ** 2 for r in group))
        pictures.append(Observation(place[key_of(first.value)], row_place[first.row], mean, len(group), scatter))
    return Table(tuple(values[key] for key in keys), tuple(rows), tuple(sorted(pictures, key=_place_and_stars)))


def _place_and_stars(picture: Observation) -> tuple[int, int, float, int]:
    return picture.value, picture.row, picture.stars, picture.shown


def _as_they_came(found: Sequence[ValueInsight], ratings: Sequence[RatedImage]) -> list[ValueInsight]:
    came = {key: nth for nth, key in enumerate(dict.fromkeys(key_of(rating.value) for rating in ratings))}
    return sorted(found, key=lambda one: came[key_of(one.value)])


def check(rating: RatedImage, *, ordered: bool) -> None:
    """Raise InvalidInput for a rating whose value or stars are invalid."""
    value = rating.value
    if not (isinstance(value, str) or _is_number(value)):
        raise InvalidInput(f"{value!r} is neither a number nor a name, so it is no value of a parameter.", "value")
    if not _is_number(rating.stars):
        raise InvalidInput(f"{rating.stars!r} at {words.plain(value)}: a rating is 1 to 5 stars.", "stars")
    if not isinstance(value, str) and not abs(value) <= _LARGEST:
        shown = value if isinstance(value, float) else "A number that large"
        raise InvalidInput(f"{shown} is not a value a parameter can have. Leave its ratings out.", "value")
    if not 1 <= rating.stars <= 5:
        raise InvalidInput(f"{rating.stars:g} stars at {words.plain(value)}: a rating is 1 to 5 stars.", "stars")
    if ordered and isinstance(value, str):
        raise InvalidInput(f"“{value}” is text, but this parameter is a number. Rate it as a list of choices.", "value")


def _is_number(thing: object) -> bool:
    return isinstance(thing, Real)


def key_of(value: Value) -> Value:
    """The key under which equal values are grouped: numbers rounded to 9 significant digits, text unchanged."""
    return value if isinstance(value, str) else float(f"{value:.9g}") + 0.0


def tallied(sample: Sequence[Sequence[float]]) -> Tally:
    """Count over the posterior draws how often each value is best or near the best, and its 90 % interval."""
    columns = list(zip(*sample, strict=True))
    tops = [max(draw) for draw in sample]
    share = 1 / len(sample)
    sides = [sorted(column) for column in columns]
    return Tally(
        best=[share * sum(map(eq, tops, column)) for column in columns],
        near=[
            share * sum([top - mean <= QUARTER for top, mean in zip(tops, column, strict=True)]) for column in columns
        ],
        level=share * sum([top - min(draw) < HALF for top, draw in zip(tops, sample, strict=True)]),
        low=[_bounded(quantile(side, 0.05)) for side in sides],
        high=[_bounded(quantile(side, 0.95)) for side in sides],
    )


def _bounded(stars: float) -> float:
    """Limit a mean to 1 to 5 stars, because the normal model may go beyond."""
    return min(5.0, max(1.0, stars))


def decide(
    values: Sequence[ValueInsight], level: float, *, complete: int, rated: int
) -> tuple[VerdictState, Value | None, float]:
    """Decide the verdict: its state, the value it names, and the probability of the claim.

    `level` is P(all values within half a star), `complete` the number of complete rows, `rated` the number of pictures.
    The claims are tested from the strongest to the weakest. "no_difference" comes before "settled", because it lets the
    user choose the fastest value.
    """
    if complete < 2 or rated < 7 or len(values) < 2:
        return "too_early", None, 0.0
    top = max(values, key=lambda v: v.p_best)
    if top.p_best >= 0.95 and top.n >= 5:
        return "best", top.value, top.p_best
    leader = nearest(values)
    if level >= 0.8:
        return "no_difference", leader.value, level
    sure = [v for v in values if v.p_within_quarter >= 0.9 and v.n >= 3]
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
    chance. Measured with equal values: 3 % of eight, 6 % of five (scripts/bench/verdicts.py makes such ratings).
    """
    ranked = sorted(range(len(values)), key=lambda v: -values[v].p_best)
    clear = [v for v in ranked if values[v].p_best * len(values) >= _ABOVE_CHANCE]
    if clear and values[clear[0]].p_best >= _ONE_LEADS:
        return clear[:1]
    for count in range(2, min(_LEADERS, len(values) // 2) + 1):
        if len(clear) >= count and sum(values[v].p_best for v in clear[:count]) >= _SOME_LEAD:
            return sorted(clear[:count])
    return []


def useful(table: Table, values: Sequence[ValueInsight], *, whole: int) -> Iterator[SuggestedCell]:
    """Yield the pictures worth making next, the most useful first. The iterator never ends.

    Until `whole` rows are complete it fills the missing cells of the fullest rows. After that it compares the two or
    three values whose intervals reach highest: first the missing cells of the top two in existing rows, then new rows
    with all of them ("sequential halving": Karnin, Koren, Somekh 2013, ranked by the posterior). Filling the missing
    cells of the third value as well was measured and found the better value less often.
    """
    rows, filled = list(table.rows), table.filled()
    ranked = sorted(range(len(values)), key=lambda v: (-values[v].high, -values[v].mean))
    done: set[tuple[int, int]] = set()

    def holes(places: Sequence[int], row: int) -> Iterator[SuggestedCell]:
        at = rows.index(row) if row in rows else -1
        for v in places:
            if (v, at) not in filled and (v, row) not in done:
                done.add((v, row))
                yield SuggestedCell(values[v].value, row)

    fresh = rows[-1] + 1
    if table.complete() < whole:
        fullest = sorted(rows, key=lambda row: -sum((v, rows.index(row)) in filled for v in ranked))
        for row in [*fullest, *range(fresh, fresh + whole)][:whole]:
            yield from holes(ranked, row)
    contenders = ranked[:2] + [v for v in ranked[2:3] if values[v].p_best >= _STILL_POSSIBLE * values[ranked[0]].p_best]
    for row in rows:
        yield from holes(ranked[:2], row)
    while True:
        yield from holes(contenders, fresh)
        fresh += 1


def along(axis: Sequence[float], sample: Sequence[Sequence[float]]) -> Trend | None:
    """Slope in stars per unit of the parameter, from a least-squares line through each posterior draw of the means."""
    middle = sum(axis) / len(axis)
    across = sum((x - middle) ** 2 for x in axis)
    if across <= 0:
        return None
    slopes = sorted(sum((x - middle) * y for x, y in zip(axis, draw, strict=True)) / across for draw in sample)
    up = sum(slope > 0 for slope in slopes) / len(slopes)
    return Trend(sum(slopes) / len(slopes), quantile(slopes, 0.05), quantile(slopes, 0.95), up)
