"""The bar below a grid of pictures: what is selected and which keys do what."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...domain.base.colour_roles import Role
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, ShortLabel
from ..widgets.entries import Slider
from ..widgets.flow import pack_if, tab_order
from ..widgets.keyboard import KeyHints
from ..widgets.modal import nothing
from ..widgets.tooltips import tip

SMALLEST_CELL, LARGEST_CELL = 96, 420


class ActionBar(Box):
    """What keys are about, in words. A number above one is always in sight before it can be rated."""

    HINTS = (("1–5", "rate and go on"), ("X", "reject"), ("Space", "full size"), ("C", "compare"), ("Ctrl Z", "undo"))

    def __init__(
        self,
        parent: tk.Misc,
        cell_px: int,
        resize: Callable[[int], None],
        *,
        trash_rejected: Callable[[], object],
    ) -> None:
        super().__init__(parent, "surface", height=theme.px(theme.HINT_BAR))
        self.pack_propagate(False)
        self._selected = Label(self, "", size=12, bold=True)
        self._selected.pack(side="left", padx=(theme.px(16), theme.px(13)))
        self._size = Slider(self, SMALLEST_CELL, LARGEST_CELL, lambda value: resize(round(value)), step=12, width=90)
        self._size.set(cell_px)
        self._size.pack(side="right", padx=(theme.px(8), theme.px(16 - theme.RING)))
        self._size_words = Label(self, "Size", size=12, ink="text3")
        self._size_words.pack(side="right", padx=(theme.px(16), 0))
        self.trash = Button(self, "", trash_rejected, kind="outline", icon="trash", height=theme.SMALL)
        self._undone = Box(self, "surface")
        self._told = ShortLabel(self._undone, "", size=12, lines=2)
        self.undo = Button(self._undone, "Undo", lambda: self._act(), kind="link", height=theme.SMALL)
        self._act: Callable[[], object] = nothing
        self.undo.pack(side="right")
        self._told.pack(side="left", fill="x", expand=True)
        self._hints = KeyHints(self, self.HINTS)
        self._hints.pack(side="left", fill="x", expand=True)
        self._message = ShortLabel(self, "", size=12, lines=2)
        tab_order(self._undone, self._hints, self.trash, self._size)

    def selected(self, number: int, whole: int) -> None:
        """Say how many pictures the next key is about."""
        everything = number == whole and number > 1
        self._selected.show(f"All {number:,} selected" if everything else f"{number:,} selected")
        again = ("1–5", f"rate all {number:,}") if number > 1 else self.HINTS[0]
        self._hints.show((again, *self.HINTS[1:]))

    def offer_trash(self, rejected: int) -> None:
        """Offer to move so many rejected pictures to the trash; 0 = none are shown."""
        if rejected:
            self.trash.set_text(f"Move {rejected:,} rejected to trash…")
        pack_if(rejected, self.trash, side="right", padx=(0, theme.px(8)), after=self._size_words)

    def tell(self, sentence: str, button: str = "", act: Callable[[], object] = nothing) -> None:
        """Say what was done, or is amiss, until something else is, with a button for what follows; "" = nothing."""
        self._act = act
        if button:
            self.undo.set_text(button)
        self._told.show(sentence)
        tip(self._told, sentence)
        pack_if(button, self.undo, side="right", before=self._told)
        self.say("")

    def say(self, sentence: str, ink: Role = "text2") -> None:
        """Show a sentence in place of the keys; "" brings the keys back."""
        self._message.show(sentence, ink)
        tip(self._message, sentence)
        done = bool(self._told.words) and not sentence
        pack_if(sentence, self._message, side="left", fill="x", expand=True)
        pack_if(done, self._undone, side="left", fill="both", expand=True)
        pack_if(not (sentence or done), self._hints, side="left", fill="x", expand=True)

    @property
    def message(self) -> str:
        """The sentence in sight, or ""."""
        return self._message.words

    @property
    def told(self) -> str:
        """What was done last, as it stands in the bar, or ""."""
        return self._told.words
