"""Which settings do nothing with a family of models, and why: what is greyed, not asked about, and left out."""

from __future__ import annotations

from ..config.catalogue import catalogue
from ..config.pipeline_config import PipelineConfig
from .families import Family

GUIDANCE, SHIFT, CLIP_SKIP, TEXT_ENCODERS = "txt2img.guidance", "txt2img.shift", "clip_skip", "text_encoders"
# The negative prompts of a job and those of single passes; the first is no parameter.
NEGATIVE = "negative"


def idle_settings(family: Family, config: PipelineConfig) -> dict[str, str]:
    """Reasons by path. Of a family that nobody knows only that is told which holds for all: the negative prompt is
    not computed at CFG 1.
    """
    found = _of_family(family) if family.id else {}
    first = config.txt2img.cfg_scale
    passes = {f"adetailer.passes.{nth}.negative": one.cfg_scale for nth, one in enumerate(config.adetailer.passes)}
    for path, cfg in {NEGATIVE: first, "hires.negative": config.hires.cfg_scale, **passes}.items():
        if (cfg or first) <= 1:
            found[path] = "A negative prompt does nothing at CFG 1."
    return found


def without_place(config: PipelineConfig) -> dict[str, str]:
    """Why the settings do nothing that the config's workflow has no place for, by path."""
    workflow = config.workflow
    if not workflow:
        return {}
    why = f"“{workflow.name}” has no place for it"
    return {path: why for path in catalogue() if not workflow.has(path)}


def _of_family(family: Family) -> dict[str, str]:
    title = family.title
    found = {}
    if not family.guidance:
        found[GUIDANCE] = f"{title} has no guidance trained in; CFG is what it follows."
    if not family.shift:
        found[SHIFT] = f"{title} takes no shift."
    if not family.clip_skip:
        found[CLIP_SKIP] = f"Clip skip does nothing with {title}."
    if not family.text_encoders:
        found[TEXT_ENCODERS] = f"{title} has its text encoders in the checkpoint."
    return found
