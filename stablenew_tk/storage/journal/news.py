"""Reads what others add to the journal while this program is open: a terminal command, a program on another machine.

Each line is read once, in the order of the journal. Lines of the own writer are passed over, because this program knows
them already.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import msgspec

from ...domain.base.errors import Unreadable
from ...domain.journal.position import Position
from ...domain.journal.record import JournalLine
from ..disk.files import open_regular
from .reader import JournalReading
from .segments import DECODE_ERRORS, LINE, segment_path


class _Writer(msgspec.Struct, gc=False):
    writer: str = ""


_WRITER = msgspec.json.Decoder(_Writer)


class News(msgspec.Struct, frozen=True):
    """Lines of others with their positions. `end` is the position behind all that was read; `more`: there is more.

    `damaged` and `newer` count lines that could not be read or that a newer version wrote. `replaced`: the journal is
    not the one read before, because it was repaired; then it has to be loaded anew.
    """

    lines: tuple[tuple[JournalLine, Position], ...] = ()
    end: Position = Position(1, 0)
    more: bool = False
    damaged: int = 0
    newer: int = 0
    replaced: bool = False


class JournalNews:
    """A place in the journal of `folder` from which on lines are news. Used by one thread."""

    def __init__(self, folder: Path, own_writer: str) -> None:
        self._folder, self._own = folder, own_writer
        self._end: Position | None = None
        self._file: tuple[int, int] | None = None

    def start(self, end: Position) -> None:
        """Everything before this position is known."""
        self._end, self._file = end, self._identity(end)

    def read(self, limit: int) -> News | None:
        """Up to `limit` lines that others wrote since the last call; None before `start`. Raises Unreadable.

        A line that is just being written is left for the next call.
        """
        if self._end is None:
            return None
        if self._is_replaced(self._end):
            return News(end=self._end, replaced=True)
        reading = JournalReading(self._folder, start=self._end)
        lines: list[tuple[JournalLine, Position]] = []
        end, unreadable, unread = self._end, 0, iter(reading)
        # The reader knows its end only when it is through, so the end is counted line by line.
        for segment, offset, length, data in islice(unread, limit):
            end = Position(segment, offset + length + 1)
            try:
                if _WRITER.decode(data).writer != self._own:
                    lines.append((LINE.decode(data), Position(segment, offset, length)))
            except DECODE_ERRORS:
                unreadable += 1
        more = next(unread, None) is not None
        self.start(end if more else reading.end)
        return News(
            lines=tuple(lines),
            end=self._end,
            more=more,
            damaged=unreadable + (0 if more else len(reading.damaged)),
            newer=0 if more else reading.newer,
        )

    def _is_replaced(self, end: Position) -> bool:
        if end.offset == 0:
            return False
        if self._identity(end) != self._file:
            return True
        path = segment_path(self._folder, end.segment)
        try:
            with open_regular(path) as file:
                file.seek(end.offset - 1)
                return file.read(1) != b"\n"
        except OSError as error:
            raise Unreadable(f"The journal segment {path} cannot be read: {error.strerror or error}.") from error

    def _identity(self, end: Position) -> tuple[int, int] | None:
        """Device and number of the file: a repair puts another one in its place."""
        try:
            status = segment_path(self._folder, end.segment).stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino
