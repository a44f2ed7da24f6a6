"""Rating one Learning Run: the matrix, the large picture, and what the keys do to them.

While it is blind, nothing here tells a value. When the last picture has its stars the values are revealed by
themselves: the verdict is worked out, written to the journal, and the matrix is sorted by value.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ....app.controller import Controller
from ....app.insights.actions import known_from, use_action, use_or_undo
from ....app.learn.rating_session import RatingSession, plan_of
from ....app.learn.rating_verdict import RatingVerdict
from ....app.rating_keys import RatingKeys
from ....domain.base.key_press import KeyPress
from ....domain.insights.blinding import BlindMatrix
from ....domain.insights.matrix_text import key_hint, place_name, state_words, without_picture
from ....domain.insights.pairs_to_ask import crowded
from ....domain.journal.record import Void
from ....domain.runs.known_value import KnownValue
from ....domain.runs.plan import LearningRunResult
from ....pipeline.messages.base import Event, OrderFailed
from ....pipeline.messages.jobs import JobStarted, QueueChanged, StageProgressed
from ....pipeline.messages.journal import HistoryChanged, LineSaved, UnsavedChanged
from ....pipeline.messages.pictures import MakeThumbnail, ThumbnailReady
from ....pipeline.messages.plans import Analyse, InsightReady
from ....pipeline.messages.settings import SettingsChanged
from ...widgets import theme
from ...widgets.basics import Box, Label, Separator
from ...widgets.keyboard import HintLine
from ...widgets.marks import Chip
from ...widgets.page_frame import DeferringBox
from .actions import MatrixTarget
from .full_screen import RatingFullScreen
from .header import RatingHead
from .matrix import Matrix
from .picture_panel import PicturePanel, PicturePanelActions

_PANEL, _NARROW_PANEL = 444, 320
_PROGRESS_MS, _ANALYSE_MS = 250, 400
_HINTS = (
    ("1–5", "rates and goes on"), ("0", "clear"), ("Space", "full size"), ("C", "compare the row"), ("P", "pairs"),
    ("Esc", "leave, go on later"),
)  # fmt: skip


class RatingView(DeferringBox):
    """The view of one plan. `leave` goes back to the list, `see_insight(plan_id)` to what the ratings say,
    `pairs(plan_id)` to its pairs, False when it has none.
    """

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        leave: Callable[[], None],
        go_on: Callable[[str], None],
        see_insight: Callable[[str], None],
        show_known: Callable[[KnownValue], object],
        pairs: Callable[[str], bool],
    ) -> None:
        super().__init__(parent, "bg")
        self._controller, self._leave, self._go_on, self._see_insight = controller, leave, go_on, see_insight
        self._show_known, self._open_pairs = show_known, pairs
        self._undone: set[int] = set()
        self._offered: set[str] = set()  # plans for which pairs were offered
        self.session = RatingSession(controller, self._refresh_soon)
        self.session.cursor.moved, self.session.cursor.marks_changed = self._moved, self._marks_changed
        self._verdict = RatingVerdict(controller, self.session, self._analyse_soon)
        self._build()

    def _build(self) -> None:
        self._main = Box(self)
        self.head = RatingHead(
            self._main,
            reveal=self._reveal,
            go_on=lambda: self._go_on(self.session.plan_id),
            insight=lambda: self._see_insight(self.session.plan_id),
            use=self._use,
            create=self._create,
        )
        self.head.pack(fill="x")
        strip = Box(self._main)
        strip.pack(fill="x", padx=theme.px(20), pady=(theme.px(10), theme.px(4)))
        self._tag = Chip(strip)
        self._tag.pack(side="left", pady=theme.px(1))
        self._state = Label(strip, "", size=12, ink="text2")
        self._state.pack(side="left", padx=(theme.px(8), 0))
        self.foot = HintLine(self._main, _HINTS, side=20)
        self.foot.pack(side="bottom", fill="x")
        Separator(self._main).pack(side="bottom", fill="x")
        self._full_screen = RatingFullScreen(self, self._controller, self.session, self._large_closed)
        self.viewer = self._full_screen.viewer
        ask = self._controller.ask
        self.matrix = Matrix(self._main, self.session, lambda order: ask(order, last=True), self._full_screen.open)
        self.matrix.pack(fill="both", expand=True)
        self._target = MatrixTarget(
            self._controller, self.session, self._full_screen, move=self._move, say=self.foot.say
        )
        self._keys = RatingKeys(
            self._target,
            lambda: dict(self._controller.settings.tags),
            {
                "c": self._compare,
                "p": self._pairs,
                "F2": lambda: self.panel.chips.edit_note(),
                "space": self._full_screen.open,
                "Return": self._enter,
                "KP_Enter": self._enter,
                "Escape": self._escape,
            },
        )
        self.panel = PicturePanel(
            self,
            PicturePanelActions(
                ask=ask,
                rate=self._target.rate,
                toggle_tag=self._keys.toggle_tag,
                save_note=self._keys.note,
                undo=self._keys.undo,
                back=self.focus_first,
            ),
        )
        self.panel.pack(side="right", fill="y")
        Box(self, "line", width=1).pack(side="right", fill="y")
        self._main.pack(side="left", fill="both", expand=True)
        self.bind("<Configure>", lambda _event: self._arrange())

    def _arrange(self) -> None:
        """Give the large picture the width that the window allows."""
        narrow = {"narrow": _NARROW_PANEL, "usual": _PANEL}.get(self.size_class)
        width = self.winfo_width() // 2 if narrow is None else theme.px(narrow)
        if int(self.panel.cget("width")) != width:
            self.panel.configure(width=width)

    # ---- what the page asks

    def open(self, plan_id: str) -> bool:
        """Show a plan, the keyboard on its next unrated picture. False when the journal does not know it."""
        other = plan_id != self.session.plan_id
        if not self.session.open(plan_id):
            return False
        if other:
            self._verdict.begin()
        self.foot.say("")
        self.viewer.close()
        self._refresh()
        self.session.cursor.go_to(max(0, self.session.next_asked(-1)))
        self._arrange()
        return True

    def focus_first(self) -> None:
        """Put the keyboard on the matrix."""
        (self.viewer.canvas if self.viewer.is_open else self.matrix.canvas).focus_set()

    def on_event(self, event: Event) -> None:
        """Follow the journal and the queue as far as they are about this plan."""
        self.session.feedback.on_event(event)
        if not self.session.plan_id:
            return
        self.panel.on_event(event)
        self.viewer.on_event(event)
        if isinstance(event, ThumbnailReady):
            self.matrix.thumbs.ready(event)
        elif isinstance(event, StageProgressed | JobStarted):
            if self.session.progress is not None:
                self.later("progress", _PROGRESS_MS, self.matrix.refresh)
        elif isinstance(event, HistoryChanged):
            self._history_changed(event)
        elif isinstance(event, LineSaved | QueueChanged | SettingsChanged):
            if isinstance(event, LineSaved) and isinstance(event.line, KnownValue | Void):
                self._show_verdict()
            if not isinstance(event, LineSaved) or plan_of(event.line) == self.session.plan_id:
                if isinstance(event, LineSaved) and isinstance(event.line, LearningRunResult):
                    self._verdict.settled()
                self._refresh_soon()
        elif isinstance(event, InsightReady) and event.plan_id == self.session.plan_id:
            if problem := self._verdict.came(event.report):
                self.foot.say(problem)
            self._refresh_soon()
        elif isinstance(event, UnsavedChanged):
            self._keys.tell_unsaved(event)
        elif isinstance(event, OrderFailed) and isinstance(event.order, Analyse):
            self._verdict.failed()
            self._show_verdict()
        elif isinstance(event, OrderFailed) and isinstance(event.order, MakeThumbnail):
            self.matrix.thumbs.lost()

    def answer(self, press: KeyPress) -> bool:
        """Do what a key means here; False when it means nothing."""
        if press.control and press.name in ("Return", "KP_Enter"):
            return self.head.press_main()
        return self._keys.answer(press)

    @property
    def busy(self) -> bool:
        """Whether something is still to be drawn or saved."""
        return self.is_pending("refresh") or self.is_pending("seek") or not self.session.all_saved

    # ---- what is shown

    def _history_changed(self, event: HistoryChanged) -> None:
        mine = {cell.key for cell in self.session.cursor.cells} & set(event.rows)
        if event.undone and mine:
            self._undone = mine
            self.later("seek", 2, self._bring_back)
        if mine or not event.rows:
            self._refresh_soon()

    def _refresh_soon(self) -> None:
        self.later("refresh", 1, self._refresh)

    def _refresh(self) -> None:
        session, before = self.session, self.session.matrix
        session.refresh()
        now = session.matrix
        if now is None:
            return
        self.panel.plain_problems = self.viewer.plain_problems = now.hidden
        plan = now.board.plan
        size = plan.base_config.txt2img
        self.matrix.show(shape=min(max(size.height / size.width, 0.6), 1.6))
        if before is not None and before.hidden and not now.hidden and before.board.plan.plan_id == plan.plan_id:
            # The matrix begins anew, sorted by value.
            self.viewer.close()
            self.foot.say("")
            session.cursor.go_to(0, just_rated=session.cursor.just_rated)
        elif before is not None and now.round and not before.round:
            # A blind round begins at its first picture without stars.
            self.viewer.close()
            session.cursor.go_to(max(0, session.next_asked(-1)))
        session.go_on_in_opened_row()
        self._show_state(now)
        self._show_current()
        self._full_screen.refresh()
        if remark := self._verdict.check() or self._offer_pairs(now):
            self.foot.say(remark)
        self._show_verdict()

    def _offer_pairs(self, now: BlindMatrix) -> str:
        """Once for each plan: where nearly all stars are the same, pairs tell more."""
        why = crowded([cell.stars for cell in now.cells if cell.stars])
        plan_id = self.session.plan_id
        if not why or plan_id in self._offered or not self.session.rated_here:
            return ""
        self._offered.add(plan_id)
        return f"{why}. Pairs tell apart what stars cannot: press P."

    def _show_verdict(self) -> None:
        self.head.verdict(*self._verdict.text, figure=self._verdict.figure, revealing=self._verdict.revealing)
        report, matrix = self.session.report, self.session.matrix
        shown = report is not None and matrix is not None and not matrix.hidden
        used = known_from(report, self._controller) if shown and report is not None else ()
        self.head.offer_use(use_action(report, self._controller) if shown else None, used=bool(used))

    def _use(self) -> None:
        if self.session.report is not None:
            self.foot.say(use_or_undo(self.session.report, self._controller))

    def _create(self) -> None:
        report = self.session.report
        known = known_from(report, self._controller) if report is not None else ()
        if known:
            self._show_known(known[0])

    def _show_state(self, now: BlindMatrix) -> None:
        self.head.show(now, pace_s=self.session.pace.seconds, to_make=self.session.to_make)
        chip, sentence = state_words(now)
        self._tag.show(chip, "text", "selection", "accent_text")
        self._state.show(sentence)

    def _show_current(self) -> None:
        session = self.session
        cell, now = session.cursor.cell, session.matrix
        if cell is None or now is None:
            return
        self.panel.show(
            place_name(now, cell),
            cell.facts,
            given=now.stars_in_sight(cell),
            words=without_picture(cell) if cell.facts is None else "",
            press=key_hint(cell, goes_on=session.goes_on),
        )
        tagged = self._full_screen.tagged()
        tags_go_to = self._full_screen.notice() or ("Tags go to this picture" if session.goes_on else "")
        self.panel.chips.show(
            (tagged or cell).facts, self._controller.settings.tags, tags_go_to, aside=tagged is not None
        )
        near = (session.next_asked(cell.number), cell.number + 1)
        self.panel.ahead([facts for n in near if 0 <= n < len(now.cells) and (facts := now.cells[n].facts) is not None])
        last = session.cursor.find(session.last)
        if last is None:
            self.panel.last("")
        else:
            name = place_name(now, last)
            text = f"Last: {name[:1].lower()}{name[1:]} {'rated' if last.stars else 'unrated'}"
            self.panel.last(text, now.stars_in_sight(last))

    def _moved(self) -> None:
        self.matrix.show_current()
        self._chosen()

    def _marks_changed(self) -> None:
        self.matrix.refresh()
        self._chosen()
        self.viewer.refresh()

    def _chosen(self) -> None:
        marked = len(self.session.cursor.marked)
        if marked > 1:
            self.foot.say(f"{marked} chosen to compare: C shows them side by side. Stars go to the current one only.")
        elif not self.session.feedback.unsaved:
            self.foot.say("")
        cell = self.session.cursor.cell
        if cell is not None and not self.viewer.comparing:
            self._full_screen.turn_to(cell)
        self._show_current()

    def _analyse_soon(self) -> None:
        self.later("analyse", 1 if self.session.report is None else _ANALYSE_MS, self._verdict.ask)

    # ---- keys

    def _large_closed(self) -> None:
        self.focus_first()
        self._show_current()

    def _reveal(self) -> None:
        self.session.cursor.stay()
        self._verdict.reveal()
        self._show_verdict()

    def _move(self, how: str, mark: bool) -> None:
        self.focus_first()
        self.matrix.move(how, mark=mark)

    def _bring_back(self) -> None:
        cell = self.session.bring_back(self._undone)
        if cell is not None:
            self._full_screen.turn_to(cell)
            self.session.cursor.go_to(cell.number)

    def _compare(self) -> None:
        if not self._full_screen.compare():
            self.foot.say("There are no two pictures to compare in this row yet.")

    def _pairs(self) -> None:
        self._full_screen.viewer.close()
        if not self._open_pairs(self.session.plan_id):
            self.foot.say("Pairs are two rated pictures of one row. Rate some first.")

    def _enter(self) -> None:
        now = self.session.matrix
        if now is not None and not now.hidden and now.done:
            self._see_insight(self.session.plan_id)
        else:
            self._full_screen.open()

    def _escape(self) -> None:
        if not self.session.cursor.unmark():
            self._leave()
