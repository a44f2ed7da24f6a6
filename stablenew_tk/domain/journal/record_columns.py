"""The columns that records fill: a row for each record and one for each of its pictures.

Many records are added at once, whole columns at a time: one by one, that would be most of the time of reading a
journal.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, chain, repeat
from typing import TypeVar

from ..base.grid_layout import shape_of
from ..base.lora_tags import loras_in
from .columns import Numbered, OutputSummary, Pictures, Place, Records, RecordSummary, extend, time_ms
from .id_column import IdColumn
from .query import FINAL, HIDDEN, NOT_OK, SKETCH, SUSPECT, RunFacts
from .record import LearningRecord, Output

AnyRecord = LearningRecord | RecordSummary
RECORDS = (RecordSummary, LearningRecord)
T = TypeVar("T")
_shape = lru_cache(maxsize=1024)(shape_of)


class RecordColumns:
    """What records say, as columns."""

    def __init__(self) -> None:
        self.pictures, self.records = Pictures(), Records()
        self.image_ids, self.record_ids = IdColumn(), IdColumn()
        self.stages = Numbered([""])
        self.runs: list[RunFacts] = []
        self._run_numbers: dict[tuple[str, str, str, tuple[str, ...], str], int] = {}

    def fill_runs(self, runs: list[RunFacts]) -> None:
        """Fill the empty list of runs."""
        self.runs = runs
        self._run_numbers = {
            (run.run_id, run.pack_id, run.checkpoint, run.loras, run.node): at for at, run in enumerate(runs)
        }

    def add(
        self, records: Sequence[AnyRecord], places: Sequence[Place], withdrawn: Container[str]
    ) -> Sequence[AnyRecord]:
        """Add records in the order of the journal; each counts once. Returns the new ones. `withdrawn`: lines that are
        undone.
        """
        new = self.record_ids.extend([record.event_id for record in records])
        if len(new) < len(records):
            records, places = [records[at] for at in new], [places[at] for at in new]
        if not records:
            return records
        table, first_row, times = self.records, len(self.pictures.rating), [time_ms(record.ts) for record in records]
        counts = self._add_pictures(records, times, withdrawn)
        segments, offsets, lengths = zip(*places, strict=True)
        extend(table.segment, segments)
        extend(table.offset, offsets)
        extend(table.length, lengths)
        extend(table.time, times)
        extend(table.first, list(accumulate(counts[:-1], initial=first_row)))
        return records

    def _add_pictures(self, records: Sequence[AnyRecord], times: Sequence[int], withdrawn: Container[str]) -> list[int]:
        """Add the pictures of records; returns how many each got. `times` are those of the records."""
        counts = [len(record.outputs) for record in records]
        indexes = list(chain.from_iterable(map(range, counts)))
        outputs: Sequence[Output | OutputSummary] = list(chain.from_iterable(record.outputs for record in records))
        new = self.image_ids.extend([output.image_id for output in outputs])
        if len(new) < len(outputs):
            owners = _for_each(range(len(records)), counts)
            added = Counter(owners[at] for at in new)
            counts = [added[number] for number in range(len(records))]
            outputs, indexes = [outputs[at] for at in new], [indexes[at] for at in new]
        stages = [output.stage for output in outputs]
        numbers = {stage: self.stages.number(stage) for stage in dict.fromkeys(stages)}
        runs = [
            self._run(record, moment) if count else 0
            for record, moment, count in zip(records, times, counts, strict=True)
        ]
        pictures, first = self.pictures, len(self.records.time)
        extend(pictures.stage, [numbers[stage] for stage in stages])
        extend(pictures.run, _for_each(runs, counts))
        extend(pictures.record, _for_each(range(first, first + len(records)), counts))
        extend(pictures.output, indexes)
        extend(pictures.shape, [_shape(output.width, output.height) for output in outputs])
        flags = _for_each([_flags(record, withdrawn) for record in records], counts)
        lasts = _for_each([record.outputs[-1].stage if record.outputs else "" for record in records], counts)
        suspects = [output.suspect for output in outputs]
        extend(
            pictures.flags,
            [
                flag | (FINAL if stage == last else 0) | (SUSPECT if suspect else 0)
                for flag, stage, last, suspect in zip(flags, stages, lasts, suspects, strict=True)
            ],
        )
        for column in (pictures.rating, pictures.tags, pictures.note, pictures.rated):
            column.frombytes(bytes(column.itemsize * len(outputs)))
        pictures.last_said.extend(array("i", [-1]) * len(outputs))
        return counts

    def _run(self, record: AnyRecord, moment: int) -> int:
        loras = loras_in(record.prompt)
        node, checkpoint = record.backend.node, record.config.checkpoint
        key = (record.run_id, record.pack_id, checkpoint, loras, node)
        number = self._run_numbers.get(key)
        if number is None:
            number = self._run_numbers[key] = len(self.runs)
            self.runs.append(RunFacts(record.run_id, record.run_name, record.pack_id, checkpoint, moment, loras, node))
        return number


def _flags(record: AnyRecord, withdrawn: Container[str]) -> int:
    """The flags that all pictures of a record have."""
    flags = (SKETCH if record.backend.kind == "sketch" else 0) | (NOT_OK if record.status != "ok" else 0)
    return flags | HIDDEN if record.event_id in withdrawn else flags


def _for_each(values: Iterable[T], counts: Iterable[int]) -> list[T]:
    """Each value as often as its count says."""
    return list(chain.from_iterable(map(repeat, values, counts)))
