"""Turns the result of a Learning Run into an entry (preset or weight) for the profile of its checkpoint or LoRA."""

from __future__ import annotations

from ..base.errors import InvalidInput
from ..config.catalogue import Value, is_of_workflow
from ..config.sweep import LORA, LORA_FILE, focus_in, is_wording, value_text
from ..models.profile import ModelPreset, RecommendedWeight, Tier
from ..runs.plan import LearningPlan
from .kept_values import preset_values
from .report import Report

# Values for which a preset has fields of its own, which other programs that read the file understand.
_SAMPLER, _SCHEDULER = "txt2img.sampler", "txt2img.scheduler"
_STEPS, _CFG = "txt2img.steps", "txt2img.cfg_scale"
_SHOWN: dict[str, Tier] = {"best": "best", "settled": "best", "no_difference": "good"}


def learned_preset(plan: LearningPlan, report: Report, *, date: str) -> ModelPreset:
    """A preset with only the recommended value of each focus parameter, because no other value was tested.

    A later run with the same focus parameter replaces it. `date` is YYYY-MM-DD. Raises InvalidInput when the report
    recommends no value.
    """
    value, tier = _shown(plan, report)
    path = plan.focus_parameter
    if path == "checkpoint":
        raise InvalidInput(
            f"“{plan.name}” compared checkpoints, which tells nothing about the settings of one. Keep it as a preset."
        )
    if path == LORA_FILE:
        raise InvalidInput(
            f"“{plan.name}” compared LoRA files, which tells nothing about the checkpoint. Keep it as a preset."
        )
    if is_wording(path):
        raise InvalidInput(f"“{plan.name}” compared wordings, which tells nothing about the checkpoint.")
    if any(map(is_of_workflow, plan.parameters)):
        raise InvalidInput(
            f"“{plan.name}” is about a value of the workflow “{plan.base_config.workflow.name}”, for which the profile "
            "of a checkpoint has no place. Keep it as a preset."
        )
    if plan.base_config.workflow:
        raise InvalidInput(
            f"“{plan.name}” was made by the workflow “{plan.base_config.workflow.name}”, which proves nothing about "
            "runs without it. Keep it as a preset."
        )
    values, weights = preset_values(plan, value)
    if weights:
        raise InvalidInput(
            f"“{plan.name}” is about a LoRA together with other settings, for which a profile has no place. Keep it as "
            "a preset."
        )
    if {_SAMPLER, _SCHEDULER} & set(plan.parameters):
        # They were only seen together.
        values = {_SAMPLER: plan.base_config.txt2img.sampler, _SCHEDULER: plan.base_config.txt2img.scheduler, **values}
    sampler, scheduler = values.pop(_SAMPLER, ""), values.pop(_SCHEDULER, "")
    steps, cfg = values.pop(_STEPS, None), values.pop(_CFG, None)
    return ModelPreset(
        id=f"learned-{'+'.join(plan.parameters)}",
        label=", ".join(
            f"{focus_in(plan.base_config, one).label} {value_text(own, one)}" for one, own in plan.settings(value)
        ),
        rating=tier,
        sampler=str(sampler),
        scheduler=str(scheduler) or None,
        steps=None if steps is None else int(steps),
        cfg=None if cfg is None else float(cfg),
        values=values,
        ratings=report.rated,
        date=date,
        plan_id=plan.plan_id,
    )


def learned_weight(plan: LearningPlan, report: Report, *, date: str) -> RecommendedWeight:
    """The recommended LoRA weight for the checkpoint of the plan. Arguments and errors as in `learned_preset`."""
    value, tier = _shown(plan, report)
    checkpoint = report.checkpoint or plan.base_config.checkpoint
    return RecommendedWeight(
        weight=float(value),
        label=f"learned with {checkpoint}" if checkpoint else "learned",
        rating=tier,
        ratings=report.rated,
        date=date,
        plan_id=plan.plan_id,
    )


def has_place_in_profile(plan: LearningPlan) -> bool:
    """Whether a profile has a place for what a plan varied: not for words, nor for what was found in a workflow."""
    return not plan.base_config.workflow and not any(
        is_wording(path) or is_of_workflow(path) for path in plan.parameters
    )


def is_about_lora(plan: LearningPlan) -> bool:
    """Whether the plan varied the weight of a LoRA."""
    return plan.focus_parameter.startswith(LORA) and not plan.second_parameter


def _shown(plan: LearningPlan, report: Report) -> tuple[Value, Tier]:
    if report.sketch or plan.backend_kind == "sketch":
        raise InvalidInput(
            f"“{plan.name}” was made with the sketch engine: a rehearsal, which says nothing about a real model."
        )
    tier = _SHOWN.get(report.verdict.state)
    if tier is None or report.verdict.value is None:
        raise InvalidInput(f"“{plan.name}” has not settled on a value yet. Rate more of its pictures first.")
    return report.verdict.value, tier
