"""A prompt typed into the wizard: what is in the picture, and what is not."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...widgets import theme
from ...widgets.basics import Box, Label
from ...widgets.text_field import TextField


class OwnPrompt(Box):
    """Two fields. `on_edit()` after every change."""

    def __init__(self, parent: tk.Misc, on_edit: Callable[[], object]) -> None:
        super().__init__(parent)
        self.positive = TextField(self, least=8, on_edit=lambda _text: on_edit())
        self.positive.pack(fill="x")
        caption = Label(self, "Not in the picture (negative)", bold=True)
        caption.pack(fill="x", pady=(theme.px(12), theme.px(4)))
        self.negative = TextField(self, least=4, on_edit=lambda _text: on_edit())
        self.negative.pack(fill="x")
        words = "Ctrl+Enter goes on. What the settings add to every prompt is added here, too."
        Label(self, words, size=12, ink="text3", wrap=True).pack(fill="x", pady=theme.px(6))
