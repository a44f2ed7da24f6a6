"""Atomic writing of files, reading of untrusted files with a size limit, and locks between programs.

After a crash or a full disk a file written here is either the old or the new one, never a part of it.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ...domain.base.errors import ChangedMeanwhile, NotSaved, Unreadable

log = logging.getLogger(__name__)
# Windows would translate line ends without O_BINARY; a FIFO would block the open for ever without O_NONBLOCK.
BINARY: int = getattr(os, "O_BINARY", 0)
_NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)
_TEMPORARY = re.compile(r"\.tmp-[0-9a-f]{8}$")


class FileState(NamedTuple):
    """What is different after a program wrote a file, even with as many bytes; all 0 = there is none."""

    time_ns: int = 0
    size: int = 0
    number: int = 0


def state_of(path: Path) -> FileState:
    """The state of a file now. Never raises."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return FileState()
    return FileState(found.st_mtime_ns, found.st_size, found.st_ino)


def write_atomic(
    path: Path, data: bytes | Iterable[bytes], *, mode: int = 0o666, seen: FileState | None = None
) -> None:
    """Replace `path` atomically by a file with this content; see `replacing`. Raises NotSaved."""
    with replacing(path, mode=mode, seen=seen) as file:
        for chunk in (data,) if isinstance(data, bytes) else data:
            file.write(chunk)


@contextmanager
def replacing(path: Path, *, mode: int = 0o666, seen: FileState | None = None) -> Iterator[BinaryIO]:
    """Context manager: a new file that takes the place of `path` at the end, atomically. It is on disk (fsync) then.

    The umask limits `mode`. Raises NotSaved, also for an OSError of the body and for a device or pipe at `path`; then
    the old file is untouched and nothing is left beside it. When only the folder cannot be synced, the new file is in
    place: a warning in the log. With `seen` it raises ChangedMeanwhile where the old file is another one by then. That
    is looked at last of all, for most of the time goes into forcing the new one to disk.
    """
    _refuse_device(path)
    temporary = path.with_name(f"{_stem(path.name)}.tmp-{os.urandom(4).hex()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, mode)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if seen is not None and state_of(path) != seen:
            raise ChangedMeanwhile(f"Another program writes {path} at this moment. Try again.")
        _replace(temporary, path)
    except OSError as error:
        raise NotSaved(
            f"{path.name} was not saved in {path.parent}: {error.strerror or error}. "
            "Free some space or check the folder's permissions, then try again."
        ) from error
    finally:
        # After success the temporary name is gone.
        discard(temporary)
    try:
        sync_folder(path.parent)
    except OSError as error:
        # Whoever reads it finds the new file, so it would be false to call it not saved.
        log.warning(
            "%s is saved in %s, but the disk did not confirm its name (%s): after a power cut the old one may be back.",
            path.name,
            path.parent,
            error.strerror or error,
        )


def _refuse_device(path: Path) -> None:
    # Whoever may do anything would be left with a file in place of /dev/null.
    with suppress(OSError):
        mode = os.stat(path).st_mode  # noqa: PTH116 - a link to a device is no place for a file either
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise NotSaved(f"{path} is a device or a pipe, which no file can take the place of. Name a file.")


def discard(path: Path) -> None:
    """Remove a file that nobody needs, where that is possible. Never raises: after a failure only its cause matters."""
    with suppress(OSError):
        path.unlink()


def remove(path: Path) -> None:
    """Remove a file; one that is missing is fine. Its folder is on disk (fsync) on return. Raises OSError."""
    path.unlink(missing_ok=True)
    if is_folder(path.parent):
        sync_folder(path.parent)


def move(path: Path, to: Path) -> None:
    """Give a file another name in its folder, over one that is there. On disk (fsync) on return. Raises OSError."""
    path.replace(to)
    sync_folder(to.parent)


def set_aside(path: Path) -> Path:
    """Give a damaged file the name `*.broken-<date>`, which no other has. Answers where it is now. Raises OSError."""
    stem = f"{path.name}.broken-{datetime.now(UTC):%Y-%m-%d}"
    candidates = (path.with_name(stem if n == 1 else f"{stem}-{n}") for n in range(1, 1000))
    aside = next((name for name in candidates if not os.path.lexists(name)), path.with_name(stem))
    move(path, aside)
    return aside


def reserve(path: Path, *, mode: int = 0o666) -> None:
    """Create an empty file. Raises FileExistsError where there is one, so two programs never get the same name; OSError
    otherwise.
    """
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, mode))


