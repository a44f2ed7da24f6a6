"""The buttons of an insight: which there are, what they say, and which of them is the main one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ...domain.base.wording import counted
from ...domain.config.sweep import LORA
from ...domain.insights.follow_up import (
    CERTAIN,
    added_to,
    cells_text,
    finer_plan,
    may_be_known,
    may_be_preset,
    place_of,
    preset_draft,
)
from ...domain.insights.profile_entry import has_place_in_profile
from ...domain.insights.report import Report
from ...domain.insights.verdict_text import is_certain
from ...domain.journal.estimate import about
from ...domain.models.preset_scope import engine_name, same_scope, scope_words
from ...domain.runs.known_value import KnownValue
from ...domain.runs.plan import LearningPlan, config_for
from ...domain.runs.preset import Preset
from ..controller import Controller
from ..known import drafts_from
from ..known_layer import value_words
from ..model_traits import known_traits
from ..presets import model_of

ActionKey = Literal["rate", "use", "preset", "more", "profile", "finer", "card", "confirm"]


class InsightAction(Struct, frozen=True, kw_only=True):
    """A button. `why` says why it is off; `key` keeps the same button the same while its words change."""

    key: ActionKey
    text: str
    note: str = ""
    kind: Literal["main", "plain", "quiet"] = "plain"
    why: str = ""


def insight_actions(report: Report | None, controller: Controller, unrated: int) -> list[InsightAction]:
    """The buttons for a report, None = a blind plan that cannot be shown. At most one is the main action.

    `unrated` pictures of the plan have no stars yet.
    """
    note = counted(unrated, "picture") if unrated else ""
    if report is None:
        return [InsightAction(key="rate", text="Rate blind" if unrated else "Reveal in Learn", note=note, kind="main")]
    certain = report.verdict.state in CERTAIN
    keep = InsightAction(key="preset", text="Save as preset…" if certain else "Make preset by hand…")
    found = [keep] if may_be_preset(report.plan) else []
    use = use_action(report, controller)
    if use is not None:
        found.insert(0, use)
    if unrated and not is_certain(report.verdict.state, report.verdict.probability):
        rest = InsightAction(key="rate", text="Rate the rest", note=note, kind="plain" if certain else "main")
        found.insert(1 if certain else 0, rest)
    if report.next:
        wanted = _more(report, controller)
        main = not certain and not unrated and not wanted.why
        found.insert(0 if main else len(found), replace(wanted, kind="main") if main else wanted)
    if certain and has_place_in_profile(report.plan) and not report.sketch and controller.models.entries():
        # What a rehearsal with sketches found says nothing about a checkpoint.
        found.append(InsightAction(key="profile", text="Write to profile", kind="quiet"))
    if finer_draft(report, controller) is not None:
        at = place_of(report, report.verdict.value)
        found.append(InsightAction(key="finer", text=f"Finer around {report.values[at].text}…", kind="quiet"))
    if any(line.images for line in report.values):
        found.append(InsightAction(key="card", text="Export card…", kind="quiet"))
    return found


def use_action(report: Report | None, controller: Controller) -> InsightAction | None:
    """The button that uses the value of a verdict from now on, or takes that back; None = the verdict names none."""
    if report is None or report.verdict.state not in CERTAIN or report.verdict.value is None:
        return None
    if not may_be_known(report.plan, report.verdict.value):
        return None
    if known_from(report, controller):
        return InsightAction(key="use", text="In use · Undo")
    both = "Use both from now on" if report.plan.second_parameter else "Use it from now on"
    return InsightAction(key="use", text=both, kind="main")


def known_from(report: Report, controller: Controller) -> tuple[KnownValue, ...]:
    """The known values in use that the verdict of this report has brought; () = they are not in use."""
    history = controller.history
    known = history.plans.known.values() if history is not None else ()
    runs = report.runs or (report.plan.plan_id,)
    return tuple(one for one in known if one.on and one.evidence.plan_id in runs)


def use_or_undo(report: Report, controller: Controller) -> str:
    """Use the value of the verdict from now on, or no longer; returns what that means, in a sentence."""
    used = known_from(report, controller)
    if used:
        controller.known.take_back(*used)
        return f"Taken back: {_words(used)}."
    lines = controller.known.take_over(*drafts_from(report, controller, place_of(report, report.verdict.value)))
    if not lines:
        return ""
    engine, known = controller.learning.engine, lines[0]
    other = (
        f" It is left out while {engine_name(engine)} makes the pictures." if known.engine not in ("", engine) else ""
    )
    return f"In use from now on: {_words(lines)} for {scope_words(known.scope)}.{other}"


def _words(known: Sequence[KnownValue]) -> str:
    return " and ".join(map(value_words, known))


def finer_draft(report: Report, controller: Controller) -> LearningPlan | None:
    """A draft with values around the recommended one that suit its checkpoint or LoRA; None when there are none."""
    path = report.plan.focus_parameter
    loras = [path.removeprefix(LORA)] if path.startswith(LORA) else []
    checkpoint = report.checkpoint or report.plan.base_config.checkpoint
    return finer_plan(report, known_traits(controller, checkpoint, loras))


def draft_preset(report: Report, controller: Controller, at: int, name: str) -> Preset:
    """A preset with the value at a place of the report, and what is known of its checkpoint."""
    model = model_of(controller, report.checkpoint or report.plan.base_config.checkpoint)
    by_hand = report.verdict.state not in CERTAIN
    return preset_draft(report, report.values[at].value, name, by_hand=by_hand, model=model)


def extendable_presets(report: Report, controller: Controller) -> list[Preset]:
    """The presets that were learned for the same as the values of a report, newest first."""
    history = controller.history
    if history is None:
        return []
    scope, plans = draft_preset(report, controller, 0, "").scope, history.plans
    return [one for one in plans.presets() if same_scope(plans.scope(one), scope).inside]


def save_preset(draft: Preset, controller: Controller, add_to: str) -> Preset:
    """Record a drafted preset, or that of the id `add_to` with its values, too. Raises InvalidInput."""
    history = controller.history
    versions = history.plans.preset_versions(add_to) if history is not None and add_to else ()
    before = versions[0] if versions else None
    if before is not None and history is not None:
        draft = added_to(before, history.plans.scope(before), draft)
    return controller.learning.keep_preset(draft)


def _more(report: Report, controller: Controller) -> InsightAction:
    plan, cells = report.plan, report.next
    pending = controller.learning.pending(plan.plan_id)
    if pending:
        why = "They are queued or being made. Rate them when they are there."
        return InsightAction(key="more", text=f"{counted(pending, 'picture')} on the way", why=why)
    seconds = controller.forecast_s(config_for(plan, plan.tested[cell.variant]) for cell in cells)
    if seconds is None:
        known = {line.variant: line.seconds or 0.0 for line in report.values}
        seconds = sum(known.get(cell.variant, 0.0) for cell in cells)
    note = cells_text(report, cells) + (f" · {about(seconds)}" if seconds else "")
    text = f"{counted(len(cells), 'more picture')} would tell most"
    return InsightAction(key="more", text=text, note=note)
