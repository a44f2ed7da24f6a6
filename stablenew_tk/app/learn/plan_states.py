"""Progress and state of every Learning Run for the list of plans.

They are computed for a few milliseconds at a time, and again only for plans that changed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable

from ...domain.insights.matrix import Board, board
from ...domain.insights.standing import ShownVerdict, Standing, State, standing
from ...domain.insights.titles import STATE_NAMES
from ...domain.journal.record import LearningRecord, Void
from ...domain.runs.plan import LearningPlan, LearningRunResult, LearningRunStep
from ...pipeline.messages.base import Event
from ...pipeline.messages.journal import HistoryChanged, HistoryLoaded, LineSaved
from ..controller import Controller

BUDGET_S = 0.004


class PlanStates:
    """Standings of all plans, newest first. `fill` works for a few milliseconds at a time."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._known: dict[str, Standing] = {}
        self._stale: set[str] = set()
        self._foreign: dict[str, str] = {}

    def all(self) -> list[Standing]:
        """Those that are known by now."""
        history = self._controller.history
        plans = history.plans.plans() if history is not None else ()
        return [known for plan in plans if (known := self._known.get(plan.plan_id)) is not None]

    def groups(self) -> dict[State, list[Standing]]:
        """Those that are known by now, by what is to be done with them; groups without a plan are left out."""
        making = [one.job for one in self._controller.nodes.working if not one.stopped]
        jobs = [*making, *self._controller.queue]
        begun = Counter(job.learning.plan_id for job in jobs)
        found: dict[State, list[Standing]] = {state: [] for state in STATE_NAMES}
        for known in self.all():
            found[known.state(begun[known.plan.plan_id])].append(known)
        return {state: group for state, group in found.items() if group}

    def board(self, plan_id: str) -> Board | None:
        """The board of one plan as it is now."""
        history = self._controller.history
        return board(history, plan_id) if history is not None else None

    def verdict(self, standing: Standing) -> ShownVerdict | None:
        """The stored verdict of a plan whose values may be seen; `PlanResults` keeps it up to date."""
        history = self._controller.history
        if history is None or not standing.revealed:
            return None
        result, own = history.plans.asked.verdict(standing.plan.plan_id), history.plans.result(standing.plan.plan_id)
        told = result.summary if result is not None else None
        alone = own.summary.alone if own is not None else ""
        return ShownVerdict(told.state, *told.parts, alone) if told is not None else None

    def on_event(self, event: Event) -> bool:
        """Notice what a plan's standing hangs on. True when something is to be filled or drawn anew."""
        if isinstance(event, HistoryLoaded):
            self._known.clear()
            self._touch_all()
            return True
        if isinstance(event, HistoryChanged):
            return self._touch(self._plans_of(event.rows))
        if isinstance(event, LineSaved):
            line = event.line
            if isinstance(line, LearningPlan | LearningRunStep | LearningRunResult):
                return self._touch((line.plan_id,))
            if isinstance(line, LearningRecord):
                return self._touch((line.learning.plan_id,))
            return isinstance(line, Void) and self._touch_all()
        return False

    def fill(self) -> bool:
        """Work out what is stale, for a few milliseconds; True when nothing is left."""
        end = time.perf_counter() + BUDGET_S
        history = self._controller.history
        if history is None:
            return True
        # The newest first: they stand on top of the list.
        for plan in history.plans.plans() if self._stale else ():
            if plan.plan_id in self._stale:
                self._stale.discard(plan.plan_id)
                self._take(plan.plan_id)
                if time.perf_counter() > end:
                    return not self._stale
        for gone in self._stale:
            self._known.pop(gone, None)
        self._stale.clear()
        return True

    def _take(self, plan_id: str) -> None:
        held = self.board(plan_id)
        if held is None:
            return
        self._known[plan_id] = standing(held)
        for shown in held.images:
            if shown.facts.run_id != plan_id:
                # A plan may begin with a picture of another run.
                self._foreign[shown.facts.image_id] = plan_id

    def _plans_of(self, rows: Iterable[int]) -> set[str]:
        history = self._controller.history
        if history is None:
            return set()
        return {name for row in rows for name in (history.run_id(row), self._foreign.get(history.image_id(row), ""))}

    def _touch(self, plan_ids: Iterable[str]) -> bool:
        history = self._controller.history
        mine = {name for name in plan_ids if name in self._known or (history and name and history.plans.plan(name))}
        self._stale |= mine
        return bool(mine)

    def _touch_all(self) -> bool:
        history = self._controller.history
        self._stale |= {plan.plan_id for plan in history.plans.plans()} if history is not None else set()
        return bool(self._stale)
