"""A line of Create: the LoRAs that the checkpoint's profile adds to the prompts, each to be switched off."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial

from ...domain.models.profile_loras import ProfileLora, left_out
from ..forms.origin_marks import OriginMark
from ..widgets import theme
from ..widgets.basics import Box, Label
from ..widgets.controls import Check
from ..widgets.flow import Flow, pack_if
from ..widgets.tooltips import tip


class ProfileLoraLine(Box):
    """One check box for each LoRA with the mark of its origin, and a sentence about those that are not added.

    Empty where the profile names none. `turn(name, on)` follows a click.
    """

    def __init__(self, parent: tk.Misc, turn: Callable[[str, bool], object]) -> None:
        super().__init__(parent)
        self._turn = turn
        self._loras: tuple[ProfileLora, ...] = ()
        self.checks: dict[str, Check] = {}
        self._flow = Flow(self)
        self.remark = Label(self, "", size=12, ink="warn", wrap=True)
        self._foot = Box(self, height=theme.px(6))
        # Without a widget of its own a frame stays as high as when its last one left.
        Box(self, width=1, height=1).pack(side="bottom")

    def show(self, loras: Sequence[ProfileLora]) -> None:
        """Show these; the same ones again cost nothing."""
        if tuple(loras) == self._loras:
            return
        before, self._loras = self._loras, tuple(loras)
        if [one.words for one in before] != [one.words for one in loras]:
            self._make(loras)
        for one in loras:
            check = self.checks[one.name]
            if check.on != bool(one.tag):
                check.set(bool(one.tag))
            missing = one.why if not one.tag and not one.off else ""
            check.enable(not missing, missing)
            tip(check, missing or f"{one.words}, from the preset “{one.preset}” of the checkpoint's profile")
        words = left_out(loras)
        self.remark.show(f"{words}." if words else "")
        pack_if(loras, self._flow, fill="x")
        pack_if(loras, self._foot, side="bottom")
        pack_if(words, self.remark, fill="x", padx=theme.px(theme.RING))

    def _make(self, loras: Sequence[ProfileLora]) -> None:
        for child in self._flow.winfo_children():
            child.destroy()
        self.checks.clear()
        cells = []
        for one in loras:
            cell = Box(self._flow)
            check = Check(cell, one.words, partial(self._turn, one.name), on=bool(one.tag))
            check.pack(side="left")
            mark = OriginMark(cell)
            mark.show("profile")
            mark.pack(side="left", padx=(theme.px(2), theme.px(16)))
            self.checks[one.name] = check
            cells.append(cell)
        self._flow.show(cells)
