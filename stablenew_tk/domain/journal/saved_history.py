"""The form of a saved history: a head with everything small, then the columns, one after the other.

It is written and read in small pieces, because a million pictures would else be held twice meanwhile.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

import msgspec

from ..base.errors import InvalidInput
from .columns import Place
from .query import RunFacts
from .record import PairVote, PictureFiles

FORMAT = (12, sys.byteorder)
_PIECE = 1 << 18  # items of a column, or bytes
Column: TypeAlias = "array[int] | bytearray"
Read = Callable[[int], bytes]  # the next so many bytes, fewer at the end


class SavedHead(msgspec.Struct, array_like=True):
    """Everything but the columns. `sizes` has the bytes of each column, `ids` the bounds of the columns of ids.

    Numbers are in this machine's byte order, because a saved history never leaves the machine.
    """

    format: tuple[int, str]
    end: Place
    damaged: int
    newer: int
    sizes: list[int]
    ids: list[tuple[bytes, bytes, dict[int, str]]]
    runs: list[RunFacts]
    stages: list[str]
    texts: list[str]
    tag_sets: list[tuple[str, ...]]
    voids: list[tuple[str, str]]
    orphans: dict[str, list[int]]
    plans: bytes
    votes: list[PairVote]
    files: list[PictureFiles]


def pieces(head: SavedHead, columns: Iterable[Column]) -> Iterator[bytes]:
    """A saved history, piece by piece. No line may be folded meanwhile."""
    start = msgspec.msgpack.encode(head)
    yield len(start).to_bytes(8, "little")
    yield start
    for column in columns:
        for first in range(0, len(column), _PIECE):
            yield bytes(memoryview(column)[first : first + _PIECE])


def read_head(read: Read) -> SavedHead:
    """The head of a saved history. Raises InvalidInput for another format or machine, and for what is no head."""
    size = int.from_bytes(b"".join(_exactly(8, read)), "little")
    try:
        head = msgspec.msgpack.decode(b"".join(_exactly(size, read)), type=SavedHead)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InvalidInput(f"The saved history cannot be read: {error}.") from error
    if head.format != FORMAT:
        raise InvalidInput("The saved history is of another version or machine.")
    return head


def fill(columns: Sequence[Column], sizes: Sequence[int], read: Read) -> None:
    """Fill empty columns. Raises InvalidInput or ValueError when they are not there in these sizes."""
    for column, size in zip(columns, sizes, strict=True):
        for piece in _exactly(size, read):
            if isinstance(column, bytearray):
                column += piece
            else:
                column.frombytes(piece)


def _exactly(size: int, read: Read) -> Iterator[bytes]:
    while size > 0:
        piece = read(min(size, _PIECE))
        if not piece:
            raise InvalidInput("The saved history is not whole.")
        size -= len(piece)
        yield piece
