"""LoRAs in a prompt: `<lora:name:weight>`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from .errors import InvalidInput

_TAG = re.compile(r"<(?:lora|lyco):([^:<>]+)([^<>]*)>", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d{1,9}\.?\d{0,9}|\.\d{1,9})")
_ENDING = re.compile(r"\.(safetensors|pt|ckpt|bin)$", re.IGNORECASE)
# diffusers, SimpleTuner and diffusion-pipe call every file so, each in a folder of its own: there the folders tell.
_NAMED_BY_FOLDER = ("adapter_model", "pytorch_lora_weights")


def loras_in(prompt: str) -> tuple[str, ...]:
    """The LoRAs that a prompt names, each once, by the names in their tags."""
    # Most prompts have none, and a journal has very many prompts.
    return tuple(dict.fromkeys(tag[1].strip() for tag in _TAG.finditer(prompt))) if "<" in prompt else ()


def lora_key(name: str) -> str:
    """What two names of one LoRA have in common: no folder, no file ending, no capitals. A file that is called as its
    trainer calls all keeps its folders.
    """
    last = _ENDING.sub("", re.split(r"[/\\]", name.strip())[-1]).casefold()
    return "/".join((*lora_folders(name), last)).casefold() if last in _NAMED_BY_FOLDER else last


def lora_folders(name: str) -> tuple[str, ...]:
    """The folders in a name that only they tell from others ("RUN/epoch20/adapter_model"); () for every other name."""
    *folders, last = re.split(r"[/\\]", name.strip())
    return tuple(folders) if _ENDING.sub("", last).casefold() in _NAMED_BY_FOLDER else ()


class LoraTag(Struct, frozen=True):
    """One LoRA as a prompt asks for it: its name in the tag, and the weights for the model and for its text encoder."""

    name: str
    weight: float = 1.0
    clip_weight: float = 1.0


def lora_tags(prompt: str) -> tuple[LoraTag, ...]:
    """The LoRA tags of a prompt in their order, doubles included. Raises InvalidInput for a weight that is no number.

    As in a WebUI a single number is both weights; of two the first is that of the text encoder, the second that of the
    model; `te=` and `unet=` name them.
    """
    return tuple(_tag(match[1].strip(), match[2]) for match in _TAG.finditer(prompt))


def without_loras(prompt: str) -> str:
    """The prompt without its LoRA tags."""
    return _TAG.sub("", prompt)


def _tag(name: str, rest: str) -> LoraTag:
    parts = [part.strip() for part in rest.split(":")[1:]]
    named = {key.strip(): value.strip() for key, equals, value in (part.partition("=") for part in parts) if equals}
    plain = [part for part in parts if "=" not in part]
    if len(plain) > 2 or named.keys() - {"te", "unet"}:
        raise InvalidInput(f"The LoRA tag of {name!r} asks for more than two weights. Write <lora:{name}:0.8>.", name)
    clip = named.get("te", plain[0] if plain else "1")
    weight = named.get("unet", plain[1] if len(plain) > 1 else clip)
    return LoraTag(name, _weight(name, weight), _weight(name, clip))


def _weight(name: str, written: str) -> float:
    if not _NUMBER.fullmatch(written):
        words = f"The weight {written!r} of the LoRA {name!r} is not a number. Write <lora:{name}:0.8>."
        raise InvalidInput(words, name)
    return float(written)


class AddedLora(Struct, frozen=True):
    """A LoRA to add to prompts. `tag` is the name in its tag, `aliases` are other names a prompt may call it by."""

    tag: str
    weight: float
    aliases: tuple[str, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """All its names, as `lora_key` gives them."""
        return frozenset(map(lora_key, (self.tag, *self.aliases)))


def with_lora_instead(prompt: str, name: str, weight: float | None, instead: Iterable[str]) -> str:
    """The prompt with this LoRA in place of the others, by their `lora_key`; with none of them for the name "".

    Without a weight it takes that of the tag it replaces, or 1. It stands where the first of them stood, else at the
    end.
    """
    keys = {*instead, lora_key(name)}
    found = [match for match in _TAG.finditer(prompt) if lora_key(match[1]) in keys]
    rest = f":{weight:g}" if weight is not None else (found[0][2] if found else "") or ":1"
    tag = f"<lora:{name}{rest}>" if name else ""
    if not found:
        return " ".join(part for part in (prompt.rstrip(), tag) if part) if tag else prompt
    parts, end = [], 0
    for place, match in enumerate(found):
        before = prompt[end : match.start()]
        parts += [before, tag] if place == 0 and tag else [before.rstrip(" ")]
        end = match.end()
    return "".join([*parts, prompt[end:]])


def with_loras(prompt: str, loras: Iterable[AddedLora]) -> str:
    """The prompt with a tag for each of these LoRAs that it does not name already."""
    named = {lora_key(name) for name in loras_in(prompt)}
    tags = [f"<lora:{one.tag}:{one.weight:g}>" for one in loras if named.isdisjoint(one.keys)]
    return " ".join([prompt.rstrip(), *tags]) if tags else prompt
