"""The system's trash: puts files into it, and brings them back where the system tells where they are (Linux, BSD)."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import send2trash

from ...domain.base.errors import NotSaved
from .files import discard, is_there, make_folder, sync_folder

# Of the freedesktop.org trash, which all desktops of Linux share: `files` has the files, `info` where they came from.
_FILES, _INFO, _ENDING, _PATH = "files", "info", ".trashinfo", "Path="


def can_bring_back() -> bool:
    """Whether a file can be taken out of this system's trash again by a program. If not, only the user can do it."""
    return sys.platform not in ("win32", "darwin")


def to_trash(path: Path) -> str:
    """Put a file into the trash; returns where it is in there, "" when that cannot be known. Raises NotSaved: then the
    file is where it was.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - a link is put into the trash itself, not what it leads to
    try:
        send2trash.send2trash(absolute)
    except OSError as error:
        why = error.strerror or str(error) or type(error).__name__
        raise NotSaved(
            f"{path.name} was not put into the trash: {why}. It is still in {path.parent}. Is there a trash on this "
            "drive, and may you write there?"
        ) from error
    return str(next(_lying(absolute), "")) if can_bring_back() else ""


def lies_in_trash(kept: str, home: Path) -> bool:
    """Whether a file is in the trash that came from `home`; `kept` as for `from_trash`."""
    return can_bring_back() and any(kept in ("", str(one)) for one in _lying(home))


def from_trash(kept: str, to: Path) -> None:
    """Bring a file back to where it was. Raises NotSaved when it is no longer in the trash, or another one is there.

    `kept`: where it is in the trash, "" = the newest that came from there. Only what came from there is moved.
    """
    lying = (one for one in (_lying(to) if can_bring_back() else ()) if kept in ("", str(one)))
    source = next(lying, None)
    if source is None:
        raise NotSaved(f"{to.name} is no longer in the trash, so it was not brought back.")
    if is_there(to):
        raise NotSaved(f"{to} is there again. Move it away, then bring the one in the trash back.")
    try:
        make_folder(to.parent)
        shutil.move(source, to)
        sync_folder(to.parent)
    except OSError as error:
        raise NotSaved(
            f"{to.name} was not brought back: {error.strerror or error}. It is still in the trash."
        ) from error
    discard(source.parent.with_name(_INFO) / f"{source.name}{_ENDING}")


def _lying(original: Path) -> Iterator[Path]:
    """Files in the trash that came from this place, the newest first."""
    found: list[tuple[int, Path]] = []
    for trash, top in _trashes(original):
        try:
            names = [one.name for one in os.scandir(trash / _INFO) if one.name.startswith(original.stem)]
        except OSError:
            continue  # there is no such trash
        for name in names:
            kept, info = trash / _FILES / name.removesuffix(_ENDING), trash / _INFO / name
            try:
                text, made = info.read_text("utf-8", "replace"), info.stat().st_mtime_ns
            except OSError:
                continue  # emptied at this moment
            paths = (line.removeprefix(_PATH) for line in text.splitlines() if line.startswith(_PATH))
            if name.endswith(_ENDING) and top / unquote(next(paths, "")) == original and is_there(kept):
                found.append((made, kept))
    return (kept for _, kept in sorted(found, reverse=True))


def _trashes(original: Path) -> Iterator[tuple[Path, Path]]:
    """Every trash that this file may have come into, with the folder that its paths begin at."""
    # The library looks for it once, when it is imported.
    library = sys.modules.get("send2trash.plat_other")
    usual = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "Trash"
    home = Path(getattr(library, "HOMETRASH", usual))
    yield home, home.parent
    for top in original.parents:
        if os.path.ismount(top):
            user = str(os.getuid()) if sys.platform != "win32" else ""
            yield top / ".Trash" / user, top
            yield top / f".Trash-{user}", top
            return
