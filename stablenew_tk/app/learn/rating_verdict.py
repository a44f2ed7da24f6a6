"""When a Learning Run has all its stars: working the verdict out, revealing the values, and showing what is new."""

from __future__ import annotations

from collections.abc import Callable

from ...domain.base.errors import InvalidInput
from ...domain.insights.equal_pictures import no_effect
from ...domain.insights.matrix import board
from ...domain.insights.report import Report
from ...pipeline.messages.plans import Analyse
from ..controller import Controller
from .rating_session import RatingSession


class RatingVerdict:
    """The report of the plan in sight. Values are revealed by the result line that `came` writes, never before it.

    `revealing`: it is being worked out. `analyse_soon` calls `ask` after a while. Main thread.
    """

    def __init__(self, controller: Controller, session: RatingSession, analyse_soon: Callable[[], None]) -> None:
        self._controller, self._session, self._analyse_soon = controller, session, analyse_soon
        self.revealing = False
        self._analysed: tuple[int, ...] = ()

    @property
    def text(self) -> tuple[str, str, str]:
        """Headline, meaning and remark; "" while there is nothing to say."""
        matrix, report, history = self._session.matrix, self._session.report, self._controller.history
        if matrix is None or matrix.hidden or history is None:
            return "", "", ""
        result = history.plans.result(self._session.plan_id)
        if not matrix.rated and not matrix.standing.nothing_changed:
            return "", "", ""
        if report is not None:
            return report.verdict.headline, report.verdict.meaning, report.remark
        if result is None:
            return "", "", ""
        return *result.summary.parts, no_effect(matrix.board.plan) if matrix.standing.nothing_changed else ""

    def begin(self) -> None:
        """Another plan is shown."""
        self.settled()
        self._analysed = ()

    def settled(self) -> None:
        """The result is on disk, or it failed, or is no longer wanted: it can be asked for again."""
        self.revealing = False

    def check(self) -> str:
        """Reveal when nothing is left to make or rate; work the verdict out anew when stars have changed since.

        Returns what to tell the user, "" for nothing.
        """
        session, history, remark = self._session, self._controller.history, ""
        matrix = session.matrix
        if matrix is None or history is None or self.revealing:
            return ""
        if matrix.done and session.all_saved and not self._controller.learning.pending(session.plan_id):
            if matrix.hidden:
                self.reveal()
        elif matrix.closed and session.rated_here and session.next_asked(-1) < 0:
            remark = "All that can be shown is rated. A row opens when all of it is made."
        stars = tuple(cell.stars for cell in matrix.cells)
        if not matrix.hidden and not self.revealing and any(stars) and stars != self._analysed:
            self._analysed = stars
            self._analyse_soon()
        return remark

    def reveal(self) -> None:
        """Work the verdict out and write it down; from then on the values are in sight."""
        if not self.revealing:
            self.revealing, self._session.rated_here = True, False
            self.ask()

    def ask(self) -> None:
        """Have the ratings analysed as they are now; `came` takes the answer."""
        history, matrix = self._controller.history, self._session.matrix
        held = board(history, matrix.board.plan.plan_id) if history is not None and matrix is not None else None
        if held is not None:
            self._controller.ask(Analyse(board=held))

    def came(self, report: Report) -> str:
        """Take a report in. Returns why it could not be written down, "" if it was or need not be."""
        self._session.report = report
        if self.revealing:
            # Until the line is on disk the plan is still being revealed: it must not be written twice.
            self._analysed = tuple(cell.stars for cell in self._session.cursor.cells)
            try:
                self._controller.learning.conclude(report)
            except InvalidInput as problem:
                self.settled()
                return str(problem)
        return ""
