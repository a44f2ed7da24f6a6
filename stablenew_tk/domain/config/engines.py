"""The kinds of engine that make pictures, as settings, plans and records call them, and their names in a sentence."""

from __future__ import annotations

from msgspec import Struct

from .origins import MAX_SEED, SHORT_SEED

SKETCH, WEBUI, COMFYUI = "sketch", "webui", "comfyui"
# What stands in the settings instead of an address when the app starts a server of its own. Its pictures are those of
# any other sd-server, so they are told apart by no kind of their own.
SD_SERVER = "sd-server"
# A machine of a cluster: what stands in the settings instead of an address, before its name.
CLUSTER = "cluster:"
ENGINES = {SKETCH: "the sketch engine", WEBUI: "a WebUI", COMFYUI: "ComfyUI"}


def engine_of(address: str, answered: str = "") -> str:
    """The kind of engine at a backend's address in the settings. `answered` is the kind of the server that answered
    there; "" = nobody has yet, which counts as a WebUI.
    """
    if address == SKETCH:
        return SKETCH
    if address.startswith(CLUSTER):
        return answered or WEBUI
    return answered if answered not in ("", SKETCH) else WEBUI


def most_seed(kind: str) -> int:
    """The greatest seed that engines of this kind take."""
    return SHORT_SEED if kind == WEBUI else MAX_SEED


class OwnEngine(Struct, frozen=True, kw_only=True):
    """What the user said about the engine that the app starts itself.

    `program` "" = look for one; `model` is a file to begin with, "" = the first checkpoint of the model folders;
    `threads` and `memory_gb` 0 = no limit.
    """

    program: str = ""
    model: str = ""
    model_folders: tuple[str, ...] = ()
    threads: int = 0
    memory_gb: float = 0.0


class Installation(Struct, frozen=True):
    """Something installed on this computer: `program` is "ComfyUI" or "WebUI", "" for a folder of models alone;
    `models` the folder with its checkpoints and LoRAs, `shown` its own folder, short, for the user.
    """

    program: str
    models: str
    shown: str
