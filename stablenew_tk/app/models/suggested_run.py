"""The Learning Run that a model in the library suggests, in the names of the backend in force."""

from __future__ import annotations

from collections.abc import Sequence

from ...domain.experiments.suggested_plan import checkpoint_plan, lora_plan, raw_values
from ...domain.models.recommendations import ModelSettings, usable
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
    names = offered.choices("checkpoints") if offered is not None else ()
    name = next((one for one in names if models.find(one) is entry), "")
    if offered is None or not name:
        return checkpoint_plan(entry.stem, settings, raw_values(settings), models.styles.families), ()
    found = usable(settings, models.styles, offered.choices, checkpoint=name, features=offered.features)
    return checkpoint_plan(name, settings, found.values, models.styles.families), found.notices
