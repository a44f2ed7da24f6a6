"""The kinds of engine that make pictures, as settings, plans and records call them, and their names in a sentence."""

from __future__ import annotations

SKETCH, WEBUI = "sketch", "webui"
ENGINES = {SKETCH: "the sketch engine", WEBUI: "a WebUI"}


def engine_of(address: str) -> str:
    """The kind of engine at a backend's address in the settings: "sketch", else that of a server."""
    return SKETCH if address == SKETCH else WEBUI
