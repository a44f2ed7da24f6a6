"""Sentences about runs that name no checkpoint where the backend keeps none loaded that could be meant, or a workflow
that it cannot run.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...backends.base import Capabilities, not_runnable
from ...domain.config.engines import COMFYUI
from ...domain.config.pipeline_config import PipelineConfig, stage_spec
from ...domain.runs.job import RunRequest
from ...domain.runs.plan import LearningPlan, config_for

_MOST_NAMED = 4


def missing_in_run(found: Capabilities | None, request: RunRequest) -> str:
    """Why a run cannot be made; "" when it can, or when nobody knows the backend yet."""
    own = request.config.checkpoint
    if own or request.config.workflow or all(variant.overrides.get("checkpoint") for variant in request.variants):
        return ""
    return _words(found, [request.config])


def missing_in_plan(found: Capabilities | None, plan: LearningPlan) -> str:
    """The same for a Learning Run, whose workflow another engine than ComfyUI cannot run, either."""
    if plan.base_config.workflow and found is not None and found.kind != COMFYUI:
        return not_runnable(plan.base_config.workflow.name, found.name)
    return _words(found, (config_for(plan, value) for value in plan.tested))


def missing_in_job(found: Capabilities | None, config: PipelineConfig) -> str:
    """The same for one job."""
    return _words(found, [config])


def only_one_words(found: Capabilities | None, config: PipelineConfig) -> str:
    """Which checkpoint is used although none is named, because the backend has no other one; "" elsewhere."""
    if found is None or not found.names_checkpoints or not found.loaded_checkpoint or not _lacks(config):
        return ""
    return f"checkpoint: {found.loaded_checkpoint} is used, the only one of {found.name}."


def _words(found: Capabilities | None, configs: Iterable[PipelineConfig]) -> str:
    if found is None or not found.names_checkpoints or found.loaded_checkpoint or not any(map(_lacks, configs)):
        return ""
    if not found.checkpoints:
        return f"checkpoint: {found.name} has none. Put one into its folder models/checkpoints."
    shown = ", ".join(found.checkpoints[:_MOST_NAMED])
    more = f" and {len(found.checkpoints) - _MOST_NAMED} more" if len(found.checkpoints) > _MOST_NAMED else ""
    return f"checkpoint: choose one. {found.name} keeps none loaded that could be meant. It has {shown}{more}."


def _lacks(config: PipelineConfig) -> bool:
    """Whether a checkpoint is needed and none is named. Enlarging alone needs none, and a workflow says it itself."""
    if config.checkpoint or config.workflow:
        return False
    return any(stage_spec(stage).samples(config) for stage in config.stages())
