"""The box in the inspector that says why a picture does not count as evidence."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ..widgets import icons, theme
from ..widgets.basics import Box, Button, Card, Label


class SuspectBox(Box):
    """Out of sight until there is a reason to doubt the picture. It packs and unpacks itself."""

    def __init__(self, parent: tk.Misc, make_again: Callable[[], None]) -> None:
        super().__init__(parent)
        card = Card(self, "warn_soft", "warn")
        card.pack(fill="x")
        inside = Box(card, "warn_soft")
        # The button brings its own room for the ring; everything else is moved in by as much.
        inside.pack(fill="x", padx=theme.px(10 - theme.RING), pady=theme.px(9))
        head = Box(inside)
        head.pack(fill="x", padx=theme.px(theme.RING))
        self._badge = tk.Label(
            head, text="suspect", compound="left", font=theme.font(11, True), bd=0, padx=theme.px(6), pady=theme.px(2)
        )
        self._badge.pack(side="left")
        Label(head, "Not counted as evidence", size=12, bold=True).pack(side="left", padx=(theme.px(8), 0))
        self._why = Label(inside, size=12, ink="text2", wrap=True)
        self._why.pack(fill="x", padx=theme.px(theme.RING), pady=theme.px(6))
        Button(inside, "Make again", make_again, height=theme.SMALL).pack(anchor="w")
        self._paint()

    def show(self, sentences: Sequence[str]) -> None:
        """Say why, or go out of sight when there is nothing to say."""
        if not sentences:
            self.pack_forget()
            return
        self._why.show("\n".join(sentences))
        after = self.master.winfo_children()[0]
        self.pack(after=after, fill="x", padx=theme.px(16), pady=(theme.px(4), theme.px(8)))

    def _recolour(self) -> None:
        super()._recolour()
        self._paint()

    def _paint(self) -> None:
        self._icon = icons.icon("warning", 12, "badge_ink", "badge")
        self._badge.configure(image=self._icon, bg=theme.palette["badge"], fg=theme.palette["badge_ink"])
