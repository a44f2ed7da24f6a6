"""Progress of a Learning Run: numbers of cells made, waiting and failed, and of pictures rated."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from ..runs.plan import LearningPlan, VerdictState
from .equal_pictures import all_equal
from .matrix import Board

State = Literal["running", "rate", "stopped", "done"]


class Standing(Struct, frozen=True, kw_only=True):
    """Progress of a plan. Every page and command takes the count "rated of wanted" from here.

    `cells` are `made`, `waiting` to be made, or `failed` (without a picture). `wanted` is the number of pictures to be
    rated in total, without suspect ones; equal pictures of a row are one. Of these, `rated` have stars, `unrated` are
    made and have none, and `asked` are the unrated ones that may be shown now (blind: complete rows and batches only).
    `not_blind` of the rated ones got their stars with the values in sight. `nothing_changed`: all pictures of every row
    are equal, so stars would tell nothing; once it is told, none are asked for. `machines` made its pictures.
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
    not_blind: int
    nothing_changed: bool = False
    machines: tuple[str, ...] = ()

    @property
    def all_rated(self) -> bool:
        """Whether no cell is waiting and every picture that can be rated has stars."""
        return bool(self.rated) and self.rated == self.wanted

    def state(self, pending: int) -> State:
        """State of the plan for lists. `pending`: number of its jobs that are queued or running."""
        if pending:
            return "running"
        if self.nothing_changed and self.revealed:
            return "done"
        if self.asked or (self.made and not self.waiting and not self.revealed):
            return "rate"
        return "stopped" if self.waiting else "done"


class ShownVerdict(Struct, frozen=True):
    """The verdict of a plan as the list of plans and its card show it. `alone` is what the plan says by itself, where
    others asked the same question.
    """

    state: VerdictState
    headline: str
    meaning: str = ""
    alone: str = ""


def standing(board: Board) -> Standing:
    """Count the progress of a plan."""
    open_cells, nothing_changed = board.open_cells(), all_equal(board)
    sound = [(cell, shown.facts) for cell in board.cells for shown in cell.sound if not shown.same_as]
    unrated = [cell for cell, facts in sound if not facts.rating]
    waiting = sum(cell.state == "waiting" for cell in board.cells)
    told = nothing_changed and board.revealed
    return Standing(
        plan=board.plan,
        revealed=board.revealed,
        begun=bool(board.plan.run_name) or bool(board.made),
        cells=len(board.cells),
        made=board.made,
        waiting=waiting,
        failed=board.failed,
        suspect=len(board.images) - sum(len(cell.sound) for cell in board.cells),
        wanted=len(sound) + waiting,
        rated=len(sound) - len(unrated),
        unrated=len(unrated),
        not_blind=sum(
            bool(one.facts.rating) and not (one.facts.suspect or one.blind or one.same_as) for one in board.images
        ),
        asked=0 if told else sum((board.revealed and not cell.late) or cell.cell in open_cells for cell in unrated),
        nothing_changed=nothing_changed,
        machines=tuple(sorted({cell.node for cell in board.cells if cell.node})),
    )


def blind_text(rated: int, not_blind: int) -> str:
    """How many of the rated pictures got their stars blind: "all rated blind", "12 blind, 3 open"."""
    if not not_blind:
        return "all rated blind"
    return "none rated blind" if not_blind == rated else f"{rated - not_blind} blind, {not_blind} open"
