"""Reads and verifies the journal. It reports damaged lines and gaps, and takes no lock."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path

import msgspec

from ...domain.base.errors import InvalidInput, NotSaved, Unreadable
from ...domain.journal.feedback import fold_feedback
from ...domain.journal.position import BEGINNING, Position, RawLine
from ...domain.journal.record import Feedback, FoldedRecord, ImageFeedback, JournalLine, LearningRecord, Void
from ..disk.files import open_regular
from ..disk.process_lock import folder_lock, holding
from .segments import (
    BOUND,
    DECODE_ERRORS,
    KNOWN,
    LINE,
    intact,
    judge,
    lines_backward,
    raw_lines,
    read_manifest,
    segment_path,
    segment_size,
    segments,
)

RECORD_START = b'{"kind":"run",'
_TOLD_LINES = 1000  # between two words about how far a reading is
Tell = Callable[[int, int], None]  # how many bytes are read, and of how many


class _Mark(msgspec.Struct, gc=False):
    writer: str = ""
    seq: int = 0


_MARK = msgspec.json.Decoder(_Mark)


class Damage(msgspec.Struct, frozen=True):
    """A damaged line. `line` counts from 1; 0 means the whole file."""

    file: str
    line: int
    reason: str


class Gap(msgspec.Struct, frozen=True):
    """Missing lines of one writer: sequence numbers `first` to `last`."""

    writer: str
    first: int
    last: int


class Verification(msgspec.Struct, frozen=True):
    """Result of `verify`. `ok` counts readable lines, those recovered from damaged lines included."""

    lines: int
    ok: int
    damaged: tuple[Damage, ...]
    gaps: tuple[Gap, ...]
    newer: int


class JournalReading:
    """Iterates over the lines of a journal, oldest first. Iterate once; the counts are valid afterwards (`by_segment`:
    lines that are not blank, of the segments that were read from their beginning).

    `start` is the first position to read. `ends` limits the reading to these segments, each up to a size in bytes; then
    an incomplete last line is damage. Without it that line may be in the middle of being written; it is left for the
    next reading, which begins at `end`. Lines of a newer version are only counted unless `newer_too`. Raises Unreadable
    when a segment cannot be read.
    """

    def __init__(
        self,
        folder: Path,
        *,
        start: Position = BEGINNING,
        ends: Mapping[int, int] | None = None,
        newer_too: bool = False,
    ) -> None:
        self.lines = 0
        self.ok = 0
        self.newer = 0
        self.damaged: list[Damage] = []
        self.by_segment: dict[int, int] = {}
        self.end = start
        self._before = 0  # lines of the segments before the one that is being read
        self._folder = folder
        self._ends = ends
        self._newer_too = newer_too

    def __iter__(self) -> Iterator[RawLine]:
        start = self.end
        listed = segments(self._folder) if self._ends is None else sorted(self._ends.items())
        found = [number for number, _ in listed if number >= start.segment]
        for number in found:
            offset = start.offset if number == start.segment else 0
            yield from self._segment(number, offset, growing=self._ends is None and number == found[-1])

    def decoded(self, *, begins: bytes = b"") -> Iterator[tuple[JournalLine, Position, bytes]]:
        """The lines with their bytes, of those that begin so. One that cannot be decoded although its checksum fits is
        damaged, too.
        """
        for segment, offset, length, data in self:
            if not data.startswith(begins):
                continue
            try:
                line = LINE.decode(data)
            except DECODE_ERRORS as error:
                self.refuse(segment, error)
                continue
            yield line, Position(segment, offset, length), data

    def refuse(self, segment: int, error: Exception) -> None:
        """Count the line that came last as damaged."""
        self.ok -= 1
        reason = f"whole, but this version cannot read it, and a repair leaves it: {str(error)[:200]}"
        self.damaged.append(Damage(segment_path(self._folder, segment).name, self.lines - self._before, reason))

    def _segment(self, number: int, offset: int, *, growing: bool) -> Iterator[RawLine]:
        first_line, path = self.lines, segment_path(self._folder, number)
        self._before = first_line
        size = None if self._ends is None else self._ends[number]
        for line_start, line, following, ended in raw_lines(path, offset, size):
            if growing and not ended:
                break
            offset = following
            if ended and line.startswith(KNOWN) and intact(line):
                self.lines += 1
                self.ok += 1
                yield number, line_start, len(line), line
            elif line.strip():
                self.lines += 1
                judgement = judge(line)
                self.ok += len(judgement.pieces)
                self.newer += judgement.newer
                reason = judgement.reason or ("" if ended else "its end is missing")
                if reason:
                    self.damaged.append(Damage(path.name, self.lines - first_line, reason))
                for start, length in judgement.pieces:
                    yield number, line_start + start, length, line[start : start + length]
                if judgement.newer and self._newer_too:
                    yield number, line_start, len(line), line
        self.by_segment[number] = self.lines - first_line
        self.end = Position(number, offset)


def verify(folder: Path, tell: Tell = lambda _done, _total: None) -> Verification:
    """Check every line of a journal. A line that is just being written does not count as damaged.

    Reads the whole journal, which takes seconds for each gigabyte; `tell` hears how far it is. Raises Unreadable.
    """
    # Read before the segments are listed, so that one created and sealed meanwhile is not reported as missing.
    sealed = read_manifest(folder)
    ends = whole_sizes(folder)
    reading = JournalReading(folder, ends=ends, newer_too=True)
    numbers: dict[str, array[int]] = {}
    before = dict(zip(ends, accumulate(ends.values(), initial=0), strict=False))
    total = sum(ends.values())
    for segment, offset, _, line in reading:
        if not reading.lines % _TOLD_LINES:
            tell(before[segment] + offset, total)
        mark = _mark(line)
        if mark is None:
            reading.refuse(segment, InvalidInput("its values are not those of its kind"))
        elif mark.writer and 0 < mark.seq < 1 << 63:
            numbers.setdefault(mark.writer, array("q")).append(mark.seq)
    present = {segment_path(folder, number).name for number in ends}
    missing = [
        Damage(one.name, 0, f"the segment with {one.lines} lines is missing")
        for one in sealed
        if one.name not in present
    ]
    counts = {segment_path(folder, number).name: count for number, count in reading.by_segment.items()}
    missing += [
        Damage(one.name, 0, f"{one.lines - counts[one.name]:,} of its {one.lines:,} lines are missing")
        for one in sealed
        if counts.get(one.name, one.lines) < one.lines
    ]
    gaps = tuple(gap for writer in sorted(numbers) for gap in _gaps(writer, numbers[writer]))
    return Verification(reading.lines, reading.ok, (*reading.damaged, *missing), gaps, reading.newer)


def _mark(line: bytes) -> _Mark | None:
    """Writer and number of a line, None when no version could have written it."""
    try:
        known = LINE.decode(line)
    except DECODE_ERRORS:
        if not judge(line).newer:
            return None
    else:
        return _Mark(known.writer, known.seq)
    try:
        return _MARK.decode(line)
    except DECODE_ERRORS:
        return _Mark()


def whole_sizes(folder: Path) -> dict[int, int]:
    """Sizes of all segments by number, at a moment when no line was being written. Raises Unreadable."""
    if not segments(folder):
        return {}  # and no folder is made for the lock
    try:
        with holding(folder_lock(folder)):
            return {number: segment_size(path) for number, path in segments(folder)}
    except NotSaved as error:
        raise Unreadable(str(error)) from error
    except OSError:
        # When the folder is read-only, locking fails, but then nobody writes to it.
        return {number: segment_size(path) for number, path in segments(folder)}


def _gaps(writer: str, numbers: array[int]) -> Iterator[Gap]:
    expected = 1
    for number in sorted(set(numbers)):
        if number > expected:
            yield Gap(writer, expected, number - 1)
        expected = number + 1


def read_record(folder: Path, position: Position) -> LearningRecord:
    """The record at `position`. Raises Unreadable when it is missing or damaged."""
    path = segment_path(folder, position.segment)
    where = f"{path.name}, byte {position.offset}"
    try:
        with open_regular(path) as file:
            file.seek(position.offset)
            data = file.read(min(position.length, BOUND))
        line = LINE.decode(data)
    except OSError as error:
        raise Unreadable(f"The record at {where} cannot be read: {error.strerror or error}.") from error
    except DECODE_ERRORS as error:
        raise Unreadable(f"The record at {where} is damaged. Check the journal with “records verify”.") from error
    if not isinstance(line, LearningRecord) or len(data) != position.length or (line.writer and not intact(data)):
        raise Unreadable(f"The record at {where} is damaged. Check the journal with “records verify”.")
    return line


def recent(folder: Path, count: int, *, run_id: str | None = None) -> list[FoldedRecord]:
    """The last `count` records (of one run), newest first, with their current feedback. Raises Unreadable.

    Reads backward from the end and stops as soon as it has enough, so the size of the journal does not matter.
    """
    found: dict[str, LearningRecord] = {}
    feedback: dict[str, dict[str, Feedback]] = {}
    withdrawn: set[str] = set()
    for line in _newest_first(folder, run_id.encode() if run_id else b""):
        # A void comes after the line that it undoes, so reading backward meets it first.
        if line.event_id in withdrawn:
            continue
        if isinstance(line, Void):
            withdrawn.add(line.target)
        elif isinstance(line, Feedback):
            # When a line was written twice, the earlier one counts.
            of_image = feedback.setdefault(line.image_id, {})
            of_image.pop(line.event_id, None)
            of_image[line.event_id] = line
        elif isinstance(line, LearningRecord) and line.event_id not in found and run_id in (None, line.run_id):
            if len(found) >= count:
                break
            found[line.event_id] = line
            if len(found) == count:
                break
    return [FoldedRecord(record, _feedback_of(record, feedback)) for record in found.values()]


def _feedback_of(record: LearningRecord, feedback: Mapping[str, Mapping[str, Feedback]]) -> dict[str, ImageFeedback]:
    result = {}
    for output in record.outputs:
        if output.image_id in feedback:
            held = ImageFeedback()
            for line in reversed(list(feedback[output.image_id].values())):
                held = fold_feedback(
                    held,
                    rating=None if line.repeat else line.rating,
                    tags_added=line.tags_added,
                    tags_removed=line.tags_removed,
                    note=line.note,
                    rejected=line.rejected,
                )
            result[output.image_id] = held
    return result


def _newest_first(folder: Path, run_id: bytes) -> Iterator[JournalLine]:
    growing = True
    for _, path in reversed(segments(folder)):
        for line in lines_backward(path, growing=growing):
            if run_id and line.startswith(RECORD_START) and run_id not in line:
                continue
            for start, length in reversed(judge(line).pieces):
                try:
                    found = LINE.decode(line[start : start + length])
                except DECODE_ERRORS:
                    # The checksum fits, so this is what a writer with other fields wrote; verify and fold count it.
                    continue
                if found.event_id:
                    yield found
        growing = False
