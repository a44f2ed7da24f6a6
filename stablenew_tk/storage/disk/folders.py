"""Lists folders for whoever chooses a file, and the places where people keep their files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import platformdirs
from msgspec import Struct

from ...domain.base.file_wish import FileWish
from .files import is_file, is_folder, is_there

MOST_ENTRIES = 50_000
_DIGITS = re.compile(r"(\d+)")
PathKind = Literal["folder", "file", "missing", "nowhere"]


class FolderContent(Struct, frozen=True):
    """Names in a folder, sorted as people read them. `problem` says why there are none, or not all of them."""

    path: Path
    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    problem: str = ""


def list_folder(path: Path, wish: FileWish, *, hidden: bool, all_files: bool) -> FolderContent:
    """The names in a folder that can be chosen. Blocks on the disk. Never raises.

    Without `hidden` names that begin with a dot are left out, without `all_files` those that do not fit the wish.
    """
    folders: list[str] = []
    files: list[str] = []
    problem = ""
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith(".") and not hidden:
                    continue
                if _is_folder(entry):
                    folders.append(name)
                elif wish.kind != "folder" and (all_files or wish.fits(name)):
                    files.append(name)
                if len(folders) + len(files) >= MOST_ENTRIES:
                    problem = f"Only {MOST_ENTRIES:,} of the names in this folder are shown. Type the path instead."
                    break
    except (OSError, ValueError) as error:
        # ValueError: a name with a zero byte in it was typed.
        why = error.strerror if isinstance(error, OSError) and error.strerror else "there is no such folder"
        problem = f"{path} cannot be listed: {why}."
    return FolderContent(path, tuple(sorted(folders, key=_as_read)), tuple(sorted(files, key=_as_read)), problem)


def look_at(path: Path) -> PathKind:
    """What is at a path; "nowhere" when not even its folder exists. Blocks on the disk. Never raises."""
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for names that are too long
        return "folder"
    if is_file(path):
        return "file"
    return "missing" if is_there(path.parent) else "nowhere"


def usual_places() -> tuple[tuple[str, Path], ...]:
    """Names and paths of the folders where people keep files, and of drives. Only those that exist. Blocks."""
    named = [
        ("Home", Path.home()),
        ("Desktop", platformdirs.user_desktop_path()),
        ("Documents", platformdirs.user_documents_path()),
        ("Downloads", platformdirs.user_downloads_path()),
        ("Pictures", platformdirs.user_pictures_path()),
    ]
    user = Path.home().name
    for parent in (Path("/media") / user, Path("/run/media") / user, Path("/mnt"), Path("/Volumes")):
        named += [(drive.name, drive) for drive in _below(parent)]
    named.append(("Computer", Path(Path.home().anchor)))
    found: dict[Path, str] = {}
    for name, path in named:
        if os.path.isdir(path):  # noqa: PTH112
            found.setdefault(path, name)
    return tuple((name, path) for path, name in found.items())


def _below(parent: Path) -> Iterable[Path]:
    try:
        return sorted(path for path in parent.iterdir() if is_folder(path))
    except OSError:
        # Most computers have only some of these folders.
        return ()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link that leads nowhere: shown as a file, which says so when it is opened.
        return False


def _as_read(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts "9" before "10" and does not tell capitals apart."""
    parts = _DIGITS.split(name.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]
