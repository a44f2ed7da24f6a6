"""Comparing the pictures of one Learning Run two by two: which pair is next, the votes, and the last one."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from ...domain.base.wording import counted
from ...domain.insights.pairs_to_ask import AskedPair, crowded, pairs_to_ask
from ...domain.journal.record import Better
from ...domain.runs.plan import LearningPlan
from ..controller import Controller

Side = Literal["left", "right", "none"]
_SAID: dict[Side, str] = {"left": "left was better", "right": "right was better", "none": "no difference"}


class LastPair(Struct, frozen=True):
    """The pair that was voted on last, and what was said."""

    pair: AskedPair
    better: Side

    @property
    def words(self) -> str:
        """ "left was better"."""
        return _SAID[self.better]


class PairSession:
    """The pairs of one plan. A vote counts at once and is on disk soon after. Values are never shown: `blind` tells
    whether the stars hide them, too. Main thread.
    """

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self.plan: LearningPlan | None = None
        self.blind = False
        self.reason = ""
        self.pairs: tuple[AskedPair, ...] = ()
        self._voted: set[frozenset[str]] = set()
        self._coming: set[frozenset[str]] = set()  # votes that are not on disk yet
        self._given: list[LastPair] = []

    def open(self, plan_id: str) -> bool:
        """Take the pairs of a plan. False when there is nothing to compare."""
        board = self._controller.boards.of(plan_id)
        if board is None:
            return False
        self.plan, self.blind = board.plan, board.plan.blind
        self.pairs, self._given = pairs_to_ask(board), []
        self._coming = set()
        stars = [shown.facts.rating for cell in board.cells for shown in cell.sound if shown.facts.rating]
        self.reason = crowded(stars)
        self.refresh()
        return bool(self.pairs)

    def refresh(self) -> None:
        """Take in the votes of the journal: one may have been undone."""
        history = self._controller.history
        if history is None:
            return
        images = {facts.image_id for pair in self.pairs for facts in (pair.left, pair.right)}
        told = {frozenset((line.image_id, line.other_id)) for line in history.votes.among(images)}
        self._coming -= told
        self._voted = (told | self._coming) & {_images(pair) for pair in self.pairs}

    @property
    def current(self) -> AskedPair | None:
        """The pair to compare now; None when all are compared."""
        return next((pair for pair in self.pairs if _images(pair) not in self._voted), None)

    @property
    def following(self) -> AskedPair | None:
        """The pair after the current one, to be loaded ahead."""
        left = [pair for pair in self.pairs if _images(pair) not in self._voted]
        return left[1] if len(left) > 1 else None

    @property
    def done(self) -> int:
        """How many pairs are compared."""
        return len(self._voted)

    @property
    def last(self) -> LastPair | None:
        """The last vote given here that still holds."""
        return next((one for one in reversed(self._given) if _images(one.pair) in self._voted), None)

    @property
    def why(self) -> str:
        """Why it is worth the while."""
        return f"Pairs tell apart what stars cannot{f': {self.reason}' if self.reason else ''}."

    @property
    def count(self) -> str:
        """ "9 of 20 pairs"."""
        return f"{self.done} of {counted(len(self.pairs), 'pair')}"

    def vote(self, better: Side) -> None:
        """Say which of the current pair is better."""
        pair = self.current
        if pair is None:
            return
        self._coming.add(_images(pair))
        self._voted.add(_images(pair))
        self._given.append(LastPair(pair, better))
        told: dict[Side, Better] = {"left": "first", "right": "second", "none": "none"}
        self._controller.pairs.compare(pair.left.image_id, pair.right.image_id, told[better], blind=self.blind)


def _images(pair: AskedPair) -> frozenset[str]:
    return frozenset((pair.left.image_id, pair.right.image_id))
