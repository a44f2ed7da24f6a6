"""The line above the Run button that says why a run cannot start or what was left out."""

from __future__ import annotations

import tkinter as tk

from ...domain.base import colour_roles
from ..widgets import theme
from ..widgets.basics import Box, Label


class RunLine(Box):
    """What is said about the run, in a line of its own: beside the Run button there is too little room for a sentence.

    It is there only while there is something to say.
    """

    def __init__(self, parent: tk.Misc, *, above: tk.Misc) -> None:
        super().__init__(parent, "surface")
        self._above = above
        self.words = Label(self, "", size=12, ink="danger", wrap=True)
        self.words.pack(fill="x", padx=theme.px(16), pady=(theme.px(8), 0))

    def tell(self, words: str, ink: colour_roles.Role) -> None:
        """Say this; "" takes the line away."""
        self.words.show(words, ink)
        if words and not self.winfo_manager():
            self.pack(side="bottom", fill="x", after=self._above)
        elif not words and self.winfo_manager():
            self.pack_forget()
