"""`install-desktop-entry`: StableNew in the menu of a Linux desktop, and out of it again."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from ..domain.base.errors import InvalidInput, NotSaved
from ..storage.disk.files import is_file
from ..storage.disk.places import Places
from ..storage.programs.desktop_entry import desktop_entry, remove_entry, write_entry
from .terminal import OK, out, print_json


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `install-desktop-entry`."""
    parser.add_argument("--remove", action="store_true", help="take it out of the menu again")
    parser.set_defaults(command=install)


def install(args: argparse.Namespace, places: Places) -> int:
    """Write entry and icon for the program that runs, or remove them."""
    if not sys.platform.startswith("linux"):
        raise InvalidInput("Only desktops of Linux have such entries. Here, pin StableNew to the task bar or the Dock.")
    where = desktop_entry(os.environ, Path.home())
    try:
        if args.remove:
            gone = remove_entry(where)
            report: dict[str, object] = {"removed": [str(path) for path in gone]}
            said = f"Removed {', '.join(map(str, gone))}." if gone else "There is no entry of StableNew in the menu."
        else:
            command = [*_this_program(), *(("--data-dir", str(places.data)) if places.kind == "option" else ())]
            write_entry(where, command)
            report = {"entry": str(where.entry), "icon": str(where.icon), "command": command}
            said = f"StableNew is in the menu now ({where.entry}). When you move the program, do this again."
    except OSError as error:
        raise NotSaved(f"{where.entry.parent} cannot be changed: {error.strerror or error}.") from error
    if args.json:
        print_json(report)
    else:
        out.print(said, markup=False)
    return OK


def _this_program() -> list[str]:
    """What starts this program from anywhere: the file the user sees, or this Python with the package."""
    if getattr(sys, "frozen", False):
        # An AppImage runs from a mount that is gone when it ends.
        return [str(Path(os.environ.get("APPIMAGE") or sys.executable).absolute())]
    beside = Path(sys.executable).parent / "stablenew-window"
    installed = str(beside) if is_file(beside) else shutil.which("stablenew-window")
    return [installed] if installed else [sys.executable, "-P", "-m", "stablenew_tk"]
