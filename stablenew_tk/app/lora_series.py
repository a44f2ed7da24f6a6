"""The series of LoRA files that a model in the library is from, and the Learning Run that finds its best file."""

from __future__ import annotations

from ..domain.base.errors import InvalidInput
from ..domain.base.lora_tags import lora_key
from ..domain.config.sweep import LORA_FILE
from ..domain.experiments.suggested_plan import series_plan
from ..domain.models.lora_series import LoraSeries, numbered, same_names, series_of
from ..domain.runs.plan import LearningPlan
from ..storage.models.lora_files import lora_files, lora_name
from ..storage.models.model_entry import ModelEntry
from .controller import Controller

# What the headers of so many files say is looked up in a few milliseconds.
_MOST_LOOKED_AT = 200


def series_with(controller: Controller, entry: ModelEntry) -> LoraSeries | None:
    """The series that a LoRA file is in; None for a file on its own.

    Looked for among files whose names begin like this one's, or that were trained under the same name.
    """
    if entry.kind != "lora" or not entry.name:
        return None
    name, title = lora_name(entry), entry.title
    base, snapshot = numbered(name).base.casefold(), controller.models.snapshot
    near = [
        one
        for one in (snapshot.entries if snapshot is not None else ())
        if one.kind == "lora" and one.name and ((title and one.title == title) or _begins(one, base))
    ]
    if len(near) > _MOST_LOOKED_AT:
        near = [one for one in near if one.folder == entry.folder][:_MOST_LOOKED_AT]
    return next((one for one in series_of(lora_files(near)) if name in one.stems), None)


def series_run(controller: Controller, series: LoraSeries) -> LearningPlan:
    """A draft with the files of a series that the backend in force has, by its names, and none. Raises InvalidInput
    where it has fewer than two.
    """
    found = controller.capabilities
    listed = {lora_key(one): one for one in found.choices("lora_files")} if found is not None else {}
    stems = tuple(filter(None, (listed.get(lora_key(one), "") for one in series.stems))) if listed else series.stems
    if len(stems) < 2 and (why := same_names(series)):
        raise InvalidInput(why, LORA_FILE)
    return series_plan(series.name, stems)


def _begins(entry: ModelEntry, base: str) -> bool:
    # Of nearly all files the stem is the name already, and to look at folders costs a hundred times as much.
    return entry.stem.casefold().startswith(base) or lora_name(entry).casefold().startswith(base)
