"""The numbers beside the lines of a text, with a dot where the check found something."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Mapping, Sequence
from typing import Literal

from PIL import ImageTk

from ...domain.base.colour_roles import Role
from ..widgets import icons, theme

Doubt = Literal["problem", "doubt"]
_LIFT = 4  # px: half the height of a figure
_INKS: Mapping[Doubt, Role] = {"problem": "danger", "doubt": "warn"}


class Gutter(tk.Canvas):
    """Draws numbers where the text says its lines are. It is only looked at; a click chooses the line."""

    def __init__(self, parent: tk.Misc, ground: Role) -> None:
        self._ground = ground
        super().__init__(parent, bd=0, highlightthickness=0, takefocus=0, cursor="arrow")
        self._rows: tuple[tuple[int, int], ...] = ()
        self._current, self._digits = 0, 0
        self._marks: Mapping[int, Doubt] = {}
        self._items: list[int] = []
        self._signs: list[int] = []
        self._kept: list[ImageTk.PhotoImage] = []
        self._recolour()
        theme.on_change(self._recolour)

    def show(self, rows: Sequence[tuple[int, int]], current: int, total: int) -> None:
        """Show numbers: (number, pixel of the foot of its letters). The current one is brighter."""
        self._fit(total)
        if tuple(rows) == self._rows and current == self._current:
            return
        self._rows, self._current = tuple(rows), current
        self._draw()

    def mark(self, marks: Mapping[int, Doubt]) -> None:
        """Put a dot beside these lines."""
        if dict(marks) != dict(self._marks):
            self._marks = dict(marks)
            self._draw()

    @property
    def rows(self) -> tuple[tuple[int, int], ...]:
        """What is shown: (number, pixel)."""
        return self._rows

    def _fit(self, total: int) -> None:
        digits = max(3, len(str(total)))
        if digits != self._digits:
            self._digits = digits
            self.configure(width=theme.font(12, mono=True).measure("0" * digits) + theme.px(28))
            self._rows = ()

    def _draw(self) -> None:
        right = int(self.cget("width")) - theme.px(10)
        while len(self._items) < len(self._rows):
            self._items.append(self.create_text(0, 0, anchor="e", font=theme.font(12, mono=True)))
        lift = theme.px(_LIFT)
        usual, bright = theme.colour("text3"), theme.colour("text")
        # One script for all: a new row moves all numbers below it, and each call into Tk may wait for other threads.
        script = [
            f"{self} itemconfigure {item} -state normal -text {number} -fill "
            f"{bright if number == self._current else usual}\n{self} coords {item} {right} {y - lift}"
            for item, (number, y) in zip(self._items, self._rows, strict=False)
        ]
        script += [f"{self} itemconfigure {item} -state hidden" for item in self._items[len(self._rows) :]]
        self.tk.eval("\n".join(script))
        self._draw_signs()

    def _draw_signs(self) -> None:
        for sign in self._signs:
            self.delete(sign)
        self._signs, self._kept = [], []
        for number, y in self._rows:
            mark = self._marks.get(number)
            if mark is not None:
                self._kept.append(icons.icon("warning", 10, _INKS[mark], self._ground))
                at = (theme.px(5), y - theme.px(_LIFT))
                self._signs.append(self.create_image(*at, image=self._kept[-1], anchor="w"))

    def _recolour(self) -> None:
        self.configure(bg=theme.colour(self._ground))
        self._draw()
