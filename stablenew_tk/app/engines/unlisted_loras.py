"""A sentence about LoRAs that prompts name and the backend does not have: pictures are made without them, silently."""

from __future__ import annotations

from collections.abc import Iterable

from ...backends.base import Capabilities
from ...domain.base.wording import counted
from ...domain.config.pipeline_config import PipelineConfig
from ...domain.runs.job import RunRequest
from ...domain.runs.plan import LearningPlan, prompt_for

_MOST_NAMED = 5


def unlisted_in_run(found: Capabilities | None, request: RunRequest) -> str:
    """What to say before a run; "" when there is nothing or the backend does not list its LoRAs."""
    texts = [request.globals.positive, *(text.prompt for text in request.stage_texts.values())]
    return unlisted_words(found, [*(one.prompt for one in request.variants), *texts, *_own_prompts(request.config)])


def unlisted_in_plan(found: Capabilities | None, plan: LearningPlan) -> str:
    """The same for a Learning Run."""
    # As they are sent: a file that is tested stands in place of what the prompt names.
    sent = [prompt_for(plan, row, value) for row in range(len(plan.prompts)) for value in plan.tested]
    texts = [text.prompt for prompt in sent for text in prompt.stage_texts.values()]
    return unlisted_words(found, [*(one.positive for one in sent), *texts, *_own_prompts(plan.base_config)])


def unlisted_words(found: Capabilities | None, prompts: Iterable[str]) -> str:
    """The sentence about the LoRAs of prompts."""
    names = found.unlisted_loras(prompts) if found is not None else ()
    if found is None or not names:
        return ""
    from difflib import get_close_matches

    shown = ", ".join(f"“{name}”" for name in names[:_MOST_NAMED])
    more = f" and {counted(len(names) - _MOST_NAMED, 'more')}" if len(names) > _MOST_NAMED else ""
    near = get_close_matches(names[0], found.choices("loras"), 1, 0.7) if len(names) == 1 else []
    hint = f" Did you mean “{near[0]}”?" if near else ""
    word, tag = ("LoRA", "its tag does") if len(names) == 1 else ("LoRAs", "their tags do")
    return f"{found.name} does not list the {word} {shown}{more}: unless it finds a new file, {tag} nothing.{hint}"


def _own_prompts(config: PipelineConfig) -> list[str]:
    """The prompts that hires fix and the passes of ADetailer have for themselves."""
    passes = [one.prompt for one in config.adetailer.passes] if config.adetailer.enabled else []
    return [*([config.hires.prompt] if config.hires.enabled else []), *passes]
