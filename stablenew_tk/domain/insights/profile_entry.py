"""What a Learning Run has shown, as an entry for the profile of its checkpoint or LoRA."""

from __future__ import annotations

from ..base.errors import InvalidInput
from ..config.catalogue import Value
from ..config.sweep import LORA, value_text
from ..models.profile import ModelPreset, RecommendedWeight, Tier
from ..runs.plan import LearningPlan
from .report import Report, preset_values

# The values that a preset has fields of its own for, so that other readers of the file understand them.
_SAMPLER, _SCHEDULER = "txt2img.sampler", "txt2img.scheduler"
_STEPS, _CFG = "txt2img.steps", "txt2img.cfg_scale"
_SHOWN: dict[str, Tier] = {"best": "best", "settled": "best", "no_difference": "good"}


def learned_preset(plan: LearningPlan, report: Report, *, date: str) -> ModelPreset:
    """The value that was found best, and nothing else: what was not varied was not learned.

    A later run about the same setting replaces it. `date` is YYYY-MM-DD. Raises InvalidInput when nothing was shown.
    """
    value, tier = _shown(plan, report)
    path = plan.focus_parameter
    if path == "checkpoint":
        raise InvalidInput(
            f"“{plan.name}” compared checkpoints, which tells nothing about the settings of one. Keep it as a preset."
        )
    values, _ = preset_values(plan, value)
    if path in (_SAMPLER, _SCHEDULER):
        # They were only seen together.
        values = {_SAMPLER: plan.base_config.txt2img.sampler, _SCHEDULER: plan.base_config.txt2img.scheduler, **values}
    sampler, scheduler = values.pop(_SAMPLER, ""), values.pop(_SCHEDULER, "")
    steps, cfg = values.pop(_STEPS, None), values.pop(_CFG, None)
    return ModelPreset(
        id=f"learned-{path}",
        label=f"{report.focus.label} {value_text(value, path)}",
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
    """The weight that was found best with the checkpoint of the plan; like `learned_preset`."""
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


def is_about_lora(plan: LearningPlan) -> bool:
    """Whether the plan varied the weight of a LoRA."""
    return plan.focus_parameter.startswith(LORA)


def _shown(plan: LearningPlan, report: Report) -> tuple[Value, Tier]:
    if report.sketch or plan.backend_kind == "sketch":
        raise InvalidInput(
            f"“{plan.name}” was made with the sketch engine: a rehearsal, which says nothing about a real model."
        )
    tier = _SHOWN.get(report.verdict.state)
    if tier is None or report.verdict.value is None:
        raise InvalidInput(f"“{plan.name}” has not settled on a value yet. Rate more of its pictures first.")
    return report.verdict.value, tier
