"""The range of values that is worth trying for a checkpoint: from its style, else its family, else the parameter.

Every place that proposes values or shows such a range asks `sensible_range`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

from msgspec import Struct

from ..config.pipeline_config import PipelineConfig
from ..config.sweep import LORA, LORA_WEIGHTS, focus
from .families import Family, FamilyCatalogue
from .idle_settings import EngineTraits, idle_here
from .recommendations import DENOISE, ModelSettings
from .style import StyleProfile

Range = tuple[float, float]

# Turbo, Lightning and their like, whatever family they were distilled from.
FEW_STEPS: Mapping[str, Range] = {"txt2img.steps": (4, 12), "cfg_scale": (1, 2)}
_FEW_STEP_WORDS = frozenset(("turbo", "lightning", "hyper", "lcm", "dmd", "schnell", "distilled"))
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class SensibleRange(Struct, frozen=True):
    """The lowest and highest value worth trying; `whose` names the style or family that says so, "" = the general."""

    low: float
    high: float
    whose: str = ""

    @property
    def ends(self) -> Range:
        """Both ends."""
        return self.low, self.high


class ModelTraits(Struct, frozen=True, kw_only=True):
    """What decides which values suit a checkpoint. All empty: nobody knows the checkpoint.

    `family` is that of its variant, as far as it is told, and `told_by` who tells it. `few_steps`: its name says that
    it was distilled to need but a few. `lora_ranges` are the weights that files beside LoRAs recommend, by the name in
    the prompt. `engine` is what is to run it.
    """

    family: Family = Family()
    told_by: str = ""
    style: StyleProfile | None = None
    few_steps: bool = False
    lora_ranges: Mapping[str, Range] = {}
    engine: EngineTraits = EngineTraits()

    def idle(self, config: PipelineConfig) -> dict[str, str]:
        """Why settings do nothing with this checkpoint on this engine, by path."""
        return idle_here(self.family, config, self.engine)


def sensible_range(path: str, traits: ModelTraits | None = None) -> SensibleRange | None:
    """The usual range of a parameter, or of a LoRA's weight, for a checkpoint; None where there is none."""
    traits = traits or ModelTraits()
    general = focus(path).sensible
    if path.startswith(LORA):
        named = traits.lora_ranges.get(path.removeprefix(LORA))
        return SensibleRange(*named, "this LoRA") if named is not None else _plain(general)
    style = traits.style
    if path == DENOISE and style is not None and style.hires_denoise_range is not None:
        return SensibleRange(*style.hires_denoise_range, style.label or style.style_profile_id)
    title = traits.family.title
    few = FEW_STEPS.get(path) or FEW_STEPS.get(path.rpartition(".")[2])
    if traits.few_steps and few is not None:
        return SensibleRange(*few, f"{title} in few steps".strip())
    found = traits.family.range_of(path)
    return SensibleRange(*found, title) if found is not None else _plain(general)


def traits_of(settings: ModelSettings, families: FamilyCatalogue, *names: str) -> ModelTraits:
    """The traits of a checkpoint by what its files say, and by its names for what no file tells."""
    found = settings.found
    named = (settings.title, *settings.names, *names)
    by_name = next(((one, name) for name in names if (one := families.id_in_name(name))), ("", ""))
    by_style = settings.style.model_family if settings.style is not None else ""
    family = families.family(settings.family or by_name[0] or by_style)
    told = found.source or (f"file name: {by_name[1]}" if by_name[0] and not settings.family else "")
    variant = found.variant or family.named_variants(*named)
    few = not variant and any(needs_few_steps(name) for name in named)
    return ModelTraits(family=family.as_variant(variant), told_by=told, style=settings.style, few_steps=few)


def lora_range(settings: ModelSettings) -> Range | None:
    """The weights that the files beside a LoRA call usable, as far as they can be tried; None = they do not say."""
    low, high = settings.weight_range or (0.0, 0.0)
    low, high = max(low, LORA_WEIGHTS[0]), min(high, LORA_WEIGHTS[1])
    return (low, high) if high > low else None


def needs_few_steps(name: str) -> bool:
    """Whether a model is called Turbo, Lightning, 4step…: the header of a distilled checkpoint is that of its base."""
    words = [word.casefold() for word in _WORD.findall(name)]
    return any(
        (word in _FEW_STEP_WORDS and not then.startswith("real")) or (word.isdigit() and then in ("step", "steps"))
        for word, then in pairwise([*words, ""])
    )


def _plain(ends: Range | None) -> SensibleRange | None:
    return SensibleRange(*ends) if ends is not None else None
