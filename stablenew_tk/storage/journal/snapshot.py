"""Snapshot of the history in the cache folder, so that opening reads only the lines written since.

A snapshot that is damaged, of another version or of another journal is ignored; then the whole journal is read, which
only takes longer.
"""

from __future__ import annotations

import logging
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from ...domain.base.errors import InvalidInput, NotSaved, Unreadable
from ...domain.journal.history import History
from ...domain.journal.position import Position
from ..disk.files import open_regular, write_atomic
from .reader import Damage, JournalReading, Tell, Verification, verify
from .segments import DECODE_ERRORS, segment_path, segment_size, segments

_log = logging.getLogger(__name__)
_CHECKSUM = 4  # bytes, at the end
_PIECE = 1 << 18
_MOST_PRINTS = 64 << 20  # bytes
_PRINT_LENGTH = 4096


class SegmentPrint(msgspec.Struct, frozen=True, array_like=True):
    """Fingerprint of a segment up to a size: checksums of its beginning and end, to notice a changed journal."""

    segment: int
    size: int
    first: int
    last: int


class Loaded(NamedTuple):
    """The history, how many lines could not be read or were of a newer version, and whether the snapshot was used.

    `prints` are those of the segments that were read, for `save_snapshot`. `before`: the pictures that the journal held
    when the snapshot was made.
    """

    history: History
    damaged_count: int
    newer_count: int
    from_snapshot: bool
    prints: tuple[SegmentPrint, ...]
    before: int


def load_history(folder: Path, snapshot_path: Path) -> Loaded:
    """Load the history of the journal in `folder`, using the snapshot if it is valid. Raises Unreadable."""
    known, fits = _from_snapshot(folder, snapshot_path)
    before = len(known)
    if fits:
        try:
            return _up_to_date(known, folder, before, served=True)
        except Unreadable:
            # Repaired between the two looks at it; reading the whole journal tells what is really wrong.
            _log.info("the journal in %s changed while it was opened", folder)
    return _up_to_date(History(), folder, before, served=False)


def _up_to_date(history: History, folder: Path, before: int, *, served: bool) -> Loaded:
    catch_up(history, folder)
    return Loaded(history, history.damaged, history.newer, served, tuple(_prints(folder, history.end)), before)


def catch_up(history: History, folder: Path) -> None:
    """Fold all lines written to the journal since `history.end`, by this program or another one.

    Raises Unreadable when the journal became shorter, because it was repaired meanwhile; then load it again.
    """
    known = segment_path(folder, history.end.segment)
    try:
        size = known.stat().st_size if history.end.offset else 0
    except OSError as error:
        raise Unreadable(f"{known} cannot be read any more: {error.strerror or error}. Open the app again.") from error
    if size < history.end.offset:
        raise Unreadable(f"{known} was repaired or replaced while it was in use. Open the app again.")
    reading = JournalReading(folder, start=history.end)
    unreadable = history.fold_lines(reading)
    history.end = reading.end
    history.damaged += unreadable + len(reading.damaged)
    history.newer += reading.newer


