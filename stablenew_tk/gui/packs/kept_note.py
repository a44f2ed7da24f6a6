"""What is known for slots of the open pack, above what the pack itself would draw there."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ...app.packs.kept_slots import PACK_DRAWS, KeptSlot
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.controls import Check


class KeptNote(Box):
    """A line for each text in use, with its undo: `take_back(slot)`. With `turned(on)` there is a box to see the
    variants as runs have them.
    """

    def __init__(
        self, parent: tk.Misc, take_back: Callable[[KeptSlot], object], turned: Callable[[bool], object] | None = None
    ) -> None:
        super().__init__(parent, "info_soft")
        self._take_back, self._shown = take_back, tuple[KeptSlot, ...]()
        self.undo: list[Button] = []
        self.lines: list[Label] = []
        self._lines = Box(self, "info_soft")
        self._lines.pack(fill="x", padx=(theme.px(16), theme.px(8)), pady=(theme.px(6), 0))
        self.as_run = Check(self, "Show the variants as runs have them", turned, ground="info_soft") if turned else None
        if self.as_run is not None:
            self.as_run.pack(anchor="w", padx=theme.px(16), pady=(theme.px(2), theme.px(8)))
        else:
            Label(self, PACK_DRAWS, size=12, ink="text2", wrap=True).pack(
                fill="x", padx=theme.px(16), pady=(0, theme.px(8))
            )

    @property
    def kept(self) -> tuple[KeptSlot, ...]:
        """What is shown."""
        return self._shown

    @property
    def on(self) -> bool:
        """Whether the variants are to be shown as runs have them."""
        return bool(self._shown) and self.as_run is not None and self.as_run.on

    def show(self, kept: Sequence[KeptSlot]) -> bool:
        """Show these; whether there is anything to show."""
        if tuple(kept) != self._shown:
            self._shown = tuple(kept)
            for child in self._lines.winfo_children():
                child.destroy()
            self.undo, self.lines = [], []
            for one in kept:
                self._line(one)
        return bool(kept)

    def _line(self, one: KeptSlot) -> None:
        line = Box(self._lines, "info_soft")
        line.pack(fill="x")
        button = Button(line, "Undo", lambda: self._take_back(one), kind="link", height=24)
        button.pack(side="right", anchor="n")
        words = Label(line, one.words, size=12, wrap=True)
        words.pack(side="left", fill="x", expand=True)
        self.undo.append(button)
        self.lines.append(words)
