"""The journal as a table for spreadsheets and statistics: one line for each picture, one column for each setting.

It says what was made and how it was rated, and nothing about where or by whom: no path, no note, no machine.
"""

from __future__ import annotations

import re
from functools import cache

from ..config.catalogue import Parameter, Value, catalogue, get_value
from ..config.pipeline_config import STAGE_OF_PART, STAGES
from ..config.sweep import value_text
from ..config.workflow_use import WorkflowUse
from .record import ImageFeedback, LearningRecord, Output

_FACTS = (
    *("image", "run", "time_utc", "status", "stage", "suspect", "engine", "pack", "prompt_name", "prompt", "negative"),
    *("seed", "width", "height", "seconds", "stars", "rejected", "blind", "tags", "plan", "row", "tested_value"),
)
_WORKFLOW = ("workflow", "workflow_values")


@cache
def _settings() -> tuple[Parameter, ...]:
    # Free texts may be the path of a mask or of a picture; names out of a list and numbers never tell of a person.
    return tuple(one for one in catalogue().values() if one.kind != "str" or one.choices or one.options)


def heading() -> tuple[str, ...]:
    """The names of all columns: facts first, then the settings by their path."""
    return (*_FACTS, *(one.path for one in _settings()), *_WORKFLOW)


def settings_of(record: LearningRecord) -> tuple[str, ...]:
    """The last cells of the pictures of a record, in the order of `heading`; "" where a stage did not run."""
    return (*(_cell(record, one) for one in _settings()), *_of_workflow(record.config.workflow))


def line_of(
    record: LearningRecord, output: Output, held: ImageFeedback, settings: tuple[str, ...], *, blind: bool
) -> tuple[str, ...]:
    """The cells of one picture, in the order of `heading`; `settings` are those of its record."""
    learning = record.learning
    value = "" if learning.value is None else value_text(learning.value)
    facts = (
        *(output.image_id, record.run_id, record.ts, record.status, output.stage, " ".join(output.suspect)),
        *(record.backend.kind, without_folder(record.pack_id), record.prompt_id),
        *(record.prompt, record.negative, str(output.seed), str(output.width), str(output.height)),
        *(
            f"{record.seconds:g}",
            str(held.rating or ""),
            "yes" if held.rejected else "",
            ("yes" if blind else "no") if held.rating else "",
        ),
        *(", ".join(held.tags), learning.plan_id, str(learning.row) if learning.plan_id else "", without_folder(value)),
    )
    return (*facts, *settings)


def _of_workflow(workflow: WorkflowUse) -> tuple[str, str]:
    """The name of the workflow, and the values that were set in it; no free texts, as among the settings."""
    told = (
        f"{path}={value_text(value)}"
        for path, value in workflow.values.items()
        if not isinstance(value, str) or (path in workflow.parameters and workflow.parameters[path].options)
    )
    return workflow.name, "; ".join(told)


def _cell(record: LearningRecord, one: Parameter) -> str:
    stage = one.group if one.group in STAGES else STAGE_OF_PART.get(one.group, "")
    if stage and stage not in record.stages:
        return ""
    value: Value = get_value(record.config, one.path)
    return without_folder(value) if isinstance(value, str) else value_text(value)


def without_folder(name: str) -> str:
    """The last part of a name that may have folders in front."""
    return re.split(r"[/\\]", name)[-1]
