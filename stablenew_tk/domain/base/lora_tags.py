"""LoRAs in a prompt: `<lora:name:weight>`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

_TAG = re.compile(r"<(?:lora|lyco):([^:<>]+)[^<>]*>", re.IGNORECASE)
_ENDING = re.compile(r"\.(safetensors|pt|ckpt|bin)$", re.IGNORECASE)


def loras_in(prompt: str) -> tuple[str, ...]:
    """The LoRAs that a prompt names, each once, by the names in their tags."""
    # Most prompts have none, and a journal has very many prompts.
    return tuple(dict.fromkeys(name.strip() for name in _TAG.findall(prompt))) if "<" in prompt else ()


def lora_key(name: str) -> str:
    """What two names of one LoRA have in common: no folder, no file ending, no capitals."""
    return _ENDING.sub("", re.split(r"[/\\]", name.strip())[-1]).casefold()


class AddedLora(Struct, frozen=True):
    """A LoRA to add to prompts. `tag` is the name in its tag, `aliases` are other names a prompt may call it by."""

    tag: str
    weight: float
    aliases: tuple[str, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """All its names, as `lora_key` gives them."""
        return frozenset(map(lora_key, (self.tag, *self.aliases)))


def with_loras(prompt: str, loras: Iterable[AddedLora]) -> str:
    """The prompt with a tag for each of these LoRAs that it does not name already."""
    named = {lora_key(name) for name in loras_in(prompt)}
    tags = [f"<lora:{one.tag}:{one.weight:g}>" for one in loras if named.isdisjoint(one.keys)]
    return " ".join([prompt.rstrip(), *tags]) if tags else prompt
