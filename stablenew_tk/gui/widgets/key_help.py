"""The keys of a page, one line each, shown under the question mark by F1."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from . import theme
from .basics import Box, Button, Label, Separator
from .popups import Popup

_ROWS = 14  # more than these stand in a second column


class KeyHelp(Popup):
    """A list of keys and what they do. F1, Esc or a click elsewhere closes it."""

    def __init__(self) -> None:
        super().__init__()
        self.window.bind("<F1>", lambda _event: self.close())

    def open(self, owner: tk.Misc, title: str, keys: Sequence[tuple[str, str]]) -> None:
        """Show the keys under `owner`, in the order given."""
        for child in self.body.winfo_children():
            child.destroy()
        head = Box(self.body)
        head.pack(fill="x", padx=theme.px(10), pady=theme.px(4))
        Label(head, title, bold=True).pack(side="left", padx=theme.px(4))
        close = Button(head, "", self.close, kind="quiet", icon="cross", height=24)
        close.pack(side="right")
        Separator(self.body).pack(fill="x")
        sheet = Box(self.body)
        sheet.pack(fill="both", padx=theme.px(14), pady=theme.px(8))
        height = _ROWS if len(keys) <= _ROWS else (len(keys) + 1) // 2
        for number, (key, words) in enumerate(keys):
            column, row = divmod(number, height)
            left = theme.px(28) if column else 0
            Label(sheet, key, size=12, bold=True).grid(
                row=row, column=2 * column, sticky="w", padx=(left, theme.px(16)), pady=theme.px(3)
            )
            Label(sheet, words, size=12, ink="text2").grid(row=row, column=2 * column + 1, sticky="w")
        self.window.update_idletasks()
        width = max(theme.px(280), self.body.winfo_reqwidth() + 2)
        self._place(owner, close, width=width, height=self.body.winfo_reqheight() + 2)
