"""`HistoryKeeper`: how lines that are on disk come into the history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from ...domain.journal.record import Feedback, JournalLine, Void
from ...domain.runs.plan import LearningPlan
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.journal import HistoryChanged, LineNotSaved, LineSaved, LinesWritten, UnsavedChanged
from .outbox import Outbox

if TYPE_CHECKING:
    from ...domain.journal.history import History


class HistoryKeeper:
    """`follow` gets each line with the rows it is about, `plan_came()` is called when a plan is on disk or cannot be
    written. Lines that come before `load` wait for it. Main thread only.
    """

    def __init__(
        self,
        outbox: Outbox,
        announce: Callable[[Event], None],
        follow: Callable[[JournalLine, Sequence[int]], None],
        plan_came: Callable[[], object],
    ) -> None:
        self._history: History | None = None
        self._outbox, self._announce, self._follow, self._plan_came = outbox, announce, follow, plan_came
        self._early: list[LineSaved] = []

    def load(self, history: History) -> None:
        """Begin with a history that was read, and with the lines that were written while it was."""
        self._history = history
        early, self._early = self._early, []
        self.take_in(early)

    def written(self, event: LinesWritten) -> None:
        """Take in what became of lines, and announce each of them."""
        self.take_in(event.saved)
        for saved in event.saved:
            self._announce(saved)
        for refused in event.refused:
            self.refuse(refused)
            self._announce(refused)

    def take_in(self, lines: Sequence[LineSaved]) -> None:
        """Fold lines that are on disk into the history, and tell of it once."""
        if self._outbox.all_saved([saved.line for saved in lines]):
            self._announce(UnsavedChanged(count=len(self._outbox.unsaved)))
        if self._history is None or not lines:
            self._early += lines
            return
        began, changed = len(self._history), dict[int, None]()
        for are_ratings, group in groupby(lines, key=lambda saved: isinstance(saved.line, Feedback)):
            several = tuple(group)
            # Ratings add no rows, so it need not be known which of them came with which line.
            for together in (several,) if are_ratings else zip(several, strict=True):
                before = len(self._history)
                self._history.fold_all([(saved.line, saved.position) for saved in together])
                new = range(before, len(self._history))
                for saved in together:
                    spoken_of = map(self._history.row_of, self._outbox.pictures_of(saved.line))
                    rows = (*new, *(row for row in spoken_of if row is not None))
                    self._follow(saved.line, rows)
                    changed.update(dict.fromkeys(rows))
        undone = any(isinstance(saved.line, Void) for saved in lines)
        self._announce(HistoryChanged(rows=tuple(changed), grown=len(self._history) > began, undone=undone))
        if any(isinstance(saved.line, LearningPlan) for saved in lines):
            self._plan_came()

    def refuse(self, event: LineNotSaved) -> None:
        """Keep a line that could not be written, to be sent again; one that never can be is told, and that is all."""
        if event.for_good:
            self._outbox.drop(event.line)
            self._announce(OrderFailed(message=event.message))
        else:
            self._outbox.refused(event.line)
            self._announce(UnsavedChanged(count=len(self._outbox.unsaved), message=event.message))
        if isinstance(event.line, LearningPlan):
            self._plan_came()
