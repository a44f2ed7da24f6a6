"""The folders into which the one-file executable unpacks itself: those that killed runs left behind are removed.

Each running program holds a lock in its folder, which ends with it however it ends.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from .files import is_file, is_link, is_there
from .process_lock import ProcessLock

_NAMES, _LOCK = "_MEI*", "stablenew.lock"
# A folder of ours has this file in it; those of other programs are nobody's business here. `stablenew.spec` lets it be
# unpacked first, for a run may be killed meanwhile.
SIGN = ".stablenew"
# Without a lock it may be just being unpacked; nobody needs so long for that.
_UNPACKING_S = 3600.0


class UnpackedFolder:
    """The folder of this program. `take` at the start; the lock is held until `release` or the end of the process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = ProcessLock(folder / _LOCK)

    def take(self) -> int:
        """Say that this folder is in use, then remove those in which nobody is. Answers how many. Never raises."""
        try:
            if not self._lock.take():
                return 0
        except (OSError, NotImplementedError):
            return 0  # where nothing can be locked nobody can tell whether a folder is in use
        return remove_leftovers(self._folder.parent, own=self._folder)

    def release(self) -> None:
        """Give the lock back."""
        self._lock.release()


def own_unpacked_folder() -> UnpackedFolder | None:
    """That of this program; None when it is no one-file executable."""
    folder = Path(getattr(sys, "_MEIPASS", ""))
    # In a folder of files and in an app folder the program lies where it was put, which nobody sweeps.
    return UnpackedFolder(folder) if folder.name.startswith(_NAMES[:-1]) else None


def remove_leftovers(temporary: Path, own: Path) -> int:
    """Remove the unpacked folders in `temporary` that nobody uses, all but `own`; answers how many. Never raises."""
    removed = 0
    try:
        found = [path for path in temporary.glob(_NAMES) if path != own and is_file(path / SIGN)]
    except OSError:
        return 0
    for folder in found:
        if not is_link(folder) and _is_left(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed += not is_there(folder)
    return removed


def _is_left(folder: Path) -> bool:
    lock = folder / _LOCK
    try:
        if not is_there(lock):
            return time.time() - folder.stat().st_mtime > _UNPACKING_S
        claim = ProcessLock(lock)
        is_free = claim.take()
        claim.release()
        return is_free
    except (OSError, NotImplementedError):
        return False
