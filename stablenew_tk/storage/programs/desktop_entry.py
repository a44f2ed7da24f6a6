"""The entry in the menu of a Linux desktop: a `.desktop` file and an icon in the user's own folders."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from ..disk.files import is_there, make_folder, read_bounded, remove, write_atomic
from ..disk.places import asset

_LIMIT = 1 << 20
_ICON = Path("icons") / "hicolor" / "256x256" / "apps" / "stablenew.png"


class DesktopEntry(Struct, frozen=True, kw_only=True):
    """Where entry and icon lie, or would."""

    entry: Path
    icon: Path


def desktop_entry(environ: Mapping[str, str], home: Path) -> DesktopEntry:
    """In the user's data folder as the desktop looks for it ($XDG_DATA_HOME)."""
    named = environ.get("XDG_DATA_HOME", "")
    # The specification says that a relative path there counts as none.
    share = Path(named) if named.startswith("/") else home / ".local" / "share"
    return DesktopEntry(entry=share / "applications" / "stablenew.desktop", icon=share / _ICON)


def write_entry(where: DesktopEntry, command: Sequence[str]) -> None:
    """Write icon and entry, which starts `command`. Raises NotSaved."""
    template = read_bounded(asset("stablenew.desktop"), _LIMIT).decode()
    text = re.sub(r"(?m)^Exec=.*$", lambda _found: f"Exec={' '.join(map(_quoted, command))}", template)
    for path, data in ((where.icon, read_bounded(asset("icon.png"), _LIMIT)), (where.entry, text.encode())):
        make_folder(path.parent)
        write_atomic(path, data, mode=0o644)


def remove_entry(where: DesktopEntry) -> tuple[Path, ...]:
    """Remove both; answers what was there. Raises OSError."""
    there = tuple(path for path in (where.entry, where.icon) if is_there(path))
    for path in there:
        remove(path)
    return there


def _quoted(word: str) -> str:
    """A word of Exec by the rules of the Desktop Entry Specification: quoted, and escaped a second time as a string."""
    word = word.replace("%", "%%")
    if re.fullmatch(r"[A-Za-z0-9_./%:=,@+-]+", word):
        return word
    inner = re.sub(r'(["`$\\])', r"\\\1", word)
    return '"' + inner.replace("\\", "\\\\") + '"'
