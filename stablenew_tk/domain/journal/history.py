"""`History`: all pictures of the journal with their run, rating, tags and notes, held in memory as columns.

Columns instead of objects keep a million pictures small. The history is folded from the lines of the journal. It does
not hold full records; these are read from the journal when they are needed.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

import msgspec

from ..base.errors import InvalidInput
from ..runs.plan import LearningPlan
from .columns import Numbered, OutputSummary, Place, RecordSummary, summary_line
from .feedback import FeedbackLog
from .file_book import FileBook
from .id_column import IdColumn
from .image_facts import ImageFacts, nothing_known
from .pair_votes import PairVotes
from .plan_log import Attempt, PlanBook, can_hold
from .position import BEGINNING, Position, RawLine
from .query import (
    FINAL,
    HIDDEN,
    NOT_OK,
    NOTED,
    REJECTED,
    SKETCH,
    SUSPECT,
    TAGGED,
    HistoryColumns,
    Totals,
    shown,
    totals,
)
from .record import Feedback, ImageFeedback, JournalLine, Output, PairVote, PictureFiles, PlanLine, Void
from .record_columns import RECORDS, AnyRecord, RecordColumns
from .row_places import copied_columns, mask_of
from .saved_history import FORMAT, Column, Read, SavedHead, fill, pieces, read_head
from .soundness import Sizes, refuse_unsound_feedback, refuse_unsound_ids, refuse_unsound_pictures

_BATCH = 256  # lines that are folded together: a megabyte of a usual journal, which the cache of a processor holds
PlacedLine = tuple[JournalLine | RecordSummary, Place]


class PictureRows(RecordColumns):
    """The tables of the history with one row for each picture, those of blind plans included."""

    def __init__(self) -> None:
        super().__init__()
        self.log = FeedbackLog()
        self.files = FileBook(self.log.withdrawn)
        self.trashed: set[int] = set()

    def feedback(self, row: int) -> ImageFeedback:
        """The current feedback of the user on the picture in this row."""
        pictures = self.pictures
        return ImageFeedback(
            pictures.rating[row],
            self.log.tag_sets.values[pictures.tags[row]],
            self.log.texts.values[pictures.note[row]],
            bool(pictures.flags[row] & REJECTED) or msgspec.UNSET,
        )

    def repeats(self, row: int) -> tuple[int, ...]:
        """Stars that the picture got when blind rating showed it again, oldest first."""
        return self.log.repeats(self.pictures.last_said[row])

    def star_places(self, row: int) -> tuple[int, ...]:
        """Places in the journal of the stars that a picture has, then of those it got when it was shown again."""
        return self.log.star_places(self.pictures.last_said[row])

    def is_blind(self, row: int) -> bool:
        """Whether the stars of the picture were given blind."""
        return self.log.is_blind(self.pictures.last_said[row])

    def stars_since(self, row: int, event_id: str, *, blind: bool) -> tuple[int, tuple[int, ...]]:
        """Stars and repeats of a picture as if nothing had been said before this line; see `FeedbackLog.since`."""
        return self.log.since(self.pictures.last_said[row], event_id, blind=blind)

    def facts(self, row: int) -> ImageFacts:
        """Everything the columns know about one row. Raises IndexError outside 0 ≤ row < len(history)."""
        pictures, records = self.pictures, self.records
        flags, record, run = pictures.flags[row], pictures.record[row], self.runs[pictures.run[row]]
        held = self.feedback(row)
        return ImageFacts(
            row=row,
            image_id=self.image_ids.text(row),
            run_id=run.run_id,
            run_name=run.run_name,
            pack_id=run.pack_id,
            checkpoint=run.checkpoint,
            stage=self.stages.values[pictures.stage[row]],
            rating=held.rating,
            tags=held.tags,
            note=held.note,
            rejected=bool(held.rejected),
            suspect=bool(flags & SUSPECT),
            final=bool(flags & FINAL),
            sketch=bool(flags & SKETCH),
            ok=not flags & NOT_OK,
            time_ms=records.time[record],
            position=Position(records.segment[record], records.offset[record], records.length[record]),
            output_index=pictures.output[row],
            file=self.files.place(self.image_ids.text(row)),
        )


class VisiblePictures:
    """The pictures that may be shown. Those of a blind plan are left out of every count, list and query, and have empty
    `facts`, until the values of the plan are revealed; those it got later, until they have stars.
    """

    def __init__(self, rows: PictureRows, plans: PlanBook) -> None:
        self._rows, self._plans = rows, plans

    def shows(self, run_id: str) -> bool:
        """Whether pictures of this run (or plan) may be shown with their settings."""
        return run_id not in self._plans.hidden()

    def plans(self) -> tuple[LearningPlan, ...]:
        """The plans whose values may be shown, newest first."""
        return tuple(plan for plan in self._plans.plans() if self.shows(plan.plan_id))

    def facts(self, row: int) -> ImageFacts:
        """The facts of a picture, empty while it is hidden. Raises IndexError outside 0 ≤ row < len(history)."""
        found = self._rows.facts(row)
        wanted = not found.rating and not found.suspect  # nobody is asked about a suspect one
        hidden = not self.shows(found.run_id) or (wanted and found.image_id in self._plans.late.ids())
        return nothing_known(row) if hidden else found

    def is_blind(self, row: int) -> bool:
        """Whether the stars of a picture were given blind; False while it is hidden."""
        return bool(self.facts(row).image_id) and self._rows.is_blind(row)

    def makes_openly(self, run_id: str) -> bool:
        """Whether what is being made for this run (or plan) may be watched: never for a blind plan."""
        plan = self._plans.plan(run_id)
        return plan is None or not plan.blind

    def _late(self) -> frozenset[int]:
        """Rows of pictures that wait for their blind round."""
        ids, pictures = self._rows.image_ids, self._rows.pictures
        rows = (ids.find(image_id) for image_id in self._plans.late.ids())
        return frozenset(
            row for row in rows if row >= 0 and not pictures.rating[row] and not pictures.flags[row] & SUSPECT
        )

    def _flags(self) -> bytes:
        late = self._late()
        if not late:
            return self._rows.pictures.flags.tobytes()
        flags = bytearray(self._rows.pictures.flags.tobytes())
        for row in late:
            flags[row] |= HIDDEN
        return bytes(flags)

    def _trashed(self) -> bytes:
        return mask_of(len(self._rows.pictures.rating), self._rows.trashed)

    def latest(self, count: int) -> array[int]:
        """Rows of the last `count` pictures that may be shown and are not undone, newest first."""
        flags, run, hidden = self._rows.pictures.flags, self._rows.pictures.run, self._plans.hidden()
        blind = {place for place, one in enumerate(self._rows.runs) if one.run_id in hidden} if hidden else set()
        late = self._late()
        shown_rows = (
            row
            for row in range(len(flags) - 1, -1, -1)
            if not flags[row] & HIDDEN and run[row] not in blind and row not in late and row not in self._rows.trashed
        )
        return array("I", islice(shown_rows, count))

    def counts(self) -> Totals:
        """Totals over all pictures that may be shown and are not undone."""
        pictures, flags = self._rows.pictures, self._flags()
        mask = shown(flags, pictures.run, self._rows.runs, self._plans.hidden())
        return totals(pictures.rating.tobytes(), flags, mask, self._trashed())

    def columns(self) -> HistoryColumns:
        """A copy of the columns for `query.select`, safe on another thread: later folds do not change it."""
        rows = self._rows
        return copied_columns(
            rows.pictures,
            rows.records,
            rows.log,
            rows.runs,
            flags=self._flags(),
            hidden_runs=self._plans.hidden(),
            trashed=self._trashed(),
        )

    def shapes(self, rows: Iterable[int]) -> array[int]:
        """The shapes of pictures, as `grid_layout.shape_of` tells them."""
        return array("H", map(self._rows.pictures.shape.__getitem__, rows))


class History:
    """All pictures and plans of the journal. Owned by one thread; give `visible().columns()` to others.

    `plans` has the Learning Runs, `votes` what was said about pairs of pictures, `files` where their files are.

    `end` is the position of the next unread line of the journal; `damaged` and `newer`
    count the lines before it that could not be read or that a newer version wrote. Lines may be folded twice or out of
    order: each counts once, and the result depends on their order in the journal only.
    """

    def __init__(self) -> None:
        self.end = BEGINNING
        self.damaged = 0
        self.newer = 0
        self._rows = PictureRows()
        self.files = self._rows.files
        self.plans = PlanBook(self._rows.log.withdrawn)
        self.votes = PairVotes(self._rows.log.withdrawn)
        self._visible = VisiblePictures(self._rows, self.plans)
        self._orphans: dict[str, list[int]] = {}

    def __len__(self) -> int:
        """Number of rows, undone records included."""
        return len(self._rows.pictures.rating)

    def __bool__(self) -> bool:
        """Always True, also without pictures: a history may hold plans and failed jobs only."""
        return True

    def fold(self, line: JournalLine, position: Position) -> None:
        """Fold one line that was just written. `end` moves on only if nothing unread lies before the line."""
        self.fold_all([(line, position)])

    def fold_all(self, lines: Sequence[tuple[JournalLine, Position]]) -> None:
        """Fold lines that were just written, in their order; many ratings together take half the time."""
        self._fold_batch(lines)
        for _, position in lines:
            # A writer that finds a torn line ends it first, so the next line may start one byte later.
            if position.segment == self.end.segment and 0 <= position.offset - self.end.offset <= 1:
                self.end = Position(position.segment, position.offset + position.length + 1)

    def read_to(self, end: Position, *, damaged: int = 0, newer: int = 0) -> None:
        """Note that all lines before `end` are folded, or on their way here, and how many of them could not be."""
        self.end = max(self.end, end, key=lambda at: (at.segment, at.offset))
        self.damaged += damaged
        self.newer += newer

    def fold_lines(self, lines: Iterable[RawLine]) -> int:
        """Fold many lines read from the journal; returns how many could not be parsed. Does not change `end`."""
        unreadable, decode = 0, summary_line().decode
        batch: list[PlacedLine] = []
        for segment, offset, length, data in lines:
            try:
                line = decode(data)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                unreadable += 1
                continue
            is_record = type(line) is RecordSummary  # nearly all are, and the next question costs more than this one
            if not line.event_id or (not is_record and isinstance(line, PlanLine) and not can_hold(line)):
                # A draft, or a number beyond all bounds: no program of ours writes either.
                unreadable += 1
                continue
            batch.append((line, (segment, offset, length)))
            if len(batch) == _BATCH:
                self._fold_batch(batch)
                batch.clear()
        self._fold_batch(batch)
        return unreadable

    def row_of(self, image_id: str) -> int | None:
        """The row of a picture, None when the journal does not know it."""
        row = self._rows.image_ids.find(image_id)
        return row if row >= 0 else None

    def run_id(self, row: int) -> str:
        """The run, or plan, that made the picture in this row."""
        return self._rows.runs[self._rows.pictures.run[row]].run_id

    def knows_run(self, run_id: str) -> bool:
        """Whether this run, or plan, made pictures."""
        return any(run.run_id == run_id for run in reversed(self._rows.runs))

    def image_id(self, row: int) -> str:
        """The id of the picture in this row."""
        return self._rows.image_ids.text(row)

    def visible(self) -> VisiblePictures:
        """The pictures as pages and reports may show them. The view stays current while lines are folded."""
        return self._visible

    def unblinded(self) -> PictureRows:
        """All pictures, also those of blind plans whose values are hidden. Only the board and the rating of a plan and
        the export of the journal may use it; everything else uses `visible`.
        """
        return self._rows

    def taken_back(self, event_id: str) -> bool:
        """Whether a line was undone and not redone."""
        return event_id in self._rows.log.withdrawn

    def saved(self) -> Iterator[bytes]:
        """The whole history in pieces, for `read` on the same machine. No line may be folded meanwhile."""
        rows, log = self._rows, self._rows.log
        columns = self._columns()
        head = SavedHead(
            format=FORMAT,
            end=self.end,
            damaged=self.damaged,
            newer=self.newer,
            sizes=[memoryview(column).nbytes for column in columns],
            ids=[column.bounds() for column in self._id_columns()],
            runs=rows.runs,
            stages=rows.stages.values,
            texts=log.texts.values,
            tag_sets=log.tag_sets.values,
            voids=list(log.withdrawn.target_of.items()),
            orphans=self._orphans,
            plans=self.plans.to_bytes(),
            votes=self.votes.lines,
            files=self.files.lines,
        )
        return pieces(head, columns)

    @classmethod
    def read(cls, read: Read) -> History:
        """Read what `saved` gave; `read` gives its next bytes. Raises InvalidInput for another format or machine, and
        for numbers that cannot be true together; it does not notice others.
        """
        head = read_head(read)
        try:
            return cls._filled(head, read)
        except (ValueError, LookupError, TypeError, OverflowError, msgspec.MsgspecError) as error:
            raise InvalidInput(f"The saved history cannot be read: {error}.") from error

    def _id_columns(self) -> tuple[IdColumn, IdColumn, IdColumn]:
        return self._rows.image_ids, self._rows.record_ids, self._rows.log.ids

    def _columns(self) -> list[Column]:
        """The columns of a saved history, in its order."""
        tables = (self._rows.pictures, self._rows.records, self._rows.log.table)
        return [*chain.from_iterable(map(msgspec.structs.astuple, tables)), *(one.bytes for one in self._id_columns())]

    @classmethod
    def _filled(cls, saved: SavedHead, read: Read) -> History:
        history = cls()
        log = history._rows.log
        history.end, history.damaged, history.newer = Position(*saved.end), saved.damaged, saved.newer
        fill(history._columns(), saved.sizes, read)
        for column, bounds in zip(history._id_columns(), saved.ids, strict=True):
            column.find_by(*bounds)
        history._rows.fill_runs(saved.runs)
        history._rows.stages, log.texts = Numbered(saved.stages), Numbered(saved.texts)
        log.tag_sets = Numbered(saved.tag_sets)
        for event_id, target in saved.voids:
            log.withdrawn.add(event_id, target)
        history._orphans = saved.orphans
        history.plans.read(saved.plans)
        history.votes = PairVotes(log.withdrawn, saved.votes)
        rows = history._rows
        history.files = rows.files = FileBook(log.withdrawn, saved.files)
        for one in saved.files:
            history._look_for_trashed(one.paths)
        refuse_unsound_pictures(rows.pictures, rows.records, log, Sizes(len(rows.runs), len(rows.stages.values)))
        refuse_unsound_feedback(log, len(rows.pictures.rating), saved.orphans)
        refuse_unsound_ids(rows.image_ids, len(rows.pictures.rating))
        refuse_unsound_ids(rows.record_ids, len(rows.records.time))
        return history

    def _fold_batch(self, batch: Sequence[PlacedLine]) -> None:
        """Fold lines that follow each other: all records, then everything else in its order.

        What is said about a picture may come before it or after it, but plans go by the order of their steps.
        """
        records = [(line, place) for line, place in batch if isinstance(line, RECORDS)]
        new = {id(line) for line in self._add_records(records)} if records else set()
        said: list[tuple[Feedback, Place]] = []
        for line, place in batch:
            if isinstance(line, RECORDS):
                if line.learning.plan_id and id(line) in new:
                    self._fold_step(line)
                continue
            if isinstance(line, Feedback):
                said.append((line, place))
                continue
            if said:
                self._fold_feedback(said)
                said.clear()
            if isinstance(line, Void):
                self._fold_void(line)
            elif isinstance(line, PairVote):
                self.votes.add(line)
            elif isinstance(line, PictureFiles):
                self._look_for_trashed(self.files.add(line))
            else:
                self.plans.fold(line)
        if said:
            self._fold_feedback(said)

    def _add_records(self, records: Sequence[tuple[AnyRecord, Place]]) -> Sequence[AnyRecord]:
        """Add records and their pictures; returns those that are new."""
        lines, places = [line for line, _ in records], [place for _, place in records]
        new = self._rows.add(lines, places, self._rows.log.withdrawn if self._rows.log.withdrawn.target_of else ())
        if self.files.lines or self._orphans:
            images = [output.image_id for record in new for output in record.outputs]
            self._look_for_trashed(image_id for image_id in images if image_id in self.files)
            for image_id in images:
                for number in self._orphans.pop(image_id, ()):
                    self._attach(number, self._rows.image_ids.find(image_id))
        return new

    def _fold_step(self, record: AnyRecord) -> None:
        outputs: Sequence[Output | OutputSummary] = record.outputs
        finals = [output for output in outputs if output.stage == outputs[-1].stage]
        attempt = Attempt(
            record.event_id,
            record.status,
            tuple(output.image_id for output in finals),
            record.seconds,
            pixels=tuple(output.pixels for output in finals),
            node=record.backend.node,
            fingerprint=record.backend.fingerprint,
        )
        self.plans.fold_record(record.learning.plan_id, record.learning.step_id, record.job_id, attempt)

    def _fold_feedback(self, said: Sequence[tuple[Feedback, Place]]) -> None:
        log = self._rows.log
        new = log.extend([line for line, _ in said], [place for _, place in said])
        for number, feedback in enumerate(new, len(log.table.row) - len(new)):
            log.add_words(feedback)
            row = self._rows.image_ids.find(feedback.image_id)
            if row < 0:
                # In files merged from several places the picture may come later.
                self._orphans.setdefault(feedback.image_id, []).append(number)
            else:
                self._attach(number, row)

    def _attach(self, number: int, row: int) -> None:
        pictures = self._rows.pictures
        last = pictures.last_said[row] = self._rows.log.chain(number, row, pictures.last_said[row])
        self._hold(
            row, self._rows.log.after(self._rows.feedback(row), number) if last == number else self._rows.log.held(last)
        )

    def _hold(self, row: int, held: ImageFeedback) -> None:
        pictures = self._rows.pictures
        pictures.rating[row] = held.rating
        pictures.rated[row] = self._rows.log.rated_ms(pictures.last_said[row]) if held.rating else 0
        pictures.tags[row] = self._rows.log.tag_sets.number(held.tags)
        pictures.note[row] = self._rows.log.texts.number(held.note)
        marks = (TAGGED if held.tags else 0) | (NOTED if held.note else 0) | (REJECTED if held.rejected else 0)
        pictures.flags[row] = pictures.flags[row] & ~(TAGGED | NOTED | REJECTED) | marks

    def _fold_void(self, void: Void) -> None:
        changed = self._rows.log.withdrawn.add(void.event_id, void.target)
        if changed is None:
            return
        self._look_for_trashed(self.files.pictures_of(changed))
        number = self._rows.log.ids.find(changed)
        if number >= 0:
            row = self._rows.log.table.row[number]
            if row >= 0:
                self._hold(row, self._rows.log.held(self._rows.pictures.last_said[row]))
            return
        number = self._rows.record_ids.find(changed)
        if number >= 0:
            first, flags = self._rows.records.first, self._rows.pictures.flags
            hidden = HIDDEN if changed in self._rows.log.withdrawn else 0
            for row in range(first[number], first[number + 1] if number + 1 < len(first) else len(flags)):
                flags[row] = flags[row] & ~HIDDEN | hidden

    def _look_for_trashed(self, image_ids: Iterable[str]) -> None:
        rows = self._rows
        for image_id in image_ids:
            row = rows.image_ids.find(image_id)
            if row >= 0 and rows.files.place(image_id).trashed:
                rows.trashed.add(row)
            else:
                rows.trashed.discard(row)
