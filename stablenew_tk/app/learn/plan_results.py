"""Keeps the stored result of every revealed Learning Run equal to what its ratings prove, whoever changed them."""

from __future__ import annotations

import time
from collections.abc import Iterable

from ...domain.insights.result import is_outdated
from ...domain.insights.standing import standing
from ...domain.journal.history import History
from ...domain.journal.record import JournalLine, Void
from ...domain.runs.plan import LearningPlan, LearningRunResult, LearningRunStep
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.journal import HistoryChanged, HistoryLoaded, LineSaved
from ...pipeline.messages.plans import Analyse, InsightReady
from ..controller import Controller

_BUDGET_S = 0.004


class PlanResults:
    """Has a plan analysed when its ratings changed, and the result written when it says something new.

    It follows the controller by itself; `work` looks for what is to be analysed and takes a few milliseconds. One plan
    is analysed at a time. A blind plan is left alone until its values are revealed. Main thread.
    """

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._changed: dict[str, None] = {}  # plans whose ratings or pictures changed
        self._to_check: dict[str, None] = {}  # plans whose stored result may be out of date
        self._reused: dict[str, str] = {}  # by picture of another run: the plan that uses it
        self._order: Analyse | None = None
        controller.subscribe(self._on_event)
        if controller.history is not None:
            self._check_all(controller.history)

    @property
    def busy(self) -> bool:
        """Whether results may still have to be written."""
        return bool(self._order or self._changed or self._to_check)

    def work(self) -> None:
        """Ask for the next analysis, if one is needed and none is under way."""
        history, end = self._controller.history, time.perf_counter() + _BUDGET_S
        while history is not None and self._order is None and (self._changed or self._to_check):
            plan_id = next(iter(self._changed or self._to_check))
            changed = plan_id in self._changed
            for waiting in (self._changed, self._to_check):
                waiting.pop(plan_id, None)
            seen = self._controller.boards.whole(plan_id)
            if seen is not None:
                self._reused |= {
                    shown.facts.image_id: plan_id for shown in seen.images if shown.facts.run_id != plan_id
                }
                spoken_of = seen.revealed and (bool(seen.earlier) or bool(standing(seen).rated))
                if spoken_of and (changed or is_outdated(seen)):
                    self._order = Analyse(board=seen)
                    self._controller.ask(self._order, last=True)
            if time.perf_counter() > end:
                return

    def _on_event(self, event: Event) -> None:
        if isinstance(event, HistoryLoaded):
            self._check_all(event.history)
        elif isinstance(event, HistoryChanged):
            # A new picture counts as well: a value nobody has looked at may be the best one.
            self._changed |= dict.fromkeys(self._plans_of(event.rows))
        elif isinstance(event, LineSaved):
            self._line_saved(event.line)
        elif isinstance(event, InsightReady):
            if self._order is not None and event.plan_id == self._order.board.plan.plan_id:
                self._order = None
            self._controller.learning.keep_result(event.report)
        elif isinstance(event, OrderFailed) and event.order is self._order:
            self._order = None

    def _check_all(self, history: History) -> None:
        # Plans that asked the same question have one result, the latest of them.
        plans = history.plans
        newest = {plan.plan_id: plans.asked.same(plan.plan_id)[-1] for plan in plans.plans()}
        self._to_check |= dict.fromkeys(one if plans.result(one) is not None else name for name, one in newest.items())

    def _line_saved(self, line: JournalLine) -> None:
        history = self._controller.history
        if isinstance(line, LearningPlan | LearningRunResult | LearningRunStep):
            self._to_check[line.plan_id] = None
        elif isinstance(line, Void) and history is not None:
            # It may have taken back a result.
            self._check_all(history)

    def _plans_of(self, rows: Iterable[int]) -> set[str]:
        history = self._controller.history
        if history is None:
            return set()
        names = {name for row in rows for name in (history.run_id(row), self._reused.get(history.image_id(row), ""))}
        return {name for name in names if name and history.plans.plan(name) is not None}
