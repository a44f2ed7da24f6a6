"""Finds programs of other makers on this computer: beside this one, or where the system looks for commands."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def find_program(name: str, folders: tuple[Path, ...] = ()) -> Path | None:
    """The program with this name, full path; None when there is none. Blocks on the disk.

    `folders` come first, then the folder of this program, then the PATH. The ending of the system (.exe) is added.
    """
    own = Path(sys.executable).parent
    for folder in (*folders, own):
        if found := shutil.which(name, path=str(folder)):
            return Path(found).absolute()
    found = shutil.which(name)
    return Path(found).absolute() if found else None
