"""Which Learning Run to propose next: one whose answer can be seen, about something that is not known yet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from msgspec import Struct

from ..base.errors import InvalidInput
from ..config.catalogue import Value, catalogue, get_value
from ..config.pipeline_config import STAGE_OF_PART, PipelineConfig
from ..config.sweep import around, check_values, focus
from ..models.precedence import Resolved
from ..models.sensible_range import ModelTraits, sensible_range
from ..runs.plan import MOST_PICTURES, START_ROWS, LearningPlan, PlanMetadata, PlanPrompt

# Five values on three seeds: rated in half a minute, and enough for a verdict where the eye sees a difference.
ROWS, _MOST_VALUES, _LEAST_VALUES = 3, 5, 3
_CFG, _GUIDANCE = "txt2img.cfg_scale", "txt2img.guidance"


class NextQuestion(Struct, frozen=True):
    """A Learning Run that is worth making: what to vary, and the values to compare."""

    path: str
    values: tuple[Value, ...]

    @property
    def pictures(self) -> int:
        """How many pictures it takes."""
        return ROWS * len(self.values)


def questions(
    config: PipelineConfig,
    *,
    known: Collection[str] = (),
    traits: ModelTraits | None = None,
    offered: Callable[[str], Sequence[str]] = lambda _choices: (),
) -> tuple[NextQuestion, ...]:
    """The questions about these settings, that whose values differ most to the eye first.

    Left out is what is `known` (by path), what belongs to a stage that is off, what a backend offers too few names for,
    and what does nothing with the checkpoint's family, on the engine or in the workflow. Where its style or family
    names a range, the values are spread over that.
    """
    found = []
    traits = traits or ModelTraits()
    acting = traits.family
    idle = (*traits.idle(config), *((_CFG,) if acting.distilled else ()))
    for spec in sorted((one for one in catalogue().values() if one.rank), key=lambda one: one.rank):
        values = _values(spec.path, config, traits, offered)
        is_idle = spec.path in idle or (spec.path == _GUIDANCE and not acting.guidance)
        if spec.path not in known and not is_idle and _is_on(config, spec.path) and len(values) >= _LEAST_VALUES:
            found.append(NextQuestion(spec.path, values))
    return tuple(found)


def draft_about(question: NextQuestion, now: Resolved) -> LearningPlan:
    """A draft for the wizard about this question, with the values in force. Its prompts are chosen there."""
    return LearningPlan(
        plan_id="",
        name="",
        focus_parameter=question.path,
        pack_id="",
        prompts=(),
        base_config=now.config,
        origins=now.named,
        variant_values=question.values,
        complete_rows=START_ROWS,
        most_pictures=MOST_PICTURES,
        seeds=(),
    )


def plan_of(question: NextQuestion, prompt: PlanPrompt, draft: LearningPlan) -> LearningPlan:
    """The draft as a blind Learning Run about this question for one prompt. Seeds are drawn when it starts."""
    return LearningPlan(
        plan_id="",
        name=f"{focus(question.path).caption} for {prompt.prompt_id}",
        focus_parameter=question.path,
        pack_id=draft.pack_id,
        prompts=(prompt,),
        base_config=draft.base_config,
        origins=draft.origins,
        presets=draft.presets,
        variant_values=question.values,
        images_per_variant=ROWS,
        seeds=(),
        start_image=draft.start_image,
        backend_kind=draft.backend_kind,
        metadata=PlanMetadata(who="suggested by the guide"),
    )


def _is_on(config: PipelineConfig, path: str) -> bool:
    block = path.partition(".")[0]
    stage = STAGE_OF_PART.get(block, block)
    return config.txt2img.enabled and stage == "txt2img" and bool(getattr(config, block).enabled)


def _values(
    path: str, config: PipelineConfig, traits: ModelTraits | None, offered: Callable[[str], Sequence[str]]
) -> tuple[Value, ...]:
    spec, own = catalogue()[path], get_value(config, path)
    if spec.kind == "str":
        there = offered(spec.choices)
        names = [str(own), *(str(name) for name in spec.telling if name != own)]
        return tuple(name for name in names if not there or name in there)[:_MOST_VALUES]
    sensible = sensible_range(path, traits)
    try:
        if sensible is not None and sensible.whose:
            return around(path, float(own), sensible.ends)
        return check_values(path, spec.telling)
    except InvalidInput:
        return ()
