"""Checkpoints that are called by a hash of their file instead of a name: "0a1b2c3d4e", or the whole SHA-256."""

from __future__ import annotations

import re
from collections.abc import Sequence

# The short hash has 10 digits; some tools write 8, 12 or all.
_BARE = re.compile(r"[0-9a-fA-F]{8,64}")
_BEHIND = re.compile(r"\s*\[[0-9a-f]{6,64}\]$")


def hash_digits(name: str) -> str:
    """The digits in small letters when a name is nothing but a hash; "" for any other name."""
    bare = name.strip().strip("[]")
    return bare.lower() if _BARE.fullmatch(bare) else ""


def same_hash(one: str, other: str) -> bool:
    """Whether two hashes of 8 digits or more can be of one file: one may be the beginning of the other."""
    short, long = sorted((one.lower(), other.lower()), key=len)
    return len(short) >= 8 and long.startswith(short)


def unknown_hash(path: str, digits: str, engine: str, untold: Sequence[str]) -> str:
    """The sentence about a hash that no checkpoint of an engine is known by; `untold` are those without a known one."""
    some = ", ".join(untold[:3]) + (" and others" if len(untold) > 3 else "")
    why = f" It does not tell the hash of {some}: a server knows it once it has loaded them." if untold else ""
    return f"{path}: {engine} has no checkpoint with the hash {digits}.{why} Give the name instead."


def without_hash(checkpoint: str) -> str:
    """The name of a checkpoint without the hash that a server adds."""
    return _BEHIND.sub("", checkpoint)
