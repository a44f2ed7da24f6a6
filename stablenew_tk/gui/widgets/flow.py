"""A row of widgets that breaks into as many rows as the width needs, widgets that come and go, and the way of Tab."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from typing import Any

from . import theme
from .basics import Box


def pack_if(wanted: object, widget: tk.Widget, **how: Any) -> None:  # the options are those of `pack`
    """Pack a widget as soon as it is wanted, and take it out of sight when it no longer is."""
    if bool(widget.winfo_manager()) != bool(wanted):
        widget.pack(**how) if wanted else widget.pack_forget()


def tab_order(*siblings: tk.Misc) -> None:
    """Let Tab go through these children of one parent as they are read, whatever order they were made in."""
    for one in siblings:
        # A canvas calls something else by this name.
        tk.Misc.tkraise(one)


class Flow(Box):
    """Children side by side, in as many rows as the width needs."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self._shown: Sequence[tk.Widget] = ()
        self.bind("<Configure>", lambda _event: self._arrange())

    def show(self, children: Sequence[tk.Widget]) -> None:
        """Show these of its children, in this order."""
        if tuple(children) != self._shown:
            for child in self._shown:
                if child not in children and theme.alive(child):
                    child.place_forget()
            self._shown = tuple(children)
            tab_order(*children)
        self._arrange()

    def _arrange(self) -> None:
        width, y = self.winfo_width(), 0
        if width <= 1:
            return
        for row in self._rows(width):
            x = high = 0
            for child in row:
                wide, high = child.winfo_reqwidth(), max(high, child.winfo_reqheight())
                # A single one that is wider than all there is gets cut.
                child.place(x=x, y=y, width=width if wide > width else "")
                x += wide
            y += high
        if int(self.cget("height")) != y:
            self.configure(height=max(1, y))

    def _rows(self, width: int) -> list[list[tk.Widget]]:
        rows: list[list[tk.Widget]] = [[]]
        room = width
        for child in self._shown:
            wide = child.winfo_reqwidth()
            if rows[-1] and wide > room:
                rows.append([])
                room = width
            rows[-1].append(child)
            room -= wide
        # One alone below a full row looks forgotten.
        if len(rows) > 1 and len(rows[-1]) == 1 and len(rows[-2]) > 2:
            last = rows[-2][-1]
            if last.winfo_reqwidth() + rows[-1][0].winfo_reqwidth() <= width:
                rows[-1].insert(0, rows[-2].pop())
        return rows
