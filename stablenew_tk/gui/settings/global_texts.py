"""Two texts for every prompt in the settings: what is added before prompts and after negatives, and in which stages."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Collection

from ...domain.config.global_texts import LONGEST, GlobalTexts
from ...domain.config.pipeline_config import STAGE_SPECS
from ..widgets import theme
from ..widgets.basics import Box, Label, ground_of
from ..widgets.controls import Check
from ..widgets.page_frame import DeferringBox
from ..widgets.text_field import TextField
from ..widgets.tooltips import tip

_PAUSE_MS = 400  # a text counts this long after the last key, so that not every letter is saved


class AddedText(DeferringBox):
    """One text and the stages it is for. `change(text, stages)` a moment after the user has changed something."""

    def __init__(self, parent: tk.Misc, *, placeholder: str, change: Callable[[str, tuple[str, ...]], object]) -> None:
        super().__init__(parent, ground_of(parent))
        self._change = change
        self.text = TextField(self, placeholder=placeholder, on_edit=self._edited, most=6, mono=True)
        self.text.pack(fill="x")
        self.text.field.bind("<FocusOut>", lambda _event: self._take(), add="+")
        self.bind("<Unmap>", lambda _event: self._take())
        row = Box(self)
        row.pack(fill="x")
        Label(row, "in", size=12, ink="text3").pack(side="left", padx=(theme.px(theme.RING), theme.px(8)))
        self.stages: dict[str, Check] = {}
        for spec in STAGE_SPECS:
            box = self.stages[spec.name] = Check(row, spec.title, lambda _on: self._tell(), on=True, size=12)
            box.pack(side="left", padx=(0, theme.px(14)))
            tip(box, spec.text_note)

    def show(self, text: str, stages: Collection[str]) -> None:
        """Show what is set. A text that the user is just typing stays."""
        if not self.is_pending("take") and text != self.text.get().strip():
            self.text.set(text)
        for stage, box in self.stages.items():
            box.set(stage in stages)

    def _edited(self, text: str) -> None:
        long = len(text.strip()) > LONGEST
        self.text.error(f"This is too long to be saved: {LONGEST:,} letters are the most." if long else "")
        self.later("take", _PAUSE_MS, self._tell, restart=True)

    def _take(self) -> None:
        if self.is_pending("take"):
            self._tell()

    def _tell(self) -> None:
        self.not_later("take")
        if not self.text.error_text:
            self._change(self.text.get().strip(), tuple(stage for stage, box in self.stages.items() if box.on))


class AddedTexts(Box):
    """Both texts, each with its caption. `change(**settings)` when the user has changed one."""

    def __init__(self, parent: tk.Misc, change: Callable[..., object]) -> None:
        super().__init__(parent)
        self.positive = AddedText(
            self._row("Global positive"),
            placeholder="for example: masterpiece, best quality",
            change=lambda text, stages: change(global_positive=text, global_positive_stages=stages),
        )
        self.negative = AddedText(
            self._row("Global negative"),
            placeholder="for example: text, watermark, low quality",
            change=lambda text, stages: change(global_negative=text, global_negative_stages=stages),
        )
        for side in (self.positive, self.negative):
            side.pack(side="left", fill="x", expand=True)

    def show(self, texts: GlobalTexts) -> None:
        """Show what is set."""
        self.positive.show(texts.positive, texts.positive_stages)
        self.negative.show(texts.negative, texts.negative_stages)

    def _row(self, caption: str) -> Box:
        row = Box(self)
        row.pack(fill="x", pady=(theme.px(2), theme.px(8)))
        label = Label(row, caption, ink="text2")
        label.configure(width=16)
        label.pack(side="left", anchor="n", pady=theme.px(10))
        return row
