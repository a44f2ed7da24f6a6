"""A Learning Run in words: the setting it varies; pack, prompts and checkpoint; which prompts it tests in its rows."""

from __future__ import annotations

from collections.abc import Iterable

from ..base.wording import counted, pack_title
from ..config.pipeline_config import FIRST_STAGE
from .plan import LearningPlan, PlanPrompt
from .value_pairs import TIMES


def subject(plan: LearningPlan) -> tuple[str, str]:
    """The varied setting, and the pack, prompt and checkpoint: "Steps", "Rain city · Alley One · juggernautXL_v9"."""
    names = plan.prompts[0].prompt_id if len(plan.prompts) == 1 else counted(len(plan.prompts), "prompt")
    parts = (pack_title(plan.pack_id), names, plan.base_config.checkpoint, workflow_words(plan))
    varied = plan.subjects
    # Settings of the first stage need no stage in their name.
    title = TIMES.join(one.label if one.group == FIRST_STAGE else one.title for one in varied)
    return title, " · ".join(part for part in parts if part)


def workflow_words(plan: LearningPlan) -> str:
    """Which workflow makes the pictures, as a part of what an answer holds for; "" for none."""
    name = plan.base_config.workflow.name
    return f"workflow “{name}”" if name else ""


def prompts_tested(plan: LearningPlan, rows: Iterable[int] | None = None) -> tuple[PlanPrompt, ...]:
    """The different prompts of these rows of a plan (None = all its rows), in the plan's order.

    Prompts of the same text or name are one. How many prompts the pack has is not in the plan, so this says nothing
    about the others.
    """
    used = {cell.row for cell in plan.cells()} if rows is None else set(rows)
    named = {plan.prompt(row).prompt_id: plan.prompt(row) for row in sorted(used, reverse=True)} if plan.prompts else {}
    found = {(prompt.positive, prompt.negative): prompt for prompt in named.values()}
    return tuple(prompt for prompt in plan.prompts if found.get((prompt.positive, prompt.negative)) is prompt)


def prompt_words(plan: LearningPlan, rows: Iterable[int] | None = None) -> str:
    """`prompts_tested` by name: "one prompt: Alley One", "these 3 prompts: Alley One, Bridge, Last tram"."""
    names = [prompt.prompt_id for prompt in prompts_tested(plan, rows)]
    if not names:
        return "no prompt"
    return f"{'one prompt' if len(names) == 1 else f'these {len(names)} prompts'}: {', '.join(names)}"


def rows_words(rows: int, prompts: int) -> str:
    """How rows go together with prompts: "3 seeds", "3 prompts × 1 seed", "4 seeds on 3 prompts in turn"."""
    if prompts < 2:
        return counted(rows, "seed")
    if rows % prompts:
        return f"{counted(rows, 'seed')} on {prompts} prompts in turn"
    return f"{prompts} prompts × {counted(rows // prompts, 'seed')}"
