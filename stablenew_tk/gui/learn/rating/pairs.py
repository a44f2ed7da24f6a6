"""Comparing in pairs: two pictures of one row side by side, told apart by the arrow keys."""

from __future__ import annotations

import tkinter as tk
from collections import OrderedDict
from collections.abc import Callable

from PIL import Image, ImageTk

from ....app.controller import Controller
from ....app.learn.pair_session import PairSession, Side
from ....domain.base.key_press import KeyPress, act_on
from ....domain.journal.image_facts import ImageFacts
from ....domain.runs.plan_title import subject
from ....pipeline.messages.base import Event
from ....pipeline.messages.journal import HistoryChanged
from ....pipeline.messages.pictures import PictureReady, ReadPicture
from ...widgets import theme
from ...widgets.basics import Box, Button, Label, Separator
from ...widgets.controls import ProgressBar
from ...widgets.flow import pack_if, tab_order
from ...widgets.keyboard import HintLine
from ...widgets.marks import Chip
from ...widgets.page_frame import DeferringBox
from ...widgets.painting import Painting

_SIDE, _GAP, _COLUMN, _LAST = 20, 28, 196, 72
_KEPT = 8  # pictures in memory: this pair, the next one and the last one
# Larger than any picture: the answer is then the picture in its own size.
_OWN_SIZE = (1 << 15, 1 << 15)
_HINTS = (
    ("←", "left"), ("→", "right"), ("↓", "no difference"), ("Space", "hold: the other in its place"),
    ("Z", "100 %, both"), ("Esc", "back to the stars"),
)  # fmt: skip
_CHOICES: dict[Side, str] = {"left": "←  Left is better", "none": "↓  No difference", "right": "Right is better  →"}
_ARROWS: dict[str, Side] = {"Left": "left", "Right": "right", "Down": "none"}


