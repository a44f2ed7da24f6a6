"""What goes together with better stars in everyday runs: the choices of one slot or setting with their effects.

In everyday runs several things change at once. So this is drawn unlike the chart of a Learning Run: as more or fewer
stars than the rest, never as a mean, and the words say "hint".
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from ...domain.base.colour_roles import Role
from ...domain.insights.association import Association
from ...domain.insights.titles import signed_stars
from ..widgets import theme
from ..widgets.basics import Card
from ..widgets.painting import Painting

_HEAD, _ROW, _FOOT = 31, 44, 30
_REACH = 2.0  # stars to either side of "no effect"


class HintTable(Card):
    """The card; as high as it has rows."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self._hints: Sequence[Association] = ()
        self.canvas = Painting(self, "surface", draw=self.refresh)
        self.canvas.pack(fill="x", padx=theme.px(2), pady=theme.px(4))

    def show(self, hints: Sequence[Association]) -> None:
        """Draw these, all of one slot or setting."""
        self._hints = hints
        self.canvas.configure(height=theme.px(_HEAD + _ROW * len(hints) + _FOOT))
        self.refresh()

    def refresh(self) -> None:
        """Draw again."""
        canvas, width = self.canvas, self.canvas.winfo_width()
        canvas.clear()
        if width < theme.px(300) or not self._hints:
            return
        pad = theme.px(theme.PAD)
        name = min(theme.px(220), width // 4)
        left, right = pad + name + theme.px(20), width - theme.px(250)
        self._draw_axis(left, right, width)
        for place, hint in enumerate(self._hints):
            self._paint(hint, theme.px(_HEAD + place * _ROW), left, right)
        y = theme.px(_HEAD + len(self._hints) * _ROW + _FOOT // 2 + 1)
        words = "Line: stars more or fewer than pictures with something else there. Bar: 90 % range."
        canvas.words(pad, y, words, size=12, ink="text2", room=width - 2 * pad)

    def _draw_axis(self, left: int, right: int, width: int) -> None:
        canvas, head = self.canvas, theme.px(_HEAD)
        bottom = head + theme.px(_ROW) * len(self._hints)
        for stars in (-2, -1, 0, 1, 2):
            x = self._at(stars, left, right)
            role: Role = "edge" if stars == 0 else "line"
            canvas.create_line(x, head, x, bottom, fill=theme.palette[role])
            words = "as the rest" if stars == 0 else f"{signed_stars(stars)[:-2]} ★"
            canvas.words(x, head // 2, words, size=12, ink="text3", anchor="center")
        for place in range(len(self._hints) + 1):
            y = head + place * theme.px(_ROW)
            canvas.create_line(0, y, width, y, fill=theme.palette["line"])
        for back, words in ((pad_of("stars"), "stars"), (pad_of("range"), "90 % range"), (pad_of("n"), "pictures")):
            canvas.words(width - back, head // 2, words, size=12, ink="text3", anchor="e")

    def _paint(self, hint: Association, y: int, left: int, right: int) -> None:
        canvas, width, middle = self.canvas, self.canvas.winfo_width(), y + theme.px(_ROW) // 2
        pad = theme.px(theme.PAD)
        canvas.words(pad, middle, hint.value or "nothing", bold=True, room=left - pad - theme.px(12))
        canvas.words(width - pad_of("n"), middle, str(hint.n), ink="text2", anchor="e")
        if not hint.has_range:
            canvas.words(width - pad_of("range"), middle, "too early", ink="text3", anchor="e")
            return
        low, high, mean = (self._at(each, left, right) for each in (hint.low, hint.high, hint.effect))
        canvas.fill(low, middle - theme.px(4), max(high, low + 1), middle + theme.px(4), "chart_range")
        canvas.fill(mean - theme.px(1), middle - theme.px(8), mean + theme.px(2), middle + theme.px(8), "chart_mean")
        canvas.words(width - pad_of("stars"), middle, signed_stars(hint.effect), bold=True, anchor="e")
        extent = f"{signed_stars(hint.low)} to {signed_stars(hint.high)}"
        canvas.words(width - pad_of("range"), middle, extent, ink="text2", anchor="e")

    @staticmethod
    def _at(stars: float, left: int, right: int) -> int:
        held = min(max(stars, -_REACH), _REACH)
        return round(left + (held + _REACH) / (2 * _REACH) * (right - left))


def pad_of(column: str) -> int:
    """How far from the right edge a column of the table ends, in screen pixels."""
    return theme.px({"stars": 180, "range": 80, "n": theme.PAD}[column])
