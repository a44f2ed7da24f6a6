"""The bar that finds words inside the text of a pack."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.entries import Entry
from .code_editor import PackText


class FindBar(Box):
    """Finds as one types; Return and F3 go on, with Shift back, Esc closes. `closed()` puts the bar away."""

    def __init__(self, parent: tk.Misc, editor: PackText, closed: Callable[[], object]) -> None:
        super().__init__(parent, "surface")
        self._editor, self._closed = editor, closed
        row = Box(self)
        row.pack(fill="x", padx=theme.px(8), pady=theme.px(2))
        Button(row, "", self.close, kind="quiet", icon="cross", height=theme.SMALL).pack(side="right")
        self.said = Label(row, "", size=12, ink="text3")
        self.entry = Entry(
            row, width=120, height=theme.SMALL, icon="search", placeholder="Find in this pack", on_edit=self._typed
        )
        self.entry.pack(side="left", fill="x", expand=True)
        Button(row, "Previous", lambda: self.go_on(backwards=True), kind="quiet", height=theme.SMALL).pack(side="left")
        Button(row, "Next", self.go_on, kind="quiet", height=theme.SMALL).pack(side="left")
        self.said.pack(side="left", padx=theme.px(6))
        Separator(self).pack(side="bottom", fill="x")
        for key, backwards in (("<Return>", False), ("<KP_Enter>", False), ("<Shift-Return>", True)):
            self.entry.field.bind(key, lambda _event, back=backwards: self.go_on(backwards=back))  # type: ignore[misc]
        self.entry.field.bind("<Escape>", lambda _event: self.close())

    def go_on(self, *, backwards: bool = False) -> str:
        """Go to the next place."""
        self._tell(*self._editor.find(self.entry.get(), backwards=backwards))
        return "break"

    def close(self) -> str:
        """Put the bar away; the cursor stands where the word was found."""
        self._editor.stop_finding()
        self._closed()
        return "break"

    def _typed(self, _word: str) -> None:
        # From the beginning of the present place, so that one more letter does not go on to the next.
        ranges = self._editor.text.tag_ranges("found")
        if ranges:
            self._editor.text.mark_set("insert", str(ranges[0]))
        self.go_on()

    def _tell(self, which: int, count: int) -> None:
        nothing = "" if not self.entry.get() else "not in this pack"
        self.said.show(f"{which} of {count:,}" if count else nothing, "text3" if count else "warn")
