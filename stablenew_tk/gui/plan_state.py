"""Where every Learning Run stands, kept ready for the list.

It is worked out in small helpings, and anew only for what was touched.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from ..controller import Controller
from ..domain.board import Board, board
from ..domain.plan import LearningPlan, LearningRunResult, LearningRunStep, VerdictState
from ..domain.record import LearningRecord, Void
from ..pipeline.events import Event, HistoryChanged, HistoryLoaded, InsightReady, LineSaved

BUDGET_S = 0.004

State = Literal["running", "rate", "stopped", "done"]


class Standing(Struct, frozen=True, kw_only=True):
    """How a plan stands. `waiting` places were never made, `failed` ones brought no picture; `asked` pictures can be
    rated now. `wanted` and `rated` count without suspect and failed ones.
    """

    plan: LearningPlan
    revealed: bool
    begun: bool
    cells: int
    made: int
    waiting: int
    failed: int
    suspect: int
    wanted: int
    rated: int
    asked: int

    def state(self, pending: int) -> State:
        """The group it belongs to while `pending` jobs of it are queued or running."""
        if pending:
            return "running"
        if self.asked or (self.made and not self.waiting and not self.revealed):
            return "rate"
        return "stopped" if self.waiting else "done"


class Said(Struct, frozen=True):
    """A verdict as the list shows it."""

    state: VerdictState
    sentence: str


def standing(held: Board) -> Standing:
    """How a plan stands, from its board."""
    open_rows = held.open_rows()
    sound = [(cell, shown.facts) for cell in held.cells for shown in cell.images if not shown.facts.suspect]
    failed = sum(not cell.images and cell.state != "waiting" for cell in held.cells)
    suspect = len(held.images) - len(sound)
    return Standing(
        plan=held.plan,
        revealed=held.revealed,
        begun=bool(held.plan.run_name) or bool(held.made),
        cells=len(held.cells),
        made=sum(bool(cell.images) for cell in held.cells),
        waiting=sum(cell.state == "waiting" for cell in held.cells),
        failed=failed,
        suspect=suspect,
        wanted=len(held.cells) - failed - suspect,
        rated=sum(facts.rating > 0 for _, facts in sound),
        asked=sum(not facts.rating and (held.revealed or cell.cell.row in open_rows) for cell, facts in sound),
    )


class PlanStates:
    """Standings of all plans, newest first. `fill` works for a few milliseconds at a time."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._known: dict[str, Standing] = {}
        self._stale: set[str] = set()
        self._said: dict[str, Said] = {}
        self._unsaid: set[str] = set()
        self._foreign: dict[str, str] = {}

    def all(self) -> list[Standing]:
        """Those that are known by now."""
        history = self._controller.history
        plans = history.plans.plans() if history is not None else ()
        return [known for plan in plans if (known := self._known.get(plan.plan_id)) is not None]

    def board(self, plan_id: str) -> Board | None:
        """The board of one plan as it is now."""
        history = self._controller.history
        return board(history, plan_id) if history is not None else None

    def said(self, standing: Standing) -> Said | None:
        """The verdict of a plan whose values may be seen."""
        history = self._controller.history
        if history is None or not standing.revealed:
            return None
        result = history.plans.result(standing.plan.plan_id)
        written = Said(result.summary.state, result.summary.sentence) if result is not None else None
        return self._said.get(standing.plan.plan_id, written)

    def next_unsaid(self) -> Board | None:
        """A plan whose verdict is to be worked out, once each: its values are in sight and its ratings are news."""
        while self._unsaid:
            held = self.board(self._unsaid.pop())
            if held is not None and held.revealed and held.rated:
                return held
        return None

    def on_event(self, event: Event) -> bool:
        """Notice what a plan's standing hangs on. True when something is to be filled or drawn anew."""
        if isinstance(event, HistoryLoaded):
            self._known.clear()
            self._touch_all()
            return True
        if isinstance(event, InsightReady):
            verdict = event.report.verdict
            self._said[event.plan_id] = Said(verdict.state, verdict.sentence)
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
        history, before = self._controller.history, self._known.get(plan_id)
        now = self._known[plan_id] = standing(held)
        result = history.plans.result(plan_id) if history is not None else None
        if now.revealed and now.rated and (result is None or (before is not None and before.rated != now.rated)):
            self._unsaid.add(plan_id)
        for shown in held.images:
            if shown.facts.run_id != plan_id:
                # A plan may begin with a picture of another run.
                self._foreign[shown.facts.image_id] = plan_id

    def _plans_of(self, rows: Iterable[int]) -> set[str]:
        history = self._controller.history
        found = [history.facts(row) for row in rows] if history is not None else []
        return {facts.run_id for facts in found} | {self._foreign.get(facts.image_id, "") for facts in found}

    def _touch(self, plan_ids: Iterable[str]) -> bool:
        history = self._controller.history
        mine = {name for name in plan_ids if name in self._known or (history and name and history.plans.plan(name))}
        self._stale |= mine
        return bool(mine)

    def _touch_all(self) -> bool:
        history = self._controller.history
        self._stale |= {plan.plan_id for plan in history.plans.plans()} if history is not None else set()
        return bool(self._stale)
