"""Shows a file in the file browser of the platform (Explorer, Finder, …), or opens it with the program for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ...domain.base.environment import for_other_programs
from ...domain.base.errors import StorageError
from .files import is_there

# File browsers that were started. The next start drops those that have ended, so that none is left as a zombie.
browsers: list[subprocess.Popen[bytes]] = []


def reveal(path: Path) -> None:
    """Open the file browser at a file and do not wait for it.

    Raises StorageError when the file is gone or no file browser can be started.
    """
    _start(path, _command(path), "file browser")


def open_file(path: Path) -> None:
    """Open a file with the program that the system has for it, and do not wait for it. Raises StorageError as above."""
    opener = {"win32": "explorer", "darwin": "open"}.get(sys.platform, "xdg-open")
    _start(path, [opener, str(path)], "program for it")


def open_with(path: Path, command: list[str]) -> None:
    """Start a command that has the file in it, and do not wait for it. Raises StorageError as above."""
    _start(path, command, "such program")


def _start(path: Path, command: list[str], what: str) -> None:
    if not is_there(path):
        raise StorageError(f"{path} is no longer there. Was it moved or deleted?")
    try:
        browsers[:] = [one for one in browsers if one.poll() is None]
        browsers.append(
            subprocess.Popen(
                command,
                env=for_other_programs(os.environ, frozen=getattr(sys, "frozen", False)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl+C in our terminal is not meant for it
            )
        )
    except OSError as error:
        raise StorageError(f"No {what} could be started ({error}). The file is {path}") from error


def _command(path: Path) -> list[str]:
    if sys.platform == "win32":
        # In one argument a path with a space would be quoted as a whole, which Explorer does not understand.
        return ["explorer", "/select,", str(path)]
    if sys.platform == "darwin":
        return ["open", "-R", str(path)]
    return ["xdg-open", str(path.parent)]
