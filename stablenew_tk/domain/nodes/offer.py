"""What a node offers, what a job needs, and whether the one has all of the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from ..base.lora_tags import lora_key
from ..base.model_hash import same_hash
from ..config.engines import most_seed
from ..config.origins import SHORT_SEED

_HASH = re.compile(r" \[[0-9a-f]{6,64}\]$")
_ENDING = re.compile(r"\.(safetensors|ckpt|pt|pth|gguf|sft)$", re.IGNORECASE)


def checkpoint_key(name: str) -> str:
    """What all spellings of a checkpoint's name have in common: no folder, no hash, no ending, no capitals."""
    return _ENDING.sub("", re.split(r"[/\\]", _HASH.sub("", name.strip()))[-1]).casefold()


def sampler_key(name: str) -> str:
    """What all spellings of a sampler's name have in common: "Euler a" and "euler_a" are one."""
    return "".join(letter for letter in name.casefold() if letter.isalnum() or letter == "+")


class Need(Struct, frozen=True, kw_only=True):
    """What a job needs of its node. `checkpoints` are names with the hash of their file, "" where nobody knows it;
    `kind` is the engine that it must be, "" for any; `long_seed`: one that not
    every engine takes.
    """

    checkpoints: tuple[tuple[str, str], ...] = ()
    samplers: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    loras: tuple[str, ...] = ()
    kind: str = ""
    long_seed: bool = False


class NodeOffer(Struct, frozen=True, kw_only=True):
    """What a node has. `checkpoints` are its own names with their hashes, "" where it does not tell one. Empty
    `samplers` and `stages`: it does not list them. `loras` None: the same.

    `fingerprint` is "" as long as its version is not known, which some servers tell only with a picture; `likeness` is
    the same without the version.
    """

    kind: str
    likeness: str
    fingerprint: str = ""
    checkpoints: Mapping[str, str] = {}
    samplers: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    loras: tuple[str, ...] | None = None

    def lacks(self, need: Need) -> str:
        """What is missing for a job, in words ("checkpoint harbourXL"); "" when all is there."""
        if need.kind not in ("", self.kind):
            return f"engine {need.kind}"
        if need.long_seed and most_seed(self.kind) <= SHORT_SEED:
            return f"seeds beyond {SHORT_SEED}"
        for name, digits in need.checkpoints:
            if not self.name_of(name, digits):
                return f"checkpoint {name}"
        return (
            _first("sampler", need.samplers, self.samplers or None, sampler_key)
            or _first("stage", need.stages, self.stages or None, str)
            or _first("LoRA", need.loras, self.loras, lora_key)
        )

    def name_of(self, name: str, digits: str) -> str:
        """What this node calls a checkpoint, "" when it does not have it: by hash where both know it, else by name."""
        key = checkpoint_key(name)
        named = ""
        for own, known in self.checkpoints.items():
            if known and digits:
                if same_hash(known, digits):
                    return own
            elif not named and checkpoint_key(own) == key:
                named = own
        return named


def _first(what: str, needed: tuple[str, ...], there: tuple[str, ...] | None, key: Callable[[str], str]) -> str:
    if there is None or not needed:
        return ""
    known = {key(one) for one in there}
    missing = next((one for one in needed if key(one) not in known), "")
    return f"{what} {missing}" if missing else ""
