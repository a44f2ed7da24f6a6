"""What a Learning Run will make, drawn before it is made: a cell per picture, seconds per value, the whole time."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from ....app.learn.plan_preview import Forecast, MatrixOutline
from ....domain.base.colour_roles import Role
from ...widgets import icons, theme
from ...widgets.basics import Box, Label, Separator, ground_of
from ...widgets.flow import pack_if
from ...widgets.notices import Remark
from ...widgets.painting import Anchor, Painting

_LABEL, _PROMPT_LABEL = 50, 84  # px left of the cells for "Seed 12", or for the name of a prompt
_ROOMY, _WIDE_PROMPT_LABEL = 440, 140  # px from which a name gets more room, and how much
_CELL_HIGH, _LEAST_HIGH, _LEAST_WIDE = 46, 16, 6
_MOST_HIGH = 260  # px: more rows than fit into this are counted in words
# With this much room across, and nothing else in the column: as wide and as high as a picture becomes.
_LARGE_FROM, _LARGE_WIDE, _LARGE_HIGH, _MOST_HIGH_LARGE = 600, 112, 96, 470
_CELL_WIDE, _GAP = 64, 6
_TWO_LINES = 32  # px a row needs for two lines at its left


class OutlineCanvas(Painting):
    """Draws an outline of the matrix as wide as it is and as high as it needs to be. No tab stop.

    `grows`: in a wide window the cells become as large as pictures.
    """

    def __init__(self, parent: tk.Misc, *, grows: bool = False) -> None:
        self.shown, self._grows = MatrixOutline(), grows
        super().__init__(parent, ground_of(parent), height=theme.px(80), draw=self._draw)

    def show(self, outline: MatrixOutline) -> None:
        """Draw this one."""
        if outline != self.shown:
            self.shown = outline
            self._draw()

    def _draw(self) -> None:
        self.clear()
        if self.winfo_width() <= 1:
            return
        bottom = self._draw_names() if self.shown.names else self._draw_columns()
        if int(self.cget("height")) != bottom:
            self.configure(height=bottom)

    @property
    def _is_large(self) -> bool:
        return self._grows and self.winfo_width() >= theme.px(_LARGE_FROM)

    def _draw_columns(self) -> int:
        """Values side by side, rows below each other; gives the height."""
        outline, gap = self.shown, theme.px(_GAP)
        roomy = self.winfo_width() > theme.px(_ROOMY)
        label = theme.px((_WIDE_PROMPT_LABEL if roomy else _PROMPT_LABEL) if outline.prompts else _LABEL)
        room = self.winfo_width() - label
        gap = gap if len(outline.heads) <= 12 else theme.px(2)
        columns = max(1, min(len(outline.heads), (room + gap) // (theme.px(_LEAST_WIDE) + gap)))
        wide = min(theme.px(_LARGE_WIDE if self._is_large else _CELL_WIDE), (room - gap * (columns - 1)) // columns)
        rows, high = self._fitting(outline.rows + outline.later)
        lefts = [label + number * (wide + gap) for number in range(columns)]
        top = theme.px(20)
        written = self._written(outline.heads[:columns], wide + gap)
        for number, left in enumerate(lefts):
            if number in written:
                self._note(left + wide // 2, theme.px(8), outline.heads[number], "center", own=number == outline.own)
            for row in range(rows):
                self._cell(left, top + row * (high + gap), (wide, high), (number, row))
        for row in range(rows):
            self._name_row(row, top + row * (high + gap) + high // 2, high, label - theme.px(6))
        bottom = top + rows * (high + gap)
        hidden = {"value": len(outline.heads) - columns, "row": outline.rows + outline.later - rows}
        more = [f"{number} more {thing}{'s' if number > 1 else ''}" for thing, number in hidden.items() if number > 0]
        if more:
            self._note(0, bottom + theme.px(6), f"and {', '.join(more)}")
            bottom += theme.px(18)
        if any(outline.seconds):
            self._note(0, bottom + theme.px(8), "each")
            told = self._written(outline.seconds[:columns], wide + gap)
            for number, left in enumerate(lefts):
                if number in told:
                    self._note(left + wide // 2, bottom + theme.px(8), outline.seconds[number], "center")
            bottom += theme.px(16)
        return bottom + theme.px(2)

    def _draw_names(self) -> int:
        """Values below each other with their whole names, seeds side by side; gives the height."""
        outline, gap, high = self.shown, theme.px(4), theme.px(20)
        label, each = theme.px(150), theme.px(44) if any(outline.seconds) else 0
        room = self.winfo_width() - label - each
        whole = outline.rows + outline.later
        columns = max(1, min(whole, (room + gap) // (theme.px(_LEAST_WIDE) + gap)))
        wide = min(theme.px(28), (room - gap * columns) // columns)
        most = theme.px(_MOST_HIGH) // (high + gap)
        shown = len(outline.heads) if len(outline.heads) <= most else most - 1
        top = theme.px(20)
        more = f" (of {whole})" if columns < whole else ""
        self._note(label, theme.px(8), f"Seeds 1–{columns}{more}" if columns > 1 else "Seed 1")
        for place in range(shown):
            y = top + place * (high + gap)
            own, room = place == outline.own, label - theme.px(8)
            self._note(0, y + high // 2, outline.heads[place], own=own, room=room)
            for row in range(columns):
                self._cell(label + row * (wide + gap), y, (wide, high), (place, row))
            if each and outline.seconds[place]:
                self._note(self.winfo_width(), y + high // 2, outline.seconds[place], "e")
        bottom = top + shown * (high + gap)
        if shown < len(outline.heads):
            self._note(0, bottom + high // 2, f"and {len(outline.heads) - shown} more")
            bottom += theme.px(18)
        return bottom + theme.px(2)

    def _name_row(self, row: int, middle: int, high: int, room: int) -> None:
        """The seed of a row, above it its prompt where there are several and room for both."""
        prompts, seed = self.shown.prompts, f"Seed {row + 1}"
        if not prompts:
            self._note(0, middle, seed)
        elif high < theme.px(_TWO_LINES):
            self._note(0, middle, prompts[row % len(prompts)], room=room)
        else:
            self._note(0, middle - theme.px(8), prompts[row % len(prompts)], own=False, room=room)
            self._note(0, middle + theme.px(8), seed)

    def _fitting(self, rows: int) -> tuple[int, int]:
        """How many rows are drawn, and how high one is."""
        gap, most = theme.px(_GAP), theme.px(_MOST_HIGH_LARGE if self._is_large else _MOST_HIGH)
        high = min(theme.px(_LARGE_HIGH if self._is_large else _CELL_HIGH), most // max(1, rows) - gap)
        if high >= theme.px(_LEAST_HIGH):
            return rows, high
        high = theme.px(_LEAST_HIGH)
        return most // (high + gap), high

    def _written(self, words: Sequence[str], room: int) -> frozenset[int]:
        """Which of the words are written so that none stands on the next: all, or every second, third, …"""
        face = theme.font(12, bold=True)
        widest = max((face.measure(word) for word in words), default=0) + theme.px(4)
        every = max(1, -(-widest // max(1, room)))
        return frozenset(range(0, len(words), every)) | ({self.shown.own} if every == 1 else frozenset())

    def _cell(self, x: int, y: int, size: tuple[int, int], place: tuple[int, int]) -> None:
        """What is made for sure is filled, what may follow is dashed, with a question mark where one might be."""
        there, later = place == self.shown.there, place[1] - self.shown.rows
        if later >= 0:
            corners = (x, y, x + size[0] - 1, y + size[1] - 1)
            self.create_rectangle(*corners, outline=theme.palette["edge"], dash=(theme.px(3), theme.px(3)))
            if (place[0], later) in self.shown.guesses:
                self.words(x + size[0] // 2, y + size[1] // 2, "?", size=12, ink="text2", anchor="center")
            return
        fill: Role = "selection" if there else "raised2" if self.shown.later else "image_ground"
        outline = theme.palette["accent_text" if there else "edge"]
        self.create_rectangle(x, y, x + size[0] - 1, y + size[1] - 1, fill=theme.palette[fill], outline=outline)
        if there:
            tick = icons.icon("tick", 14, "accent_text", fill)
            self.picture(x + size[0] // 2, y + size[1] // 2, tick, "center")

    def _note(
        self, x: int, y: int, text: str, anchor: Anchor = "w", *, own: bool | None = None, room: int | None = None
    ) -> None:
        """Words around the cells: names of values, the own one bold, and quieter what is not a name (`own` None)."""
        ink: Role = "text3" if own is None else "text" if own else "text2"
        self.words(x, y, text, size=12, bold=bool(own), ink=ink, anchor=anchor, room=room)


class RunPreviewPanel(Box):
    """The right side of the wizard."""

    def __init__(self, parent: tk.Misc, *, width: int) -> None:
        super().__init__(parent, "surface", width=theme.px(width))
        self.pack_propagate(False)
        pad = theme.px(theme.PAD)
        self._hint = Remark(self)
        Label(self, "What will be made", size=13, bold=True).pack(fill="x", padx=pad, pady=(theme.px(14), theme.px(8)))
        self.outline = OutlineCanvas(self, grows=True)
        self.outline.pack(fill="x", padx=pad)
        self.total = Label(self, "", size=20, bold=True, wrap=True)
        self.total.pack(fill="x", padx=pad, pady=(theme.px(12), theme.px(4)))
        self._basis = Label(self, "", size=12, ink="text2", wrap=True)
        self._basis.pack(fill="x", padx=pad)
        self._rule = Separator(self)
        self._rule.pack(fill="x", pady=(theme.px(14), theme.px(10)))
        self._heading = Label(self, "Stays the same", size=13, bold=True)
        self._heading.pack(fill="x", padx=pad)
        self._table = Box(self)
        self._table.pack(fill="both", expand=True, padx=pad, pady=(theme.px(4), theme.px(8)))
        self._table.grid_columnconfigure(1, weight=1)
        self._same: tuple[tuple[str, str], ...] = ()

    def show(self, forecast: Forecast) -> None:
        """Show what would be made now."""
        self.outline.show(forecast.outline)
        self.total.show(forecast.total)
        self._basis.show(forecast.basis)
        self._show_same(forecast.same)
        self._hint.show(forecast.hint)
        place = {"padx": theme.px(theme.PAD), "pady": theme.px(14), "before": self._heading}
        pack_if(forecast.hint, self._hint, side="bottom", fill="x", **place)

    def _show_same(self, same: tuple[tuple[str, str], ...]) -> None:
        if same == self._same:
            return
        self._same = same
        for child in self._table.winfo_children():
            child.destroy()
        for row, (name, value) in enumerate(same):
            caption = Label(self._table, name, size=12, ink="text3")
            caption.grid(row=row, column=0, sticky="nw", padx=(0, theme.px(14)), pady=theme.px(4))
            Label(self._table, value, size=12, wrap=True).grid(row=row, column=1, sticky="new", pady=theme.px(4))
