"""Settings: stars beside the pictures for other programs, how the files are called, and how far it has come."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...app.controller import Controller
from ...app.xmp_words import xmp_state
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.controls import ProgressBar, Segmented
from ..widgets.flow import pack_if

NAMES = (("", "Off"), ("full", "NAME.png.xmp"), ("stem", "NAME.xmp"))
_WORDS = {
    "": "Nothing is written beside the pictures. “Copy with XMP” in Review still does so for copies.",
    "full": "As darktable, digiKam and Immich call them. Stars and tags changed there are read back.",
    "stem": "As Adobe’s programs and Capture One call them. Two pictures of one NAME are left out.",
}


class XmpFields(Box):
    """The choice and the state. `change(xmp=…)` puts it in force."""

    def __init__(self, parent: tk.Misc, controller: Controller, change: Callable[..., object]) -> None:
        super().__init__(parent)
        self._controller = controller
        self.names = Segmented(self, NAMES, lambda names: change(xmp=names))
        self.names.pack(anchor="w")
        self._about = Label(self, "", size=12, ink="text3", wrap=True)
        self._about.pack(fill="x", pady=(theme.px(2), theme.px(6)))
        row = Box(self)
        row.pack(fill="x")
        self.again = Button(row, "Look at all again", controller.xmp.go_on)
        self.stop = Button(row, "Stop", controller.xmp.stop)
        self.again.pack(side="left")
        self.stop.pack(side="left", padx=theme.px(4))
        self.state = Label(row, "", size=12, ink="text2")
        self.state.pack(side="left", padx=theme.px(8))
        self._bar = ProgressBar(self)
        self._problems = Label(self, "", size=12, ink="danger", wrap=True)
        self._problems.pack(side="bottom", fill="x")

    def show(self) -> None:
        """Show the setting and the state."""
        keeper, names = self._controller.xmp, self._controller.settings.xmp
        self.names.set(names)
        self._about.show(_WORDS[names])
        self.again.enable(bool(names) and not keeper.whole, "Choose a name first." if not names else "It is at work.")
        self.stop.enable(bool(keeper.whole), "Nothing is being written.")
        self.state.show(xmp_state(keeper) if names else "")
        pack_if(keeper.whole, self._bar, fill="x", pady=(theme.px(6), 0))
        self._bar.set(keeper.done / keeper.whole if keeper.whole else 0.0)
        self._problems.show("\n".join(keeper.problems[-3:]) if names else "")
