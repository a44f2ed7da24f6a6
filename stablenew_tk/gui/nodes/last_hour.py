"""The chart of who made what over the last hour: a lane for each machine, thirty rectangles of two minutes."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from ...domain.nodes.activity import Interval
from ..widgets import theme
from ..widgets.painting import Painting

Lane = tuple[str, tuple[Interval, ...]]
HEAD, LANE, FOOT = 40, 39, 24
MOST_LANES = 6
_LABEL, _RIGHT = 106, 140  # px


class LastHour(Painting):
    """`show` it what there is. With many machines the busiest have a lane, and the rest one together."""

    def __init__(self, parent: tk.Misc) -> None:
        self.lanes: tuple[Lane, ...] = ()
        super().__init__(parent, "surface", height=theme.px(HEAD + LANE + FOOT), draw=self.refresh)

    def show(self, lanes: Sequence[Lane], most: int = MOST_LANES) -> None:
        """Draw these lanes, at most so many."""
        ordered = sorted(lanes, key=lambda lane: -_made(lane))
        if len(lanes) > most:
            first, rest = ordered[: most - 1], ordered[most - 1 :]
            lanes = [*first, (f"{len(rest)} others", _together(rest))]
        if tuple(lanes) == self.lanes:
            return
        self.lanes = tuple(lanes)
        height = theme.px(HEAD + LANE * len(self.lanes) + FOOT)
        if int(self.cget("height")) != height:
            self.configure(height=height)
        self.refresh()

    def refresh(self) -> None:
        """Draw again."""
        self.clear()
        width, px = self.winfo_width(), theme.px
        if width < px(300) or not self.lanes:
            return
        self.words(px(16), px(20), "Last hour", size=13, bold=True)
        self.words(px(88), px(20), "pictures in each 2 minutes", size=12, ink="text3")
        x = width - px(16)
        for word, ink in (("no answer", "danger"), ("suspect", "warn"), ("made", "text2")):
            x -= theme.font(12).measure(word)
            self.words(x, px(20), word, size=12, ink="text2")
            self.fill(x - px(16), px(15), x - px(7), px(25), ink)  # type: ignore[arg-type]  # all three are roles
            x -= px(34)
        left, right = px(_LABEL + 76), width - px(_RIGHT)
        # Many together would make all others small.
        alone = self.lanes[:-1] or self.lanes
        highest = max([1, *(one.made for _, intervals in alone for one in intervals)])
        for place, lane in enumerate(self.lanes):
            self._draw_lane(lane, left, right, px(HEAD + LANE * (place + 1)) - px(6), highest)
        total = sum(map(_made, self.lanes))
        self.words(width - px(16), px(HEAD + LANE) - px(14), f"{total:,} in all", size=12, ink="text3", anchor="e")
        foot = px(HEAD + LANE * len(self.lanes)) + px(8)
        self.words(left, foot, "1 h ago", size=11, ink="text3")
        self.words((left + right) // 2, foot, "30 min", size=11, ink="text3", anchor="center")
        self.words(right, foot, "now", size=11, ink="text3", anchor="e")

    def _draw_lane(self, lane: Lane, left: int, right: int, base: int, highest: int) -> None:
        name, intervals = lane
        px, step = theme.px, (right - left) / max(1, len(intervals))
        self.words(px(16), base - px(8), name, size=12, ink="text", room=left - px(28))
        self.fill(left, base, right, base + px(1), "line")
        for place, one in enumerate(intervals):
            x, end = round(left + step * place), round(left + step * (place + 1)) - px(3)
            high = round(px(LANE - 11) * min(1.0, one.made / highest))
            if one.made:
                self.fill(x, base - max(px(3), high), end, base, "text2")
            if one.suspect:
                self.fill(x, base - high, end, base - high + max(px(3), round(high * one.suspect / one.made)), "warn")
            if one.away:
                self.fill(x, base - px(1), end, base + px(2), "danger")
        self.words(right + px(40), base - px(8), f"{_made(lane):,}", size=13, bold=True, anchor="e")


def _made(lane: Lane) -> int:
    return sum(one.made for one in lane[1])


def _together(lanes: Sequence[Lane]) -> tuple[Interval, ...]:
    return tuple(
        Interval(sum(one.made for one in column), sum(one.suspect for one in column), False)
        for column in zip(*(intervals for _, intervals in lanes), strict=True)
    )