class PairsView(DeferringBox):
    """The view of one plan's pairs. `leave()` goes back to the stars, `see_verdict(plan_id)` to what all of it says."""

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        leave: Callable[[], object],
        see_verdict: Callable[[str], object],
    ) -> None:
        super().__init__(parent, "bg")
        self._controller, self._leave, self._see_verdict = controller, leave, see_verdict
        self.session = PairSession(controller)
        self._kept: OrderedDict[tuple[str, tuple[int, int]], PictureReady] = OrderedDict()
        self._asked: set[tuple[str, tuple[int, int]]] = set()
        self.swapped = self.own_size = False
        self._build()

    def _build(self) -> None:
        side = theme.px(_SIDE)
        head = Box(self, "surface")
        head.pack(fill="x")
        self.chip = Chip(head)
        self.chip.pack(side="left", padx=(side, 0), pady=theme.px(14))
        self._about = Label(head, "", size=13)
        self._about.pack(side="left", padx=theme.px(12))
        self.count = Label(head, "", size=13, bold=True)
        self.count.pack(side="right", padx=(theme.px(12), side))
        self._bar = ProgressBar(head, width=220)
        self._bar.pack(side="right")
        Separator(self).pack(fill="x")
        foot = HintLine(self, _HINTS, side=_SIDE)
        foot.pack(side="bottom", fill="x")
        Separator(self).pack(side="bottom", fill="x")
        self._words(side)
        last, votes = self._last_pair(side), self._votes()
        self.canvas = Painting(self, "bg", takefocus=True, draw=self._draw)
        self.canvas.pack(fill="both", expand=True, pady=(theme.px(16), theme.px(12)))
        self.canvas.bind("<KeyPress-space>", lambda _event: self._hold(on=True))
        self.canvas.bind("<KeyRelease-space>", lambda _event: self._hold(on=False))
        tab_order(self.canvas, votes, last)

    def _words(self, side: int) -> None:
        column = Box(self, width=theme.px(_COLUMN))
        column.pack_propagate(False)
        column.pack(side="left", fill="y", padx=(side, 0), pady=theme.px(16))
        self.headline = Label(column, "", size=20, bold=True, wrap=True)
        self.headline.pack(fill="x")
        self.why = Label(column, "", size=12, ink="text2", wrap=True)
        self.why.pack(fill="x", pady=(theme.px(8), 0))
        self.verdict = Button(column, "See the verdict", self._finish, kind="main")

    def _last_pair(self, side: int) -> Box:
        column = Box(self, width=theme.px(_COLUMN))
        column.pack_propagate(False)
        column.pack(side="right", fill="y", padx=(0, side), pady=theme.px(16))
        self._last = Box(column)
        Label(self._last, "Last pair", size=12, ink="text3").pack(anchor="w")
        self._last_canvas = Painting(
            self._last, "bg", width=theme.px(2 * _LAST + 12), height=theme.px(_LAST * 3 // 2 + 8), draw=self._draw_last
        )
        self._last_canvas.pack(anchor="w", pady=theme.px(6))
        self.last = Label(self._last, "", size=12)
        self.last.pack(anchor="w")
        self.undo = Button(self._last, "Undo", self._undo, note="Ctrl Z", kind="outline")
        self.undo.pack(anchor="w", pady=(theme.px(6), 0))
        return column

    def _votes(self) -> Box:
        row = Box(self)
        row.pack(side="bottom", pady=(0, theme.px(12)))
        self.buttons: dict[Side, Button] = {}
        for better, text in (
            ("left", "←  Left is better"),
            ("none", "↓  No difference"),
            ("right", "Right is better  →"),
        ):
            choice: Side = better  # type: ignore[assignment]  # one of the three
            self.buttons[choice] = Button(row, text, lambda one=choice: self._vote(one), height=theme.ACTION)  # type: ignore[misc]
            self.buttons[choice].pack(side="left", padx=theme.px(4))
        return row

    # ---- what the page asks

    def open(self, plan_id: str) -> bool:
        """Show the pairs of a plan. False when it has none."""
        self._kept.clear()
        self._asked.clear()
        self.swapped = self.own_size = False
        found = self.session.open(plan_id)
        if found:
            self._show()
        return found

    def focus_first(self) -> None:
        """Put the keyboard on the pictures."""
        self.canvas.focus_set()

    def answer(self, press: KeyPress) -> bool:
        """Do what a key means here; False when it means nothing."""
        if press.control:
            undo = self._controller.undo
            return act_on({"z": lambda: undo(redo=press.shift), "y": lambda: undo(redo=True)}, press.name.lower())
        if press.name in _ARROWS:
            self._vote(_ARROWS[press.name])
            return True
        finish = {"Return": self._finish} if self.session.current is None else {}
        return act_on({"Escape": self._leave, "z": self._zoom, "Z": self._zoom} | finish, press.name)

    def on_event(self, event: Event) -> None:
        """Take pictures in, and follow the journal: a vote may have been undone."""
        if isinstance(event, PictureReady):
            key = (event.image_id, event.box)
            self._asked.discard(key)
            self._kept[key] = event
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            if self.winfo_viewable():
                self._draw()
                self._draw_last()
        elif isinstance(event, HistoryChanged) and self.session.plan is not None and self.winfo_viewable():
            self.session.refresh()
            self.later("show", 1, self._show)

    # ---- what the user does

    def _vote(self, better: Side) -> None:
        self.swapped = False
        self.session.vote(better)
        self._show()

    def _undo(self) -> None:
        self._controller.undo()
        self.focus_first()

    def _finish(self) -> None:
        if self.session.plan is not None:
            self._see_verdict(self.session.plan.plan_id)

    def _hold(self, *, on: bool) -> str:
        self.swapped = on
        self._draw()
        return "break"

    def _zoom(self) -> None:
        self.own_size = not self.own_size
        self._draw()

    # ---- what is shown

    def _show(self) -> None:
        session = self.session
        if session.plan is None:
            return
        what, where = subject(session.plan)
        self.chip.show("Blind" if session.blind else "Values hidden", "text", "selection", "accent_text")
        self._about.show(f"{what} · {where} · same prompt and seed, one value differs")
        self.count.show(session.count)
        self._bar.set(session.done / max(1, len(session.pairs)))
        over = session.current is None
        self.headline.show(f"All {len(session.pairs)} compared." if over else "Which is better?")
        self.why.show("What they say counts beside the stars." if over else session.why)
        pack_if(over, self.verdict, fill="x", pady=(theme.px(12), 0))
        for button in self.buttons.values():
            button.enable(not over, "All pairs are compared.")
        last = session.last
        self.last.show(last.words if last is not None else "")
        pack_if(last is not None, self._last, fill="x")
        self._draw()
        self._draw_last()

    def _pane(self) -> tuple[int, int]:
        gap = theme.px(_GAP)
        return max(16, (self.canvas.winfo_width() - gap - 2 * theme.px(_SIDE)) // 2), max(
            16, self.canvas.winfo_height()
        )

    def _draw(self) -> None:
        canvas, pair = self.canvas, self.session.current
        canvas.clear()
        if pair is None or canvas.winfo_width() <= 1:
            return
        width, height = self._pane()
        box = _OWN_SIZE if self.own_size else (width, height)
        sides = (pair.right, pair.left) if self.swapped else (pair.left, pair.right)
        for nth, facts in enumerate(sides):
            middle = theme.px(_SIDE) + width // 2 + nth * (width + theme.px(_GAP))
            self._draw_picture(canvas, facts, box, (middle, height // 2), (width, height))
        ahead = self.session.following
        for facts in (ahead.left, ahead.right) if ahead is not None else ():
            self._ask(facts, (width, height))

    def _draw_last(self) -> None:
        canvas, last = self._last_canvas, self.session.last
        canvas.clear()
        if last is None:
            return
        room = theme.px(_LAST), theme.px(_LAST * 3 // 2)
        for nth, (facts, name) in enumerate(((last.pair.left, "left"), (last.pair.right, "right"))):
            middle = room[0] // 2 + theme.px(2) + nth * (room[0] + theme.px(8)), room[1] // 2 + theme.px(3)
            size = self._draw_picture(canvas, facts, room, middle, room)
            if last.better == name and size != (0, 0):
                half = size[0] // 2 + 1, size[1] // 2 + 1
                corners = middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1]
                canvas.frame(*corners, "accent_text", width=theme.px(2))

    def _draw_picture(
        self, canvas: Painting, facts: ImageFacts, box: tuple[int, int], middle: tuple[int, int], room: tuple[int, int]
    ) -> tuple[int, int]:
        """Draw a picture around a point, no larger than the room; its size on the screen, (0, 0) while it is coming."""
        ready = self._kept.get((facts.image_id, box))
        if ready is None:
            self._ask(facts, box)
            return 0, 0
        self._kept.move_to_end((facts.image_id, box))
        if not ready.rgb:
            words = ready.problem or "This picture cannot be shown."
            canvas.words(*middle, words, size=12, ink="text2", anchor="center", width=room[0] * 3 // 4)
            return 0, 0
        picture = Image.frombuffer("RGB", (ready.width, ready.height), ready.rgb, "raw", "RGB", 0, 1)
        width, height = min(room[0], ready.width), min(room[1], ready.height)
        left, top = (ready.width - width) // 2, (ready.height - height) // 2
        photo = ImageTk.PhotoImage(picture.crop((left, top, left + width, top + height)))
        canvas.picture(*middle, photo, "center")
        return width, height

    def _ask(self, facts: ImageFacts, box: tuple[int, int]) -> None:
        key = (facts.image_id, box)
        if key not in self._kept and key not in self._asked:
            self._asked.add(key)
            fill = box != _OWN_SIZE
            order = ReadPicture(
                image_id=facts.image_id,
                position=facts.position,
                output_index=facts.output_index,
                box=box,
                fill=fill,
            )
            self._controller.ask(order)
