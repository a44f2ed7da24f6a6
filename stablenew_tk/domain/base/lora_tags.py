"""LoRAs in a prompt: `<lora:name:weight>`."""

from __future__ import annotations

import re
from collections.abc import Mapping

_TAG = re.compile(r"<(?:lora|lyco):([^:<>]+)[^<>]*>", re.IGNORECASE)
_ENDING = re.compile(r"\.(safetensors|pt|ckpt|bin)$", re.IGNORECASE)


def loras_in(prompt: str) -> tuple[str, ...]:
    """The LoRAs that a prompt names, each once, by the names in their tags."""
    # Most prompts have none, and a journal has very many prompts.
    return tuple(dict.fromkeys(name.strip() for name in _TAG.findall(prompt))) if "<" in prompt else ()


def lora_key(name: str) -> str:
    """What two names of one LoRA have in common: no folder, no file ending, no capitals."""
    return _ENDING.sub("", re.split(r"[/\\]", name.strip())[-1]).casefold()


def with_loras(prompt: str, loras: Mapping[str, float]) -> str:
    """The prompt with a tag for each of these LoRAs, by name and weight, that it does not name already."""
    named = {lora_key(name) for name in loras_in(prompt)}
    tags = [f"<lora:{name}:{weight:g}>" for name, weight in loras.items() if lora_key(name) not in named]
    return " ".join([prompt.rstrip(), *tags]) if tags else prompt
