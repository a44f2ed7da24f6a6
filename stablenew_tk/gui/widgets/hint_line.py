"""The line below pictures: which keys do what, or a sentence in their place."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from ...domain.base.colour_roles import Role
from . import theme
from .basics import Box, Label
from .hint_bar import HEIGHT, KeyHints


class HintLine(Box):
    """The line below the pictures: key hints, or a sentence in their place for as long as it matters.

    `side` is the room left and right of them.
    """

    def __init__(self, parent: tk.Misc, hints: Sequence[tuple[str, str]], side: int = 0) -> None:
        super().__init__(parent, "surface", height=theme.px(HEIGHT))
        self.pack_propagate(False)
        self._hints, self._message, self._side = KeyHints(self, hints), Label(self, "", size=12), theme.px(side)
        self.say("")

    def say(self, sentence: str, ink: Role = "text2") -> None:
        """Show a sentence in place of the keys; "" brings the keys back."""
        self._message.show(sentence, ink)
        shown, other = (self._message, self._hints) if sentence else (self._hints, self._message)
        if not shown.winfo_manager():
            other.pack_forget()
            shown.pack(side="left", fill="x", expand=True, padx=self._side)

    @property
    def message(self) -> str:
        """The sentence in sight, or ""."""
        return str(self._message.cget("text")) if self._message.winfo_manager() else ""
