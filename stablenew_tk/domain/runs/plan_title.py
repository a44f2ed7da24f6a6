"""What a Learning Run is called in lists: the setting it varies, and where."""

from __future__ import annotations

from ..base.wording import counted
from ..config.pipeline_config import FIRST_STAGE
from ..config.sweep import focus
from .plan import LearningPlan


def subject(plan: LearningPlan) -> tuple[str, str]:
    """What a plan varies, and where: "Steps", "Rain city · Alley One · juggernautXL_v9"."""
    names = plan.prompts[0].prompt_id if len(plan.prompts) == 1 else counted(len(plan.prompts), "prompt")
    parts = (plan.pack_id, names, plan.base_config.checkpoint)
    varied = focus(plan.focus_parameter)
    # Of the first stage everybody knows the names; others say which stage they belong to.
    title = varied.label if varied.group == FIRST_STAGE else varied.title
    return title, " · ".join(part for part in parts if part)
