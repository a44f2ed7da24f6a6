"""Puts a picture into the clipboard with the desktop's program for it: Tk's own clipboard holds texts only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ...domain.base.environment import for_other_programs
from ...domain.base.errors import StorageError
from ..disk.files import open_regular
from .search import find_program

_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}
_TIMEOUT_S = 10.0


def clipboard_program() -> str:
    """wl-copy or xclip, whichever is for this desktop and there; "" = pictures cannot be copied here. Reads PATH."""
    if sys.platform in ("win32", "darwin"):
        return ""
    names = ("wl-copy", "xclip") if os.environ.get("WAYLAND_DISPLAY") else ("xclip",)
    return next((str(found) for name in names if (found := find_program(name)) is not None), "")


def copy_picture(path: Path, program: str) -> None:
    """Put a picture's file into the clipboard as a picture. Raises StorageError."""
    kind = _TYPES.get(path.suffix.lower(), "image/png")
    by_file = ["-selection", "clipboard", "-t", kind, "-i", str(path)]
    command = [program, "--type", kind] if Path(program).name == "wl-copy" else [program, *by_file]
    try:
        with open_regular(path) as picture:
            done = subprocess.run(
                command,
                stdin=picture,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_TIMEOUT_S,
                check=False,
                env=for_other_programs(os.environ, frozen=getattr(sys, "frozen", False)),
            )
    except FileNotFoundError as error:
        raise StorageError(f"{path.name} was not copied: the file is no longer in {path.parent}.") from error
    except (OSError, subprocess.SubprocessError) as error:
        raise StorageError(f"{path.name} was not copied: {Path(program).name} does not work ({error}).") from error
    if done.returncode:
        raise StorageError(f"{path.name} was not copied: {Path(program).name} ended with {done.returncode}.")
