"""Which settings do nothing with a family of models, an engine or a workflow, and why: what is greyed, not asked about,
and left out.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from ..config.catalogue import catalogue, get_value
from ..config.pipeline_config import PipelineConfig
from ..config.sweep import NEGATIVE
from .families import Family

GUIDANCE, SHIFT, CLIP_SKIP, TEXT_ENCODERS = "txt2img.guidance", "txt2img.shift", "clip_skip", "text_encoders"
VARIATION = "txt2img.subseed_strength"
_AT_ONE = "A negative prompt does nothing at CFG 1."


class EngineTraits(Struct, frozen=True):
    """What an engine can be told: its name in sentences, and `features` as its Capabilities have them; None = nobody
    answers.
    """

    name: str = ""
    features: frozenset[str] | None = None


def idle_settings(family: Family, config: PipelineConfig) -> dict[str, str]:
    """Reasons by path, whatever the engine; NEGATIVE stands for the negative prompts of a job. Of a family that nobody
    knows only that is told which holds for all: the negative prompt is not computed at CFG 1. In a workflow the nodes
    decide, not the family.
    """
    found = _of_family(family) if family.id and not config.workflow else {}
    first, hires, details = config.txt2img.cfg_scale, config.hires, config.adetailer.passes
    own = {"hires.negative": hires.cfg_scale} | {
        f"adetailer.passes.{nth}.negative": one.cfg_scale for nth, one in enumerate(details)
    }
    found |= {path: _AT_ONE for path, cfg in own.items() if (cfg or first) == 1}
    if all(cfg == 1 for cfg in _with_job_negative(config)):
        found[NEGATIVE] = _AT_ONE
    return found


def idle_here(family: Family, config: PipelineConfig, engine: EngineTraits) -> dict[str, str]:
    """The same with what the engine cannot be told, and what the config's workflow has no place for. A value that the
    engine would refuse is not among them: it is to be set back.
    """
    found = idle_settings(family, config)
    if engine.features is not None and not config.workflow:
        whose = f" for {family.title}" if family.id else ""
        words = {
            GUIDANCE: f"{engine.name} has no guidance beside CFG.",
            SHIFT: f"{engine.name} cannot be told a shift{whose}.",
            CLIP_SKIP: f"{engine.name} has no clip skip.",
            VARIATION: f"{engine.name} has no variation seeds.",
        }
        for path, why in words.items():
            refused = path != CLIP_SKIP and get_value(config, path)
            if not can_be_told(path, family, engine.features) and not refused:
                found.setdefault(path, why)
    return found | without_place(config)


def can_be_told(path: str, family: Family, features: Collection[str]) -> bool:
    """Whether an engine with these features takes guidance, shift, clip skip or a variation seed with this family;
    anything else it does.
    """
    if path == SHIFT:
        return "shift" in features or ("shift_for_some" in features and (family.neo_shift or not family.id))
    if path == VARIATION:
        return "variation" in features
    return path not in (GUIDANCE, CLIP_SKIP) or path.rpartition(".")[2] in features


def without_place(config: PipelineConfig) -> dict[str, str]:
    """Why the settings do nothing that the config's workflow has no place for, by path."""
    workflow = config.workflow
    if not workflow:
        return {}
    why = f"“{workflow.name}” has no place for it"
    found = {path: why for path in catalogue() if not workflow.has(path)}
    if NEGATIVE in workflow.lacks:
        found[NEGATIVE] = f"“{workflow.name}” has no negative prompt."
    return found


def _with_job_negative(config: PipelineConfig) -> list[float]:
    """CFG of each pass that runs with the negative prompt of the job; that of the first where none runs."""
    first, hires, upscale = config.txt2img.cfg_scale, config.hires, config.upscale
    found = [first] if config.txt2img.enabled else []
    if config.txt2img.enabled and hires.enabled and not hires.negative:
        found.append(hires.cfg_scale or first)
    if config.img2img.enabled:
        found.append(config.img2img.cfg_scale)
    if config.adetailer.enabled:
        found += [one.cfg_scale or first for one in config.adetailer.passes if not one.negative]
    if upscale.enabled and upscale.mode == "img2img":
        found.append(first)
    return found or [first]


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
