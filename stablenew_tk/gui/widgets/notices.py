"""Sentences the user should see, never in a dialog: strips below the top bar, coloured boxes, words in empty grids."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...domain.base.colour_roles import Role
from . import theme
from .basics import Box, Button, Card, Label, Sign

Action = tuple[str, Callable[[], object]]
LIMIT = 3


class Notices:
    """Shows at most three strips; the oldest goes when a fourth comes. Each stays until it is closed or answered."""

    def __init__(self, parent: tk.Misc, above: tk.Misc) -> None:
        self._parent = parent
        self._above = above
        self._strips: list[tuple[str, Box]] = []

    @property
    def texts(self) -> tuple[str, ...]:
        """The sentences in sight, the oldest first."""
        return tuple(text for text, _ in self._strips)

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


class Notice(Box):
    """A sentence and a button in the middle of an empty grid."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self._words = Label(self, "", size=13, ink="text2")
        self._words.pack(pady=(0, theme.px(12)))
        self._button = Button(self, "Go", lambda: self._action())
        self._action: Callable[[], None] = lambda: None

    def show(self, sentence: str, button: str = "", action: Callable[[], None] = lambda: None) -> None:
        """Say it."""
        self._words.show(sentence)
        self._action = action
        if button:
            self._button.set_text(button)
            self._button.pack()
        else:
            self._button.pack_forget()
        self.place(relx=0.5, rely=0.42, anchor="center")

    def hide(self) -> None:
        """Pictures are there."""
        self.place_forget()
