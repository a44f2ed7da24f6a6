"""Values of ComfyUI's inputs in the words of the catalogue."""

from __future__ import annotations

from ..config.catalogue import Value
from ..config.spellings import sampler_and_scheduler, scheduler_name
from ..recipes.recipe import bare_name


def in_our_words(path: str, raw: Value) -> Value:
    """A value as ComfyUI writes it, as it is called here: euler_ancestral is Euler a, -2 is clip skip 2."""
    name = path.rpartition(".")[2]
    if name == "clip_skip" and isinstance(raw, int):
        return abs(raw)
    if not isinstance(raw, str):
        return raw
    if name == "sampler":
        return sampler_and_scheduler(raw, "")[0]
    if name == "scheduler":
        return scheduler_name(raw)
    return bare_name(raw) if name == "checkpoint" else raw
