"""Checks a history that was read from a snapshot: every number in its columns must point at something that is there.

A snapshot may be damaged in a way that its checksum does not show. What fails here costs only that the journal is read
again; what slipped through would break a page much later, or chain feedback lines into an endless circle.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping

import msgspec

from ..base.errors import InvalidInput
from .columns import IdColumn, Pictures, Records
from .feedback import FeedbackLog


class Sizes(msgspec.Struct, frozen=True):
    """How many runs and stages the columns may point at."""

    runs: int
    stages: int


def refuse_unsound_pictures(pictures: Pictures, records: Records, log: FeedbackLog, sizes: Sizes) -> None:
    """Raises InvalidInput when a column of the pictures or the records points at nothing."""
    count = len(pictures.rating)
    _refuse_unless(_equally_long(pictures) and _equally_long(records))
    _refuse_unless(
        _below(pictures.rating, 6)
        and _below(pictures.run, sizes.runs)
        and _below(pictures.stage, sizes.stages)
        and _below(pictures.tags, len(log.tag_sets.values))
        and _below(pictures.note, len(log.texts.values))
        and _below(pictures.record, len(records.time))
        and _below(pictures.last_said, len(log.table.row), least=-1)
        and _below(records.first, count + 1)
    )


def refuse_unsound_feedback(log: FeedbackLog, pictures: int, orphans: Mapping[str, Iterable[int]]) -> None:
    """Raises InvalidInput when a feedback line points at nothing, or its chain of earlier lines does not end."""
    table, count = log.table, len(log.table.row)
    _refuse_unless(_equally_long(table) and len(log.ids) == count)
    _refuse_unless(
        _below(table.row, pictures, least=-1)
        and _below(table.before, count, least=-1)
        and _below(table.rating, 6, least=-1)
        and _below(table.rejected, 2, least=-1)
        and _below(table.added, len(log.tag_sets.values))
        and _below(table.removed, len(log.tag_sets.values))
        and _below(table.note, len(log.texts.values), least=-1)
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


def _below(column: array[int], limit: int, *, least: int = 0) -> bool:
    return not column or (min(column) >= least and max(column) < limit)


def _refuse_unless(sound: bool) -> None:
    if not sound:
        raise InvalidInput("The saved history contradicts itself.")
