"""Texts about models: names of families, kinds and tiers, sizes, sources of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from ...domain.base import wording
from ...domain.base.colour_roles import Role
from ...domain.config.catalogue import Value
from ...domain.config.spellings import FAMILY_TITLES
from ...domain.journal.seen import Seen
from ...domain.models.profile import LEARNED, LearningSummary, ModelPreset, RecommendedWeight, Tier
from ...domain.models.provenance import LEARNED_WORD, learned_word
from ...domain.models.recommendations import Dialect, FieldValue, ModelSettings
from ...storage.models.model_entry import ModelEntry
from .. import wording as phrases

TIER_WORDS: Mapping[Tier, str] = {
    "best": "Best", "better": "Better", "good": "Good", "neutral": "Neutral", "bad": "Bad"
}  # fmt: skip
_TOOLS: Mapping[Dialect, str] = {
    "modelprofile": "profile", "loraprofile": "profile", "webui": "WebUI", "metadata": "LoRA Manager",
    "cm-info": "StabilityMatrix", "swarm": "SwarmUI", "header": "file header", "civitai": "Civitai",
}  # fmt: skip
_KIND_WORDS: Mapping[str, str] = {"vae": "VAE", "lora": "LoRA"}
OURS = ("modelprofile", "loraprofile")


class SourceWord(Struct, frozen=True):
    """Who says a value, short enough for a column: shape, its colour, and the word."""

    icon: str
    ink: Role
    word: str


PROFILE = SourceWord("triangle", "text2", "profile")


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


def source_word(offer: FieldValue, own_plans: frozenset[str]) -> SourceWord:
    """The mark of an offer: a star for what was learned here, a triangle for what else the profile says.

    Who wrote a profile nobody knows, so nothing in it is called the user's own.
    """
    if offer.origin == "style":
        return SourceWord("half", "text2", "style")
    if not offer.ours:
        return SourceWord("lock", "text3", tool_of(offer.source))
    return PROFILE if offer.plan_id is None else learned_mark(offer.plan_id, own_plans)


def entry_mark(one: ModelPreset | RecommendedWeight, own_plans: frozenset[str]) -> SourceWord:
    """The mark of an entry of a profile."""
    return learned_mark(one.plan_id, own_plans) if one.source == LEARNED else PROFILE


def learned_mark(plan_id: str, own_plans: frozenset[str]) -> SourceWord:
    """The mark of what was learned in this Learning Run; a star only where the journal knows it."""
    if learned_word(plan_id, own_plans) == LEARNED_WORD:
        return SourceWord("star", "accent_text", LEARNED_WORD)
    return SourceWord("triangle", "text2", "elsewhere")


def tool_of(source: str) -> str:
    """The tool in "harbour.cm-info.json · StabilityMatrix · from its pictures"."""
    parts = source.split(" · ")
    tool = parts[1] if len(parts) > 1 else parts[0]
    return "file header" if tool.startswith("header") else tool


def value(path: str, what: Value) -> str:
    """A value as the panel shows it; "none" is what a profile says for "better without"."""
    return "none" if what == "none" else phrases.value_text(path, what)


def seen_here(seen: Seen) -> str:
    """ "Rated here: 24 pictures, 3.8 stars · 5 runs", from this journal; "" when it saw nothing of the model."""
    runs = wording.counted(seen.runs, "run")
    if seen.mean is None:
        return f"Seen here: {runs}, nothing rated yet" if seen.runs else ""
    return f"Rated here: {wording.counted(seen.rated, 'picture')}, {seen.mean:.1f} stars · {runs}"


def told(summary: LearningSummary | None) -> str:
    """ "The file says: 140 runs, 4.1 stars (not from this journal)"; "" when it says nothing of that kind."""
    if summary is None:
        return ""
    parts = [wording.counted(summary.runs_observed, "run")] if summary.runs_observed else []
    parts += [f"{summary.mean_rating:.1f} stars"] if summary.mean_rating is not None else []
    return f"The file says: {', '.join(parts)} (not from this journal)"


def evidence(one: ModelPreset | RecommendedWeight, own_plans: frozenset[str]) -> str:
    """ "from 20 ratings here, 2026-11-20"; what its author says when it was not learned; "" when not told."""
    if one.source != LEARNED:
        return f"source: {one.source.replace('_', ' ')}" if one.source else ""
    where = "here" if one.plan_id in own_plans else "elsewhere"
    stars = f"from {wording.counted(one.ratings, 'rating')} {where}" if one.ratings else f"learned {where}"
    return f"{stars}{f', {one.date}' if one.date else ''}"


def preset(one: ModelPreset) -> tuple[str, ...]:
    """Short lines: "DPM++ 2M Karras", "30 steps, CFG 6, 832 × 1216", "LoRA harbour 0.6"; empty ones are left out."""
    parts = [f"{one.steps} steps"] if one.steps is not None else []
    parts += [f"CFG {one.cfg:g}"] if one.cfg is not None else []
    parts += [f"{one.resolution[0]} × {one.resolution[1]}"] if one.resolution is not None else []
    loras = (f"LoRA {lora.name} {lora.weight:g}" for lora in one.lora_overlays)
    lines = (" ".join(filter(None, (one.sampler, one.scheduler or ""))), ", ".join(parts), *loras)
    return tuple(line for line in lines if line)


def folders(paths: Sequence[str]) -> str:
    """The sentence below the table: what is watched, and that foreign files are left as they are."""
    watched = f"{wording.counted(len(paths), 'folder')} {'is' if len(paths) == 1 else 'are'} watched."
    return (
        "Stars are the mean of your ratings, whatever they were for. Only a comparison on the same seeds tells which "
        "model is better.\n"
        f"{watched} A profile you drop beside a model appears here at once.\n"
        "Files of other tools (Civitai, WebUI, StabilityMatrix) are read, never written."
    )
