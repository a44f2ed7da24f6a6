"""Sentences the user should see, never in a dialog: in the bottom bar, in coloured boxes, in empty grids."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import NamedTuple, Protocol

from ...domain.base.colour_roles import Role
from . import theme
from .basics import Box, Button, Card, Label, ShortLabel, Sign
from .tooltips import tip

Action = tuple[str, Callable[[], object]]
LIMIT = 3


class ShowNotice(Protocol):
    """`Notices.say`, for the pages."""

    def __call__(self, text: str, *, instead_of: str = "", warn: bool = True) -> None: ...


class _Sentence(NamedTuple):
    text: str
    actions: tuple[Action, ...]
    warn: bool


class Notices:
    """Sentences over a place that is always there, so that nothing moves: the newest in sight, those before behind it.

    Each stays until it is closed or answered; the oldest of four goes.
    """

    def __init__(self, place: tk.Misc) -> None:
        self._place = place
        self._told: list[_Sentence] = []
        self._line: Box | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The sentences that are not closed, the oldest first; the last one is in sight."""
        return tuple(one.text for one in self._told)

    def say(self, text: str, *, instead_of: str = "", warn: bool = True) -> None:
        """Show a sentence, in place of another one that it makes old; `warn`: it tells of something amiss. The same
        sentence is not shown twice.
        """
        self.forget(instead_of)
        self._add(_Sentence(text, (), warn))

    def ask(self, text: str, *actions: Action) -> None:
        """Show a sentence with buttons; any of them closes it."""
        self._add(_Sentence(text, actions, warn=False))

    def _add(self, told: _Sentence) -> None:
        if told.text and told.text not in self.texts:
            # What waits for an answer stays in sight before what is only told.
            at = len(self._told) if told.actions else sum(not one.actions for one in self._told)
            self._told.insert(at, told)
            del self._told[:-LIMIT]
            self._show()

    def forget(self, text: str) -> None:
        """Take a sentence away that is no longer true."""
        if text in self.texts:
            self._told = [one for one in self._told if one.text != text]
            self._show()

    def _show(self) -> None:
        if self._line is not None:
            self._line.destroy()
            self._line = None
        if not self._told:
            return
        told = self._told[-1]
        line = self._line = Box(self._place, "warn_soft" if told.warn else "info_soft")
        icon = "warning" if told.warn else "help" if told.actions else "info"
        sign = Sign(line, icon, ink="warn" if told.warn else "info")
        sign.pack(side="left", padx=(theme.px(16), theme.px(8)))
        buttons = [
            Button(line, words, lambda command=command: self._answer(told.text, command), height=theme.SMALL)  # type: ignore[misc]  # default binds the command
            for words, command in told.actions
        ]
        close = Button(line, "", lambda: self.forget(told.text), kind="quiet", icon="cross", height=theme.SMALL)
        close.pack(side="right", padx=theme.px(4))
        if len(self._told) > 1:
            Label(line, f"1 of {len(self._told)}", size=12, ink="text3").pack(side="right", padx=theme.px(4))
        for button in reversed(buttons):
            button.pack(side="right", padx=theme.px(2))
        words = ShortLabel(line, told.text, size=12)
        words.pack(side="left", fill="x", expand=True)
        tip(words, told.text)
        line.place(x=0, y=0, relwidth=1, relheight=1)

    def _answer(self, text: str, command: Callable[[], object]) -> None:
        self.forget(text)
        command()


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
