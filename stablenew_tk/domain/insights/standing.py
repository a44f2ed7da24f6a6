"""How far a Learning Run is: made, waiting, failed, rated of wanted."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from ..runs.plan import LearningPlan, VerdictState
from .matrix import Board

State = Literal["running", "rate", "stopped", "done"]


class Standing(Struct, frozen=True, kw_only=True):
    """How far a plan is. The one count of "rated of wanted": pages, terminal and journal all take it from here.

    `waiting` cells are still to be made, `failed` ones brought no picture. `wanted` pictures can be rated in the end:
    those of cells that failed and suspect ones are not counted. Of them `rated` have stars, `unrated` are made and
    have none, and `asked` are those of the unrated that may be shown now (blind plans show whole rows only).
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
    unrated: int
    asked: int

    @property
    def all_rated(self) -> bool:
        """Whether nothing is left to make and every picture that can be rated is."""
        return bool(self.rated) and self.rated == self.wanted

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


def standing(board: Board) -> Standing:
    """How far a plan is, from its board."""
    open_rows = board.open_rows()
    sound = [(cell, shown.facts) for cell in board.cells for shown in cell.images if not shown.facts.suspect]
    unrated = [cell for cell, facts in sound if not facts.rating]
    waiting = sum(cell.state == "waiting" for cell in board.cells)
    return Standing(
        plan=board.plan,
        revealed=board.revealed,
        begun=bool(board.plan.run_name) or bool(board.made),
        cells=len(board.cells),
        made=board.made,
        waiting=waiting,
        failed=board.failed,
        suspect=len(board.images) - len(sound),
        wanted=len(sound) + waiting,
        rated=len(sound) - len(unrated),
        unrated=len(unrated),
        asked=sum(board.revealed or cell.cell.row in open_rows for cell in unrated),
    )
