"""Pictures whose stars were changed here and by another program, to different ones: told, and decided in a box."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from ...app.controller import Controller
from ...app.xmp_words import conflict_stars, conflicts_text
from ...domain.base.wording import counted
from ...pipeline.messages.xmp import StarConflict
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.controls import Segmented
from ..widgets.modal import ModalBox, nothing
from ..widgets.notices import Notices
from ..widgets.row_list import ScrollArea

_WIDTH, _HEIGHT, _NAME, _MOST = 620, 480, 250, 100
_HERE, _BESIDE = "here", "beside"


class ConflictTeller:
    """Says in the bottom bar that there are some, with a button for the box."""

    def __init__(self, window: tk.Misc, controller: Controller, notices: Notices) -> None:
        self._window, self._controller, self._notices = window, controller, notices
        self._told = ""
        self.box: ConflictBox | None = None

    def tell(self) -> None:
        """Follow the number of conflicts; while pictures are still being looked at, only what is over goes."""
        keeper = self._controller.xmp
        words = conflicts_text(len(keeper.conflicts))
        if words == self._told or (words and keeper.whole):
            return
        self._notices.forget(self._told)
        self._told = words
        if words:
            self._notices.ask(words, ("Decide…", self.open), ("Later", nothing))

    def open(self) -> None:
        """Ask which stars hold."""
        if conflicts := list(self._controller.xmp.conflicts.values()):
            self.box = ConflictBox(self._window, self._controller, conflicts)


class ConflictBox(ModalBox):
    """One line for each picture, and which stars hold: at first those of the journal. Esc decides nothing."""

    def __init__(self, parent: tk.Misc, controller: Controller, conflicts: Sequence[StarConflict]) -> None:
        super().__init__(parent, width=_WIDTH, height=_HEIGHT)
        self._controller = controller
        side = theme.px(20)
        title = f"Other stars beside {counted(len(conflicts), 'picture')}"
        Label(self.body, title, size=15, bold=True).pack(fill="x", padx=side, pady=(theme.px(18), 0))
        words = "You changed them here and in another program. Stars taken from there can be undone."
        Label(self.body, words, ink="text2", wrap=True).pack(fill="x", padx=side, pady=theme.px(8))
        foot = Box(self.body)
        foot.pack(side="bottom", fill="x", padx=side - theme.px(theme.RING), pady=theme.px(12))
        self.apply = Button(foot, "Apply", self._apply, kind="main")
        self.apply.pack(side="right")
        Button(foot, "Later", self.dismiss).pack(side="right")
        self.all_here = Button(foot, "All as here", lambda: self._all(_HERE), kind="quiet")
        self.all_beside = Button(foot, "All as beside", lambda: self._all(_BESIDE), kind="quiet")
        self.all_here.pack(side="left")
        self.all_beside.pack(side="left")
        area = ScrollArea(self.body)
        area.pack(fill="both", expand=True, padx=(side, theme.px(4)))
        self.choices: dict[str, Segmented] = {}
        for one in conflicts[:_MOST]:
            row = Box(area.body)
            row.pack(fill="x", pady=theme.px(1))
            name = theme.elide(one.file, theme.font(13), theme.px(_NAME))
            options = (
                (_HERE, f"Here {conflict_stars(one.here)}"),
                (_BESIDE, f"Beside it {conflict_stars(one.beside)}"),
            )
            choice = self.choices[one.image_id] = Segmented(row, options, lambda _value: None)
            choice.set(_HERE)
            choice.pack(side="right", padx=(0, theme.px(8)))
            Label(row, name).pack(side="left", fill="x", expand=True)
        if len(conflicts) > _MOST:
            more = f"{len(conflicts) - _MOST:,} more follow when these are decided."
            Label(area.body, more, size=12, ink="text3").pack(fill="x", pady=theme.px(4))
        self.open(self.apply)

    def _all(self, value: str) -> None:
        for choice in self.choices.values():
            choice.set(value)

    def _apply(self) -> None:
        sides = {image_id: choice.value for image_id, choice in self.choices.items()}
        self.close()
        for value in (_HERE, _BESIDE):
            chosen = [image_id for image_id, side in sides.items() if side == value]
            self._controller.xmp.settle(chosen, theirs=value == _BESIDE)
