"""A sentence in a coloured box, with a sign and, if need be, a button."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...domain.base.colour_roles import Role
from . import theme
from .basics import Button, Card, Label, Sign


class Remark(Card):
    """A sentence in a coloured box with a sign before it: `info` for hints, `warn` for what one should know."""

    def __init__(self, parent: tk.Misc, text: str = "", *, warn: bool = False) -> None:
        ground: Role = "warn_soft" if warn else "info_soft"
        super().__init__(parent, ground, outline=ground)
        sign = Sign(self, "warning" if warn else "info", size=14, ink="warn" if warn else "info")
        sign.pack(side="left", anchor="n", padx=(theme.px(12), theme.px(8)), pady=theme.px(10))
        self._button: Button | None = None
        self._words = Label(self, text, size=12, wrap=True)
        self._words.pack(side="left", fill="x", expand=True, padx=(0, theme.px(12)), pady=theme.px(9))

    def show(self, text: str) -> None:
        """Say something else."""
        self._words.show(text)

    def offer(self, words: str, command: Callable[[], object]) -> None:
        """A button behind the sentence for what can be done about it; "" takes it away."""
        if self._button is not None:
            self._button.destroy()
            self._button = None
        if words:
            self._button = Button(self, words, command, height=theme.SMALL)
            self._button.pack(side="right", padx=(0, theme.px(8)), before=self._words)
