"""What the ratings of one sweep prove: every value with its mean and interval, a verdict, and what to make next.

The ratings handed in must belong together: one prompt pack, one checkpoint, one parameter. Pictures of different
checkpoints or packs, and sketches beside real pictures, are never pooled; keeping them apart is the caller's work,
for a rating does not tell where it came from.
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
# Beyond it, squares of distances would leave the range of a float.
_LARGEST = 1e100
_STILL_POSSIBLE = 0.1


class RatedImage(Struct, frozen=True):
    """One rating. The same non-empty `image` twice is the same picture shown again.

    `value` 0.0 and `row` 0 (the number of the seed) are as good as any; `stars` 1 to 5.
    """

    value: Value
    row: int
    stars: float
    image: str = ""


class Insight(Struct, frozen=True):
    """All that can be read from the ratings of one sweep.

    `values` ascending when `ordered`, else as they first appeared. `next`: the most useful pictures to make now, three
    unless there is nothing to compare. `noise_sd`: expected spread (sd, stars) of one picture around its value and
    seed. `repeat_sd`: how far the rater repeats himself, None without re-shown pictures (`repeats` counts them).
    `trend`: stars per unit of the parameter, None for categories. `rows` seeds rated, `complete_rows` of them at every
    value; `rated` pictures.
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
    """The ratings in order: values, row numbers and pictures that point into both by place."""

    values: tuple[Value, ...]
    rows: tuple[int, ...]
    pictures: tuple[Observation, ...]

    def filled(self) -> set[tuple[int, int]]:
        """Places (value, row) that have a rating."""
        return {(p.value, p.row) for p in self.pictures}

    def complete(self) -> int:
        """Rows rated at every value."""
        filled = self.filled()
        return sum(all((v, r) in filled for v in range(len(self.values))) for r in range(len(self.rows)))


class Tally(Struct, frozen=True):
    """Shares of the posterior draws, by place of the value."""

    best: list[float]
    near: list[float]
    level: float
    low: list[float]
    high: list[float]


def analyse(ratings: Sequence[RatedImage], *, ordered: bool, seed: int = 0) -> Insight:
    """What `ratings` prove. Pure: the same ratings and `seed` always give the same answer.

    No ratings, or only one value, are too early, not wrong. Numbers equal in 9 significant digits are one value. In
    which order the ratings come changes nothing but the order of names. Raises InvalidInput for stars outside 1-5,
    numbers that are not finite, text on an ordered axis, and one picture under two values or rows.
    """
    ratings = tuple(ratings)
    table = gather(ratings, ordered=ordered)
    count = len(table.values)
    if not count:
        nothing = Verdict("too_early", None, 0.0, words.too_early(rated=0, planned=0, complete=0, values=0))
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
        verdict=Verdict(state, leader, probability, ""),
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
    """The verdict of `insight` in the user's words.

    `name` turns a value into words ("CFG 7", "28 steps"), `scope` says where it holds ("for this pack and checkpoint"),
    `seconds` per picture let "no difference" name the fastest value, `planned` is the number of pictures of the plan.
    """
    verdict = insight.verdict
    names = [name(v.value) for v in insight.values]
    scope = f" {scope.strip()}" if scope.strip() else ""
    value, chance = verdict.value, verdict.probability
    if verdict.state == "too_early" or value is None:
        sentence = words.too_early(
            rated=insight.rated, planned=planned, complete=insight.complete_rows, values=len(names)
        )
    elif verdict.state == "best":
        sentence = words.best(name(value), chance, scope)
    elif verdict.state == "settled":
        sentence = words.settled(name(value), chance, scope)
    elif verdict.state == "no_difference":
        quick, advice = words.fastest([v.value for v in insight.values], seconds or {}, name)
        value = value if quick is None else quick
        sentence = words.no_difference(names, chance, scope, span=insight.ordered, advice=advice)
    else:
        group = ahead(insight.values)
        span = insight.ordered and len(group) == group[-1] - group[0] + 1 if group else False
        # A crowd does not stand out; from one value to another is a few words however many lie between.
        group = group if span or len(group) <= words.NAMED_AT_MOST else []
        ask = words.wish(insight.next, name)
        sentence = words.leaning([names[v] for v in group], name(value), chance, scope, span=span, ask=ask)
    return Verdict(verdict.state, value, chance, sentence)


