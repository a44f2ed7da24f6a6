"""Fields and short lists with a caption, laid out in a grid: for editors of profiles and packs."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.entries import Entry
from ..widgets.row_list import ListRow, RowList


def captioned(parent: tk.Misc, text: str, *, place: tuple[int, int], span: int = 1) -> Box:
    """A cell of a field grid with its caption; pack the field into it."""
    cell = Box(parent)
    row, column = place
    cell.grid(row=row, column=column, columnspan=span, sticky="new", padx=(0, theme.px(4)), pady=(0, theme.px(4)))
    Label(cell, text, size=12, ink="text2").pack(anchor="w", padx=theme.px(theme.RING))
    return cell


class EditableList(Box):
    """A short list with one chosen row, and buttons to add one and to remove it."""

    def __init__(
        self,
        parent: tk.Misc,
        *,
        add: str,
        remove: str,
        empty: str,
        chosen: Callable[[int], object],
        added: Callable[[], object],
        removed: Callable[[], object],
        rows: int = 3,
    ) -> None:
        super().__init__(parent)
        frame = Box(self, "line")
        frame.pack(fill="x", padx=theme.px(theme.RING))
        self.list = RowList(frame, on_select=chosen, rows=rows, empty=empty, ground="raised")
        self.list.pack(fill="x", padx=1, pady=1)
        self.list.canvas.bind("<Delete>", lambda _event: removed())
        deck = Box(self)
        deck.pack(fill="x")
        self.add = Button(deck, add, added, icon="plus", height=theme.SMALL)
        self.add.pack(side="left")
        self.remove = Button(deck, remove, removed, kind="quiet", height=theme.SMALL)
        self.remove.pack(side="left")

    def show(self, rows: Sequence[ListRow], at: int) -> None:
        """Show these rows, one of them chosen (−1 = none)."""
        self.list.show_rows(rows, at)
        self.remove.enable(at >= 0, "There is nothing to remove.")


def field(parent: tk.Misc, text: str, edited: Callable[[str], object], *, place: tuple[int, int], **more: int) -> Entry:
    """A captioned text field."""
    entry = Entry(captioned(parent, text, place=place, **more), width=60, on_edit=edited)
    entry.pack(fill="x")
    return entry


def grid(parent: tk.Misc, columns: int) -> Box:
    """A grid of fields, its columns equally wide."""
    box = Box(parent)
    for column in range(columns):
        box.grid_columnconfigure(column, weight=1, uniform="fields")
    return box
