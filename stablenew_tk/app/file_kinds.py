"""Kinds of files that a user hands over, by their ending."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

FileKind = Literal["pack", "picture", "model", ""]
PACKS = (".txt", ".tsv", ".json")
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".tif", ".tiff")
MODELS = (".safetensors", ".ckpt", ".gguf", ".sft", ".pt", ".pth", ".bin")
# Engines read fewer kinds than hold recipes.
START_PICTURES = PICTURES[:4]


def kind_of(path: Path) -> FileKind:
    """What a file is, by its ending."""
    ending = path.suffix.lower()
    return "pack" if ending in PACKS else "picture" if ending in PICTURES else "model" if ending in MODELS else ""
