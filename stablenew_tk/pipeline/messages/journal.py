"""Messages about the journal: write lines, load and save the history, read a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...domain.journal.position import Position
from ...domain.journal.record import JournalLine, LearningRecord
from ...domain.runs.job import Job
from .base import Event, Order

if TYPE_CHECKING:
    from ...domain.journal.history import History


class LineSaved(Event, frozen=True, kw_only=True):
    """A line is on disk, fsynced."""

    line: JournalLine
    position: Position


class LineNotSaved(Event, frozen=True, kw_only=True):
    """A line could not be written. The controller keeps it and tries again, unless it never can be (`for_good`)."""

    line: JournalLine
    message: str
    for_good: bool = False


class LinesWritten(Event, frozen=True, kw_only=True):
    """What became of the lines of one order, each in one of the two. The controller announces them one by one."""

    saved: tuple[LineSaved, ...] = ()
    refused: tuple[LineNotSaved, ...] = ()


class HistoryLoaded(Event, frozen=True, kw_only=True):
    """The loaded history, which the main thread owns from now on. `waiting`: unfinished jobs of the last session;
    `waiting_problem`: what of them cannot be used, a sentence.

    `again`: it was loaded before, and another program has repaired the journal since. `before`: so many pictures were
    in the journal when it was read last.
    """

    history: History
    recent: tuple[LearningRecord, ...]
    waiting: tuple[Job, ...]
    damaged: int
    newer: int
    waiting_problem: str = ""
    again: bool = False
    before: int = 0


class RecordRead(Event, frozen=True, kw_only=True):
    """The full record of a picture; None when it cannot be read, `problem` says why."""

    image_id: str
    record: LearningRecord | None
    problem: str = ""


class HistoryChanged(Event, frozen=True, kw_only=True):
    """Pictures of the history or feedback on them changed. `rows` are the changed rows.

    `grown`: the rows are new. `undone`: the change is an undo or redo, so the view scrolls to the picture.
    """

    rows: tuple[int, ...] = ()
    grown: bool = False
    undone: bool = False


class UnsavedChanged(Event, frozen=True, kw_only=True):
    """`count` lines are not on disk yet; 0 = all are. `message` is the last error."""

    count: int
    message: str = ""


class NewsRead(Event, frozen=True, kw_only=True):
    """Lines that other programs wrote to the journal, up to `end`. `more`: there are more to read."""

    lines: tuple[LineSaved, ...]
    end: Position
    damaged: int = 0
    newer: int = 0
    more: bool = False


class JournalTouched(Event, frozen=True, kw_only=True):
    """A file of the journal changed on disk, by this program or another one."""


class ReadNews(Order, frozen=True, kw_only=True):
    """Read what other programs wrote to the journal; NewsRead answers, or HistoryLoaded when it was repaired."""


class LoadHistory(Order, frozen=True, kw_only=True):
    """Load the history from the journal, using its snapshot where possible."""


class SaveSnapshot(Order, frozen=True, kw_only=True):
    """Save a snapshot of the history, so that the next start is quick. The history must not change meanwhile."""

    history: History


class AppendLines(Order, frozen=True, kw_only=True):
    """Write lines to the journal, together; LinesWritten answers."""

    lines: tuple[JournalLine, ...]


class TakeInUnsaved(Order, frozen=True, kw_only=True):
    """Write what the last program could not write before it ended; UnsavedTakenIn answers where there was something."""


class UnsavedTakenIn(Event, frozen=True, kw_only=True):
    """`saved` lines of an earlier start are in the journal now, `damaged` ones were set aside. `problem` says why
    others still wait, "" = none do.
    """

    saved: int = 0
    damaged: int = 0
    problem: str = ""


class ReadRecord(Order, frozen=True, kw_only=True):
    """Read the full record of a picture; RecordRead answers."""

    image_id: str
    position: Position
