"""Changes over time in a Learning Run: drift of the rater's stars from first to last row, and earlier verdicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import mean

from ..base.statistics import trend
from ..config.catalogue import Value
from ..runs.plan import LearningRunResult
from .analysis import Insight
from .matrix import axis_value
from .tested_values import TestedValue, insight_at
from .verdict_text import Verdict

_DRIFT = 0.5
_CHANCE = 0.02  # to either side; stars are whole numbers, so of 4 % in theory up to 5 % are found


def over_time(
    values: Sequence[TestedValue],
    insight: Insight,
    verdict: Verdict,
    *,
    earlier: Sequence[LearningRunResult],
    name: Callable[[Value], str],
) -> str:
    """Sentences about `earlier` results of the same plan (oldest first) and about drift of the stars.

    "" when the data supports no such sentence.
    """
    parts = (_answer(verdict, insight.rated, earlier, name), _drift(values, insight))
    return " ".join(sentence for sentence in parts if sentence)


def _answer(verdict: Verdict, rated: int, earlier: Sequence[LearningRunResult], name: Callable[[Value], str]) -> str:
    named = [one.summary for one in earlier if one.summary.value is not None and one.summary.rated < rated]
    if verdict.value is None or not named:
        return ""
    last = named[-1]
    if last.value != verdict.value and last.value is not None:
        before, now = name(axis_value(last.value)), name(axis_value(verdict.value))
        return f"With {last.rated} pictures rated the answer was {before}, with {rated} it is {now}."
    same = last
    for one in reversed(named):
        if one.value != verdict.value:
            break
        same = one
    return f"The answer has been the same since {same.rated} pictures were rated."


def _drift(values: Sequence[TestedValue], insight: Insight) -> str:
    """A sentence when later rows got higher or lower stars than the first ones at all values, else "".

    It fits a line through one point for each row, because pictures of a row share the effect of their seed. Seeds are
    random, so a slope that chance hardly gives (98 % to one side) comes from the rater. At least 5 rows, and half a
    star between the first and the last, are required.
    """
    rows: dict[int, list[tuple[int, float]]] = {}
    for one in values:
        known = insight_at(insight, one.value)
        if known is None:
            continue
        for row, facts in one.rated:
            rows.setdefault(row, []).append((facts.time_ms, facts.rating - known.mean))
    in_time = sorted((min(time for time, _ in row), mean(stars for _, stars in row)) for row in rows.values())
    slope = trend([(place, stars) for place, (_, stars) in enumerate(in_time)]) if len(in_time) >= 5 else None
    if slope is None or _CHANCE < slope.p_up < 1 - _CHANCE:
        return ""
    moved = slope.slope * (len(in_time) - 1)
    if abs(moved) < _DRIFT:
        return ""
    way = "more" if moved > 0 else "fewer"
    return (
        f"The last seeds got about {abs(moved):.1f} stars {way} than the first: you may have become "
        f"{'kinder' if moved > 0 else 'stricter'}. The comparison is not touched by it, as all values share the seeds."
    )
