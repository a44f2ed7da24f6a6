"""Who shows the window of a data folder: one program at a time holds the lock, and a note says who that is.

The lock ends with its program, so what a crash leaves behind is taken over. Terminal commands do not need it.
"""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from ..domain.base.errors import NotSaved, Unreadable
from ..domain.base.json_text import json_bytes
from .disk.files import discard, make_folder, read_bounded, write_atomic
from .disk.network_drives import is_on_network
from .disk.process_lock import ProcessLock

_LOCK, _NOTE, _NOTE_LIMIT = "window.lock", "window.json", 1 << 16


class WindowOwner(Struct, frozen=True, kw_only=True):
    """The program that shows the window. `since` is UTC (…Z). It hears a second start at `port` of its own computer
    (0 = it does not) from whoever knows `token`.
    """

    host: str
    pid: int
    user: str = ""
    since: str = ""
    port: int = 0
    token: str = ""


def this_host() -> str:
    """The name of this computer."""
    return platform.node()


class WindowLock:
    """The lock of one data folder. `take` and `release` on the main thread; nothing here waits for anybody."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = ProcessLock(folder / _LOCK)

    @property
    def owner(self) -> WindowOwner | None:
        """Who has signed; None while nobody has, or when the note cannot be read."""
        try:
            return msgspec.json.decode(read_bounded(self._folder / _NOTE, _NOTE_LIMIT), type=WindowOwner)
        except (Unreadable, ValueError, RecursionError, msgspec.MsgspecError):
            return None

    def take(self) -> bool:
        """Take the lock. False: another window has it.

        Where nothing can be locked (a read-only folder, a full disk, a drive without locks) only the note decides.
        """
        try:
            make_folder(self._folder)
            if not self._lock.take():
                return False
        except (OSError, NotImplementedError):
            owner = self.owner
            return owner is None or not _may_live(owner)
        owner = self.owner
        # Some network drives lock for each computer alone: there the lock proves nothing about another one.
        if owner is not None and owner.host != this_host() and is_on_network(str(self._folder)):
            self._lock.release()
            return False
        return True

    def take_anyway(self) -> bool:
        """Take the lock if it is free, although another computer may have the window. Whether it is ours now."""
        with suppress(OSError, NotImplementedError):
            self._lock.take()
        return self._lock.is_held

    def sign(self, owner: WindowOwner) -> None:
        """Say who has the window. Where that cannot be written, others learn only that somebody has it."""
        with suppress(NotSaved):
            write_atomic(self._folder / _NOTE, json_bytes(owner) + b"\n", mode=0o600)

    def unsign(self, owner: WindowOwner) -> None:
        """Take the note away, if it is this owner's."""
        if self.owner == owner:
            discard(self._folder / _NOTE)

    def release(self) -> None:
        """Let others have the window."""
        self._lock.release()


def _may_live(owner: WindowOwner) -> bool:
    """Whether this owner may still be running; only on its own computer that can be looked up."""
    # On Windows the signal 0 would be Ctrl+C.
    if owner.host != this_host() or os.name == "nt":
        return True
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
