"""What a ComfyUI server offers, read from its answers to `/object_info`, `/embeddings` and `/models/…`.

Servers differ by version and by what is installed, so everything unexpected in an answer is passed over: a class or
an input that cannot be read counts as not there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from msgspec import Struct
from msgspec.structs import replace

from ...domain.base.errors import Refused
from ...domain.workflows.node_kinds import InputKind, NodeKinds, read_kinds


class ServerWords(Struct, frozen=True, kw_only=True):
    """What one server offers, in its own names; `kinds` has its node classes.

    `name` is what sentences for the user call it. `families` has those of checkpoints by file ("sdxl"), `lora_aliases`
    LoRA files by the names under which they were trained, each as far as the server was asked and told it.
    """

    name: str = "the ComfyUI server"
    version: str = ""
    device: str = ""
    kinds: NodeKinds = NodeKinds()
    embeddings: tuple[str, ...] = ()
    families: Mapping[str, str] = {}
    lora_aliases: Mapping[str, tuple[str, ...]] = {}

    @property
    def classes(self) -> Mapping[str, Mapping[str, InputKind]]:
        """The inputs of each node class by name."""
        return self.kinds.inputs

    def choices(self, kind: str, name: str) -> tuple[str, ...]:
        """The values that an input of a node class takes; () when there is no such class, input or choice."""
        found = self.classes.get(kind, {}).get(name)
        return found.choices if found else ()

    def has(self, *kinds: str) -> bool:
        """Whether all these node classes are installed."""
        return all(kind in self.classes for kind in kinds)

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """Files that hold a whole checkpoint."""
        return self.choices("CheckpointLoaderSimple", "ckpt_name")

    @property
    def diffusion_models(self) -> tuple[str, ...]:
        """Files that hold a bare diffusion model, without text encoders and VAE."""
        plain = self.choices("UNETLoader", "unet_name")
        return tuple(dict.fromkeys((*plain, *self.choices("UnetLoaderGGUF", "unet_name"))))

    @property
    def models(self) -> tuple[str, ...]:
        """All that can be chosen as a checkpoint, whole ones first."""
        return tuple(dict.fromkeys((*self.checkpoints, *self.diffusion_models)))

    @property
    def text_encoders(self) -> tuple[str, ...]:
        """Text encoders, by file name."""
        plain = self.choices("CLIPLoader", "clip_name")
        return tuple(dict.fromkeys((*plain, *self.choices("CLIPLoaderGGUF", "clip_name"))))

    @property
    def vaes(self) -> tuple[str, ...]:
        """VAEs, those that are no files included."""
        return self.choices("VAELoader", "vae_name")

    @property
    def loras(self) -> tuple[str, ...]:
        """LoRA files, with folder and ending."""
        return self.choices("LoraLoader", "lora_name")

    @property
    def upscale_models(self) -> tuple[str, ...]:
        """Upscaling models, by file name."""
        return self.choices("UpscaleModelLoader", "model_name")

    @property
    def samplers(self) -> tuple[str, ...]:
        """Samplers, in ComfyUI's names."""
        return self.choices("KSampler", "sampler_name")

    @property
    def schedulers(self) -> tuple[str, ...]:
        """Schedulers, in ComfyUI's names."""
        return self.choices("KSampler", "scheduler")

    @property
    def detectors(self) -> tuple[str, ...]:
        """Detection models of the Impact Pack, with their folder ("bbox/face_yolov8n.pt")."""
        return self.choices("UltralyticsDetectorProvider", "model_name")


def server_words(
    object_info: object,
    *,
    name: str = "the ComfyUI server",
    version: str = "",
    device: str = "",
    embeddings: object = (),
    models: Mapping[str, object] | None = None,
    families: Mapping[str, str] | None = None,
) -> ServerWords:
    """Read the decoded JSON of `/object_info` and of `/embeddings`. Never raises: what cannot be read is left out.

    `models` has answers of `/models/<folder>` by folder; files in them count as choices also when `/object_info` was
    asked before they were there.
    """
    kinds = read_kinds(object_info, name)
    classes = dict(kinds.inputs)
    for folder, listed in (models or {}).items():
        place = _FOLDERS.get(folder)
        if place and (old := classes.get(place[0], {}).get(place[1])):
            files = tuple(dict.fromkeys((*old.choices, *_texts(listed))))
            classes[place[0]] = {**classes[place[0]], place[1]: replace(old, choices=files)}
    return ServerWords(
        name=name,
        version=version,
        device=device,
        kinds=replace(kinds, inputs=classes),
        embeddings=_texts(embeddings),
        families=families or {},
    )


_FOLDERS = {
    "checkpoints": ("CheckpointLoaderSimple", "ckpt_name"),
    "vae": ("VAELoader", "vae_name"),
    "loras": ("LoraLoader", "lora_name"),
    "upscale_models": ("UpscaleModelLoader", "model_name"),
}


def _texts(found: object) -> tuple[str, ...]:
    if not isinstance(found, (list, tuple)):
        return ()
    return tuple(one for one in found if isinstance(one, str))


def base_name(listed: str) -> str:
    """A file as the server lists it, without folder and ending: "sub/Cat.safetensors" is "Cat"."""
    return re.sub(r"\.(safetensors|ckpt|pth?|bin|sft|gguf)$", "", re.split(r"[/\\]", listed)[-1], flags=re.IGNORECASE)


def pick(
    path: str, name: str, listed: Iterable[str], engine: str, *, kind: str = "", others: Iterable[str] = ()
) -> str:
    """How the server writes a file that is called by this name, with or without folder and ending.

    The server takes nothing but its own spelling, whose folders are parted by "\\" on Windows. Raises Refused for a
    name that no file has, or more than one; it tells the nearest names, those of `others` included. `kind` is
    what the file is ("LoRA"), where the path does not say it.
    """
    names = tuple(listed)
    if name in names:
        return name
    wanted = _plain_path(name)
    found = [one for one in names if _plain_path(one) == wanted]
    if not found and "/" not in wanted:
        # Only a bare name may stand for a file in any folder: "b/x" must not become "a/x".
        found = [one for one in names if _plain_path(base_name(one)) == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused(f"{path}: {engine} has {len(found)} files called {name!r}: {', '.join(found[:4])}. Choose one.")
    known = tuple(dict.fromkeys((*others, *map(base_name, names))))
    near = get_close_matches(name, known, 3, 0.5)
    hint = f"Did you mean {', '.join(near)}?" if near else f"It has {', '.join(known[:6]) or 'none'}."
    raise Refused(f"{path}: {engine} has no {f'{kind} ' if kind else ''}{name!r}. {hint}")


def shown(listed: Iterable[str]) -> tuple[str, ...]:
    """Files as a WebUI names them, without folder and ending; those that would be called alike keep their own names."""
    names = tuple(listed)
    count = Counter(_plain_path(base_name(name)) for name in names)
    return tuple(base_name(name) if count[_plain_path(base_name(name))] == 1 else name for name in names)


def vae_files(listed: Iterable[str]) -> tuple[str, ...]:
    """The VAEs that are files. The list also has quick approximations, which have no ending."""
    return tuple(name for name in listed if base_name(name) != re.split(r"[/\\]", name)[-1])


def _plain_path(name: str) -> str:
    plain = name.strip().replace("\\", "/")
    return re.sub(r"\.(safetensors|ckpt|pth?|bin|sft|gguf)$", "", plain, flags=re.IGNORECASE).casefold()
