"""Safe ways to write a whole file, to read one that may be anything, and to be alone in a folder.

A file is either the old one or the new one, never half of each, whatever happens to the program or the disk.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ...domain.base.errors import NotSaved, Unreadable

# Windows would translate line ends without O_BINARY; a FIFO would block the open for ever without O_NONBLOCK.
BINARY: int = getattr(os, "O_BINARY", 0)
_NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)
_TEMPORARY = re.compile(r"\.tmp-[0-9a-f]{8}$")
_LOCK_NAME = "journal.lock"
LOCK_TIMEOUT_S = 30.0


def write_atomic(path: Path, data: bytes | Iterable[bytes], *, mode: int = 0o666) -> None:
    """Replace `path` by a file with this content, on disk when it returns. `mode` is cut by the umask.

    Raises NotSaved; then the old file is untouched and nothing is left beside it.
    """
    temporary = path.with_name(f"{_stem(path.name)}.tmp-{secrets.token_hex(4)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, mode)
        with os.fdopen(descriptor, "wb") as file:
            for chunk in (data,) if isinstance(data, bytes) else data:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        _replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        raise NotSaved(
            f"{path.name} was not saved in {path.parent}: {error.strerror or error}. "
            "Free some space or check the folder's permissions, then try again."
        ) from error
    finally:
        # After success the name is gone already. After a failure the error above counts, not this one.
        with suppress(OSError):
            temporary.unlink()


def _stem(name: str) -> str:
    # 50 characters are at most 200 bytes, so the temporary name fits wherever a name fits at all.
    return name[:50]


def _replace(temporary: Path, path: Path) -> None:
    pauses_s = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0) if os.name == "nt" else ()
    for pause_s in pauses_s:
        try:
            temporary.replace(path)
            return
        except PermissionError:
            # On Windows a virus scanner or a preview may hold the old file open for a moment.
            time.sleep(pause_s)
    temporary.replace(path)


def sync_folder(folder: Path) -> None:
    """Force names made or changed in `folder` to disk. Does nothing on Windows, which cannot. Raises OSError."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_bounded(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes. Never waits on a pipe or a device.

    Raises Unreadable when it is missing, larger, or not a regular file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | BINARY | _NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise Unreadable(f"{path} is not a regular file and was not read.")
            # The file may grow while it is read, so its size alone is no promise.
            data = file.read(limit + 1) if status.st_size <= limit else b""
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}.") from error
    if status.st_size > limit or len(data) > limit:
        raise Unreadable(f"{path} is larger than {limit:,} bytes and was not read.")
    return data


def is_there(path: Path) -> bool:
    """Whether there is anything under this name. Never raises, as Path.exists does for a name that is too long."""
    return os.path.exists(path)  # noqa: PTH110


def is_file(path: Path) -> bool:
    """Whether there is a regular file under this name. Never raises, as Path.is_file does for one that is too long."""
    return os.path.isfile(path)  # noqa: PTH113


def sweep_temporary(folder: Path, *, older_than_s: float = 3600.0, of: str = "") -> int:
    """Remove temporary files that a killed program left in `folder`; gives their number. Younger ones may be in use.

    With `of` only those of the file with that name.
    """
    removed = 0
    oldest_kept = time.time() - older_than_s
    try:
        found = (entry for entry in os.scandir(folder) if entry.name.startswith(_stem(of)))
        entries = [entry for entry in found if _TEMPORARY.search(entry.name)]
    except OSError:
        # No folder, nothing to sweep; a folder that cannot be listed is reported by whoever needs its files.
        return 0
    for entry in entries:
        # Another program may sweep at the same time; what cannot be removed is only rubbish.
        with suppress(OSError):
            if entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime < oldest_kept:
                Path(entry.path).unlink()
                removed += 1
    return removed


def folder_lock(folder: Path) -> FileLock:
    """The lock between processes for the journal in `folder`. It dies with its holder. Use it through `holding`."""
    return FileLock(folder / _LOCK_NAME, mode=0o600, thread_local=False)


@contextmanager
def holding(lock: FileLock, *, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
    """Hold `lock` for the block. Raises NotSaved when another program keeps it longer than `timeout_s`, or OSError."""
    try:
        # The library's 50 ms between two looks would be longer than the append itself.
        lock.acquire(timeout=timeout_s, poll_interval=0.001)
    except Timeout as error:
        raise NotSaved(
            f"Another program has held {lock.lock_file} for {timeout_s:.0f} s. Close it, then try again."
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def alone(path: Path, refusal: str) -> Iterator[None]:
    """Be the only program inside this block with this `path`; the file is gone afterwards, also its folder may be new.

    Raises NotSaved with the sentence `refusal`, at once, when another program is inside.
    """
    lock = FileLock(path, mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise NotSaved(refusal) from error
    except OSError as error:
        raise NotSaved(f"{path} cannot be written: {error.strerror or error}. Check the folder, then go on.") from error
    try:
        yield
    finally:
        # While it is still held: afterwards it might be another program's.
        with suppress(OSError):
            path.unlink()
        lock.release()


def read_whole(path: str, name: str, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes. `name` is for sentences. Raises Unreadable."""

    def read(descriptor: int, size: int) -> bytes:
        if size > limit:
            raise Unreadable(f"{name} is larger than {limit:,} bytes and was not read. Make it smaller.")
        # The file may grow while it is read, so its size alone is no promise.
        data = read_up_to(descriptor, limit + 1, first=size + 1)
        if len(data) > limit:
            raise Unreadable(f"{name} grew beyond {limit:,} bytes and was not read. Make it smaller.")
        return data

    return opened(path, name, read)


def opened(path: str, name: str, read: Callable[[int, int], bytes]) -> bytes:
    """What `read` gives for the descriptor and size of a regular file. Raises Unreadable for anything else."""
    try:
        descriptor = os.open(path, os.O_RDONLY | BINARY | _NONBLOCK)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise Unreadable(f"{name} is not a regular file and was not read. Remove it.")
            return read(descriptor, status.st_size)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unreadable(f"{name} cannot be read: {error.strerror or error}. Check its permissions.") from error


def read_up_to(descriptor: int, limit: int, *, first: int) -> bytes:
    """Everything from here on, at most `limit` bytes; `first` is how much to ask for at once. Raises OSError."""
    data = os.read(descriptor, min(first, limit))
    if len(data) < first - 1 or len(data) == first:
        while len(data) < limit and (more := os.read(descriptor, limit - len(data))):
            data += more
    return data
