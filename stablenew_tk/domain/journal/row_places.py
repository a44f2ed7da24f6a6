"""Copies the columns that tell where the texts of pictures stand in the journal."""

from __future__ import annotations

from collections.abc import Iterable

from .columns import Pictures, Records
from .query import RecordPlaces


def record_places(pictures: Pictures, records: Records, notes: Iterable[str]) -> RecordPlaces:
    """A copy of the columns, which later lines of the journal do not change."""
    return RecordPlaces(
        record=pictures.record[:],
        output=pictures.output[:],
        note=pictures.note[:],
        segment=records.segment[:],
        offset=records.offset[:],
        length=records.length[:],
        notes=tuple(notes),
    )
