"""Shows a file in the platform's file browser."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ..domain.errors import StorageError


def reveal(path: Path) -> None:
    """Open the file browser at a file. Raises StorageError when the file is gone or no file browser answers."""
    if not path.exists():
        raise StorageError(f"{path} is no longer there. Was it moved or deleted?")
    try:
        subprocess.Popen(_command(path), env=_clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError as error:
        raise StorageError(f"No file browser could be started ({error}). The file is {path}") from error


def _command(path: Path) -> list[str]:
    if sys.platform == "win32":
        return ["explorer", f"/select,{path}"]
    if sys.platform == "darwin":
        return ["open", "-R", str(path)]
    return ["xdg-open", str(path.parent)]


def _clean_environment() -> dict[str, str]:
    # A one-file executable points LD_LIBRARY_PATH at its own unpacked libraries, which break other programs.
    environment = dict(os.environ)
    original = environment.pop("LD_LIBRARY_PATH_ORIG", None)
    if getattr(sys, "frozen", False):
        environment.pop("LD_LIBRARY_PATH", None)
    if original is not None:
        environment["LD_LIBRARY_PATH"] = original
    return environment
