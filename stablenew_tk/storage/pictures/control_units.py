"""Reads the file of ControlNet units with the pictures that it names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ...domain.config.controlnet import ControlInput, read_units
from ..disk.files import read_bounded, typed_path

_LARGEST = 1 << 20  # bytes


def load_units(file: Path, read_picture: Callable[[Path], bytes]) -> tuple[ControlInput, ...]:
    """The units of a file. Raises InvalidInput for a file that holds none, Unreadable for one that cannot be read."""
    text = read_bounded(file, _LARGEST)

    def picture(name: str) -> bytes:
        return read_picture(file.parent / typed_path(name)) if name else b""

    return tuple(
        ControlInput(unit, picture(unit.image), picture(unit.mask_image)) for unit in read_units(text, file.name)
    )
