"""When a Learning Run has all its stars: working the verdict out, writing it down, and keeping it fresh afterwards."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from ....app.controller import Controller
from ....domain.base.errors import InvalidInput
from ....domain.insights.matrix import board
from ....domain.insights.report import Report
from ....pipeline.messages.plans import Analyse
from .actions import RatingRules
from .header import RatingHead
from .session import SeatWords


class VerdictContext(Struct, frozen=True):
    """What the verdict needs of its page: `analyse_soon` calls `ask` after a while, `say` shows a sentence."""

    head: RatingHead
    rules: RatingRules
    analyse_soon: Callable[[], None]
    say: Callable[[str], None]


class RatingVerdict:
    """The report of the plan in sight. Values are revealed by the result line that `came` writes, never before it."""

    def __init__(self, controller: Controller, words: SeatWords, around: VerdictContext) -> None:
        self._controller, self._words, self._around = controller, words, around
        self._revealing = False
        self._analysed: tuple[int, ...] = ()

    def begin(self) -> None:
        """Another plan is shown."""
        self._words.report = None
        self.settled()
        self._analysed = ()

    def settled(self) -> None:
        """The result is on disk, or it failed, or is no longer wanted: it can be asked for again."""
        self._revealing = False
        self._around.head.reveal.busy(False)

    def look(self, plan_id: str) -> None:
        """Reveal when nothing is left to make or rate; work the verdict out anew when stars have changed since."""
        now, history, rules = self._words.seating, self._controller.history, self._around.rules
        if now is None or history is None or self._revealing:
            return
        result = history.plans.result(plan_id)
        if now.done and not self._words.given and not self._controller.learning.pending(plan_id):
            if rules.rated_here or result is None:
                self.reveal()
        elif now.closed and rules.rated_here and self._words.next_asked(-1) < 0:
            self._around.say("All that can be shown is rated. A row opens when all of it is made.")
        stars = tuple(seat.stars for seat in now.seats)
        if not now.hidden and not self._revealing and any(stars) and stars != self._analysed:
            self._analysed = stars
            self._around.analyse_soon()
        if not now.hidden and now.rated:
            report = self._words.report
            sentence = report.verdict.sentence if report else result.summary.sentence if result else ""
            self._around.head.verdict(sentence, report.remark if report else "")
        else:
            self._around.head.verdict("")

    def reveal(self) -> None:
        """Work the verdict out and write it down; from then on the values are in sight."""
        if not self._revealing:
            self._revealing, self._around.rules.rated_here = True, False
            self._around.head.reveal.busy()
            self.ask()

    def ask(self) -> None:
        """Have the ratings analysed as they are now; `came` takes the answer."""
        history, seating = self._controller.history, self._words.seating
        held = board(history, seating.board.plan.plan_id) if history is not None and seating is not None else None
        if held is not None:
            self._controller.ask(Analyse(board=held))

    def came(self, report: Report) -> None:
        """Take a report in."""
        self._words.report = report
        if not self._revealing:
            return
        # Until the line is on disk the plan is still being revealed: it must not be written twice.
        self._analysed = tuple(seat.stars for seat in self._words.seats)
        try:
            self._controller.learning.conclude(report)
        except InvalidInput as problem:
            self.settled()
            self._around.say(str(problem))
