"""The plan as it is put into a card's page: all that it takes to make it again, without paths and people."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ..config.catalogue import Value, catalogue, flat, get_value, parameter, with_values
from ..config.pipeline_config import PipelineConfig
from ..config.sweep import is_wording
from ..config.workflow_use import WorkflowParameter, WorkflowUse
from ..experiments.plan_file import write_plan
from ..experiments.plan_page import PLAN_MARK
from ..runs.plan import LearningPlan, PlanMetadata

_WORDS = ("prompt", "negative")


def plan_block(plan: LearningPlan, *, prompts: bool) -> str:
    """The element of a page that holds the plan. Without `prompts` it has none of their texts and names.

    Not in it: who made it and why, the picture to start from, masks and units from files; of models only their names.
    """
    text = write_plan(shareable(plan, prompts=prompts)).decode().strip()
    # In a page "<" could end the element; in JSON its number means the same.
    escaped = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return f"{PLAN_MARK}\n{escaped}\n</script>"


def shareable(plan: LearningPlan, *, prompts: bool) -> LearningPlan:
    """The plan as anybody may have it; see `plan_block`."""
    config = _config(plan.base_config, prompts=prompts)
    tested = {plan.focus_parameter: plan.variant_values, plan.second_parameter: plan.second_values}
    config = replace(config, workflow=_workflow(config.workflow, tested))
    paths = {path for path, value in flat(plan.base_config).items() if value != flat(config).get(path)}
    return replace(
        plan,
        plan_id="",
        prompts=plan.prompts if prompts else (),
        # Without prompts their number no longer tells the number of rows.
        complete_rows=plan.complete_rows if prompts else plan.full_rows,
        base_config=config,
        origins={path: one for path, one in plan.origins.items() if path not in paths or flat(config).get(path)},
        variant_values=_names(plan.focus_parameter, plan.variant_values),
        second_values=_names(plan.second_parameter, plan.second_values),
        start_image="",
        metadata=PlanMetadata(when=plan.metadata.when),
    )


def _config(config: PipelineConfig, *, prompts: bool) -> PipelineConfig:
    changes: dict[str, Value] = {}
    for path, known in catalogue().items():
        value = get_value(config, path)
        if not isinstance(value, str) or not value:
            continue
        if known.choices or known.options:
            # Of several files in one value each.
            bare = ", ".join(str(_bare(one)) for one in value.split(", "))
        elif known.name in _WORDS:
            bare = value if prompts else ""
        else:
            # What is typed and is neither words nor a name of the engine's lists names files of this computer.
            bare = ""
        if bare != value:
            changes[path] = bare
    return with_values(config, changes)


def _workflow(workflow: WorkflowUse, tested: Mapping[str, tuple[Value, ...]]) -> WorkflowUse:
    """The use of a workflow as anybody may have it: its name and text's hash, numbers, switches and bare names.

    What is typed into it may be words or a path, so it is left out; of choices only those that are used are told.
    """
    values = {
        path: _bare(value)
        for path, value in workflow.values.items()
        if not isinstance(value, str) or (path in workflow.parameters and workflow.parameters[path].options)
    }
    parameters = {
        path: _told(one, (*tested.get(path, ()), *([values[path]] if path in values else [])))
        for path, one in workflow.parameters.items()
        if path in tested or path in values
    }
    found = {path: _bare(value) for path, value in workflow.found.items() if _is_told(path, value)}
    return replace(workflow, file=str(_bare(workflow.file)), found=found, values=values, parameters=parameters)


def _is_told(path: str, value: Value) -> bool:
    known = parameter(path)
    return not isinstance(value, str) or bool(known.choices or known.options)


def _told(one: WorkflowParameter, used: Sequence[Value]) -> WorkflowParameter:
    if not one.options:
        return one if not isinstance(one.default, str) else replace(one, default="")
    options = tuple(dict.fromkeys(str(_bare(value)) for value in (one.default, *used)))
    return replace(one, default=_bare(one.default), options=options)


def _names(path: str, values: tuple[Value, ...]) -> tuple[Value, ...]:
    return values if is_wording(path) else tuple(map(_bare, values))


def _bare(value: Value) -> Value:
    """A name without its folders, which are those of one computer. The engine finds it by the rest."""
    return re.split(r"[\\/]", value)[-1] if isinstance(value, str) else value
