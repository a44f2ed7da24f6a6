"""Rating one Learning Run: the matrix, the large picture, and what the keys do to them.

While it is blind, nothing here tells a value. When the last picture has its stars the values are revealed by
themselves: the verdict is worked out, written to the journal, and the matrix is sorted by value.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ....app.controller import Controller
from ....app.feedback import Rating
from ....domain.insights.blinding import BlindCell, BlindMatrix, seating
from ....domain.insights.matrix import Board, board
from ....domain.journal.record import LearningRecord
from ....domain.runs.plan import LearningPlan, LearningRunResult, LearningRunStep
from ....pipeline.messages.base import Event, OrderFailed
from ....pipeline.messages.jobs import JobStarted, QueueChanged, StageProgressed
from ....pipeline.messages.journal import HistoryChanged, LineSaved, UnsavedChanged
from ....pipeline.messages.pictures import MakeThumbnail, ThumbnailReady
from ....pipeline.messages.plans import Analyse, InsightReady
from ....pipeline.messages.settings import SettingsChanged
from ...widgets import theme
from ...widgets.basics import Box, Label, Separator
from ...widgets.keyboard import KeyPress, act_on
from .actions import RatingRules
from .full_screen import RatingLarge
from .header import Foot, RatingHead, Tag
from .matrix import Matrix, MatrixActions
from .picture_panel import BigPicture, PicturePanelActions
from .session import SeatWords, key_of
from .verdict import RatingVerdict, VerdictContext

_PANEL, _NARROW_PANEL = 444, 320
_PROGRESS_MS, _ANALYSE_MS = 250, 400
_MOVES = {
    "Left": "left", "Right": "right", "Up": "up", "Down": "down", "Home": "home", "End": "end", "Prior": "page_up",
    "Next": "page_down",
}  # fmt: skip


class RatingView(Box):
    """The view of one plan. `leave` goes back to the list, `see_insight(plan_id)` to what the ratings say."""

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        leave: Callable[[], None],
        go_on: Callable[[str], None],
        see_insight: Callable[[str], None],
    ) -> None:
        super().__init__(parent, "bg")
        self._controller, self._leave, self._go_on, self._see_insight = controller, leave, go_on, see_insight
        self.plan_id = ""
        self._undone: set[int] = set()
        self._later: dict[str, str] = {}
        self._rating = Rating(controller, lambda _rows: self._soon("refresh", 1, self._refresh))
        self.words = SeatWords(self._rating, self._share, lambda: controller.settings.go_on_after_rating)
        self._build()
        self._plain_keys: dict[str, Callable[[], object]] = {
            "c": self._compare,
            "u": lambda: self.rules.next_unrated(),
            "F2": lambda: self.big.chips.edit_note(),
            "space": lambda: self._large.open(),
            "Return": self._enter,
            "KP_Enter": self._enter,
            "Escape": self._escape,
        }

    def _build(self) -> None:
        self._main = Box(self)
        self.head = RatingHead(
            self._main,
            lambda: self._verdict.reveal(),
            lambda: self._go_on(self.plan_id),
            lambda: self._see_insight(self.plan_id),
        )
        self.head.pack(fill="x")
        self._strip = Box(self._main)
        self._strip.pack(fill="x", padx=theme.px(20), pady=(theme.px(10), theme.px(4)))
        self._tag = Tag(self._strip)
        self._tag.pack(side="left")
        self._state = Label(self._strip, "", size=12, ink="text2")
        self._state.pack(side="left", padx=(theme.px(8), 0))
        self.foot = Foot(self._main)
        self.foot.pack(side="bottom", fill="x")
        Separator(self._main).pack(side="bottom", fill="x")
        self.matrix = Matrix(
            self._main,
            MatrixActions(
                ask=lambda order: self._controller.ask(order, last=True),
                look=lambda seat: self.words.look(
                    seat, current=seat.number == self.matrix.current, marked=seat.number in self.matrix.marked
                ),
                label=self.words.label,
                head=self.words.head,
                reason=lambda problem: "It cannot be read." if self._hidden else problem,
                chosen=self._chosen,
                opened=lambda: self._large.open(),
            ),
        )
        self.matrix.pack(fill="both", expand=True)
        self._edge = Box(self, "line", width=1)
        self.big = BigPicture(
            self,
            PicturePanelActions(
                ask=self._controller.ask,
                rate=lambda stars: self.rules.rate(stars),
                toggle_tag=lambda words: self.rules.toggle_tag(words),
                save_note=lambda text: self.rules.note(text),
                undo=lambda: self.rules.undo(),
                back=self.focus_first,
            ),
        )
        self.big.pack(side="right", fill="y")
        self._edge.pack(side="right", fill="y")
        self._main.pack(side="left", fill="both", expand=True)
        self._large = RatingLarge(self, self._controller, self.matrix, self.words, self.focus_first)
        self.viewer = self._large.viewer
        self.rules = RatingRules(self._controller, self._rating, self.words, self.matrix, self._large)
        self.rules.say = self.foot.say
        around = VerdictContext(self.head, self.rules, self._analyse_soon, self.foot.say)
        self._verdict = RatingVerdict(self._controller, self.words, around)
        self.bind("<Configure>", lambda _event: self._arrange())

    def _arrange(self) -> None:
        """Give the large picture the width that the window allows."""
        window = self.winfo_toplevel().winfo_width()
        wide, narrow = window >= theme.px(theme.WIDE_FROM), window < theme.px(theme.NARROW_BELOW)
        width = self.winfo_width() // 2 if wide else theme.px(_NARROW_PANEL if narrow else _PANEL)
        if int(self.big.cget("width")) != width:
            self.big.configure(width=width)

    # ---- what the page asks

    @property
    def seating(self) -> BlindMatrix | None:
        """The matrix as it stands."""
        return self.words.seating

    def open(self, plan_id: str) -> bool:
        """Show a plan, the keyboard on its next unrated picture. False when the journal does not know it."""
        if self._board_of(plan_id) is None:
            return False
        self.rules.begin(other_plan=plan_id != self.plan_id)
        if plan_id != self.plan_id:
            self.plan_id, self.words.given = plan_id, {}
            self._verdict.begin()
        self.foot.say("")
        self.viewer.close()
        self._refresh()
        now = self.seating
        if now is not None:
            self.matrix.go_to(max(0, now.next_asked(-1)))
        self._arrange()
        return True

    def focus_first(self) -> None:
        """Put the keyboard on the matrix."""
        (self.viewer.canvas if self.viewer.is_open else self.matrix.canvas).focus_set()

    def on_event(self, event: Event) -> None:
        """Follow the journal and the queue as far as they are about this plan."""
        self._rating.on_event(event)
        if not self.plan_id:
            return
        self.big.on_event(event)
        self.viewer.on_event(event)
        if isinstance(event, ThumbnailReady):
            self.matrix.thumbnail_ready(event)
        elif isinstance(event, StageProgressed | JobStarted):
            if self._is_running():
                self._soon("progress", _PROGRESS_MS, self.matrix.refresh)
        elif isinstance(event, HistoryChanged | LineSaved | QueueChanged | SettingsChanged):
            self._changed(event)
        elif isinstance(event, InsightReady) and event.plan_id == self.plan_id:
            self._verdict.came(event.report)
            self._soon("refresh", 1, self._refresh)
        elif isinstance(event, UnsavedChanged):
            self._tell_unsaved(event)
        elif isinstance(event, OrderFailed) and isinstance(event.order, Analyse):
            self._verdict.settled()
        elif isinstance(event, OrderFailed) and isinstance(event.order, MakeThumbnail):
            self.matrix.orders_lost()

    def answer(self, press: KeyPress) -> bool:
        """Do what a key means here; False when it means nothing."""
        if press.stars is not None:
            self.rules.rate(press.stars)
            return True
        if press.control:
            name = press.name.lower()
            undo = {"z": lambda: self.rules.undo(redo=press.shift), "y": lambda: self.rules.undo(redo=True)}
            return act_on(undo, name)
        tags = dict(self._controller.settings.tags)
        if press.letter in tags:
            self.rules.toggle_tag(tags[press.letter])
            return True
        if press.name in _MOVES and not self.viewer.is_open:
            self.focus_first()
            self.matrix.move(_MOVES[press.name], mark=press.shift)
            return True
        return act_on(self._plain_keys, press.letter or press.name)

    def destroy(self) -> None:
        """Stop what was to be done later and go."""
        for pending in self._later.values():
            self.after_cancel(pending)
        self._later.clear()
        super().destroy()

    # ---- what is shown

    @property
    def _hidden(self) -> bool:
        return self.words.hidden

    def _board_of(self, plan_id: str) -> Board | None:
        history = self._controller.history
        return board(history, plan_id) if history is not None else None

    def _is_running(self) -> bool:
        running = self._controller.running
        return running is not None and running.job.learning.plan_id == self.plan_id

    def _share(self) -> float:
        running = self._controller.running
        return running.done if running is not None else 0.0

    def _changed(self, event: HistoryChanged | LineSaved | QueueChanged | SettingsChanged) -> None:
        if isinstance(event, HistoryChanged):
            keys = {key_of(seat) for seat in self.seating.seats} if self.seating is not None else set()
            mine = {row for row in event.rows if row in keys}
            if event.undone and mine:
                self._undone = mine
                self._soon("seek", 2, lambda: self.rules.bring_back(self._undone))
            if mine or not event.rows:
                self._soon("refresh", 1, self._refresh)
        elif not isinstance(event, LineSaved) or _plan_of(event) == self.plan_id:
            if isinstance(event, LineSaved) and isinstance(event.line, LearningRunResult):
                self._verdict.settled()
            self._soon("refresh", 1, self._refresh)

    def _refresh(self) -> None:
        held = self._board_of(self.plan_id)
        if held is None:
            return
        running = self._controller.running
        making = running.job.learning.step_id if running is not None and self._is_running() else ""
        before, now = self.seating, seating(held, making)
        self.words.seating = now
        keys = {key_of(seat): seat for seat in now.seats}
        given = self.words.given
        self.words.given = {key: given[key] for key in given if key in keys and self._on_its_way(keys[key])}
        self.big.plain_problems = self.viewer.plain_problems = now.hidden
        size = held.plan.base_config.txt2img
        self.matrix.show(now, shape=min(max(size.height / size.width, 0.6), 1.6))
        if before is not None and before.hidden and not now.hidden and before.board.plan.plan_id == self.plan_id:
            # The matrix begins anew, sorted by value.
            self.viewer.close()
            self.foot.say("")
            self.matrix.go_to(0)
        self.rules.look()
        self._show_state(now)
        self._show_current()
        self._large.refresh()
        self._verdict.look(self.plan_id)

    def _on_its_way(self, seat: BlindCell) -> bool:
        return seat.facts is not None and self._rating.state(seat.facts.row) != ""

    def _show_state(self, now: BlindMatrix) -> None:
        held = now.board
        begun = self._controller.learning.pending(self.plan_id)
        to_make = sum(not cell.images for cell in held.cells)
        self.head.show(now, pace_s=self.rules.pace_s, to_make=to_make if not begun else 0)
        values = len(held.plan.variant_values)
        if now.hidden:
            self._tag.show("Blind")
            text = f"{values} values, shuffled anew in every row. Names and values are shown when all are rated."
        elif held.plan.blind:
            self._tag.show("Revealed")
            text = "Every column is one value, every row one seed."
        else:
            self._tag.show("Open")
            text = "Values are in sight. Every column is one value, every row one seed."
        if self._state.cget("text") != text:
            self._state.show(text)

    def _show_current(self) -> None:
        seat, now = self.matrix.seat, self.seating
        if seat is None or now is None:
            return
        tags = self._controller.settings.tags
        if seat.facts is None:
            self.big.show(
                self.words.name(seat), None, given=0, words=self.words.instead(seat), press=self.words.press(seat)
            )
            self.big.chips.show(None, tags)
        else:
            covered = now.covered and not seat.again
            given = 0 if covered else seat.stars
            self.big.show(self.words.name(seat), seat.facts, given=given, press=self.words.press(seat))
            self.big.chips.show(seat.facts, tags)
        near = (self.words.next_asked(seat.number), seat.number + 1)
        self.big.ahead([facts for n in near if 0 <= n < len(now.seats) and (facts := now.seats[n].facts) is not None])
        self._show_last()

    def _show_last(self) -> None:
        seat = self.words.find(self.rules.last)
        if seat is None or self.seating is None:
            self.big.last("")
            return
        stars = 0 if self.seating.covered and not seat.again else seat.stars
        self.big.last(f"Last: {_lower(self.words.name(seat))} {'rated' if seat.stars else 'unrated'}", stars)

    def _chosen(self) -> None:
        marked = len(self.matrix.marked)
        if marked > 1:
            self.foot.say(f"{marked} chosen to compare: C shows them side by side. Stars go to the current one only.")
        elif not self._rating.unsaved:
            self.foot.say("")
        self._show_current()
        seat = self.matrix.seat
        if seat is not None and not self.viewer.comparing:
            self._large.turn_to(seat)

    def _tell_unsaved(self, event: UnsavedChanged) -> None:
        if event.count:
            self.foot.say(f"{event.count:,} not saved yet, tried again every 2 s. {event.message}".strip(), "danger")
        else:
            self.foot.say("")

    # ---- keys

    def _compare(self) -> None:
        if not self._large.compare():
            self.foot.say("There are no two pictures to compare in this row yet.")

    def _enter(self) -> None:
        if self.seating is not None and not self.seating.hidden and self.seating.done:
            self._see_insight(self.plan_id)
        else:
            self._large.open()

    def _escape(self) -> None:
        if not self.matrix.unmark():
            self._leave()

    # ---- later

    def _analyse_soon(self) -> None:
        self._soon("analyse", 1 if self.words.report is None else _ANALYSE_MS, self._verdict.ask)

    def _soon(self, name: str, after_ms: int, action: Callable[[], None]) -> None:
        """Do it once after a while, however often it is asked for meanwhile."""
        if name not in self._later:
            self._later[name] = self.after(after_ms, self._now, name, action)

    def _now(self, name: str, action: Callable[[], None]) -> None:
        self._later.pop(name, None)
        action()


def _plan_of(event: LineSaved) -> str:
    """The plan a line of the journal is about; ratings are told by HistoryChanged."""
    line = event.line
    if isinstance(line, LearningRecord):
        return line.learning.plan_id
    return line.plan_id if isinstance(line, LearningPlan | LearningRunStep | LearningRunResult) else ""


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
