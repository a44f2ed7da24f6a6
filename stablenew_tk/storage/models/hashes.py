"""Hashes of model files (AutoV1, AutoV2, AutoV3), and a cache of them, because a large file takes a minute.

AutoV1  sha256 of 64 KiB at 1 MiB, 8 digits: quick, but files collide; that of a file below 1 MiB is "e3b0c442"
AutoV2  sha256 of the whole file, 10 digits: the "Model hash" of checkpoints
AutoV3  sha256 of what follows the header, 12 digits: the hash of LoRAs; editing the header does not change it

Hashing blocks the caller and reports its progress.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from ...domain.base.errors import Cancelled, Unreadable
from ...domain.models.recommendations import Hashes
from ..disk.files import is_there, open_regular, read_bounded, write_atomic
from .safetensors import checked_length
from .sidecars import HEADER_SUFFIXES

_CHUNK = 4 * 1024 * 1024
_V1_START, _V1_LENGTH = 0x100000, 0x10000
_CACHE_LIMIT = 64 * 1024 * 1024
_PREFIX = 8


def _ignore_progress(_done: float) -> None:
    """Ignore the progress."""


def _never() -> bool:
    return False


def autov1(path: Path) -> str:
    """The old short hash. Reads 64 KiB. Raises Unreadable."""
    with _opened(path) as (file, _status):
        file.seek(_V1_START)
        return hashlib.sha256(file.read(_V1_LENGTH)).hexdigest()[:8]


def hash_file(
    path: Path, *, progress: Callable[[float], None] = _ignore_progress, cancelled: Callable[[], bool] = _never
) -> Hashes:
    """Compute all hashes in one pass over the file.

    `progress` is called with the share done, 0 to 1, every few MiB. Raises Cancelled soon after `cancelled()` is True,
    and Unreadable when the file cannot be read, changes meanwhile, is damaged, or is of a kind that is never opened
    (.ckpt, .pt, .bin).
    """
    with _opened(path) as (file, status):
        whole, tensors = hashlib.sha256(), hashlib.sha256()
        start = file.read(_PREFIX + 1)
        skip = _PREFIX + checked_length(start, status.st_size, path.name)
        file.seek(0)
        done = 0
        while chunk := file.read(_CHUNK):
            if cancelled():
                raise Cancelled(f"Hashing {path.name} was stopped.")
            whole.update(chunk)
            tensors.update(chunk[max(0, skip - done) :])
            done += len(chunk)
            progress(min(1.0, done / status.st_size))
        after = os.fstat(file.fileno())
    if done != status.st_size or after.st_mtime_ns != status.st_mtime_ns:
        raise Unreadable(f"{path.name} was changed while it was read. Try again when it is complete.")
    sha256 = whole.hexdigest()
    return Hashes(sha256=sha256, autov1=autov1(path), autov2=sha256[:10], autov3=tensors.hexdigest()[:12])


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, os.stat_result]]:
    if not path.name.lower().endswith(HEADER_SUFFIXES):
        raise Unreadable(f"{path.name} is of a kind that may hold programs, so it is never opened.")
    try:
        with open_regular(path) as file:
            yield file, os.fstat(file.fileno())
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror or error}.") from error


class _Entry(Struct, frozen=True, array_like=True):
    size: int
    mtime_ns: int
    hashes: Hashes


_ENTRIES = msgspec.json.Decoder(dict[str, _Entry])


class HashCache:
    """Cache of hashes by path, size and time of change. One thread only. `save` writes it; a damaged file is ignored.

    The file may be deleted at any time.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._entries: dict[str, _Entry] = {}
        self._saved = True
        try:
            if is_there(file):
                self._entries = _ENTRIES.decode(read_bounded(file, _CACHE_LIMIT))
        except (Unreadable, msgspec.DecodeError, UnicodeError):
            # Everything in it can be computed again.
            self._saved = False

    def get(self, path: Path, status: os.stat_result) -> Hashes | None:
        """The hashes of a file; None when it is unknown or has changed."""
        entry = self._entries.get(_key(path))
        if entry is None or (entry.size, entry.mtime_ns) != (status.st_size, status.st_mtime_ns):
            return None
        return entry.hashes

    def put(self, path: Path, status: os.stat_result, hashes: Hashes) -> None:
        """Store the hashes of a file; `status` is from before hashing."""
        self._entries[_key(path)] = _Entry(status.st_size, status.st_mtime_ns, hashes)
        self._saved = False

    def save(self) -> None:
        """Write the cache file if anything is new. Raises NotSaved."""
        if not self._saved:
            write_atomic(self._file, msgspec.json.encode(self._entries))
            self._saved = True


def _key(path: Path) -> str:
    # Names on disk need not be UTF-8, texts in JSON must be.
    return os.fsencode(path).decode("utf-8", "backslashreplace")
