"""How sure the answer to a question was over time: steps of the leader and the runner-up, run by run."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from itertools import pairwise

from ...domain.base.colour_roles import Role
from ...domain.base.wording import counted
from ...domain.insights.report import Report
from ...domain.insights.timeline import Timeline
from ...domain.insights.verdict_text import percent
from ..widgets import theme
from ..widgets.basics import Box, Card, Label
from ..widgets.flow import pack_if
from ..widgets.keyboard import leave_gold
from ..widgets.painting import Painting

_HEIGHT, _SCALE, _FOOT, _TOP, _LABEL, _TREAD = 124, 26, 20, 8, 78, 14
_STROKES: tuple[tuple[Role, int], ...] = (("accent_text", 3), ("text3", 2))
_FIRST = "One run so far. Ask it again, on other prompts or another day, and the answers add up here."


class SurenessChart(Card):
    """The card. `opened(plan_id)`: the run of a step was clicked, or chosen with Left and Right and Enter."""

    def __init__(self, parent: tk.Misc, *, opened: Callable[[str], object]) -> None:
        super().__init__(parent)
        self._opened = opened
        pad = theme.px(theme.CARD_PAD)
        head = Box(self)
        head.pack(fill="x", padx=pad, pady=(theme.px(10), 0))
        Label(head, "How sure, over time", size=13, bold=True).pack(side="left")
        self.runs = Label(head, "", size=12, ink="text3")
        self.runs.pack(side="right")
        self.canvas = Painting(
            self, "surface", height=theme.px(_HEIGHT + _FOOT), takefocus=True, cursor="hand2", draw=self.refresh
        )
        self.words = Label(self, "", size=12, ink="text2")
        self.words.configure(justify="left", anchor="w")
        self._shown = Timeline()
        self.chosen = -1  # the number of the moment that the keyboard is at
        self.canvas.bind("<Button-1>", lambda event: self._open(self._nearest(event.x)))
        self.canvas.bind("<Left>", lambda _event: self._move(-1))
        self.canvas.bind("<Right>", lambda _event: self._move(1))
        leave_gold(self.canvas)
        self.canvas.bind("<Return>", lambda _event: self._open(self.chosen))
        for change in ("<FocusIn>", "<FocusOut>"):
            self.canvas.bind(change, lambda _event: self.refresh())

    def show(self, report: Report) -> None:
        """Draw the timeline of a report."""
        self._shown = shown = report.timeline
        self.chosen = min(self.chosen, len(shown.moments) - 1)
        self.runs.show(f"{counted(shown.runs, 'run')}, one answer" if shown.runs > 1 else "")
        several = len(shown.moments) > 1 and bool(shown.lines)
        pad = theme.px(theme.CARD_PAD)
        self.words.pack_forget()
        pack_if(several, self.canvas, fill="x", padx=pad, pady=(theme.px(6), 0))
        self.words.show(report.changed if several else report.changed or _FIRST)
        pack_if(self.words.cget("text"), self.words, fill="x", padx=pad, pady=theme.px(8))
        self.refresh()

    def room(self, width: int) -> None:
        """Break the sentence so that the card is no wider than this, in screen pixels."""
        self.words.configure(wraplength=max(1, width - 2 * theme.px(theme.CARD_PAD)))

    def refresh(self) -> None:
        """Draw again."""
        canvas, shown = self.canvas, self._shown
        canvas.clear()
        if canvas.winfo_width() < theme.px(140) or len(shown.moments) < 2:
            return
        left, right = theme.px(_SCALE), canvas.winfo_width() - self._margin
        for share in (0.0, 0.5, 1.0):
            y = self._height(share)
            canvas.create_line(left, y, right, y, fill=theme.palette["line"])
            canvas.words(left - theme.px(6), y, f"{share * 100:.0f}", size=11, ink="text3", anchor="e")
        # The leader last, so that it lies on top.
        for line, (ink, width) in reversed(tuple(zip(shown.lines, _STROKES, strict=False))):
            self._steps(line.chances, ink, theme.px(width))
        self._labels(right)
        ends = (0, len(shown.moments) - 1)
        for nth, anchor in zip(ends, ("w", "e"), strict=True):
            x, y = self._x(nth), theme.px(_HEIGHT + _FOOT - 8)
            canvas.words(x, y, shown.moments[nth].day, size=11, ink="text3", anchor="w" if anchor == "w" else "e")
        if canvas.focus_get() is canvas:
            self._mark()

    def _height(self, share: float) -> int:
        return round(theme.px(_TOP) + (1 - share) * theme.px(_HEIGHT - 2 * _TOP))

    def _x(self, nth: int) -> int:
        """The place of a moment: by time, and at least a little behind the one before."""
        moments, left = self._shown.moments, theme.px(_SCALE)
        # The last step keeps a tread of its own.
        width = self.canvas.winfo_width() - self._margin - theme.px(_TREAD) - left
        span = max(1, moments[-1].time_ms - moments[0].time_ms)
        by_time = (moments[nth].time_ms - moments[0].time_ms) / span
        by_rank = nth / max(1, len(moments) - 1)
        return round(left + width * (0.7 * by_time + 0.3 * by_rank))

    def _steps(self, chances: tuple[float | None, ...], ink: Role, width: int) -> None:
        known = [(self._x(nth), self._height(chance)) for nth, chance in enumerate(chances) if chance is not None]
        corners = [*known[:1]]
        for (_, before), (x, y) in pairwise(known):
            corners += [(x, before), (x, y)]
        if known:
            corners.append((self.canvas.winfo_width() - self._margin, known[-1][1]))
            flat = [number for corner in corners for number in corner]
            self.canvas.create_line(*flat, fill=theme.palette[ink], width=width, joinstyle="miter", capstyle="butt")

    @property
    def _margin(self) -> int:
        """Room for the words at the right: as much as they need, a third of the card at most."""
        shares = (percent(line.chances[-1] or 0.0, short=True) for line in self._shown.lines)
        words = (f"{line.text} · {share}" for line, share in zip(self._shown.lines, shares, strict=True))
        needed = max(map(theme.font(11).measure, words), default=0) + theme.px(10)
        return min(max(theme.px(_LABEL), needed), self.canvas.winfo_width() // 3)

    def _labels(self, right: int) -> None:
        """Value and probability at the ends of the lines, apart from each other."""
        ends = [(line, line.chances[-1]) for line in self._shown.lines]
        places = [self._height(chance) for _, chance in ends if chance is not None]
        apart = theme.px(15)
        if len(places) == 2 and abs(places[0] - places[1]) < apart:
            upper = places[0] <= places[1]
            middle = sum(places) // 2
            places = [middle - apart // 2, middle + apart // 2][:: 1 if upper else -1]
        room = self._margin - theme.px(8)
        for place, (line, chance), (ink, _) in zip(places, ends, _STROKES, strict=False):
            share = percent(chance or 0.0, short=True)
            name = theme.elide(line.text, theme.font(11), room - theme.font(11).measure(f" · {share}"))
            self.canvas.words(right + theme.px(8), place, f"{name} · {share}", size=11, ink=ink, room=room)

    # ---- choosing a run

    def _nearest(self, x: int) -> int:
        return min(range(len(self._shown.moments)), key=lambda nth: abs(self._x(nth) - x), default=-1)

    def _move(self, by: int) -> str:
        last = len(self._shown.moments) - 1
        self.chosen = min(last, max(0, (last if self.chosen < 0 else self.chosen) + by))
        self.refresh()
        return "break"

    def _open(self, nth: int) -> None:
        if 0 <= nth < len(self._shown.moments):
            self._opened(self._shown.moments[nth].plan_id)

    def _mark(self) -> None:
        """The moment the keyboard is at, and its day."""
        if self.chosen < 0:
            self.chosen = len(self._shown.moments) - 1
        x, one = self._x(self.chosen), self._shown.moments[self.chosen]
        top, bottom = theme.px(_TOP), theme.px(_HEIGHT - _TOP)
        self.canvas.create_line(x, top, x, bottom, fill=theme.palette["focus"], width=theme.px(2), dash=(3, 3))
        middle = theme.px(_HEIGHT + _FOOT - 8)
        self.canvas.words(
            self.canvas.winfo_width() / 2, middle, f"{one.day}: {one.rated} rated", size=11, ink="text", anchor="center"
        )
