"""Title and subtitle of a Learning Run for lists: the setting it varies; pack, prompts and checkpoint."""

from __future__ import annotations

from ..base.wording import counted
from ..config.pipeline_config import FIRST_STAGE
from ..config.sweep import focus
from .plan import LearningPlan


def subject(plan: LearningPlan) -> tuple[str, str]:
    """The varied setting, and the pack, prompt and checkpoint: "Steps", "Rain city · Alley One · juggernautXL_v9"."""
    names = plan.prompts[0].prompt_id if len(plan.prompts) == 1 else counted(len(plan.prompts), "prompt")
    parts = (plan.pack_id, names, plan.base_config.checkpoint)
    varied = focus(plan.focus_parameter)
    # Settings of the first stage need no stage in their name.
    title = varied.label if varied.group == FIRST_STAGE else varied.title
    return title, " · ".join(part for part in parts if part)
