"""A small field for several lines of text, such as a prompt."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from . import theme
from .basics import ground_of


class PromptBox(tk.Text):
    """Several lines of text with an outline that shows the focus. Tab leaves it; `on_edit()` after every key."""

    def __init__(self, parent: tk.Misc, lines: int, on_edit: Callable[[], object]) -> None:
        self._ground = ground_of(parent)
        super().__init__(
            parent,
            height=lines,
            width=20,
            wrap="word",
            bd=0,
            padx=theme.px(8),
            pady=theme.px(6),
            undo=True,
            highlightthickness=theme.px(2),
            font=theme.font(13),
        )
        self.bind("<KeyRelease>", lambda _event: on_edit())
        self.bind("<<Modified>>", lambda _event: on_edit())
        # A prompt has no use for tab characters.
        self.bind("<Tab>", lambda _event: self._leave(self.tk_focusNext()))
        for key in ("<Shift-Tab>", "<<PrevWindow>>"):
            self.bind(key, lambda _event: self._leave(self.tk_focusPrev()))
        self._recolour()
        theme.on_change(self._recolour)

    @property
    def words(self) -> str:
        """The text in one line."""
        return " ".join(self.get("1.0", "end-1c").split())

    def _leave(self, other: tk.Misc | None) -> str:
        if other is not None:
            other.focus_set()
        return "break"

    def _recolour(self) -> None:
        self.configure(
            bg=theme.colour("raised"),
            fg=theme.colour("text"),
            insertbackground=theme.colour("text"),
            selectbackground=theme.colour("selection"),
            selectforeground=theme.colour("text"),
            highlightbackground=theme.colour("edge"),
            highlightcolor=theme.colour("focus"),
        )
