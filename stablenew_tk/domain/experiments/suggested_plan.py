"""Suggested Learning Runs: recommended values of a checkpoint or LoRA as the base, and values around one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ..base.errors import InvalidInput
from ..config.catalogue import Value, get_value, parameter, with_values
from ..config.origins import Origin
from ..config.pipeline_config import PipelineConfig
from ..config.sweep import LORA, LORA_FILE, NO_LORA, around, check_values, focus, value_of_file, value_text
from ..models.families import Family, FamilyCatalogue
from ..models.recommendations import DENOISE, FAMILY_WORD, FieldValue, ModelSettings
from ..models.sensible_range import lora_range, sensible_range, traits_of
from ..models.value_sources import CHECKPOINT
from ..runs.plan import MOST_PICTURES, START_ROWS, LearningPlan, PlanMetadata

MOST_FILES = 12  # of a series that are compared at once
_CFG, _GUIDANCE, _STEPS = "txt2img.cfg_scale", "txt2img.guidance", "txt2img.steps"
_NO_FAMILY = Family()


def focus_of(settings: ModelSettings, family: Family = _NO_FAMILY) -> str:
    """Path of the suggested focus parameter: hires denoise if the profile recommends one, else CFG, else steps. A
    distilled model is asked about its guidance, or its steps, for CFG does nothing good there.
    """
    said = {path for path, offered in settings.offers.items() if offered[0].word != FAMILY_WORD}
    if DENOISE in said:
        return DENOISE
    if family.distilled:
        return _GUIDANCE if family.guidance else _STEPS
    return next((path for path in (_CFG, _STEPS) if path in said), _CFG)


def checkpoint_plan(
    checkpoint: str, settings: ModelSettings, values: Mapping[str, FieldValue], families: FamilyCatalogue
) -> LearningPlan:
    """A draft with the values recommended for a checkpoint. `checkpoint` and `values` use the backend's names.

    It has no prompts and seeds; the user chooses them in Learn.
    """
    base, origins = _base(checkpoint, values)
    traits = traits_of(settings, families, checkpoint)
    path = focus_of(settings, traits.family)
    sensible = sensible_range(path, traits)
    centre = float(get_value(base, path)) or (sum(sensible.ends) / 2 if sensible is not None else 0.0)
    found = around(path, centre, sensible.ends if sensible is not None else None)
    return _draft(path, found, centre, base=base, origins=origins, title=settings.title or checkpoint)


def lora_plan(name: str, settings: ModelSettings) -> LearningPlan:
    """A draft with weights around the recommended weight of a LoRA, or around 1 when none is recommended."""
    path = f"{LORA}{name}"
    best = next((one.weight for one in settings.weights if one.rating != "bad"), None)
    sensible = lora_range(settings)
    middle = round(sum(sensible) / 2, 2) if sensible is not None else 1.0
    centre = min(max(middle if best is None else best, 0.0), 2.0)
    found = around(path, centre, sensible)
    return _draft(path, found, centre, base=PipelineConfig(), origins={}, title=settings.title or name)


def series_plan(name: str, stems: Sequence[str]) -> LearningPlan:
    """A draft that compares the files of one LoRA training, in the order of learning, and no LoRA; of very many some
    that are spread over the training, the first and the last one among them. Raises InvalidInput for less than two.
    """
    if len(stems) < 2:
        raise InvalidInput(
            f"The backend has less than two files of {name}. Put them into its folder of LoRAs.", LORA_FILE
        )
    return _of_files(LORA_FILE, name, (*map(value_of_file, _spread(stems)), NO_LORA))


def checkpoints_plan(name: str, checkpoints: Sequence[str]) -> LearningPlan:
    """A draft that compares the checkpoints of a series in their order, of very many some that are spread over it.

    Raises InvalidInput for less than two.
    """
    if len(checkpoints) < 2:
        raise InvalidInput(
            f"The backend has less than two checkpoints of {name}. Put them into its folder of checkpoints.", CHECKPOINT
        )
    return _of_files(CHECKPOINT, name, _spread(checkpoints))


def comparison_plan(first: str, second: str, title: str) -> LearningPlan:
    """A draft that compares two checkpoints, by the backend's names, with everything else as it is in Create."""
    draft = _of_files(CHECKPOINT, title, (first, second))
    return replace(draft, name=title, metadata=PlanMetadata(who=f"suggested by Models for {title}"))


def _spread(files: Sequence[str]) -> Sequence[str]:
    """Some of very many files, the first and the last one among them."""
    last = len(files) - 1
    chosen = [files[round(last * place / (MOST_FILES - 1))] for place in range(MOST_FILES)]
    return files if len(files) <= MOST_FILES else chosen


def _of_files(path: str, name: str, files: Sequence[str]) -> LearningPlan:
    values = check_values(path, files)
    return LearningPlan(
        plan_id="",
        name=f"Best file of {name}",
        focus_parameter=path,
        stage=focus(path).stage,
        pack_id="",
        prompts=(),
        base_config=PipelineConfig(),
        variant_values=values,
        complete_rows=START_ROWS,
        most_pictures=MOST_PICTURES,
        seeds=(),
        metadata=PlanMetadata(who=f"suggested by Models for {name}"),
    )


def _base(checkpoint: str, values: Mapping[str, FieldValue]) -> tuple[PipelineConfig, dict[str, Origin]]:
    base = with_values(PipelineConfig(), {"checkpoint": checkpoint})
    origins: dict[str, Origin] = {"checkpoint": "user"}
    for path, field in values.items():
        try:
            base = with_values(base, {path: field.value})
        except InvalidInput:
            # A value outside the catalogue's range is shown with its problem; here the engine's own is better.
            continue
        origins[path] = field.origin
    return base, origins


def _draft(
    path: str,
    values: tuple[Value, ...],
    centre: float,
    *,
    base: PipelineConfig,
    origins: Mapping[str, Origin],
    title: str,
) -> LearningPlan:
    what = f"{focus(path).label} {'' if path.startswith(LORA) else f'for {title} '}around {value_text(centre, path)}"
    if path == DENOISE:
        base = with_values(base, {"hires.enabled": True})
    return LearningPlan(
        plan_id="",
        name=what,
        focus_parameter=path,
        stage=focus(path).stage,
        pack_id="",
        prompts=(),
        base_config=base,
        origins=dict(origins),
        variant_values=values,
        complete_rows=START_ROWS,
        most_pictures=MOST_PICTURES,
        seeds=(),
        metadata=PlanMetadata(who=f"suggested by Models for {title}"),
    )


def raw_values(settings: ModelSettings) -> dict[str, FieldValue]:
    """The recommended values that win, without names (samplers, upscalers …) that only a backend can confirm."""
    return {path: field for path, field in settings.values.items() if not parameter(path).choices}
