"""Checks a history that was read from a snapshot: every number in its columns must point at something that is there.

A snapshot may be damaged in a way that its checksum does not show. What fails here costs only that the journal is read
again; what slipped through would break a page much later, or chain feedback lines into an endless circle.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Mapping

import msgspec

from ..base.errors import InvalidInput
from .columns import Pictures, Records
from .feedback import FeedbackLog
from .id_column import IdColumn


class Sizes(msgspec.Struct, frozen=True):
    """How many runs and stages the columns may point at."""

    runs: int
    stages: int


def refuse_unsound_pictures(pictures: Pictures, records: Records, log: FeedbackLog, sizes: Sizes) -> None:
    """Raises InvalidInput when a column of the pictures or the records points at nothing."""
    count = len(pictures.rating)
    _refuse_unless(_equally_long(pictures) and _equally_long(records))
    _refuse_unless(
        all_within(pictures.rating, 6)
        and all_within(pictures.run, sizes.runs)
        and all_within(pictures.stage, sizes.stages)
        and all_within(pictures.tags, len(log.tag_sets.values))
        and all_within(pictures.note, len(log.texts.values))
        and all_within(pictures.record, len(records.time))
        and all_within(pictures.last_said, len(log.table.row), least=-1)
        and all_within(records.first, count + 1)
    )


def refuse_unsound_feedback(log: FeedbackLog, pictures: int, orphans: Mapping[str, Iterable[int]]) -> None:
    """Raises InvalidInput when a feedback line points at nothing, or its chain of earlier lines does not end."""
    table, count = log.table, len(log.table.row)
    _refuse_unless(_equally_long(table) and len(log.ids) == count)
    _refuse_unless(
        all_within(table.row, pictures, least=-1)
        and all_within(table.before, count, least=-1)
        and all_within(table.rating, 6, least=-1)
        and all_within(table.rejected, 2, least=-1)
        and all_within(table.added, len(log.tag_sets.values))
        and all_within(table.removed, len(log.tag_sets.values))
        and all_within(table.note, len(log.texts.values), least=-1)
        and all(0 <= number < count for numbers in orphans.values() for number in numbers)
    )
    segment, offset = table.segment, table.offset
    # Each line stands later in the journal than the one before it, so no chain can run in a circle.
    _refuse_unless(
        all(
            (segment[before], offset[before]) < (segment[number], offset[number])
            for number, before in enumerate(table.before)
            if before >= 0
        )
    )


def refuse_unsound_ids(column: IdColumn, count: int) -> None:
    """Raises InvalidInput when the column has not exactly `count` readable ids."""
    _refuse_unless(column.is_whole() and len(column) == count)


def _equally_long(table: msgspec.Struct) -> bool:
    return len({len(getattr(table, name)) for name in table.__struct_fields__}) == 1


def all_within(column: array[int], limit: int, *, least: int = 0) -> bool:
    """Whether all numbers are at least `least` (0 or -1) and below the limit.

    Told byte by byte for the whole column at once, which takes a tenth of the time of looking at every number.
    """
    if not column:
        return True
    size, raw = column.itemsize, column.tobytes()
    if raw == raw[:size] * len(column):
        return least <= column[0] < limit
    if limit <= 0:
        return False  # at most one number is within
    signed = column.typecode.islower()
    if limit >= 256**size and not signed:
        return True
    wanted = min(limit, 256**size // (1 + signed)).to_bytes(size, "little")
    order = range(size) if sys.byteorder == "little" else range(size - 1, -1, -1)
    below, minus_one = 0, -1
    for place, most in zip(order, wanted, strict=True):
        part = raw[place::size]
        less, same = (_bits(part, [test(byte, most) for byte in range(256)]) for test in (int.__lt__, int.__eq__))
        below = less | same & below
        minus_one &= _bits(part, [byte == 255 for byte in range(256)])
    good = below | minus_one if least < 0 and signed else below
    return good == int.from_bytes(b"\1" * len(column), "little")


def _bits(part: bytes, wanted: list[bool]) -> int:
    """One byte for each byte of the part, 1 where it is wanted, as one number."""
    return int.from_bytes(part.translate(bytes(wanted)), "little")


def _refuse_unless(sound: bool) -> None:
    if not sound:
        raise InvalidInput("The saved history contradicts itself.")
