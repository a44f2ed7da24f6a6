"""Messages about the journal: lines to write, lines written, the history, one record read back."""

from __future__ import annotations

from ...domain.journal.history import History, Position
from ...domain.journal.record import JournalLine, LearningRecord
from ...domain.runs.job import Job
from .base import Event, Order


class LineSaved(Event, frozen=True, kw_only=True):
    """A line is on disk, fsynced."""

    line: JournalLine
    position: Position


class LineNotSaved(Event, frozen=True, kw_only=True):
    """A line is not on disk. It is kept in memory and tried again."""

    line: JournalLine
    message: str


class HistoryLoaded(Event, frozen=True, kw_only=True):
    """The folded journal. From here on it belongs to the main thread. `waiting` jobs were left over last time."""

    history: History
    recent: tuple[LearningRecord, ...]
    waiting: tuple[Job, ...]
    damaged: int
    newer: int


class RecordRead(Event, frozen=True, kw_only=True):
    """A full record for the inspector; None when it cannot be read, `problem` says why."""

    image_id: str
    record: LearningRecord | None
    problem: str = ""


class HistoryChanged(Event, frozen=True, kw_only=True):
    """Recorded pictures or what was said about them changed. `rows` are the touched image rows.

    `grown` means the rows are new; `undone` that the change came from undo or redo: the view brings that picture
    into sight.
    """

    rows: tuple[int, ...] = ()
    grown: bool = False
    undone: bool = False


class UnsavedChanged(Event, frozen=True, kw_only=True):
    """`count` lines wait to be written; 0 = all is on disk. `message` says what the disk answered last."""

    count: int
    message: str = ""


class LoadHistory(Order, frozen=True, kw_only=True):
    """Fold the journal, from its snapshot where possible."""


class SaveSnapshot(Order, frozen=True, kw_only=True):
    """Write the folded journal down, so that the next start is quick. The history is not changed meanwhile."""

    history: History


class AppendLine(Order, frozen=True, kw_only=True):
    """Write one line to the journal."""

    line: JournalLine


class ReadRecord(Order, frozen=True, kw_only=True):
    """The full record of a picture."""

    image_id: str
    position: Position
