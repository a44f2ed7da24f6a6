"""The heat map of a Learning Run that varies two settings: a cell for every pair, the deeper gold the more stars.

What is known of the chosen pair is told in words below the map: with its range, whether or not it was ever made.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...app.insights.pair_map import MapCell, PairMap, cell_words, matter_lines, pair_map
from ...domain.base.colour_roles import Role
from ...domain.insights.report import Report
from ..widgets import theme
from ..widgets.basics import Box, Card, Label
from ..widgets.controls import Switch
from ..widgets.keyboard import leave_gold
from ..widgets.painting import Painting

_HEAD, _GAP, _PAD, _FOOT = 26, 2, 16, 30
_CELL, _WIDE_CELL = (84, 54), (120, 76)
_LEAST, _LABEL_MOST, _ROOMY = 56, 150, 1000
# Part of the accent in the colour of each degree.
_SHARES = (0.05, 0.15, 0.26, 0.38, 0.64, 0.86)
_DARK_INK_FROM = 4  # degree from which dark text is the better one to read
_BAR, _LINE = 150, 24
_ARROWS = ("Left", "Right", "Up", "Down")


def mixed(ground: str, ink: str, share: float) -> str:
    """A colour between two of the form #rrggbb."""
    both = [[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in (ground, ink)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(*both, strict=True))


class HeatMap(Box):
    """The map with one chosen cell. `chosen(at)` follows the user's choice with a place in `Report.values`.

    `opened(at)` follows Return or a double click. Arrows move over the map, R shows the ranges.
    """

    def __init__(self, parent: tk.Misc, *, chosen: Callable[[int], object], opened: Callable[[int], object]) -> None:
        super().__init__(parent)
        self._chosen, self._opened = chosen, opened
        self.selected = -1
        self._report: Report | None = None
        self.map: PairMap | None = None
        self._first = 0  # the column that stands leftmost
        self._focused = self._quiet = False
        card = Card(self)
        card.pack(fill="x")
        pad = theme.px(_PAD)
        head = Box(card)
        head.pack(fill="x", padx=pad, pady=(theme.px(10), 0))
        Label(head, "Stars", bold=True).pack(side="left")
        Label(head, "estimate; number of pictures below", size=12, ink="text2").pack(side="left", padx=theme.px(10))
        self.ranges = Switch(head, "Ranges", lambda _on: self.refresh())
        self.ranges.pack(side="right")
        self.canvas = Painting(card, "surface", takefocus=True, draw=self.refresh)
        self.canvas.pack(fill="x", padx=theme.px(2), pady=theme.px(4))
        self.told = Label(card, "", size=13, wrap=True)
        self.told.pack(fill="x", padx=pad, pady=(0, theme.px(12)))
        self._wire()

    def show(self, report: Report, selected: int) -> None:
        """Draw a report with the pair at this place chosen."""
        self._report, self.map = report, pair_map(report)
        self.selected = min(max(selected, 0), len(report.values) - 1)
        self.refresh()

    def select(self, at: int) -> None:
        """Choose a pair as if the user had."""
        if self._report is not None and 0 <= at < len(self._report.values) and at != self.selected:
            self.selected = at
            self.refresh()
            self._chosen(at)

    def move(self, key: str) -> bool:
        """Go where an arrow key leads; False for other keys."""
        if key not in _ARROWS or self.map is None or self.selected < 0:
            return False
        self.select(self.map.moved(self.map.of(self.selected), key).at)
        return True

    def turn_ranges(self) -> None:
        """Show the ranges in the cells, or the numbers of pictures again."""
        self.ranges.set(not self.ranges.on)
        self.refresh()

    # ---- drawing

    def refresh(self) -> None:
        """Draw everything again."""
        canvas, shown, report = self.canvas, self.map, self._report
        canvas.clear()
        if shown is None or report is None or canvas.winfo_width() < theme.px(100):
            return
        self._keep_in_sight(shown)
        for cell in shown.cells:
            if (bounds := self.bounds(cell)) is not None:
                self._draw_cell(cell, bounds)
        self._draw_heads(shown)
        bottom = theme.px(_HEAD) + len(shown.rows) * self._step[1] + theme.px(10)
        self._draw_legend(shown, bottom)
        bottom = self._draw_matters(report, bottom + theme.px(_FOOT))
        if int(canvas.cget("height")) != bottom:
            canvas.configure(height=bottom)
        self.told.show(cell_words(report, shown.of(self.selected)))

    @property
    def _cell(self) -> tuple[int, int]:
        wide, high = _WIDE_CELL if self.canvas.winfo_width() > theme.px(_ROOMY) else _CELL
        count = len(self.map.columns) if self.map is not None else 1
        room = self.canvas.winfo_width() - self._label - theme.px(2 * _PAD)
        fitting = room // max(1, count) - theme.px(_GAP)
        return max(theme.px(_LEAST), min(theme.px(wide), fitting)), theme.px(high)

    @property
    def _step(self) -> tuple[int, int]:
        wide, high = self._cell
        return wide + theme.px(_GAP), high + theme.px(_GAP)

    @property
    def _label(self) -> int:
        """Room left of the cells for the values of the second setting."""
        if self.map is None:
            return 0
        face = theme.font(12)
        widest = max(map(face.measure, (*self.map.rows, self.map.second)), default=0)
        return min(widest, theme.px(_LABEL_MOST)) + theme.px(_PAD + 8)

    @property
    def _fitting(self) -> int:
        """How many columns are drawn."""
        room = self.canvas.winfo_width() - self._label - theme.px(_PAD)
        return max(1, room // self._step[0])

    def _keep_in_sight(self, shown: PairMap) -> None:
        column, most = shown.of(self.selected).column, self._fitting
        self._first = min(max(self._first, column - most + 1, 0), column, max(0, len(shown.columns) - most))

    def bounds(self, cell: MapCell) -> tuple[int, int, int, int] | None:
        """Where a cell is drawn: left, top, right, bottom; None while its column is out of sight."""
        column = cell.column - self._first
        if not 0 <= column < self._fitting or self.map is None:
            return None
        (wide, high), (across, down) = self._cell, self._step
        left, top = self._label + column * across, theme.px(_HEAD) + max(0, cell.row) * down
        if cell.row < 0:
            high = len(self.map.rows) * down - theme.px(_GAP)
        return left, top, left + wide, top + high

    def _draw_cell(self, cell: MapCell, at: tuple[int, int, int, int]) -> None:
        canvas, (left, top, right, bottom) = self.canvas, at
        surface, accent = theme.palette["surface"], theme.palette["accent"]
        fill = mixed(surface, accent, _SHARES[cell.degree])
        seen = bool(cell.n and cell.mean)
        if seen:
            canvas.create_rectangle(left, top, right, bottom, fill=fill, width=0)
        else:
            edge = fill if cell.mean and cell.degree else theme.palette["edge"]
            canvas.create_rectangle(left + 1, top + 1, right - 1, bottom - 1, outline=edge, width=theme.px(1))
        ink: Role = "accent_ink" if seen and cell.degree >= _DARK_INK_FROM else "text" if seen else "text2"
        middle, centre = (left + right) // 2, (top + bottom) // 2
        room = right - left - theme.px(4)
        number = f"{cell.mean:.1f}" if cell.mean else "–"
        canvas.words(middle, centre - theme.px(9), number, size=15, bold=seen, ink=ink, anchor="center", room=room)
        canvas.words(middle, centre + theme.px(11), self._foot(cell), size=11, ink=ink, anchor="center", room=room)
        if cell.at == self.selected:
            out = theme.px(2)
            role: Role = "focus" if self._focused else "text"
            canvas.frame(left - out, top - out, right + out, bottom + out, role, width=theme.px(2))

    def _foot(self, cell: MapCell) -> str:
        if self.ranges.on and cell.mean:
            return cell.range_text
        if not cell.n:
            return "not rated" if cell.made else "not made"
        return f"take · {cell.n}" if cell.leader else str(cell.n)

    def _draw_heads(self, shown: PairMap) -> None:
        wide = self._cell[0]
        chosen = shown.of(self.selected)
        for cell in shown.cells:
            bounds = self.bounds(cell)
            if bounds is None:
                continue
            left, top, _, bottom = bounds
            if cell.row <= 0:
                self._head(
                    (left + wide // 2, theme.px(_HEAD) // 2), shown.columns[cell.column], cell.column == chosen.column
                )
            if cell.row >= 0 and cell.column == self._lead_column(shown):
                y = (top + bottom) // 2
                own, room = cell.row == chosen.row, self._label - theme.px(_PAD + 8)
                ink: Role = "text" if own else "text2"
                self.canvas.words(theme.px(_PAD), y, shown.rows[cell.row], size=12, bold=own, ink=ink, room=room)
        y, room = theme.px(_HEAD) // 2, self._label - theme.px(_PAD)
        self.canvas.words(theme.px(_PAD), y, shown.second, size=12, ink="text3", room=room)
        right = self._label + min(self._fitting, len(shown.columns)) * self._step[0] + theme.px(8)
        room = self.canvas.winfo_width() - right
        self.canvas.words(right, y, shown.first, size=12, ink="text3", room=room)

    def _lead_column(self, shown: PairMap) -> int:
        """The leftmost column in sight whose cells are single ones."""
        columns = [cell.column for cell in shown.cells if cell.row >= 0 and self.bounds(cell) is not None]
        return min(columns, default=0)

    def _head(self, at: tuple[int, int], text: str, own: bool) -> None:
        ink: Role = "text" if own else "text2"
        # Files of one training differ at the end of their names.
        text = theme.elide_front(text, theme.font(12, own), self._step[0] - theme.px(6))
        self.canvas.words(*at, text, size=12, bold=own, ink=ink, anchor="center")

    def _draw_legend(self, shown: PairMap, top: int) -> None:
        canvas, y, x = self.canvas, top + theme.px(8), theme.px(_PAD)
        surface, accent = theme.palette["surface"], theme.palette["accent"]
        x += canvas.words(x, y, "1", size=12, ink="text2") + theme.px(8)
        for share in _SHARES:
            fill = mixed(surface, accent, share)
            canvas.create_rectangle(x, y - theme.px(6), x + theme.px(28), y + theme.px(6), fill=fill, width=0)
            x += theme.px(30)
        x += canvas.words(x + theme.px(6), y, "5 stars", size=12, ink="text2") + theme.px(28)
        canvas.frame(x, y - theme.px(5), x + theme.px(16), y + theme.px(5), "edge", width=theme.px(1))
        words = "not made, follows from its row and column"
        if (hidden := len(shown.columns) - self._fitting) > 0:
            words += f"; {hidden} more columns of {shown.first} beside"
        canvas.words(x + theme.px(24), y, words, size=12, ink="text2", room=canvas.winfo_width() - x - theme.px(40))

    def _draw_matters(self, report: Report, top: int) -> int:
        """What matters, as bars; gives the lower edge."""
        canvas, lines = self.canvas, matter_lines(report)
        if not lines:
            return top
        y, left = top + theme.px(12), theme.px(_PAD)
        canvas.words(left, y, "What matters", bold=True)
        note = "chance that it makes a difference"
        canvas.words(left + theme.font(13, True).measure("What matters") + theme.px(10), y, note, size=12, ink="text2")
        bar = left + max(theme.font(13).measure(line.title) for line in lines) + theme.px(20)
        for line in lines:
            y += theme.px(_LINE)
            canvas.words(left, y, line.title)
            long, half = theme.px(_BAR), theme.px(4)
            canvas.fill(bar, y - half, bar + long, y + half, "raised2")
            canvas.fill(bar, y - half, bar + max(1, round(long * line.chance)), y + half, "chart_mean")
            canvas.words(bar + long + theme.px(60), y, line.percent, bold=True, anchor="e")
            x = bar + long + theme.px(74)
            canvas.words(x, y, line.note, size=12, ink="text2", room=canvas.winfo_width() - x - left)
        return y + theme.px(18)

    # ---- the user

    def _wire(self) -> None:
        canvas = self.canvas
        canvas.bind("<ButtonPress-1>", self._pressed)
        canvas.bind("<Double-Button-1>", lambda event: self._open(self._at(event.x, event.y)))
        canvas.bind("<FocusIn>", lambda _event: self._focus(True))
        canvas.bind("<FocusOut>", lambda _event: self._focus(False))
        for key in _ARROWS:
            canvas.bind(f"<{key}>", lambda _event, key=key: self._arrow(key))  # type: ignore[misc]
        leave_gold(canvas)
        for key in ("<Return>", "<KP_Enter>"):
            canvas.bind(key, lambda _event: self._open(self.selected))

    def _at(self, x: int, y: int) -> int:
        for cell in self.map.cells if self.map is not None else ():
            bounds = self.bounds(cell)
            if bounds is not None and bounds[0] <= x < bounds[2] and bounds[1] <= y < bounds[3]:
                return cell.at
        return -1

    def _pressed(self, event: tk.Event[tk.Misc]) -> None:
        self._quiet = self.focus_get() is not self.canvas
        self.canvas.focus_set()
        self._focused = False  # the ring is for the keyboard
        self.select(self._at(event.x, event.y))

    def _focus(self, on: bool) -> None:
        self._focused, self._quiet = on and not self._quiet, False
        self.refresh()

    def _arrow(self, key: str) -> str:
        self._focused = True
        self.move(key)
        return "break"

    def _open(self, at: int) -> str:
        if at >= 0:
            self._opened(at)
        return "break"
