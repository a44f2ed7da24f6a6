"""The series that a checkpoint of the library is from (mixes, or one training), and the run that finds the best."""

from __future__ import annotations

import re

from ..domain.base.lora_tags import lora_key
from ..domain.experiments.suggested_plan import checkpoints_plan
from ..domain.models.checkpoint_series import CheckpointSeries, checkpoint_series
from ..domain.runs.plan import LearningPlan
from ..storage.models.checkpoint_files import checkpoint_files
from ..storage.models.model_entry import ModelEntry
from .controller import Controller

# What the headers of so many files say is looked up in a few milliseconds.
_MOST_LOOKED_AT = 200
_HASH = re.compile(r" \[[0-9a-f]+\]$")


def checkpoints_with(controller: Controller, entry: ModelEntry) -> CheckpointSeries | None:
    """The series that a checkpoint is in; None for one on its own. Looked for in its folder."""
    if entry.kind != "checkpoint" or not entry.name:
        return None
    snapshot = controller.models.snapshot
    entries = snapshot.entries if snapshot is not None else ()
    near = [one for one in entries if one.folder == entry.folder and one.kind == "checkpoint"]
    files = checkpoint_files(near[:_MOST_LOOKED_AT])
    return next((one for one in checkpoint_series(files) if entry.stem in one.stems), None)


def checkpoints_run(controller: Controller, series: CheckpointSeries) -> LearningPlan:
    """A draft with the checkpoints of a series that the backend in force has, by its names. Raises InvalidInput where
    it has fewer than two.
    """
    found = controller.capabilities
    listed = {lora_key(_HASH.sub("", one)): one for one in found.checkpoints} if found is not None else {}
    names = tuple(listed.get(lora_key(one), "") for one in series.stems) if listed else series.stems
    return checkpoints_plan(series.name, tuple(filter(None, names)))
