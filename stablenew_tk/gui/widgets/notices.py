"""Sentences the user should see, in a strip under the top bar: never a dialog for what the page can show."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from . import theme
from .basics import Box, Button, Label, Sign

Action = tuple[str, Callable[[], object]]
LIMIT = 3


class Notices:
    """Shows at most three strips; the oldest goes when a fourth comes. Each stays until it is closed or answered."""

    def __init__(self, parent: tk.Misc, above: tk.Misc) -> None:
        self._parent = parent
        self._above = above
        self._strips: list[tuple[str, Box]] = []

    def say(self, text: str, *, instead_of: str = "") -> None:
        """Show a sentence, in place of another one that it makes old. The same sentence is not shown twice."""
        self.forget(instead_of)
        self.ask(text)

    def ask(self, text: str, *actions: Action) -> None:
        """Show a sentence with buttons; any of them closes it."""
        if any(shown == text for shown, _ in self._strips):
            return
        if len(self._strips) >= LIMIT:
            self._close(self._strips[0][1])
        strip = Box(self._parent, "info_soft" if actions else "warn_soft")
        sign = Sign(strip, "help" if actions else "warning", ink="info" if actions else "warn")
        sign.pack(side="left", padx=(theme.px(16), theme.px(8)), pady=theme.px(8))
        close = Button(strip, "", lambda: self._close(strip), kind="quiet", icon="cross", height=theme.SMALL)
        close.pack(side="right", padx=theme.px(8))
        for words, command in reversed(actions):
            button = Button(strip, words, lambda command=command: self._answer(strip, command), height=theme.SMALL)  # type: ignore[misc]  # default binds the command
            button.pack(side="right", padx=theme.px(2))
        Label(strip, text, size=12, wrap=True).pack(side="left", fill="x", expand=True, pady=theme.px(6))
        self._strips.append((text, strip))
        strip.pack(side="top", fill="x", before=self._above)

    def forget(self, text: str) -> None:
        """Take a sentence away that is no longer true."""
        for shown, strip in tuple(self._strips):
            if shown == text:
                self._close(strip)

    def _answer(self, strip: Box, command: Callable[[], object]) -> None:
        self._close(strip)
        command()

    def _close(self, strip: Box) -> None:
        self._strips = [(text, other) for text, other in self._strips if other is not strip]
        strip.destroy()
