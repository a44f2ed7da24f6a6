"""Locks between processes: a file that one program at a time has. A lock ends with its process, however that ends."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...domain.base.errors import NotSaved
from .files import discard

if TYPE_CHECKING:
    from filelock import FileLock

if sys.platform != "win32":
    import fcntl

_JOURNAL_LOCK = "journal.lock"
LOCK_TIMEOUT_S = 30.0
_POLL_S = 0.001
_ABSENT = (errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOLCK)


class ProcessLock:
    """The lock whose file is `path`. One thread at a time.

    It does what filelock does, so both exclude each other, with the few calls of the system that this takes: filelock
    itself takes longer than all the rest of saving a line. Where a system or a drive cannot lock a file in this way,
    filelock knows others.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._other: FileLock | None = None

    @property
    def is_held(self) -> bool:
        """Whether this object has it."""
        return self._descriptor is not None or self._other is not None

    def take(self) -> bool:
        """Take it if it is free, or held by this object already. Raises OSError, and NotImplementedError where nothing
        can be locked.
        """
        if self.is_held:
            return True
        if sys.platform == "win32":
            return self._take_otherwise()
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        while True:
            descriptor = os.open(self.path, flags, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Who had it may have removed the file, and another one may have made it anew.
                if os.path.samestat(os.fstat(descriptor), os.stat(self.path)):  # noqa: PTH116 - a tenth of the time
                    self._descriptor, descriptor = descriptor, -1
                    return True
            except BlockingIOError:
                return False
            except FileNotFoundError:
                pass
            except OSError as error:
                if error.errno not in _ABSENT:
                    raise
                return self._take_otherwise()
            finally:
                if descriptor >= 0:
                    os.close(descriptor)

    def release(self) -> None:
        """Give it back. Does nothing when this object does not have it."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)
        elif self._other is not None:
            other, self._other = self._other, None
            other.release()

    def _take_otherwise(self) -> bool:
        from filelock import FileLock, Timeout

        other = FileLock(self.path, mode=0o600, thread_local=False)
        try:
            other.acquire(timeout=0)
        except Timeout:
            return False
        self._other = other
        return True


def folder_lock(folder: Path) -> ProcessLock:
    """The lock of the journal in `folder`. Use it through `holding`."""
    return ProcessLock(folder / _JOURNAL_LOCK)


@contextmanager
def holding(
    lock: ProcessLock, *, timeout_s: float = LOCK_TIMEOUT_S, give_up: Callable[[], bool] = lambda: False
) -> Iterator[None]:
    """Context manager that holds `lock`. Raises NotSaved when it is not free within `timeout_s`, or OSError.

    Where it is not free at once, waiting also ends when `give_up` says so.
    """
    if not lock.take():
        until = time.monotonic() + timeout_s
        while not lock.take():
            if time.monotonic() >= until:
                raise NotSaved(f"Another program has held {lock.path} for {timeout_s:.0f} s. Close it, then try again.")
            if give_up():
                raise NotSaved(f"Another program holds {lock.path}.")
            time.sleep(_POLL_S)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def alone(path: Path, refusal: str) -> Iterator[None]:
    """Context manager: an exclusive lock file at `path`, which is removed afterwards. Creates its folder if needed.

    Raises NotSaved with the sentence `refusal` at once when another program holds the lock.
    """
    lock = ProcessLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not lock.take():
            raise NotSaved(refusal)
    except OSError as error:
        raise NotSaved(f"{path} cannot be written: {error.strerror or error}. Check the folder, then go on.") from error
    try:
        yield
    finally:
        # Remove it before releasing the lock; afterwards it could belong to another program.
        discard(path)
        lock.release()
