"""Programs of this desktop that open pictures, for "Open with…".

Linux: what the desktop files say (freedesktop.org: Association between MIME types and applications; the Exec key of the
Desktop Entry Specification). macOS: applications for pictures, where they are installed. Windows: its own box.
"""

from __future__ import annotations

import configparser
import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from ...domain.base.errors import StorageError
from ..disk.files import read_bounded
from .search import find_program

_KINDS = ("image/png", "image/jpeg", "image/webp")
_CACHE_GROUP, _ENTRY_GROUP = "MIME Cache", "Desktop Entry"
_LARGEST = 1 << 20
_ON_MACOS = re.compile(
    r"(Preview|GIMP|Krita|darktable|digiKam|RawTherapee|Inkscape|XnView|Pixelmator|Acorn|Affinity|Adobe (Photoshop"
    r"|Lightroom|Bridge)|Capture One|Photomator)\b.*"
)
_FIELDS = re.compile(r"%(.)")


class PictureProgram(Struct, frozen=True):
    """One program: `id` is how this system knows it, `name` is for people."""

    id: str
    name: str


def picture_programs() -> tuple[PictureProgram, ...]:
    """The programs for pictures, those that the system prefers first. Blocks for some ms; never raises."""
    if sys.platform == "win32":
        return (PictureProgram("openas", "Windows asks which"),)
    if sys.platform == "darwin":
        found = (app for folder in _applications() for app in sorted(folder.glob("*.app")))
        return tuple(PictureProgram(str(app), app.stem) for app in found if _ON_MACOS.fullmatch(app.stem))
    ids = dict.fromkeys(one for folder in _linux_folders() for one in _associated(folder))
    named = ((one, _entry(one)) for one in ids)
    shown = {one: entry["Name"] for one, entry in named if entry.get("Name") and _is_offered(entry)}
    return tuple(PictureProgram(one, name) for one, name in shown.items())


def opening_command(program_id: str, path: Path) -> list[str]:
    """What to start so that this program opens a file. Raises StorageError when the program is gone."""
    if sys.platform == "win32":
        return ["rundll32.exe", "shell32.dll,OpenAs_RunDLL", str(path)]
    if sys.platform == "darwin":
        return ["open", "-a", program_id, str(path)]
    entry = _entry(program_id)
    try:
        words = shlex.split(entry.get("Exec", ""))
    except ValueError:
        words = []
    if not words or not _is_offered(entry):
        raise StorageError(f"{program_id.removesuffix('.desktop')} is no longer installed. Choose another program.")
    return _filled(words, path)


def _filled(words: list[str], path: Path) -> list[str]:
    """The words of an Exec key with the file in them; a key without a place for it gets it at the end."""
    command, placed = [], False
    for word in words:
        if word in ("%f", "%F", "%u", "%U"):
            command.append(path.as_uri() if word.lower() == "%u" else str(path))
            placed = True
        elif not re.fullmatch(r"%[^%]", word):
            command.append(_FIELDS.sub(lambda field: "%" if field[1] == "%" else "", word))
    return command if placed else [*command, str(path)]


def _applications() -> tuple[Path, ...]:
    own = os.path.expanduser("~/Applications")  # noqa: PTH111 - it never raises
    return (Path("/Applications"), Path("/System/Applications"), Path(own))


def _linux_folders() -> Iterator[Path]:
    home = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")  # noqa: PTH111 - it never raises
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    for folder in (home, *shared.split(":")):
        if folder.startswith("/"):
            yield Path(folder, "applications")


def _associated(folder: Path) -> list[str]:
    group = _group(folder / "mimeinfo.cache", _CACHE_GROUP)
    return [one for kind in _KINDS for one in group.get(kind, "").split(";") if one.endswith(".desktop")]


def _entry(program_id: str) -> dict[str, str]:
    """The desktop entry of that name, {} for none. A dash in it may stand for a folder."""
    if "/" in program_id:
        return {}
    ways = (program_id, program_id.replace("-", "/", 1))
    found = (_group(folder / way, _ENTRY_GROUP) for folder in _linux_folders() for way in ways)
    return next((entry for entry in found if entry), {})


def _is_offered(entry: dict[str, str]) -> bool:
    if entry.get("Type", "Application") != "Application" or entry.get("Terminal") == "true":
        return False
    if "true" in (entry.get("Hidden"), entry.get("NoDisplay")):
        return False
    needed = entry.get("TryExec", "")
    return bool(entry.get("Exec")) and (not needed or find_program(needed) is not None)


def _group(path: Path, name: str) -> dict[str, str]:
    """One group of a file of keys; {} where there is none that can be read."""
    keys = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    keys.optionxform = str  # type: ignore[assignment, method-assign]  # their capitals count
    try:
        keys.read_string(read_bounded(path, _LARGEST).decode("utf-8", "replace"))
    except (StorageError, configparser.Error):
        return {}
    return dict(keys[name]) if keys.has_section(name) else {}
