"""The file dialog of the user's desktop on Linux, as a program of its own: kdialog on KDE, zenity elsewhere.

They look and behave as all other dialogs there, and zenity shows the one of the sandbox where the program runs in one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from ..domain.base.environment import for_other_programs
from ..domain.base.file_wish import FileWish

POLL_S = 0.1
_NO_SCREEN = ("cannot open display", "failed to open display", "could not connect to display", "no protocol specified")


class DialogAnswer(Struct, frozen=True):
    """How a dialog ended. "none": there is none, or it could not be shown, so something else has to ask."""

    outcome: Literal["chosen", "cancelled", "none"]
    paths: tuple[Path, ...] = ()


def desktop_dialog(wish: FileWish, start: Path, environ: Mapping[str, str]) -> list[str]:
    """The command that asks, [] where the desktop has none or where there is no desktop."""
    desktop = f"{environ.get('XDG_CURRENT_DESKTOP', '')}:{environ.get('DESKTOP_SESSION', '')}".lower()
    if sys.platform in ("win32", "darwin") or not desktop.strip(":"):
        return []
    kde = any(word in desktop for word in ("kde", "plasma", "lxqt"))
    for name in ("kdialog", "zenity") if kde else ("zenity", "kdialog"):
        program = shutil.which(name, path=environ.get("PATH"))
        if program:
            return [program, *(_kdialog(wish, start) if name == "kdialog" else _zenity(wish, start))]
    return []


def ask_desktop(wish: FileWish, start: Path, stopped: Callable[[], bool]) -> DialogAnswer:
    """Show the dialog and wait until it is closed. Once `stopped()`, because the program ends, it is closed, too.

    Blocks for as long as the user takes.
    """
    command = desktop_dialog(wish, start, os.environ)
    if not command:
        return DialogAnswer("none")
    try:
        child = subprocess.Popen(
            command,
            env=for_other_programs(os.environ, frozen=getattr(sys, "frozen", False)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError:
        return DialogAnswer("none")
    while True:
        try:
            out, err = child.communicate(timeout=POLL_S)
            break
        except subprocess.TimeoutExpired:
            if stopped():
                child.kill()
                child.communicate()
                return DialogAnswer("cancelled")
    paths = tuple(Path(os.fsdecode(line)) for line in out.split(b"\n") if line)
    if child.returncode == 0 and paths:
        return DialogAnswer("chosen", paths)
    # 1: the user closed it. Anything else, and a screen that cannot be reached, is a failure.
    failed = child.returncode not in (0, 1) or any(sign in err.decode(errors="replace").lower() for sign in _NO_SCREEN)
    return DialogAnswer("none" if failed else "cancelled")


def _zenity(wish: FileWish, start: Path) -> list[str]:
    at = f"{start}/{wish.name}" if wish.kind == "save" else f"{start}/"
    kinds = {"folder": ["--directory"], "several": ["--multiple", "--separator=\n"], "open": []}
    asked = kinds.get(wish.kind, ["--save", "--confirm-overwrite"])
    filters = [f"--file-filter={wish.words} | {_patterns(wish)}", "--file-filter=All files | *"] if wish.endings else []
    return ["--file-selection", f"--title={wish.title}", f"--filename={at}", *asked, *filters]


def _kdialog(wish: FileWish, start: Path) -> list[str]:
    title = ["--title", wish.title]
    if wish.kind == "folder":
        return [*title, "--getexistingdirectory", str(start)]
    kinds = [f"{wish.words} ({_patterns(wish)})\nAll files (*)"] if wish.endings else []
    if wish.kind == "save":
        return [*title, "--getsavefilename", f"{start}/{wish.name}", *kinds]
    several = ["--multiple", "--separate-output"] if wish.kind == "several" else []
    return [*title, *several, "--getopenfilename", str(start), *kinds]


def _patterns(wish: FileWish) -> str:
    # Both compare letters exactly, while cameras write .JPG.
    return " ".join(f"*{one}" for ending in wish.endings for one in (ending, ending.upper()))
