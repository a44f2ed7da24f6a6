"""A line of the Create page that says what the settings add to every prompt. It is there only while they do."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ...app.controller import Controller
from ...domain.config.global_texts import reading_stages
from ...domain.config.pipeline_config import PipelineConfig
from ...storage.packs.pack_file import PackFile
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.tooltips import tip

_FACE = 12


class AddedLine(Box):
    """`change()` when the user wants to change what is added."""

    def __init__(self, parent: tk.Misc, controller: Controller, change: Callable[[], object]) -> None:
        super().__init__(parent)
        self._controller = controller
        self.positive, self.negative = (
            _TextPart(self, "Global positive", change),
            _TextPart(self, "Global negative", change),
        )
        # Without a widget of its own a frame stays as high as when its last one left.
        Box(self, width=1, height=1).pack(side="left")

    def show(self, pack: PackFile | None, config: PipelineConfig) -> None:
        """Say what is added to the prompts of this pack with these values; nothing at all where nothing is."""
        texts, stages = self._controller.settings.globals, reading_stages(config)
        if pack is not None:
            own = self._controller.packs.settings_of(pack.path)
            texts = texts.for_pack(positive=own.positive, negative=own.negative)
        used = texts.in_force(stages)
        self.positive.show(used.positive, () if len(used.positive_stages) == len(stages) else used.positive_stages)
        self.negative.show(used.negative, () if len(used.negative_stages) == len(stages) else used.negative_stages)


class _TextPart(Box):
    """One of the two texts, cut off where its room ends."""

    def __init__(self, parent: tk.Misc, name: str, change: Callable[[], object]) -> None:
        super().__init__(parent)
        self._name, self.words = name, ""
        self._label = Label(self, "", size=_FACE, ink="text3")
        self._label.pack(side="left")
        self._button = Button(self, "Change", change, kind="link", height=24)
        self._button.pack(side="left")
        self.bind("<Configure>", lambda _event: self._fit())

    def show(self, text: str, stages: Sequence[str]) -> None:
        """Say this text and the stages that are sent it, where they are not all of them."""
        text = " ".join(text.split())
        where = f" in {', '.join(stages)}" if stages else ""
        self.words = f"{self._name}{where}: {text}" if text else ""
        for widget in (self._label, self._button):
            tip(widget, self.words)
        if text and not self.winfo_manager():
            self.pack(side="left", fill="x", expand=True)
        elif not text:
            self.pack_forget()
        self._fit()

    def _fit(self) -> None:
        room = self.winfo_width() - self._button.winfo_reqwidth()
        if room > 0:
            self._label.show(theme.elide(self.words, theme.font(_FACE), room))
