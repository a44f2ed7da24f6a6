"""About StableNew: its version, and the licences of everything that it is made of."""

from __future__ import annotations

import tkinter as tk

from ... import __version__
from ...app.controller import Controller
from ...domain.base.wording import counted
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.files import LicencesRead, ReadLicences
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.modal import ModalBox
from ..widgets.row_list import ListRow, RowList
from .output_pane import OutputPane

_WIDTH, _HEIGHT, _NAMES = 920, 600, 240  # px


class AboutFields(Box):
    """The version, and the button that shows the licences. Their texts are read on the file thread."""

    def __init__(self, parent: tk.Misc, controller: Controller) -> None:
        super().__init__(parent)
        self._controller = controller
        row = Box(self)
        row.pack(fill="x")
        Label(row, f"StableNew {__version__}", ink="text2").pack(side="left")
        self.licences = Button(row, "Licences…", self._read, busy_text="Reading…")
        self.licences.pack(side="left", padx=theme.px(12))
        self._told = Label(self, "", size=12, ink="text3", wrap=True)
        self._told.pack(fill="x")

    def on_event(self, event: Event) -> None:
        """Take the answer."""
        if isinstance(event, LicencesRead):
            self.licences.busy(False)
            self._told.show("")
            if self.winfo_viewable():
                LicencesBox(self, event)
        elif isinstance(event, OrderFailed) and isinstance(event.order, ReadLicences):
            self.licences.busy(False)
            self._told.show(event.message, "danger")

    def _read(self) -> None:
        self.licences.busy(True)
        self._controller.ask(ReadLicences())


class LicencesBox(ModalBox):
    """All parts of the program on the left, the licence of the chosen one on the right. Esc closes it."""

    def __init__(self, parent: tk.Misc, read: LicencesRead) -> None:
        super().__init__(parent, width=_WIDTH, height=_HEIGHT)
        self._read = read
        side = theme.px(20)
        foot = Box(self.body)
        foot.pack(side="bottom", fill="x", padx=side - theme.px(theme.RING), pady=theme.px(12))
        Label(self.body, "Licences", size=15, bold=True).pack(anchor="w", padx=side, pady=(theme.px(16), 0))
        words = f"{counted(len(read.parts), 'part')}, each with the licence that its authors put beside it."
        Label(self.body, words, size=12, ink="text3").pack(anchor="w", padx=side, pady=(0, theme.px(8)))
        both = Box(self.body)
        both.pack(fill="both", expand=True, padx=side)
        left = Box(both, width=theme.px(_NAMES))
        left.pack(side="left", fill="y")
        left.pack_propagate(False)
        self.names = RowList(left, on_select=self._show)
        self.names.pack(fill="both", expand=True)
        self.text = OutputPane(both, wrap="word", follows=False)
        self.text.pack(side="left", fill="both", expand=True, padx=(theme.px(12), 0))
        close = Button(foot, "Close", self.dismiss)
        close.pack(side="right")
        self.names.show_rows([ListRow(text=part.name, right=part.version) for part in read.parts], 0)
        self._show(0)
        self.open(self.names.canvas)

    def _show(self, index: int) -> None:
        part = self._read.parts[index]
        head = " ".join(filter(None, (part.name, part.version, f"({part.licence})" if part.licence else "")))
        text = part.text or "Its authors put no text beside it."
        self.text.set((head, "", *text.splitlines()))
