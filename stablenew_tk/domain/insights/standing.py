"""How far a Learning Run is: made, waiting, failed, rated of wanted."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from ..runs.plan import LearningPlan, VerdictState
from .matrix import Board

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


class ShownVerdict(Struct, frozen=True):
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
