"""When a Learning Run has all its stars: going on with what tells most, or revealing the values with the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...domain.base.errors import InvalidInput
from ...domain.insights.equal_pictures import no_effect
from ...domain.insights.follow_up import next_cells
from ...domain.insights.members import basis
from ...domain.insights.report import Report, step_ratings
from ...domain.insights.verdict_text import beside_figure, figure
from ...domain.runs.plan import PlanCell
from ...pipeline.messages.plans import Analyse
from ..controller import Controller
from .rating_session import RatingSession


class RatingVerdict:
    """The report of the plan in sight. Values are revealed by the result line that `came` writes, never before it.

    A plan that goes step by step gets the pictures that tell most as soon as all it has are rated, until its verdict is
    clear. `revealing`: the verdict is being worked out to be shown, `deciding`: to see whether to go on. `analyse_soon`
    calls `ask` after a while. Main thread.
    """

    def __init__(self, controller: Controller, session: RatingSession, analyse_soon: Callable[[], None]) -> None:
        self._controller, self._session, self._analyse_soon = controller, session, analyse_soon
        self.revealing = self.deciding = False
        self._analysed: tuple[int, ...] = ()
        self._decided: tuple[int, ...] = ()  # the stars with which it was last decided whether to go on

    @property
    def text(self) -> tuple[str, str, str]:
        """Headline, meaning and remark; "" while there is nothing to say."""
        matrix, report, history = self._session.matrix, self._session.report, self._controller.history
        if matrix is None or matrix.hidden or history is None:
            return "", "", ""
        result = history.plans.asked.verdict(self._session.plan_id)
        if not matrix.rated and not matrix.standing.nothing_changed:
            return "", "", ""
        if report is not None:
            return report.verdict.headline, beside_figure(report.verdict), report.remark
        if result is None:
            return "", "", ""
        return *result.summary.parts, no_effect(matrix.board.plan) if matrix.standing.nothing_changed else ""

    @property
    def figure(self) -> tuple[str, str]:
        """The probability of the verdict in `text` as a number, and what it is of; "" where there is none."""
        report = self._session.report
        return figure(report.verdict) if report is not None and self.text[0] == report.verdict.headline else ("", "")

    def begin(self) -> None:
        """Another plan is shown."""
        self.failed()
        self._analysed = self._decided = ()

    def settled(self) -> None:
        """A result is on disk, or was refused: it can be asked for again. An open plan gets one while it is decided."""
        self.revealing = False

    def failed(self) -> None:
        """The ratings could not be analysed, or it is no longer wanted: it can be asked for again."""
        self.revealing = self.deciding = False

    def check(self) -> str:
        """When nothing is left to make or rate, go on step by step or reveal; work the verdict out anew when stars have
        changed since.

        Returns what to tell the user, "" for nothing.
        """
        session, history, remark = self._session, self._controller.history, ""
        matrix = session.matrix
        if matrix is None or history is None or self.revealing or self.deciding:
            return ""
        plan, stars = matrix.board.plan, tuple(cell.stars for cell in matrix.cells)
        if matrix.done and session.all_saved and not self._controller.learning.pending(session.plan_id):
            # In an open plan nothing is made because somebody looks at it, only because of stars given now.
            if plan.most_pictures and (matrix.hidden or (not plan.blind and session.rated_here)):
                if stars != self._decided:
                    self._decided, self.deciding = stars, True
                    self.ask()
            elif matrix.hidden:
                self.reveal()
        elif matrix.closed and session.rated_here and session.next_asked(-1) < 0:
            remark = f"All that can be shown is rated. {self._coming(by_steps=bool(plan.most_pictures and plan.extra))}"
        if not matrix.hidden and not self.revealing and not self.deciding and any(stars) and stars != self._analysed:
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
        matrix = self._session.matrix
        held = self._controller.boards.whole(matrix.board.plan.plan_id) if matrix is not None else None
        if held is not None:
            self._controller.ask(Analyse(board=held))

    def came(self, report: Report) -> str:
        """Take a report in. Returns what to tell the user: what is made next, or why that or the result was refused."""
        self._session.report = report
        if self.deciding:
            self.deciding = False
            if not self._is_up_to_date(report):
                self._decided = ()  # stars have overtaken it, so it is decided anew
                return ""
            cells = next_cells(report)
            if not self.revealing and cells:
                return self._go_on(cells)
            # Of an open plan the values are in sight already, and the result is kept up to date anyway.
            self.revealing = self._session.hidden
        if self.revealing:
            # Until the line is on disk the plan is still being revealed: it must not be written twice.
            self._analysed = tuple(cell.stars for cell in self._session.cursor.cells)
            try:
                self._controller.learning.conclude(report)
            except InvalidInput as problem:
                self.settled()
                return str(problem)
        return ""

    def _is_up_to_date(self, report: Report) -> bool:
        held = self._controller.boards.whole(report.plan.plan_id)
        return held is not None and (report.steps, report.basis) == (step_ratings(held), basis(held))

    def _go_on(self, cells: Sequence[PlanCell]) -> str:
        try:
            self._controller.learning.more(self._session.plan_id, cells)
        except InvalidInput as problem:
            return str(problem)
        more = "1 more picture that tells most is" if len(cells) == 1 else f"{len(cells)} more that tell most are"
        return f"Not clear yet: {more} made now. {self._coming(by_steps=True)}"

    def _coming(self, *, by_steps: bool) -> str:
        """When there will be something to rate again."""
        if self._controller.paused:
            return "The queue is paused: Go on makes the next pictures."
        return "They open together when all of them are made." if by_steps else "A row opens when all of it is made."
