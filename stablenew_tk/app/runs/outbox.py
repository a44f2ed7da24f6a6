"""`Outbox`: keeps journal lines until they are on disk, sends refused ones again, and does undo and redo."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from ...domain.base.wording import counted
from ...domain.journal.record import Feedback, JournalLine, LearningRecord, PairVote, PictureFiles, Void
from ...domain.journal.undo import UndoStacks
from ...domain.runs.plan import LearningPlan
from ...pipeline.ids_and_times import as_line
from ...pipeline.messages.base import Event
from ...pipeline.messages.journal import LineNotSaved

if TYPE_CHECKING:
    from ...storage.journal.spool import Spool

RETRY_UNSAVED_S = 2.0
# Lines that are written with one fsync, and taken in by the window at once.
MOST_TOGETHER = 100
_NAMES: dict[type, str] = {Feedback: "rating", LearningRecord: "record"}


class LeftBehind(Struct, frozen=True):
    """Journal lines that were not in the journal when the program ended. `kept` are in `file` and are written at the
    next start, `lost` are nowhere. `refused` are sentences about lines that no journal can hold.
    """

    kept: tuple[JournalLine, ...] = ()
    lost: tuple[JournalLine, ...] = ()
    file: Path | None = None
    folder: Path = Path()
    refused: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.kept) + len(self.lost) + len(self.refused)

    @property
    def words(self) -> str:
        """What to tell the user, "" when everything is in the journal."""
        sentences = []
        if self.kept:
            are = "is" if len(self.kept) == 1 else "are"
            sentences.append(f"{_named(self.kept)} {are} kept in {self.file} and {are} saved at the next start.")
        if self.lost:
            are = "is" if len(self.lost) == 1 else "are"
            sentences.append(f"{_named(self.lost)} {are} not saved: {self.folder} cannot be written either.")
        return " ".join((*sentences, *self.refused))


def never_saved(event: Event) -> tuple[str, ...]:
    """What an event says of a line that no journal can hold."""
    return (event.message,) if isinstance(event, LineNotSaved) and event.for_good else ()


def taken_in_words(saved: int, damaged: int, problem: str) -> Iterator[str]:
    """Sentences about the lines that an earlier start left behind."""
    if saved:
        yield f"{counted(saved, 'line')} that could not be saved last time {'is' if saved == 1 else 'are'} saved now."
    if damaged:
        yield f"{counted(damaged, 'line')} kept from last time {'is' if damaged == 1 else 'are'} damaged and set aside."
    if problem:
        yield f"What could not be saved last time still waits for the next start. {problem}"


def _named(lines: Sequence[JournalLine]) -> str:
    """ "1 rating", "2 ratings and 1 record"."""
    counts = Counter(_NAMES.get(type(line), "line") for line in lines)
    return " and ".join(counted(number, name) for name, number in counts.items())


class Outbox:
    """Sends lines to the desk thread with `send`, those of one call together; call `all_saved` or `refused` with the
    answer. Main thread only.

    `unsaved` has the lines that could not be written so far, by event_id.
    """

    def __init__(self, send: Callable[[tuple[JournalLine, ...]], None]) -> None:
        self.unsaved: dict[str, JournalLine] = {}
        self._send = send
        self._sent: dict[str, JournalLine] = {}
        self._next_retry = 0.0
        self._undo = UndoStacks()
        self._reversible: dict[tuple[str, ...], tuple[Callable[[], object], Callable[[], object]]] = {}
        self._pictures_of_line: dict[str, tuple[str, ...]] = {}

    def put(self, lines: Iterable[JournalLine]) -> None:
        """Send lines to be written, MOST_TOGETHER at a time."""
        whole = tuple(lines)
        self._sent.update((line.event_id, line) for line in whole)
        for first in range(0, len(whole), MOST_TOGETHER):
            self._send(whole[first : first + MOST_TOGETHER])

    def put_undoable(self, lines: Sequence[JournalLine]) -> tuple[str, ...]:
        """Send lines that one undo reverts together; returns their ids."""
        self.put(lines)
        return self._undo.did(tuple(line.event_id for line in lines))

    def put_reversible(self, name: str, reverse: Callable[[], object], again: Callable[[], object]) -> None:
        """Note something that `reverse` takes back when it is its turn to be undone, and `again` does once more."""
        self._reversible[self._undo.did((name,))] = reverse, again

    def undo(self, *, redo: bool) -> bool:
        """Send the void lines that undo, or with `redo` redo, the last group. False when there is none."""
        group = self._undo.next(redo=redo)
        if (acts := self._reversible.get(group)) is not None:
            self._undo.undid(group, redo=redo)
            acts[redo]()
            return True
        lines = [as_line(Void(target=target)) for target in group]
        self._undo.undid(tuple(line.event_id for line in lines), redo=redo)
        self.put(lines)
        return bool(lines)

    def lines(self) -> tuple[JournalLine, ...]:
        """All lines that are not on disk yet, refused ones first."""
        return tuple((self.unsaved | self._sent).values())

    def plans_on_their_way(self) -> frozenset[str]:
        """Ids of the Learning Runs whose lines are being written for the first time."""
        coming = (line for event_id, line in self._sent.items() if event_id not in self.unsaved)
        return frozenset(line.plan_id for line in coming if isinstance(line, LearningPlan))

    def leave(self, spool: Spool, refused: Sequence[str]) -> LeftBehind:
        """Keep all lines that are not on disk for the next start, also those on their way. Blocks on the disk.

        `refused`: what was said of lines while the program ended, when nobody listened any more.
        """
        lines = self.lines()
        if not lines:
            return LeftBehind(refused=tuple(refused))
        found = spool.keep(lines)
        return LeftBehind(found.kept, found.lost, found.file, spool.folder, (*refused, *found.refused))

    def all_saved(self, lines: Iterable[JournalLine]) -> bool:
        """Note that lines are on disk. True when one of them had been refused before."""
        before = len(self.unsaved)
        for line in lines:
            self._sent.pop(line.event_id, None)
            self.unsaved.pop(line.event_id, None)
        return len(self.unsaved) < before

    def refused(self, line: JournalLine) -> None:
        """Note that a line could not be written, also one that another thread wrote; `retry` sends it again."""
        self._sent.pop(line.event_id, None)
        self.unsaved[line.event_id] = line

    def drop(self, line: JournalLine) -> None:
        """Forget a line that can never be written."""
        self._sent.pop(line.event_id, None)
        self.unsaved.pop(line.event_id, None)

    def retry(self, *, at_once: bool = False) -> None:
        """Send refused lines again, every two seconds or now."""
        if self.unsaved and (at_once or time.monotonic() >= self._next_retry):
            self._next_retry = time.monotonic() + RETRY_UNSAVED_S
            # A line still on its way would otherwise stand in the journal twice.
            self.put([line for event_id, line in self.unsaved.items() if event_id not in self._sent])

    def pictures_of(self, line: JournalLine) -> tuple[str, ...]:
        """Ids of the pictures that a rating, vote, place, undo or redo of this session is about, () for other lines."""
        if isinstance(line, PictureFiles):
            return tuple(line.paths)
        if isinstance(line, Feedback | PairVote):
            self._pictures_of_line[line.event_id] = (line.image_id,)
        elif isinstance(line, Void) and line.target in self._pictures_of_line:
            self._pictures_of_line[line.event_id] = self._pictures_of_line[line.target]
        return self._pictures_of_line.get(line.event_id, ())
