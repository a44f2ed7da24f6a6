"""Appends lines to the journal. `append` returns when the line is on disk (fsync); lines are never changed.

Several programs may write to the same folder at once. After a full disk or a killed program all saved lines stay
readable, and appending works again as soon as it is possible.
"""

from __future__ import annotations

import errno
import hashlib
import math
import os
import platform
import re
import secrets
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import msgspec

from ...domain.base.errors import InvalidInput, NotSaved
from ...domain.journal.position import Position
from ...domain.journal.record import Feedback, JournalLine, LearningRecord
from ..disk.files import make_folder, open_regular, open_to_add, sync_folder, write_atomic
from ..disk.process_lock import folder_lock, holding
from .reduced import reduced
from .segments import (
    DECODE_ERRORS,
    LINE,
    MANIFEST,
    MAX_LINE,
    Sealed,
    intact,
    raw_lines,
    read_manifest,
    segment_name,
    segment_path,
    segments,
    with_crc,
)

SEGMENT_LIMIT = 64 << 20
# An append of another program takes a few milliseconds.
HURRIED_S = 0.25
_ENCODER = msgspec.json.Encoder()


class SavedLine(NamedTuple):
    """A line as written, with writer and sequence number, and its position."""

    line: JournalLine
    position: Position


class LearningRecordWriter:
    """Appends to the journal in `folder`. Any thread; several writers and programs may write at the same time.

    The folder is created with the first line. `writer` is the unique name of this writer; by default a new one.
    """

    def __init__(self, folder: Path, *, writer: str | None = None, segment_limit: int = SEGMENT_LIMIT) -> None:
        self.writer = writer or _writer_name()
        self._folder = folder
        self._segment_limit = segment_limit
        self._seq = 0
        self._distrusted = 0
        self._last = 0  # number of the segment written last
        self._hurried_at = math.inf
        self._threads = threading.Lock()
        self._processes = folder_lock(folder)

    def append(self, line: JournalLine) -> SavedLine:
        """Append one line and force it to disk (fsync).

        Raises NotSaved when it could not be written; the journal is as before, and the same line can be appended again
        later (readers count an event_id once). A record that is too long for a line, or has numbers that are not
        finite, is written with what can be kept of it. Raises InvalidInput for a line that can never be written: a
        draft without id, or one of another kind with such a number or more than 1 MiB.
        """
        return self.append_all((line,))[0]

    def append_all(self, lines: Sequence[JournalLine]) -> tuple[SavedLine, ...]:
        """Append lines one behind the other, with one write and one fsync. Raises as `append`; then none is written."""
        if not lines:
            return ()
        with self._threads:
            ready = [
                storable(msgspec.structs.replace(line, writer=self.writer, seq=self._seq + place))
                for place, line in enumerate(lines, 1)
            ]
            try:
                make_folder(self._folder)
                with holding(self._processes, give_up=self._is_patience_over):
                    at = self._write(b"".join(data for _, data in ready))
            except OSError as error:
                raise NotSaved(
                    f"The record was not saved in {self._folder}: {error.strerror or error}. "
                    "Free some space or check the folder's permissions."
                ) from error
            self._seq += len(ready)
            offsets = accumulate((len(data) for _, data in ready), initial=at.offset)
            return tuple(
                SavedLine(line, Position(at.segment, offset, len(data) - 1))
                for (line, data), offset in zip(ready, offsets, strict=False)
            )

    def hurry(self) -> None:
        """From now on wait only a moment when another program holds the journal: this one wants to end. Any thread."""
        self._hurried_at = time.monotonic()

    def _is_patience_over(self) -> bool:
        return time.monotonic() > self._hurried_at + HURRIED_S

    def _write(self, data: bytes) -> Position:
        """Where the first of the lines in `data` stands now."""
        number = self._segment_for(len(data))
        path = self._path(number)
        # Opened each time, because a repair by another program may have replaced the file.
        descriptor = open_to_add(path, mode=0o600)
        try:
            size = os.lseek(descriptor, 0, os.SEEK_END)
            if size == 0:
                sync_folder(self._folder)
            # A program was killed in the middle of a line. End that line first, so that this one is not lost with it.
            torn = size > 0 and os.lseek(descriptor, -1, os.SEEK_END) >= 0 and os.read(descriptor, 1) != b"\n"
            self._put(descriptor, b"\n" + data if torn else data, size, number)
        finally:
            os.close(descriptor)
        return Position(number, size + torn, len(data) - 1)

    def _put(self, descriptor: int, data: bytes, size: int, number: int) -> None:
        try:
            # A full disk takes a part of the bytes and reports no error.
            if os.write(descriptor, data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            try:
                os.fsync(descriptor)
            except OSError:
                # After a failed fsync it is unknown what is on disk, and a second fsync would not tell.
                self._distrusted = number
                raise
        except OSError:
            os.ftruncate(descriptor, size)
            raise

    def _path(self, number: int) -> str:
        # As text: a Path is made anew and read again in twice the time that the system needs.
        return f"{self._folder}{os.sep}{segment_name(number)}"

    def _size_of(self, number: int) -> int:
        """The size of a segment in bytes, -1 when there is none."""
        try:
            return os.stat(self._path(number)).st_size if number else -1  # noqa: PTH116
        except FileNotFoundError:
            return -1

    def _segment_for(self, length: int) -> int:
        """Number of the segment that the next line goes to; seals the others when a new one begins."""
        # Mostly it is the one of the line before. Another program may have begun a new one, or put others in place.
        number, size = self._last, self._size_of(self._last)
        if size < 0 or self._size_of(number + 1) >= 0:
            found = segments(self._folder)
            if not found:
                return 1
            number, path = found[-1]
            size = path.stat().st_size
        if number != self._distrusted and (size == 0 or size + length <= self._segment_limit):
            self._last = number
            return number
        found = segments(self._folder)
        # Create the new file first: a segment followed by another one never grows, whether or not it is sealed.
        os.close(open_to_add(segment_path(self._folder, number + 1), mode=0o600))
        sync_folder(self._folder)
        seal(self._folder, found)
        return number + 1


def seal(folder: Path, complete: Iterable[tuple[int, Path]], *, again: bool = False) -> None:
    """Add complete segments to the manifest; with `again` replace existing entries. Raises NotSaved, OSError."""
    known = {sealed.name: sealed for sealed in read_manifest(folder)}
    fresh = [path for _, path in complete if again or path.name not in known]
    if fresh:
        known.update({path.name: _sealed(path) for path in fresh})
        entries = sorted(known.values(), key=lambda sealed: sealed.name)
        write_atomic(folder / MANIFEST, msgspec.json.format(_ENCODER.encode(entries)), mode=0o600)


class _LineTime(msgspec.Struct, gc=False):
    ts: str = ""


def _sealed(path: Path) -> Sealed:
    with open_regular(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    count, first, last = 0, b"", b""
    for _, line, _, _ in raw_lines(path):
        count += bool(line.strip())
        if intact(line):
            first, last = first or line, line
    return Sealed(path.name, count, digest, _time_of(first), _time_of(last))


def _time_of(line: bytes) -> str:
    try:
        return msgspec.json.decode(line, type=_LineTime).ts
    except DECODE_ERRORS:
        # A segment without a complete line is sealed as well, without times.
        return ""


def storable(line: JournalLine) -> tuple[JournalLine, bytes]:
    """The line as it can be stored, with its bytes, checksum and line end. Raises InvalidInput."""
    try:
        return _encoded(line)
    except InvalidInput:
        for shorter in reduced(line) if isinstance(line, LearningRecord) and line.event_id else ():
            with suppress(InvalidInput):
                return _encoded(shorter)
        raise


def _encoded(line: JournalLine) -> tuple[JournalLine, bytes]:
    """The line, with its bytes and line end. Raises InvalidInput when it does not fit."""
    if not line.event_id:
        raise InvalidInput("The record was not saved: it is a draft without an event_id.")
    try:
        body = _ENCODER.encode(line)
    except UnicodeEncodeError:
        # A file name that is not UTF-8 must not prevent the record of a run.
        from ...domain.base.json_text import encodable  # for one line in millions

        line = msgspec.convert(encodable(msgspec.to_builtins(line)), JournalLine)
        body = _ENCODER.encode(line)
    try:
        read = LINE.decode(body)
    except DECODE_ERRORS as error:
        _refuse_unless_finite(line)
        raise InvalidInput(f"The record was not saved: it could not be read again ({error}).") from error
    # JSON has no such numbers; they are written as null.
    if b"null" in body and read != line:
        _refuse_unless_finite(line)
    data = with_crc(body) + b"\n"
    if len(data) > MAX_LINE:
        what = "note" if isinstance(line, Feedback) and line.note else "record"
        raise InvalidInput(
            f"The {what} was not saved: with {len(data):,} bytes it is longer than a line may be (1 MiB)."
        )
    return line, data


def _refuse_unless_finite(line: JournalLine) -> None:
    where = _not_finite(msgspec.to_builtins(line))
    if where is not None:
        raise InvalidInput(f"The record was not saved: its value {where} is not a finite number.", where)


def _not_finite(value: object, where: str = "") -> str | None:
    """The path of the first number that is infinite or not a number."""
    if isinstance(value, float):
        return None if math.isfinite(value) else where
    items: Iterable[tuple[object, object]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    for key, item in items:
        if isinstance(item, (float, dict, list, tuple)):
            found = _not_finite(item, f"{where}.{key}" if where else str(key))
            if found is not None:
                return found
    return None


def _writer_name() -> str:
    host = re.sub(r"[^a-z0-9]+", "-", platform.node().partition(".")[0].lower()).strip("-")
    return f"{host[:16] or 'pc'}-{secrets.token_hex(4)}"
