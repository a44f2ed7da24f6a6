"""What the pages say and do about what is known: the rows of the card, drafts from reports, presets made from it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ..domain.config.learning_mode import mode_for
from ..domain.insights.follow_up import known_draft
from ..domain.insights.report import Report, summary
from ..domain.runs.known_value import KnownValue
from ..domain.runs.plan import Preset
from .controller import Controller
from .presets import model_of


def is_locked(controller: Controller, pack_id: str) -> bool:
    """Whether a pack is locked in: what is known changes nothing there."""
    return mode_for(controller.settings.learning, controller.packs.learning, pack_id).locked


def draft_from(report: Report, controller: Controller, at: int) -> KnownValue:
    """The value at a place of a report as one to take over."""
    checkpoint = report.checkpoint or report.plan.base_config.checkpoint
    model = model_of(controller, checkpoint)
    value = report.values[at].value
    draft = known_draft(report.plan, summary(report), value, model=model, checkpoint=checkpoint)
    return replace(draft, engine="sketch") if report.sketch else draft


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
        values=first.values,
        lora_weights=first.lora_weights,
        evidence=first.evidence,
    )
    for one in known[1:]:
        more = replace(whole, values=one.values, lora_weights=one.lora_weights, evidence=one.evidence, added={})
        whole = whole.with_values_of(more)
    return whole
