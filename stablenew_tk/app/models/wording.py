"""Texts about models: names of families, kinds and tiers, sizes, sources of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from ...domain.base import wording
from ...domain.base.colour_roles import Role
from ...domain.config.catalogue import Value
from ...domain.config.spellings import FAMILY_TITLES
from ...domain.models.profile import LEARNED, ModelPreset, RecommendedWeight, Tier, best_preset
from ...domain.models.recommendations import DENOISE, REFINER, UPSCALER, Dialect, FieldValue, ModelSettings
from ...storage.models.model_entry import ModelEntry
from .. import wording as phrases

TIER_WORDS: Mapping[Tier, str] = {
    "best": "Best", "better": "Better", "good": "Good", "neutral": "Neutral", "bad": "Bad"
}  # fmt: skip
_TOOLS: Mapping[Dialect, str] = {
    "modelprofile": "yours", "loraprofile": "yours", "webui": "WebUI", "metadata": "LoRA Manager",
    "cm-info": "StabilityMatrix", "swarm": "SwarmUI", "header": "file header", "civitai": "Civitai",
}  # fmt: skip
_KIND_WORDS: Mapping[str, str] = {"vae": "VAE", "lora": "LoRA"}
OURS = ("modelprofile", "loraprofile")
# A profile says these once, outside of its presets.
_BESIDE_PRESETS = (REFINER, UPSCALER, DENOISE)


class SourceWord(Struct, frozen=True):
    """Who says a value, short enough for a column: shape, its colour, and the word."""

    icon: str
    ink: Role
    word: str


def family(name: str) -> str:
    """ "SDXL"; a family nobody here knows stays as it is."""
    return FAMILY_TITLES.get(name, name)


def kind(name: str) -> str:
    """ "Checkpoint", "LoRA", "VAE"."""
    return _KIND_WORDS.get(name, name.capitalize())


def size(count: int) -> str:
    """ "6.6 GB", "144 MB"; "" for a model whose file is not there."""
    if count <= 0:
        return ""
    number, unit = float(count), "bytes"
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if number < 999.5 or unit == "TB":
            break
        number /= 1000
    return f"{number:.1f} {unit}" if number < 10 and unit != "bytes" else f"{number:.0f} {unit}"


def tools(entry: ModelEntry) -> tuple[str, ...]:
    """Whose files said something about a model, each once, in order of precedence."""
    dialects = {one.name: one.dialect for one in entry.files}
    telling = {dialects[name] for name in entry.sources if name in dialects}
    return tuple(dict.fromkeys(words for dialect, words in _TOOLS.items() if dialect in telling))


def is_ours(entry: ModelEntry) -> bool:
    """Whether there is a profile of ours beside the model."""
    return any(one.dialect in OURS for one in entry.files)


def facts(entry: ModelEntry, settings: ModelSettings | None) -> str:
    """ "SDXL · 6.6 GB · hash 33e58e86"."""
    hashes = settings.hashes if settings is not None else None
    short = (hashes.autov2 or hashes.sha256[:10] or hashes.autov1) if hashes is not None else ""
    kinds = kind(entry.kind) if entry.kind not in ("checkpoint", "") else ""
    there = size(entry.size) if entry.name else "the file is not there"
    return " · ".join(part for part in (kinds, family(entry.family), there, f"hash {short}" if short else "") if part)


def source_word(path: str, offer: FieldValue, settings: ModelSettings) -> SourceWord:
    """The mark of an offer: a star for what was learned here, a triangle for what a person chose."""
    if offer.origin == "style":
        return SourceWord("half", "text2", "style")
    if not offer.ours:
        return SourceWord("lock", "text3", tool_of(offer.source))
    preset = best_preset(settings.profile) if settings.profile is not None else None
    if preset is not None and preset.source == LEARNED and (path not in _BESIDE_PRESETS or path in preset.values):
        return SourceWord("star", "accent_text", "learned")
    return SourceWord("triangle", "text2", "yours")


def tool_of(source: str) -> str:
    """The tool in "harbour.cm-info.json · StabilityMatrix · from its pictures"."""
    parts = source.split(" · ")
    tool = parts[1] if len(parts) > 1 else parts[0]
    return "file header" if tool.startswith("header") else tool


def value(path: str, what: Value) -> str:
    """A value as the panel shows it; "none" is what a profile says for "better without"."""
    return "none" if what == "none" else phrases.value_text(path, what)


def learning(settings: ModelSettings) -> str:
    """ "148 pictures rated, mean 4.1"; "" when nothing was learned here."""
    profile = settings.profile or settings.lora_profile
    if profile is None or profile.learning_summary.runs_observed <= 0:
        return ""
    summary = profile.learning_summary
    mean = f", mean {summary.mean_rating:.1f} of 5" if summary.mean_rating is not None else ""
    return f"{wording.counted(summary.runs_observed, 'picture')} rated here{mean}"


def evidence(one: ModelPreset | RecommendedWeight) -> str:
    """ "from 20 ratings here, 2026-11-20"; what its author says when it was not learned; "" when not told."""
    if one.source != LEARNED:
        return f"source: {one.source.replace('_', ' ')}" if one.source else ""
    stars = f"from {wording.counted(one.ratings, 'rating')} here" if one.ratings else "learned here"
    return f"{stars}{f', {one.date}' if one.date else ''}"


def preset(one: ModelPreset) -> tuple[str, ...]:
    """Two short lines: "DPM++ 2M Karras" and "30 steps, CFG 6, 832 × 1216"; a line with nothing to say is left out."""
    parts = [f"{one.steps} steps"] if one.steps is not None else []
    parts += [f"CFG {one.cfg:g}"] if one.cfg is not None else []
    parts += [f"{one.resolution[0]} × {one.resolution[1]}"] if one.resolution is not None else []
    lines = (" ".join(filter(None, (one.sampler, one.scheduler or ""))), ", ".join(parts))
    return tuple(line for line in lines if line)


def folders(paths: Sequence[str]) -> str:
    """The sentence below the table: what is watched, and that foreign files are left as they are."""
    watched = f"{wording.counted(len(paths), 'folder')} {'is' if len(paths) == 1 else 'are'} watched."
    return (
        f"{watched} A profile you drop beside a model appears here at once.\n"
        "Files of other tools (Civitai, WebUI, StabilityMatrix) are read, never written."
    )