def save_snapshot(history: History, folder: Path, path: Path, loaded: Sequence[SegmentPrint] = ()) -> None:
    """Save the history for `load_history`. `folder` is the journal's, `loaded` has the prints of when it was loaded;
    none are needed for a history that was read just now.

    Raises NotSaved or Unreadable; then the old snapshot stays. Unreadable also when the journal was repaired or
    replaced since it was loaded, because then its lines stand elsewhere.

    It takes about 60 bytes for each picture. No lines may be folded meanwhile, so call it on the thread that owns the
    history, or while that thread waits.
    """
    prints = _prints(folder, history.end)
    now = [_print(one.segment, segment_path(folder, one.segment), one.size) for one in loaded]
    if now != list(loaded) or not _holds(prints, history.end):
        raise Unreadable(f"The journal in {folder} was repaired or replaced since it was read.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotSaved(f"The folder {path.parent} cannot be made: {error.strerror or error}.") from error
    head = msgspec.msgpack.encode(prints)
    write_atomic(path, _with_checksum(chain((len(head).to_bytes(8, "little"), head), history.saved())), mode=0o600)


def _with_checksum(pieces: Iterable[bytes]) -> Iterator[bytes]:
    checksum = 0
    for piece in pieces:
        checksum = zlib.crc32(piece, checksum)
        yield piece
    yield checksum.to_bytes(_CHECKSUM, "little")


def verify_all(folder: Path, path: Path, tell: Tell = lambda _done, _total: None) -> Verification:
    """As `verify`, and with what is gone since the snapshot at `path` was made. Raises Unreadable."""
    found = verify(folder, tell)
    told = {damage.file for damage in found.damaged}
    if found.gaps:
        return found
    more = (damage for damage in changed_since(folder, path) if damage.file not in told)
    return msgspec.structs.replace(found, damaged=(*found.damaged, *more))


def changed_since(folder: Path, path: Path) -> tuple[Damage, ...]:
    """The segments that are not as they were when the snapshot was made: whole lines may be gone from their end, which
    no checksum and no number of a line tells. () without a snapshot that can be used. Raises Unreadable.
    """
    try:
        with _opened(path) as file:
            prints = _saved_prints(file)
    except (Unreadable, OSError, *DECODE_ERRORS):
        return ()
    there = dict(segments(folder))
    return tuple(
        Damage(segment_path(folder, one.segment).name, 0, "lines are missing or changed since StableNew last closed")
        for one in prints
        if one.segment not in there or _print(one.segment, there[one.segment], one.size) != one
    )


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A snapshot whose checksum fits. Raises Unreadable or OSError."""
    with open_regular(path) as file:
        rest = os.fstat(file.fileno()).st_size - _CHECKSUM
        checksum = 0
        while rest > 0 and (piece := file.read(min(rest, _PIECE))):
            checksum = zlib.crc32(piece, checksum)
            rest -= len(piece)
        if rest or file.read(_CHECKSUM + 1) != checksum.to_bytes(_CHECKSUM, "little"):
            raise Unreadable(f"{path} is damaged.")
        file.seek(0)
        yield file


def _saved_prints(file: BinaryIO) -> list[SegmentPrint]:
    """The prints at the beginning of a snapshot. Raises one of DECODE_ERRORS."""
    size = int.from_bytes(file.read(8), "little")
    return msgspec.msgpack.decode(file.read(min(size, _MOST_PRINTS)), type=list[SegmentPrint])


def _from_snapshot(folder: Path, path: Path) -> tuple[History, bool]:
    """The history of the snapshot, and whether it is that of the journal; else it only tells what was there before."""
    history = History()
    try:
        with _opened(path) as file:
            saved = _saved_prints(file)
            history = History.read(file.read)
        prints = _prints(folder, history.end)
        return history, saved == prints and _holds(prints, history.end)
    except (Unreadable, InvalidInput, OSError, *DECODE_ERRORS):
        # A snapshot that cannot be used costs only time: the journal is read from its beginning.
        return history, False


def _prints(folder: Path, end: Position) -> list[SegmentPrint]:
    """Fingerprints of all segments up to `end`."""
    return [
        _print(number, path, end.offset if number == end.segment else segment_size(path))
        for number, path in segments(folder)
        if number <= end.segment
    ]


def _holds(prints: list[SegmentPrint], end: Position) -> bool:
    """Whether the journal is as long as what was read of it."""
    sizes = {one.segment: one.size for one in prints}
    return sizes.get(end.segment, 0) == end.offset


def _print(number: int, path: Path, size: int) -> SegmentPrint:
    try:
        with open_regular(path) as file:
            first = zlib.crc32(file.read(min(size, _PRINT_LENGTH)))
            file.seek(max(0, size - _PRINT_LENGTH))
            last = file.read(min(size, _PRINT_LENGTH))
    except OSError as error:
        raise Unreadable(f"The journal segment {path} cannot be read: {error.strerror or error}.") from error
    return SegmentPrint(number, size if len(last) == min(size, _PRINT_LENGTH) else -1, first, zlib.crc32(last))
