"""The Learning Run that a model in the library suggests, in the names of the backend in force."""

from __future__ import annotations

from collections.abc import Sequence

from ...domain.base.errors import InvalidInput
from ...domain.experiments.suggested_plan import checkpoint_plan, comparison_plan, lora_plan, raw_values
from ...domain.models.recommendations import ModelSettings, usable
from ...domain.models.value_sources import CHECKPOINT
from ...domain.runs.plan import LearningPlan
from ...storage.models.model_entry import ModelEntry
from ..controller import Controller


def suggested_run(
    controller: Controller, entry: ModelEntry, settings: ModelSettings
) -> tuple[LearningPlan, Sequence[str]]:
    """A draft around what the files of a model say, and notices about what of it the backend does not have.

    Raises InvalidInput when a LoRA's name cannot be written as a tag.
    """
    if entry.kind == "lora":
        return lora_plan(entry.stem, settings), ()
    models, offered = controller.models, controller.capabilities
    name = _offered_name(controller, entry)
    if offered is None or not name:
        return checkpoint_plan(entry.stem, settings, raw_values(settings), models.styles.families), ()
    found = usable(settings, models.styles, offered.choices, checkpoint=name, features=offered.features)
    return checkpoint_plan(name, settings, found.values, models.styles.families), found.notices


def comparison(controller: Controller, first: ModelEntry, second: ModelEntry) -> LearningPlan:
    """A draft that compares two checkpoints on the chosen pack. Raises InvalidInput for one that the backend lacks."""
    names = [_offered_name(controller, entry) for entry in (first, second)]
    if controller.capabilities is None:
        names = [first.stem, second.stem]
    for name, entry in zip(names, (first, second), strict=True):
        if not name:
            raise InvalidInput(
                f"The backend does not have {entry.stem}. Put it into its folder of checkpoints.", CHECKPOINT
            )
    return comparison_plan(names[0], names[1], f"{first.stem} or {second.stem}")


def _offered_name(controller: Controller, entry: ModelEntry) -> str:
    """The name by which the backend in force has a checkpoint, "" where it has not."""
    offered = controller.capabilities
    names = offered.choices("checkpoints") if offered is not None else ()
    return next((one for one in names if controller.models.find(one) is entry), "")