def open_to_add(path: Path | str, *, mode: int = 0o666) -> int:
    """A descriptor that reads a file and adds to its end; the file is made where it is missing. Never waits on a pipe.

    Raises OSError, also for anything but a regular file: a device takes everything and keeps nothing.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | BINARY | _NONBLOCK, mode)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, f"{Path(path).name} is not a regular file, move it away")
    return descriptor


def add_to(path: Path, pieces: Iterable[bytes], size: int) -> None:
    """Add to a file that has `size` bytes. On disk (fsync) on return. Raises OSError; the file then is as it was."""
    descriptor = open_to_add(path)
    try:
        for piece in pieces:
            # A full disk takes a part of the bytes and reports no error.
            if os.write(descriptor, piece) != len(piece):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise
    finally:
        os.close(descriptor)


def write_new(path: Path, data: bytes) -> None:
    """Write a file under a new name. Its content is on disk (fsync) on return, its name when its folder is synced.
    Raises OSError.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, 0o666), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_cached(path: Path, data: bytes) -> bool:
    """Replace a file that may be lost in a power cut, because it can be made again. False when that failed."""
    temporary = path.with_name(f"{_stem(path.name)}.tmp-{os.urandom(4).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError:
        # A folder that cannot even be cleaned is swept at the next start.
        discard(temporary)
        return False
    return True


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, each on disk (fsync) on return. Raises OSError."""
    if os.path.isdir(folder):  # noqa: PTH112 - before each line that is saved: Path.is_dir takes twice as long
        return
    missing = [folder]
    while not is_there(missing[-1]) and missing[-1].parent != missing[-1]:
        missing.append(missing[-1].parent)
    for above, made in zip(missing[:0:-1], missing[-2::-1], strict=True):
        made.mkdir(exist_ok=True)
        sync_folder(above)
    if not is_folder(folder):
        folder.mkdir()


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
    """Force new and changed names in `folder` to disk (fsync). Does nothing on Windows. Raises OSError."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_bounded(path: Path, limit: int, *, within: Path | None = None) -> bytes:
    """Read a regular file of at most `limit` bytes. Never blocks on a pipe or a device.

    Raises Unreadable when it is missing, larger, not a regular file, or a link that leads out of the folder `within`.
    """
    if within is not None:
        _refuse_link_outside(path, within)
    try:
        descriptor = os.open(path, os.O_RDONLY | BINARY | _NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise Unreadable(f"{path} is not a regular file and was not read.")
            # The file may grow while it is read, so its size alone is no promise.
            data = file.read(status.st_size + 1) if status.st_size <= limit else b""
            if len(data) > status.st_size:
                data += file.read(limit + 1 - len(data))
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}.") from error
    if status.st_size > limit or len(data) > limit:
        raise Unreadable(f"{path} is larger than {limit:,} bytes and was not read.")
    return data


def _refuse_link_outside(path: Path, folder: Path) -> None:
    if not is_link(path):
        return
    real, top = os.path.realpath(path), os.path.realpath(folder)
    if not is_there(Path(real)):
        raise Unreadable(
            f"{path.name} is a link that leads nowhere. Remove it, or put back the file that it stands for."
        )
    if not real.startswith(os.path.join(top, "")):  # noqa: PTH118 - a text with the separator at its end
        raise Unreadable(
            f"{path.name} is a link to a file outside of {folder.name} and was not followed. "
            "Copy the file there, or add its own folder in the settings."
        )


def open_regular(path: Path, *, buffering: int = io.DEFAULT_BUFFER_SIZE) -> io.BufferedReader:
    """Open a regular file for reading bytes. Never waits on a pipe or a device.

    Raises OSError when it cannot be opened, Unreadable when it is something else than a regular file.
    """
    file = io.FileIO(path, opener=lambda name, flags: os.open(name, flags | BINARY | _NONBLOCK))
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise Unreadable(f"{path} is not a regular file and was not read. Move it away.")
    return io.BufferedReader(file, buffering)


def typed_path(text: str) -> Path:
    """A path as somebody wrote it, with ~ for the home folder. Unlike Path.expanduser it never raises."""
    return Path(os.path.expanduser(text))  # noqa: PTH111


def is_there(path: Path) -> bool:
    """Whether the path exists. Unlike Path.exists it never raises, not even for a name that is too long."""
    return os.path.exists(path)  # noqa: PTH110


def is_file(path: Path) -> bool:
    """Whether the path is a regular file. Unlike Path.is_file it never raises."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path) -> bool:
    """Whether the path is a folder. Unlike Path.is_dir it never raises."""
    return os.path.isdir(path)  # noqa: PTH112


def is_link(path: Path) -> bool:
    """Whether the path is a link. Unlike Path.is_symlink it never raises."""
    return os.path.islink(path)  # noqa: PTH114


def real_path(path: Path) -> Path:
    """The path without links, as far as they lead anywhere. Unlike Path.resolve it never raises, not in a circle."""
    try:
        return Path(os.path.realpath(path))
    except ValueError:  # a zero byte in it
        return path.absolute()


def sweep_temporary(folder: Path, *, older_than_s: float = 3600.0, of: str = "") -> int:
    """Remove temporary files that a killed program left in `folder`; returns their number.

    Younger files may be in use and stay. `of` limits it to the temporary files of the file with that name.
    """
    removed = 0
    oldest_kept = time.time() - older_than_s
    try:
        found = (entry for entry in os.scandir(folder) if entry.name.startswith(_stem(of)))
        entries = [entry for entry in found if _TEMPORARY.search(entry.name)]
    except OSError:
        # A missing folder has none; a folder that cannot be listed is reported where its files are needed.
        return 0
    for entry in entries:
        # Another program may remove it at the same time; a file that stays does no harm.
        with suppress(OSError):
            if entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_mtime < oldest_kept:
                Path(entry.path).unlink()
                removed += 1
    return removed


def read_whole(path: str, name: str, limit: int) -> bytes:
    """Read a regular file of at most `limit` bytes. `name` is for error messages. Raises Unreadable."""

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
    """Open a regular file and return the result of `read(descriptor, size)`. Raises Unreadable for anything else."""
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
    """Read the rest of the file, at most `limit` bytes; the first read asks for `first` bytes. Raises OSError."""
    data = os.read(descriptor, min(first, limit))
    if len(data) < first - 1 or len(data) == first:
        while len(data) < limit and (more := os.read(descriptor, limit - len(data))):
            data += more
    return data