def gather(ratings: Sequence[RatedImage], *, ordered: bool) -> Table:
    """The ratings checked and put in order. Raises InvalidInput as `analyse` says."""
    values: dict[Value, Value] = {}
    shown: dict[str, list[RatedImage]] = {}
    for number, rating in enumerate(ratings):
        check(rating, ordered=ordered)
        values.setdefault(key_of(rating.value), rating.value)
        # A picture without an id is a picture of its own.
        shown.setdefault((rating.image and f"id {rating.image}") or f"rating {number}", []).append(rating)
    # Names by the alphabet: the dice fall the same whichever was rated first.
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
    """Refuse a rating that cannot be one."""
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
    """What makes two values the same: 0.1 + 0.2 is 0.3, 7 is 7.0, and text is itself."""
    return value if isinstance(value, str) else float(f"{value:.9g}") + 0.0


def tallied(sample: Sequence[Sequence[float]]) -> Tally:
    """How often each value is the best, is near it, and where 90 % of its means lie."""
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
    """No mean of ratings lies outside 1-5; the normal model does not know that."""
    return min(5.0, max(1.0, stars))


def decide(
    values: Sequence[ValueInsight], level: float, *, complete: int, rated: int
) -> tuple[VerdictState, Value | None, float]:
    """The state, its value and its probability; `level` is P(all values within half a star).

    The first that holds counts. Best comes first: it is the rarest and says most. "No difference" before "settled":
    it is the wider claim (whatever is taken, at most half a star is lost) and the one that saves the user time.
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
    """The value to choose: most surely within a quarter star of the best.

    Draws leave up to 3 % of chance in that figure; what lies closer together is told apart by its mean, then by its
    number of pictures, then by coming first.
    """
    top = max(v.p_within_quarter for v in values)
    close = [v for v in values if v.p_within_quarter >= top - 0.03]
    return max(close, key=lambda v: (round(v.mean, 6), v.n))


def ahead(values: Sequence[ValueInsight]) -> list[int]:
    """Places of the fewest values that hold the best with 80 %; empty when that takes more than half of them."""
    by_chance = sorted(range(len(values)), key=lambda v: -values[v].p_best)
    found: list[int] = []
    while sum(values[v].p_best for v in found) < 0.8 and len(found) < len(values):
        found.append(by_chance[len(found)])
    return sorted(found) if len(found) <= max(1, len(values) // 2) else []


def useful(table: Table, values: Sequence[ValueInsight], *, whole: int) -> Iterator[SuggestedCell]:
    """Pictures worth making, the most useful first, without end.

    Before `whole` rows are complete: the holes of the fullest rows. Then two or three contenders, those whose intervals
    reach highest, share every seed: first the holes of the two ahead in rows already begun, then new rows, the same for
    all of them ("halving": Karnin, Koren, Somekh 2013, with the posterior as judge). Filling the third one's holes too
    was measured and finds the better value less often: it keeps the two ahead apart.
    """
    rows, filled = list(table.rows), table.filled()
    hopes = sorted(range(len(values)), key=lambda v: (-values[v].high, -values[v].mean))
    done: set[tuple[int, int]] = set()

    def holes(places: Sequence[int], row: int) -> Iterator[SuggestedCell]:
        at = rows.index(row) if row in rows else -1
        for v in places:
            if (v, at) not in filled and (v, row) not in done:
                done.add((v, row))
                yield SuggestedCell(values[v].value, row)

    fresh = rows[-1] + 1
    if table.complete() < whole:
        fullest = sorted(rows, key=lambda row: -sum((v, rows.index(row)) in filled for v in hopes))
        for row in [*fullest, *range(fresh, fresh + whole)][:whole]:
            yield from holes(hopes, row)
    contenders = hopes[:2] + [v for v in hopes[2:3] if values[v].p_best >= _STILL_POSSIBLE * values[hopes[0]].p_best]
    for row in rows:
        yield from holes(hopes[:2], row)
    while True:
        yield from holes(contenders, fresh)
        fresh += 1


def along(axis: Sequence[float], sample: Sequence[Sequence[float]]) -> Trend | None:
    """Stars per unit along the axis: the least-squares line through each posterior draw of the means."""
    middle = sum(axis) / len(axis)
    across = sum((x - middle) ** 2 for x in axis)
    if across <= 0:
        return None
    slopes = sorted(sum((x - middle) * y for x, y in zip(axis, draw, strict=True)) / across for draw in sample)
    up = sum(slope > 0 for slope in slopes) / len(slopes)
    return Trend(sum(slopes) / len(slopes), quantile(slopes, 0.05), quantile(slopes, 0.95), up)
