"""The axis of a Learning Run's values: which ones are tried, where good results are usually found, where it started."""

from __future__ import annotations

import math
import tkinter as tk
from collections.abc import Sequence

from msgspec import Struct

from ....domain.base.colour_roles import Role
from ....domain.config.sweep import value_text
from ...widgets import theme
from ...widgets.basics import ground_of

HEIGHT = 66
_GAP = 14  # px between two numbers below the axis


class Scale(Struct, frozen=True):
    """What the axis shows. `least` and `most` are the ends allowed; `word` says where the centre comes from."""

    least: float
    most: float
    values: tuple[float, ...] = ()
    sensible: tuple[float, float] | None = None
    centre: float | None = None
    word: str = ""

    def ends(self) -> tuple[float, float]:
        """The part of the range that is drawn: all that matters and some air, ending in round numbers."""
        shown = [*self.values, *(self.sensible or ()), *(() if self.centre is None else (self.centre,))]
        if not shown:
            return self.least, self.most
        low, high = min(shown), max(shown)
        air = 0.35 * (high - low) or (self.most - self.least) / 10
        grain = 10 ** math.floor(math.log10(max(high - low, air))) / 2
        return (
            max(self.least, round(math.floor((low - air) / grain) * grain, 9)),
            min(self.most, round(math.ceil((high + air) / grain) * grain, 9)),
        )


class ValueAxis(tk.Canvas):
    """Draws a scale over its whole width. It is only looked at: no tab stop."""

    def __init__(self, parent: tk.Misc) -> None:
        self._ground: Role = ground_of(parent)
        self.scale_shown = Scale(0, 1)
        super().__init__(parent, height=theme.px(HEIGHT), width=1, bd=0, highlightthickness=0, takefocus=0)
        self.bind("<Configure>", lambda _event: self._draw())
        theme.on_change(self._draw)

    def show(self, scale: Scale) -> None:
        """Draw this one."""
        if scale != self.scale_shown:
            self.scale_shown = scale
            self._draw()

    def place_of(self, value: float) -> int:
        """Where a value stands, in screen pixels from the left."""
        low, high = self.scale_shown.ends()
        inset = theme.px(12)
        share = (value - low) / (high - low) if high > low else 0.5
        return round(inset + share * (self.winfo_width() - 2 * inset))

    def _draw(self) -> None:
        self.delete("all")
        self.configure(bg=theme.colour(self._ground))
        if self.winfo_width() <= 1:
            return
        scale, y = self.scale_shown, theme.px(16)
        low, high = scale.ends()
        thin = theme.px(2)
        self.create_rectangle(
            self.place_of(low), y - thin, self.place_of(high), y + thin, fill=theme.colour("raised2"), width=0
        )
        if scale.sensible is not None:
            first, last = (self.place_of(min(max(end, low), high)) for end in scale.sensible)
            self.create_rectangle(
                first,
                y - 2 * thin,
                last,
                y + 2 * thin,
                fill=theme.colour("chart_zone"),
                outline=theme.colour("switch_track"),
                width=1,
            )
        for value in scale.values:
            x = self.place_of(value)
            self.create_rectangle(
                x - thin // 2,
                y - theme.px(9),
                x + thin - thin // 2,
                y + theme.px(9),
                fill=theme.colour("accent_text"),
                width=0,
            )
        self._draw_numbers(y + theme.px(23), (low, high))

    def _draw_numbers(self, y: int, ends: tuple[float, float]) -> None:
        """The centre first, then the values, then what is left of the room: numbers never stand on each other."""
        scale = self.scale_shown
        taken: list[tuple[int, int]] = []
        if scale.centre is not None and ends[0] <= scale.centre <= ends[1]:
            tried = scale.centre in scale.values
            self._number(y, scale.centre, ("text" if tried else "text2", True), taken)
            if not tried:
                x, thin = self.place_of(scale.centre), theme.px(1)
                self.create_rectangle(
                    x, y - theme.px(30), x + thin, y - theme.px(16), fill=theme.colour("edge_hover"), width=0
                )
            self._word(y + theme.px(16), scale.centre)
        for value in (*scale.values[:1], *scale.values[-1:], *scale.values):
            self._number(y, value, ("text", False), taken)
        for value in (*ends, *(scale.sensible or ())):
            if ends[0] <= value <= ends[1]:
                self._number(y, value, ("text3", False), taken)

    def _number(self, y: int, value: float, look: tuple[Role, bool], taken: list[tuple[int, int]]) -> None:
        ink, bold = look
        text, face = value_text(float(value)), theme.font(12, bold)
        half = face.measure(text) // 2 + theme.px(2)  # glyphs may be wider than what is measured
        x = min(max(self.place_of(value), half), self.winfo_width() - half)
        half += theme.px(_GAP) // 2 - theme.px(2)
        if any(x - half < right and left < x + half for left, right in taken):
            return
        taken.append((x - half, x + half))
        self.create_text(x, y, text=text, font=face, fill=theme.colour(ink))

    def _word(self, y: int, centre: float) -> None:
        face = theme.font(11)
        half = face.measure(self.scale_shown.word) // 2
        x = min(max(self.place_of(centre), half), self.winfo_width() - half)
        self.create_text(x, y, text=self.scale_shown.word, font=face, fill=theme.colour("text3"))


def numbers(values: Sequence[object]) -> tuple[float, ...]:
    """The values that have a place on an axis."""
    return tuple(float(value) for value in values if isinstance(value, (int, float)) and not isinstance(value, bool))
