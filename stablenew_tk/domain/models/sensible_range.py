"""The range of values that is worth trying for a checkpoint: from its style, else its family, else the parameter.

Every place that proposes values or shows such a range asks `sensible_range`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

from msgspec import Struct

from ..config.spellings import FAMILY_TITLES
from ..config.sweep import LORA, LORA_WEIGHTS, focus
from .recommendations import DENOISE, ModelSettings
from .style import StyleProfile

Range = tuple[float, float]

# By the last part of a path, for all stages that run the checkpoint; "txt2img.steps" only where the picture begins,
# because later stages make a share of their steps.
#
# SDXL was trained at 1024 x 1024 and still works at 768, SD 1.5 at 512 and repeats things in larger pictures, SD 2.1
# at 768. SDXL goes on to gain after the steps at which SD 1.5 has settled; SD 1.5 needs more guidance than the general
# range. Flux.1 dev and Flux.2 dev have their guidance trained in and want CFG 1; what is trained on top of them
# without it (Chroma, Klein base) wants real CFG, and the header tells them apart from nothing.
FAMILY_RANGES: Mapping[str, Mapping[str, Range]] = {
    "sdxl": {"txt2img.steps": (15, 60), "width": (768, 1536), "height": (768, 1536)},
    "sd15": {"cfg_scale": (5, 10), "width": (512, 768), "height": (512, 768)},
    "sd21": {"width": (512, 896), "height": (512, 896)},
    "sd3": {"cfg_scale": (3, 6), "width": (768, 1536), "height": (768, 1536)},
    "flux": {"cfg_scale": (1, 5), "width": (768, 1536), "height": (768, 1536)},
    "flux2": {"txt2img.steps": (20, 50), "cfg_scale": (1, 7), "width": (768, 1536), "height": (768, 1536)},
}
# Turbo, Lightning and their like, whatever family they were distilled from.
FEW_STEPS: Mapping[str, Range] = {"txt2img.steps": (1, 8), "cfg_scale": (1, 2)}
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

    `few_steps`: it was distilled to need but a few. `lora_ranges` are the weights that files beside LoRAs recommend,
    by the name in the prompt.
    """

    family: str = ""
    style: StyleProfile | None = None
    few_steps: bool = False
    lora_ranges: Mapping[str, Range] = {}


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
    family = traits.family or (style.model_family if style is not None else "")
    title = FAMILY_TITLES.get(family, "")
    if traits.few_steps and (few := _of(FEW_STEPS, path)) is not None:
        return SensibleRange(*few, f"{title} in few steps".strip())
    found = _of(FAMILY_RANGES.get(family, {}), path)
    return SensibleRange(*found, title) if found is not None else _plain(general)


def traits_of(settings: ModelSettings, *names: str) -> ModelTraits:
    """The traits of a checkpoint by what its files say, and by its names for what no file tells: few steps."""
    few = any(needs_few_steps(name) for name in (settings.title, *settings.names, *names))
    return ModelTraits(family=settings.family, style=settings.style, few_steps=few)


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


def _of(ranges: Mapping[str, Range], path: str) -> Range | None:
    return ranges.get(path) or ranges.get(path.rpartition(".")[2])


def _plain(ends: Range | None) -> SensibleRange | None:
    return SensibleRange(*ends) if ends is not None else None
