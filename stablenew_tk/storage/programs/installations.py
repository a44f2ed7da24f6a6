"""Finds WebUIs, ComfyUI and model folders of this computer by the folders they consist of. Nothing is opened or run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...domain.config.engines import Installation
from ..disk.files import is_folder

# Where such things are usually put, below the home folder; "" is the home folder itself.
_PLACES = (
    *("", "Documents", "Desktop", "Downloads", "AI", "ai", "apps", "Apps", "src", "git", "code", "Projects"),
    *("StabilityMatrix/Data", "StabilityMatrix/Data/Packages", "StabilityMatrix", "StabilityMatrix/Packages"),
    *("AppData/Roaming/StabilityMatrix", "AppData/Roaming/StabilityMatrix/Packages"),
    *("AppData/Roaming", "AppData/Local/Programs", "pinokio/api"),
)
_MOST_FOLDERS = 400  # of one place; a folder with more is no place where programs are put
_MOST_FOUND = 8


def usual_places(home: Path) -> tuple[Path, ...]:
    """Folders to look in. They need not exist."""
    drives = [Path(f"{letter}:\\") for letter in "CDEF"] if os.name == "nt" else [Path("/opt")]
    return (*(home / place for place in _PLACES), *drives, *(drive / "AI" for drive in drives))


def find_installations(places: Iterable[Path], home: Path) -> tuple[Installation, ...]:
    """What is installed in folders of these places, each once, a few at most. Blocks on the disk."""
    found: dict[str, Installation] = {}
    for place in places:
        for folder in _folders(place):
            for one in (folder, folder / "ComfyUI"):  # the portable ComfyUI is one folder deeper
                installation = _installation(one, home)
                if installation is not None:
                    found.setdefault(os.path.realpath(installation.models), installation)
        if len(found) >= _MOST_FOUND:
            break
    return tuple(found.values())[:_MOST_FOUND]


def _folders(place: Path) -> Iterator[Path]:
    try:
        with os.scandir(place) as entries:
            for _, entry in zip(range(_MOST_FOLDERS), entries, strict=False):
                if not entry.name.startswith(".") and _is_folder(entry):
                    yield Path(entry.path)
    except OSError:
        return  # not there, or not ours to look into


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _installation(folder: Path, home: Path) -> Installation | None:
    models = folder / "models"
    if _is_there(models / "checkpoints") and _is_there(folder / "comfy"):
        return Installation("ComfyUI", str(models), _shown(folder, home))
    if _is_there(models / "Stable-diffusion"):
        return Installation("WebUI", str(models), _shown(folder, home))
    if _is_there(folder / "StableDiffusion") and _is_there(folder / "Lora"):
        return Installation("", str(folder), _shown(folder, home))  # the shared models of StabilityMatrix
    return None


def _shown(folder: Path, home: Path) -> str:
    return str(Path("~") / folder.relative_to(home)) if folder.is_relative_to(home) else str(folder)


def _is_there(path: Path) -> bool:
    try:
        return is_folder(path)
    except OSError:
        return False
