"""What a verdict holds for, in words: the prompts that were really tested, and the checkpoint."""

from __future__ import annotations

from ..runs.plan import LearningPlan, PlanPrompt

_LONGEST_NAME = 32


def scope_words(plan: LearningPlan, prompts: tuple[PlanPrompt, ...], *, sketch: bool) -> str:
    """What a verdict is limited to: "for the prompt “rainy street” and this checkpoint".

    `prompts` are those of the ratings. Only several prompts of a pack say something about the pack. Sketches say
    nothing about a checkpoint, and a plan that compares checkpoints is not limited to one.
    """
    one = plan.focus_parameter != "checkpoint" and not sketch
    if len(prompts) > 1:
        if not plan.pack_id:
            return f"for these {len(prompts)} prompts{' and this checkpoint' if one else ''}"
        return f"for this pack{' and checkpoint' if one else ''}, tested on {len(prompts)} prompts"
    name = _name(plan, prompts[0]) if prompts else ""
    if not name:
        return f"for this prompt{' and checkpoint' if one else ''}"
    return f"for the prompt “{name}”{' and this checkpoint' if one else ''}"


def _name(plan: LearningPlan, prompt: PlanPrompt) -> str:
    """The short name of a prompt; "" when it has none of its own, because it was typed for this plan."""
    name = prompt.prompt_id.strip()
    if not plan.pack_id and prompt.positive.startswith(name):
        return ""
    if len(name) <= _LONGEST_NAME:
        return name
    cut = name[:_LONGEST_NAME]
    return f"{(cut.rpartition(' ')[0] or cut).rstrip(' ,;:.')}…"
