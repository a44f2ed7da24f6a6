"""Copies the columns of the history, for queries on another thread."""

from __future__ import annotations

from collections.abc import Iterable

from .columns import Pictures, Records
from .feedback import FeedbackLog
from .query import HistoryColumns, RecordPlaces, RunFacts


def copied_columns(
    pictures: Pictures,
    records: Records,
    log: FeedbackLog,
    runs: Iterable[RunFacts],
    *,
    flags: bytes,
    hidden_runs: frozenset[str],
    trashed: bytes,
) -> HistoryColumns:
    """A copy of the columns, which later lines of the journal do not change. The last three are as they hold now."""
    return HistoryColumns(
        rating=pictures.rating.tobytes(),
        flags=flags,
        run=memoryview(pictures.run.tobytes()).cast("I"),
        tags=memoryview(pictures.tags.tobytes()).cast("I"),
        shape=memoryview(pictures.shape.tobytes()).cast("H"),
        rated=memoryview(pictures.rated.tobytes()).cast("q"),
        runs=tuple(runs),
        tag_sets=tuple(log.tag_sets.values),
        hidden_runs=hidden_runs,
        trashed=trashed,
        places=_record_places(pictures, records, log.texts.values),
    )


def _record_places(pictures: Pictures, records: Records, notes: Iterable[str]) -> RecordPlaces:
    return RecordPlaces(
        record=pictures.record[:],
        output=pictures.output[:],
        note=pictures.note[:],
        segment=records.segment[:],
        offset=records.offset[:],
        length=records.length[:],
        notes=tuple(notes),
    )


def mask_of(count: int, rows: Iterable[int]) -> bytes:
    """One byte for each of `count` rows: 1 = it is among `rows`; b"" when none is."""
    mask = bytearray(count)
    for row in rows:
        mask[row] = 1
    return bytes(mask) if 1 in mask else b""
