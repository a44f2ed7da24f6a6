"""Values that the wizard's draft takes from elsewhere: form of Create, traits of the checkpoint, learning mode."""

from __future__ import annotations

from msgspec.structs import replace

from ...domain.base.errors import InvalidInput
from ...domain.config.catalogue import get_value
from ...domain.config.learning_mode import Mode, mode_for
from ...domain.config.pipeline_config import PipelineConfig
from ...domain.config.sweep import LORA, LORA_FILE, NO_LORA, not_offered, unknown_choices, value_of_file
from ...domain.experiments.plan_draft import (
    PROMPT,
    VALUES,
    VARY,
    PlanDraft,
    lora_weights,
    proposed_anew,
    sentence,
    trouble,
)
from ...domain.models.precedence import Resolved
from ...domain.models.value_sources import CHECKPOINT
from ...domain.runs.plan import MOST_PICTURES, START_ROWS, LearningPlan
from ..controller import Controller
from ..create.form_values import FormValues
from ..model_traits import known_traits


def differ_in_scope(one: PlanDraft, other: PlanDraft) -> bool:
    """Whether values that hold for one of two drafts need not hold for the other."""
    facts = [
        (draft.pack_id, [prompt.prompt_id for prompt in draft.prompts], draft.focus == CHECKPOINT)
        for draft in (one, other)
    ]
    return facts[0] != facts[1]


def open_draft(path: str) -> LearningPlan:
    """A draft that says what to vary and leaves everything else open."""
    return LearningPlan(
        plan_id="",
        name="",
        focus_parameter=path,
        pack_id="",
        prompts=(),
        base_config=PipelineConfig(),
        variant_values=(),
        complete_rows=START_ROWS,
        most_pictures=MOST_PICTURES,
        seeds=(),
    )


def leaves_values_open(draft: LearningPlan) -> bool:
    """Whether a draft only says what to compare: it has no prompts yet, and all settings are those of no choice."""
    return not draft.prompts and not draft.origins and draft.base_config == PipelineConfig()


def with_values_in_force(draft: LearningPlan, typed: Resolved | None, controller: Controller) -> LearningPlan:
    """The draft with everything that it leaves open as it is in Create, which may not have been opened yet (`typed`
    None). What is known of one checkpoint is left out where checkpoints are compared.
    """
    several = draft.focus_parameter == CHECKPOINT
    found = typed if typed is not None and not several else FormValues(controller, several=several).resolved
    return replace(draft, base_config=found.config, origins=found.origins)


def with_own_values(draft: PlanDraft, controller: Controller) -> PlanDraft:
    """The draft with what is set for its pack, and known for its prompts, in place of what is so for others; what was
    typed stays.
    """
    bound = (
        {"pack", "preset", "learned"} & set(draft.origins.values())
        or controller.settings.presets
        or controller.known.learned
    )
    if not bound and not controller.packs.settings_of(draft.pack_id).values:
        return draft
    typed = {path: get_value(draft.base, path) for path, origin in draft.origins.items() if origin == "user"}
    prompts = [prompt.prompt_id for prompt in draft.prompts]
    several = draft.focus == CHECKPOINT
    values = FormValues(controller, pack_id=draft.pack_id, typed=typed, prompts=prompts, several=several)
    of_loras = {path: origin for path, origin in draft.origins.items() if path.startswith(LORA)}
    resolved, uses = values.resolved, values.sources.preset_uses
    return replace(draft, base=resolved.config, origins={**resolved.origins, **of_loras}, presets=uses)


def with_traits(draft: PlanDraft, controller: Controller, before: PlanDraft | None = None) -> PlanDraft:
    """The draft with what the model library knows of its checkpoint, the loaded one if it names none, and its LoRAs.

    Values that were only proposed, for what was known until now or for the draft `before`, are proposed anew.
    """
    loras = [*lora_weights(draft.prompts)]
    if draft.focus.startswith(LORA):
        loras.append(draft.focus.removeprefix(LORA))
    known = proposed_anew(draft, replace(draft, traits=known_traits(controller, draft.base.checkpoint, loras)))
    return proposed_anew(before, known) if before is not None else known


def mode_of(draft: PlanDraft, controller: Controller) -> Mode:
    """The learning mode of the draft's pack."""
    return mode_for(controller.settings.learning, controller.packs.learning, draft.pack_id)


def offered(draft: PlanDraft, controller: Controller) -> tuple[str, ...]:
    """The names the backend has for what is varied; none while it is away, or for numbers."""
    found, spec = controller.capabilities, draft.spec
    if found is None or spec is None or not spec.choices:
        return ()
    names = found.choices(spec.choices)
    return (NO_LORA, *map(value_of_file, names)) if names and spec.path == LORA_FILE else names


def troubles(draft: PlanDraft, controller: Controller, *, unread: str = "") -> list[str]:
    """Why one cannot go on from the steps, "" where one can. Only the first step with a trouble is looked at.

    `unread` is what is wrong with a text that has not reached the draft.
    """
    for step in (PROMPT, VARY, VALUES):
        words = trouble(draft, step)
        if step == VALUES:
            drafts = (draft, draft.partner) if draft.second else (draft,)
            words = unread or words or next(filter(None, (_not_offered(d, offered(d, controller)) for d in drafts)), "")
        if words:
            return [words if step == place else "" for place in (PROMPT, VARY, VALUES)]
    return ["", "", ""]


def _not_offered(draft: PlanDraft, names: tuple[str, ...]) -> str:
    unknown = unknown_choices(draft.focus, draft.values(), names) if names else ()
    return sentence(InvalidInput(not_offered(draft.focus, unknown[0], names))) if unknown else ""
