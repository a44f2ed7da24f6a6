"""The kinds of engine that make pictures, as settings, plans and records call them, and their names in a sentence."""

from __future__ import annotations

SKETCH, WEBUI, COMFYUI = "sketch", "webui", "comfyui"
ENGINES = {SKETCH: "the sketch engine", WEBUI: "a WebUI", COMFYUI: "ComfyUI"}


def engine_of(address: str, answered: str = "") -> str:
    """The kind of engine at a backend's address in the settings. `answered` is the kind of the server that answered
    there; "" = nobody has yet, which counts as a WebUI.
    """
    if address == SKETCH:
        return SKETCH
    return answered if answered not in ("", SKETCH) else WEBUI
