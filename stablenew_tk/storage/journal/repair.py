"""Repairs a damaged journal, and exports a journal as one JSONL file.

A repair deletes nothing: a copy of the damaged file is kept beside the repaired one, and the damaged lines are
collected in `records.damaged.jsonl`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from ...domain.base.errors import NotSaved
from ...domain.journal.history import History
from ...domain.journal.record import LearningRecord
from ..disk.files import open_regular, open_to_add, write_atomic
from ..disk.process_lock import folder_lock, holding
from .reader import JournalReading
from .segments import judge, raw_lines, segments, without_crc
from .writer import seal

DAMAGED_NAME = "records.damaged.jsonl"


class RepairReport(msgspec.Struct, frozen=True):
    """Result of a repair: `kept` lines are in the repaired segments, `moved` damaged ones in `records.damaged.jsonl`,
    and `copies` are the names of the copies of the damaged segments.
    """

    kept: int = 0
    moved: int = 0
    segments: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()


def repair(folder: Path) -> RepairReport:
    """Remove damaged lines from the journal. It holds the journal's lock; undamaged segments are not changed.

    When it is interrupted, each segment is either the old or the repaired one, and running it again completes the
    work. Raises NotSaved or Unreadable.
    """
    report = RepairReport()
    try:
        if not segments(folder):
            return report
        with holding(folder_lock(folder)):
            found = segments(folder)
            for _, path in found:
                unsound = [(line, good) for line, good, sound in _judged(path) if not sound]
                if unsound:
                    # A whole line that only lacks its line end is kept and gets one.
                    report = _repair_segment(path, [line for line, good in unsound if good != [line]], report)
            # Also needed after a repair that was killed before this point.
            seal(folder, found[:-1], again=True)
    except OSError as error:
        raise NotSaved(
            f"The journal in {folder} was not repaired: {error.strerror or error}. "
            "Free some space or check the folder's permissions, then repair again."
        ) from error
    return report


def _judged(path: Path) -> Iterator[tuple[bytes, list[bytes], bool]]:
    """Yield each line that is not blank, the readable lines in it, and whether it can stay unchanged."""
    for _, line, _, ended in raw_lines(path):
        if line.strip():
            judgement = judge(line)
            good = [line[start : start + length] for start, length in judgement.pieces]
            yield line, [line] if judgement.newer else good, ended and not judgement.reason


def _repair_segment(path: Path, damaged: list[bytes], report: RepairReport) -> RepairReport:
    copy = path.with_name(f"{path.name}.broken-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
    write_atomic(copy, _chunks(path), mode=0o600)
    if damaged:
        _collect(path.with_name(DAMAGED_NAME), damaged)
    kept = [line for _, good, _ in _judged(path) for line in good]
    write_atomic(path, (line + b"\n" for line in kept), mode=0o600)
    return RepairReport(
        report.kept + len(kept),
        report.moved + len(damaged),
        (*report.segments, path.name),
        (*report.copies, copy.name),
    )


def _chunks(path: Path) -> Iterator[bytes]:
    with open_regular(path) as file:
        while chunk := file.read(1 << 20):
            yield chunk


def _collect(path: Path, damaged: list[bytes]) -> None:
    descriptor = open_to_add(path, mode=0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.writelines(line + b"\n" for line in damaged)
        file.flush()
        os.fsync(descriptor)


def export(folder: Path, out: BinaryIO, *, merged: bool) -> int:
    """Write the journal to `out` as JSONL, oldest first; returns the number of lines.

    `merged`: one line for each record, with its current feedback by image_id in the member `feedback`, and without
    undone records. Otherwise every readable line unchanged. Raises Unreadable, and OSError from `out`.
    """
    count = 0
    if not merged:
        for _, _, _, line in JournalReading(folder, newer_too=True):
            out.write(line + b"\n")
            count += 1
        return count
    history = History()
    history.fold_lines(JournalReading(folder))
    seen: set[str] = set()
    for record, _, line in JournalReading(folder).decoded():
        if not isinstance(record, LearningRecord):
            continue
        if record.event_id not in seen and not history.taken_back(record.event_id):
            seen.add(record.event_id)
            out.write(_merged(line, record, history) + b"\n")
            count += 1
    return count


def _merged(line: bytes, record: LearningRecord, history: History) -> bytes:
    rows = {output.image_id: history.row_of(output.image_id) for output in record.outputs}
    held = {image_id: history.unblinded().feedback(row) for image_id, row in rows.items() if row is not None}
    feedback = msgspec.json.encode(
        {image_id: held_now for image_id, held_now in held.items() if held_now.rating or held_now.tags or held_now.note}
    )
    return without_crc(line).rstrip()[:-1] + b',"feedback":' + feedback + b"}"
