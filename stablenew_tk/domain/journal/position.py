"""Where a line of the journal is."""

from __future__ import annotations

from typing import NamedTuple

RawLine = tuple[int, int, int, bytes]  # segment, offset, length without the line end, the line


class Position(NamedTuple):
    """Position of a line in the journal: segment number, byte offset in it, length in bytes without the line end."""

    segment: int
    offset: int
    length: int = 0


BEGINNING = Position(1, 0)
