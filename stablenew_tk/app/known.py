"""What the pages say and do about what is known: the rows of the card, drafts from reports, presets made from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ..domain.base.wording import counted
from ..domain.config.catalogue import catalogue
from ..domain.config.origins import Origin
from ..domain.config.pipeline_config import PipelineConfig
from ..domain.config.sweep import is_wording, value_text
from ..domain.experiments.next_question import NextQuestion, questions
from ..domain.insights.follow_up import CERTAIN, known_drafts, may_be_known, scope_of
from ..domain.insights.matrix import board
from ..domain.insights.report import Report, summary
from ..domain.insights.standing import standing
from ..domain.insights.titles import VERDICT_NAMES, heading, plan_heading, short_verdict
from ..domain.insights.verdict_text import percent
from ..domain.journal.columns import time_ms
from ..domain.journal.history import History
from ..domain.models.precedence import offers
from ..domain.models.preset_scope import compare, reasons
from ..domain.models.value_sources import ValueSources
from ..domain.runs.known_value import KnownValue, subject_of, subjects_of
from ..domain.runs.plan import LearningPlan, ResultSummary
from ..domain.runs.preset import Preset, PresetEvidence
from .controller import Controller
from .model_traits import known_traits
from .presets import model_of


def drafts_from(report: Report, controller: Controller, at: int) -> tuple[KnownValue, ...]:
    """The value at a place of a report as one to take over; of a pair both of its values."""
    checkpoint = report.checkpoint or report.plan.base_config.checkpoint
    model = model_of(controller, checkpoint)
    value = report.values[at].value
    drafts = known_drafts(report.plan, summary(report), value, model=model, checkpoint=checkpoint)
    return tuple(replace(draft, engine="sketch") if report.sketch else draft for draft in drafts)


def preset_of(known: Sequence[KnownValue], name: str) -> Preset:
    """A preset with these values, each with its own evidence. It holds where all of them hold."""
    first = known[0]
    bound = [one.prompt_ids for one in known if one.prompt_ids]
    shared = [prompt for prompt in bound[0] if all(prompt in prompts for prompts in bound)] if bound else []
    whole = Preset(
        preset_id="",
        name=name,
        pack_id=first.pack_id,
        prompt_ids=tuple(shared),
        checkpoint=first.checkpoint,
        checkpoint_hash=next((one.checkpoint_hash for one in known if one.checkpoint_hash), ""),
        engine=first.engine,
        family=next((one.family for one in known if one.family), ""),
        workflow=first.workflow,
        values=first.values,
        lora_weights=first.lora_weights,
        lora_instead=first.lora_instead,
        evidence=first.evidence,
    )
    for one in known[1:]:
        more = replace(
            whole,
            values=one.values,
            lora_weights=one.lora_weights,
            lora_instead=one.lora_instead,
            evidence=one.evidence,
            added={},
        )
        whole = whole.with_values_of(more)
    return whole


# ---- the rows of the card

RowState = Literal["on", "off", "elsewhere", "ready", "open"]
_MOST_ELSEWHERE, _MOST_OPEN = 2, 2
_INSTEAD = {
    "user": "you typed another value",
    "pack": "the pack has a value of its own",
    "last_run": "the last run goes before it",
    "preset": "a preset goes before it",
}


class KnownRow(Struct, frozen=True, kw_only=True):
    """One line of "What I know". `value` "" = none yet, `verdict` and `evidence` say what it rests on, `why` says why
    it does not count here; `known` is the value as taken over, `draft` one that can be, `plan_id` the Learning Run
    behind it, which has `unrated` pictures. `subject` is the path, or of a LoRA file its training.
    """

    state: RowState
    path: str
    subject: str
    title: str
    value: str = ""
    verdict: str = ""
    evidence: str = ""
    since_ms: int = 0
    why: str = ""
    known: KnownValue | None = None
    draft: KnownValue | None = None
    plan_id: str = ""
    unrated: int = 0


def known_rows(controller: Controller, sources: ValueSources, origins: Mapping[str, Origin]) -> list[KnownRow]:
    """What is known for the run that these sources are about: in use, switched off, for something else, ready to be
    taken over, and what is still open. `origins` are those of the values in force.
    """
    history = controller.history
    if history is None:
        return []
    here, elsewhere = _taken(history.plans.known.values(), sources, origins)
    in_use = {row.subject: row.known for row in here if row.known is not None}
    ready, still_open = _not_taken(history, sources, in_use)
    covered = {row.subject for row in (*here, *ready)}
    more = [row for row in elsewhere if row.subject not in covered][:_MOST_ELSEWHERE]
    rows = [*here, *ready, *more, *[row for row in still_open if row.subject not in covered][:_MOST_OPEN]]
    # In the order of the form, so that nothing moves when a value is switched off or taken over.
    place = {path: at for at, path in enumerate(catalogue())}
    return sorted(rows, key=lambda row: place.get(row.path, len(place)))


def _taken(
    known: Sequence[KnownValue], sources: ValueSources, origins: Mapping[str, Origin]
) -> tuple[list[KnownRow], list[KnownRow]]:
    """What was taken over: for this pack, and for others."""
    standing = {one.preset.preset_id: one for one in sources.learned_here}
    here, elsewhere, applied = list[KnownRow](), list[KnownRow](), set[str]()
    for one in known:
        judged_as, mine = standing.get(one.known_id), one.pack_id in ("", sources.pack_id)
        if judged_as is None:
            if mine and compare(replace(one.scope, prompt_ids=()), sources.situation).inside:
                here.append(_row(one, "off"))
        elif not judged_as.applied:
            (here if mine else elsewhere).append(_row(one, "elsewhere", reasons(judged_as.check)))
        elif one.subject not in applied:
            applied.add(one.subject)
            origin = origins.get(one.path, "learned")
            here.append(_row(one, "on", _INSTEAD.get(origin, "")))
    return here, elsewhere


def _row(known: KnownValue, state: RowState, why: str = "") -> KnownRow:
    return KnownRow(
        state=state,
        path=known.path,
        subject=known.subject,
        title=heading(known.path),
        value=value_text(known.value, known.path),
        verdict=verdict_words(known.evidence),
        evidence=counted(known.evidence.rated, "picture") if known.evidence.rated else "",
        since_ms=time_ms(known.ts),
        why=why,
        known=known,
        plan_id=known.evidence.plan_id,
    )


def verdict_words(evidence: PresetEvidence) -> str:
    """The verdict behind a value, short: "best, 96 %", "no difference, 83 %", "chosen by hand"."""
    if evidence.by_hand or evidence.state not in CERTAIN:
        return "chosen by hand"
    words = VERDICT_NAMES[evidence.state].lower()
    return f"{words}, {percent(evidence.probability)}" if evidence.rated else words


def _not_taken(
    history: History, sources: ValueSources, in_use: Mapping[str, KnownValue]
) -> tuple[list[KnownRow], list[KnownRow]]:
    """What Learning Runs say about this pack, checkpoint and engine that was not taken over; what they leave open."""
    ready, still_open = list[KnownRow](), list[KnownRow]()
    seen, model = set[str](), sources.model
    for plan in history.plans.plans():
        subjects = set(subjects_of(plan))
        if subjects <= seen or plan.pack_id != sources.pack_id or not may_be_known(plan):
            continue
        scope = replace(scope_of(plan, model=model), prompt_ids=())
        if not compare(scope, sources.situation).inside:
            continue
        same = history.plans.asked.same(plan.plan_id)
        seen |= {subject for subject in subjects if _is_answered(plan, in_use.get(subject), same)}
        if subjects <= seen:
            continue
        result = history.plans.asked.verdict(plan.plan_id)
        found = result.summary if result is not None else None
        if found is not None and found.state in CERTAIN:
            takes = found.value is not None and may_be_known(plan, found.value)
            drafts = known_drafts(plan, found, found.value, model=model) if takes and found.value is not None else ()
            for draft in drafts:
                if draft.subject not in seen:
                    row, since = _row(draft, "ready"), time_ms(result.ts) if result else 0
                    ready.append(replace(row, known=None, draft=draft, since_ms=since))
            seen |= subjects
        elif (
            subject_of(plan) not in seen
            and len(still_open) < _MOST_OPEN
            and (open_row := _open_row(history, plan, found)) is not None
        ):
            seen.add(subject_of(plan))
            still_open.append(open_row)
    return ready, still_open


def _is_answered(plan: LearningPlan, mine: KnownValue | None, same: Collection[str]) -> bool:
    """Whether what is in use comes from this plan or one that asked the `same`, or was taken over later."""
    return mine is not None and (mine.evidence.plan_id in same or mine.event_id > plan.event_id)


def _open_row(history: History, plan: LearningPlan, found: ResultSummary | None) -> KnownRow | None:
    seen = board(history, plan.plan_id)
    if seen is None or not seen.made:
        return None
    now = standing(seen)
    words = short_verdict(found.parts[0]) if found is not None else f"too early: {now.rated} of {now.wanted} rated"
    path = plan.focus_parameter
    return KnownRow(
        state="open",
        path=path,
        subject=subject_of(plan),
        title=plan_heading(plan),
        verdict=words,
        plan_id=plan.plan_id,
        unrated=now.unrated,
    )


def before_words(known: KnownValue, sources: ValueSources) -> str:
    """What a value in use has replaced: "6.5 (profile)"; "" for a weight of a LoRA and the text of a
    slot, which the pack would draw.
    """
    if known.path not in known.values or is_wording(known.path):
        return ""
    had = known.forgot.get(sources.context, {}).get(known.path)
    if had is not None:
        return f"{value_text(had, known.path)} (last run)"
    weaker = [one for one in offers(sources.in_order(), known.path) if one[0].origin in ("profile", "style", "engine")]
    source, value = weaker[0]
    if value == known.value:
        return ""
    names = {"profile": "profile", "style": "style", "engine": "default"}
    return f"{value_text(value, known.path)} ({names[source.origin]})"


def asked_next(controller: Controller, config: PipelineConfig, rows: Sequence[KnownRow]) -> NextQuestion | None:
    """The question to propose where these rows are known; None = nothing that could be seen is open."""
    found = controller.capabilities
    return next(
        iter(
            questions(
                config,
                known={row.path for row in rows if row.state in ("on", "off", "ready", "open")},
                traits=known_traits(controller, config.checkpoint),
                offered=found.choices if found is not None else lambda _choices: (),
            )
        ),
        None,
    )
