"""Fields of the form that the backend in force does not have."""

from __future__ import annotations

from msgspec.structs import replace

from ...backends.base import Capabilities
from ...domain.config.catalogue import parameter
from ...domain.models.precedence import Resolved

NOT_HERE = "not on this engine"
# What a server must be able to choose for a field with this list to mean anything.
_FEATURES = {"schedulers": "scheduler", "vaes": "vae", "checkpoints": "checkpoint"}
_SETTINGS = {
    "txt2img.guidance": ("guidance",),
    "txt2img.shift": ("shift", "shift_for_some"),
    "clip_skip": ("clip_skip",),
}


def marked(resolved: Resolved, found: Capabilities | None) -> Resolved:
    """The same values; the mark of a field that this backend does not have says so instead of its origin."""
    if found is None:
        return resolved
    missing = {
        path: NOT_HERE
        for path in resolved.origins
        if (feature := _FEATURES.get(parameter(path).choices)) is not None and feature not in found.features
    }
    missing |= {path: NOT_HERE for path, needs in _SETTINGS.items() if not found.features & set(needs)}
    return replace(resolved, words={**resolved.words, **missing}) if missing else resolved
