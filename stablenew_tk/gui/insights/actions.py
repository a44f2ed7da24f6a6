"""The buttons of an insight: which there are, what they say, and which of them is the main one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec.structs import replace

from ...app.controller import Controller
from ...domain.base import wording
from ...domain.config.catalogue import Value
from ...domain.config.sweep import around, value_text
from ...domain.insights.report import Report, naming
from ...domain.insights.verdict_text import joined
from ...domain.journal.estimate import about
from ...domain.runs.plan import LearningPlan, PlanCell, PlanMetadata, config_for
from .header import HeaderAction
from .interval_chart import place_of
from .list_entries import heading

# Only what has been found out may be made a preset of without saying that it is the user's own choice.
CERTAIN = ("settled", "best", "no_difference")


def _nothing() -> None:
    """For buttons that are not offered."""


def deeds(
    report: Report | None,
    controller: Controller,
    to_rate: int,
    *,
    rate: Callable[[], object],
    make_preset: Callable[[], object] = _nothing,
    more: Callable[[], object] = _nothing,
    finer: Callable[[], object] = _nothing,
    to_profile: Callable[[], object] = _nothing,
) -> list[HeaderAction]:
    """The buttons for a report, None = a blind plan that cannot be shown. At most one is the main action."""
    if report is None:
        note = wording.counted(to_rate, "picture") if to_rate else ""
        return [
            HeaderAction(
                key="rate", text="Rate blind" if to_rate else "Reveal in Learn", note=note, act=rate, kind="main"
            )
        ]
    certain = report.verdict.state in CERTAIN
    found = [
        HeaderAction(key="preset", text="Make preset", act=make_preset, kind="main")
        if certain
        else HeaderAction(key="preset", text="Make preset by hand…", act=make_preset)
    ]
    if to_rate:
        note = wording.counted(to_rate, "picture")
        rest = HeaderAction(key="rate", text="Rate the rest", note=note, act=rate, kind="plain" if certain else "main")
        found.insert(len(found) if certain else 0, rest)
    if report.next:
        wanted = _more(report, controller, more)
        main = not certain and not to_rate and not wanted.why
        found.insert(0 if main else len(found), replace(wanted, kind="main") if main else wanted)
    if certain and not report.sketch and controller.models.entries():
        # What a rehearsal with sketches found says nothing about a checkpoint.
        found.append(HeaderAction(key="profile", text="Write to profile", act=to_profile, kind="quiet"))
    if finer_plan(report) is not None:
        at = place_of(report, report.verdict.value)
        found.append(HeaderAction(key="finer", text=f"Finer around {report.values[at].text}…", act=finer, kind="quiet"))
    return found


def _more(report: Report, controller: Controller, act: Callable[[], object]) -> HeaderAction:
    plan, cells = report.plan, report.next
    pending = controller.learning.pending(plan.plan_id)
    if pending:
        text = f"{wording.counted(pending, 'picture')} on the way"
        return HeaderAction(
            key="more", text=text, act=act, why="They are queued or being made. Rate them when they are there."
        )
    seconds = controller.forecast_s(config_for(plan, plan.variant_values[cell.variant]) for cell in cells)
    if seconds is None:
        known = {line.variant: line.seconds or 0.0 for line in report.values}
        seconds = sum(known.get(cell.variant, 0.0) for cell in cells)
    note = more_words(report, cells) + (f" · {about(seconds)}" if seconds else "")
    text = f"{len(cells)} more image{'' if len(cells) == 1 else 's'} would tell most"
    return HeaderAction(key="more", text=text, note=note, act=act)


def more_words(report: Report, cells: Sequence[PlanCell]) -> str:
    """Which pictures are meant: "36 steps, seeds 6–8"."""
    name = naming(report.focus)
    values = [line.value for line in report.values if line.variant in {cell.variant for cell in cells}]
    rows = sorted({cell.row + 1 for cell in cells})
    run = len(rows) > 1 and all(after == before + 1 for before, after in pairwise(rows))
    seeds = f"{rows[0]}–{rows[-1]}" if run else ", ".join(map(str, rows))
    return f"{joined([name(value) for value in values])}, seed{'' if len(rows) == 1 else 's'} {seeds}"


def finer_values(report: Report) -> tuple[Value, ...]:
    """Half the spacing around the value the verdict names; nothing where that would try nothing new."""
    best = report.verdict.value
    numbers = sorted(float(line.value) for line in report.values) if report.focus.ordered else []
    if best is None or isinstance(best, str) or len(numbers) < 2 or report.verdict.state == "no_difference":
        return ()
    spacing = (numbers[-1] - numbers[0]) / (len(numbers) - 1)
    values = around(report.focus.path, float(best), (float(best) - spacing, float(best) + spacing), 5)
    return values if len(values) > 1 and not {*map(float, values)} <= {*numbers} else ()


def finer_plan(report: Report) -> LearningPlan | None:
    """A draft of the next Learning Run, closer around the best value; None where there is nothing finer."""
    values = finer_values(report)
    if not values or report.verdict.value is None:
        return None
    path = report.plan.focus_parameter
    return replace(
        report.plan,
        event_id="",
        ts="",
        writer="",
        seq=0,
        plan_id="",
        variant_values=values,
        seeds=(),
        extra=(),
        name=f"{heading(path)} around {value_text(report.verdict.value, path)}",
        backend_kind="",
        run_name="",
        run_day="",
        metadata=PlanMetadata(),
    )
