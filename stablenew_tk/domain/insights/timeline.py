"""How sure an answer was over time, as its stored results told it, and what changed since an earlier run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from ..base.wording import counted
from ..config.catalogue import Value
from ..journal.columns import time_ms
from ..runs.plan import LearningRunResult, ResultSummary
from .analysis import Insight
from .matrix import axis_value
from .members import Member, prompts_of, when_words
from .model.rated_images import key_of
from .verdict_text import Verdict, percent

# More steps than this cannot be told apart in a chart.
_MOST_MOMENTS = 60


class Moment(Struct, frozen=True):
    """What was known at a time (ms since 1970, UTC): the probability of each value that no other is more than a quarter
    star better, by the key of the value; the plan whose ratings told it, and how many pictures were rated.
    """

    time_ms: int
    day: str
    plan_id: str
    rated: int
    chances: dict[float | str, float]


class ChartLine(Struct, frozen=True):
    """A value in the chart: its name and its probability at each moment, None before it was tested."""

    text: str
    chances: tuple[float | None, ...]


class Timeline(Struct, frozen=True):
    """The chart: its moments, oldest first, the leader and the runner-up of today. `runs` are behind the answer."""

    moments: tuple[Moment, ...] = ()
    lines: tuple[ChartLine, ...] = ()
    runs: int = 1


def moments(told: Sequence[LearningRunResult]) -> tuple[Moment, ...]:
    """The results that tell figures, one for each number of rated pictures in a row, the latest of equal ones."""
    found: list[Moment] = []
    for line in told:
        summary = line.summary
        if not summary.values or summary.state == "too_early":
            continue
        now = _moment(line)
        if found and (found[-1].plan_id, found[-1].rated) == (now.plan_id, now.rated):
            found.pop()
        found.append(now)
    if len(found) <= _MOST_MOMENTS:
        return tuple(found)
    step = (len(found) - 1) / (_MOST_MOMENTS - 1)
    return tuple(found[round(nth * step)] for nth in range(_MOST_MOMENTS))


def _moment(line: LearningRunResult) -> Moment:
    chances = {key_of(axis_value(one.value)): one.p_within_quarter for one in line.summary.values}
    return Moment(time_ms(line.ts), when_words(line.ts), line.plan_id, line.summary.rated, chances)


def timeline(
    told: Sequence[LearningRunResult], insight: Insight, verdict: Verdict, *, runs: int, name: Callable[[Value], str]
) -> Timeline:
    """The chart of the value the verdict names and the likeliest other one."""
    seen = moments(told)
    if not seen or verdict.value is None:
        return Timeline(seen, (), runs)
    leader = key_of(axis_value(verdict.value))
    others = sorted((v for v in insight.values if key_of(v.value) != leader), key=lambda v: -v.p_within_quarter)
    wanted = [leader, *(key_of(v.value) for v in others[:1])]
    lines = tuple(ChartLine(name(value), tuple(one.chances.get(value) for one in seen)) for value in wanted)
    return Timeline(seen, lines, runs)


def changed_since(
    told: Sequence[LearningRunResult],
    every: Sequence[Member],
    verdict: Verdict,
    *,
    rated: int,
    name: Callable[[Value], str],
) -> str:
    """What the newest run added to the answer of the ones before it: "Since 4 Nov 15 more pictures on 2 more prompts:
    CFG 7 rose from 81 % to 96 %." "" for a single run, and while there is nothing to compare with.
    """
    if len(every) < 2 or verdict.value is None:
        return ""
    newest = every[-1]
    first = next((n for n, line in enumerate(told) if line.plan_id == newest.plan.plan_id), len(told))
    before = next((line for line in reversed(told[:first]) if line.summary.value is not None), None)
    if before is None:
        return ""
    then: ResultSummary = before.summary
    prompts = len(prompts_of(every)) - len(prompts_of(every[:-1]))
    more = counted(max(0, rated - then.rated), "more picture")
    on = f" on {counted(prompts, 'more prompt')}" if prompts > 0 else ""
    since = f"Since {when_words(before.ts) or 'then'} {more}{on}"
    was, value = then.value, verdict.value
    if was is not None and key_of(axis_value(was)) != key_of(axis_value(value)):
        return f"{since}: the answer was {name(was)} ({percent(then.probability)}), now it is {name(value)}."
    chances = _moment(before).chances
    earlier = chances.get(key_of(axis_value(value)), then.probability)
    if verdict.state in ("settled", "leaning") and then.state in ("settled", "leaning"):
        way = "rose" if verdict.probability > earlier else "fell"
        if percent(earlier) != percent(verdict.probability):
            return f"{since}: {name(value)} {way} from {percent(earlier)} to {percent(verdict.probability)}."
    return f"{since}: the answer stayed {name(value)}."
