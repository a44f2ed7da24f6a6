"""The boards of Learning Runs that asked the same question, put together for one analysis of all their ratings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ...domain.journal.record import JournalLine, Void
from ...domain.runs.plan import LearningPlan, LearningRunResult, LearningRunStep

if TYPE_CHECKING:
    from ...domain.insights.matrix import Board
    from ...domain.journal.history import History


class PlanBoards:
    """Keeps the board of every plan until one of its lines changes it: a question may have been asked a hundred times,
    and its boards are needed after every star. Main thread.
    """

    def __init__(self, history: Callable[[], History | None]) -> None:
        self._history = history
        self._known: dict[str, Board | None] = {}
        self._foreign: dict[str, str] = {}  # by picture of another run: the plan that uses it

    def of(self, plan_id: str) -> Board | None:
        """The board of one plan by itself; None when the journal does not have it."""
        history = self._history()
        if history is None:
            return None
        if plan_id not in self._known:
            from ...domain.insights.matrix import board

            found = self._known[plan_id] = board(history, plan_id)
            self._foreign |= {
                shown.facts.image_id: plan_id
                for shown in (found.images if found is not None else ())
                if shown.facts.run_id != plan_id
            }
        return self._known[plan_id]

    def whole(self, plan_id: str) -> Board | None:
        """The board of a plan with those of the plans that asked the same question."""
        history, held = self._history(), self.of(plan_id)
        if history is None or held is None:
            return None
        from ...domain.insights.matrix import with_others

        return with_others(held, history, self.of)

    def follow(self, line: JournalLine, rows: Iterable[int]) -> None:
        """A line was folded into the history; `rows` are the pictures it is about."""
        history = self._history()
        if isinstance(line, Void) or history is None:
            self.forget()
            return
        if isinstance(line, LearningPlan | LearningRunStep | LearningRunResult):
            self._known.pop(line.plan_id, None)
        for row in rows:
            self._known.pop(history.run_id(row), None)
            self._known.pop(self._foreign.get(history.image_id(row), ""), None)

    def forget(self) -> None:
        """The history is another one."""
        self._known.clear()
