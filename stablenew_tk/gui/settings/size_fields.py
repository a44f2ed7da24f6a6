"""Settings: how large everything is, in percent, or as the screen asks for."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...domain.base.screen_scale import (
    AS_THE_SCREEN,
    LEAST_SIZE,
    MOST_SIZE,
    next_size,
    size_for,
    size_in_use,
)
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.screen import screen_of
from ..widgets.tooltips import tip


class SizeFields(Box):
    """Smaller, larger, and back to what suits the screen. `change(size)` with percent, `AS_THE_SCREEN` for the last."""

    def __init__(self, parent: tk.Misc, change: Callable[[int], object]) -> None:
        super().__init__(parent)
        self._screen, self._change, self._chosen = screen_of(self), change, AS_THE_SCREEN
        self.smaller = Button(self, "", lambda: self._step(-1), icon="minus")
        self.larger = Button(self, "", lambda: self._step(1), icon="plus")
        self.as_screen = Button(self, "As the screen", lambda: self._change(AS_THE_SCREEN))
        for button, words in ((self.smaller, "Everything smaller"), (self.larger, "Everything larger")):
            tip(button, words)
            button.pack(side="left")
        self.as_screen.pack(side="left")
        self.words = Label(self, "", size=12, ink="text3")
        self.words.pack(side="left", padx=(theme.px(8), 0))

    def show(self, chosen: int) -> None:
        """Show the size in use."""
        self._chosen = chosen
        size, suits = size_in_use(chosen, self._screen), size_for(self._screen)
        self.as_screen.select(chosen == AS_THE_SCREEN)
        whose = "" if chosen == AS_THE_SCREEN else f" This screen asks for {suits} %."
        self.words.show(f"{size} %.{whose} From {LEAST_SIZE} to {MOST_SIZE} %; keys: Ctrl and +, -, 0.")
        self.smaller.enable(size > LEAST_SIZE, f"{LEAST_SIZE} % is the smallest size.")
        self.larger.enable(size < MOST_SIZE, f"{MOST_SIZE} % is the largest size.")

    def _step(self, way: int) -> None:
        self._change(next_size(size_in_use(self._chosen, self._screen), way))
