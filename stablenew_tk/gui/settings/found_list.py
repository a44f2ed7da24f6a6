"""Servers found on this computer: one line for each, with a button to use it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...app.controller import Controller
from ...app.engines.found_servers import FoundServers, counts_of, program_of
from ...pipeline.messages.jobs import BackendChecked
from ..widgets import theme
from ..widgets.basics import Box, Button, Label


class FoundList(Box):
    """Empty until `look` was called. `use(address)` when the user has chosen one; `button` is busy meanwhile."""

    def __init__(
        self, parent: tk.Misc, controller: Controller, *, button: Button, use: Callable[[str], object]
    ) -> None:
        super().__init__(parent, height=1)
        self._controller, self._button, self._use = controller, button, use
        self._servers: FoundServers | None = None

    def look(self) -> None:
        """Ask all addresses where a server usually is."""
        self._servers = FoundServers()
        self._button.busy()
        for order in self._servers.orders():
            self._controller.ask(order)

    def on_event(self, event: BackendChecked) -> None:
        """An address was asked. The lines are shown together, when all were."""
        if self._servers is None or not self._button_is_busy or not self._servers.take(event):
            return
        if self._servers.is_complete:
            self._button.busy(False)
            self._show(self._servers)

    @property
    def _button_is_busy(self) -> bool:
        return not self._button.enabled

    def _show(self, servers: FoundServers) -> None:
        for child in self.winfo_children():
            child.destroy()
        for event in servers.usable:
            self._line(program_of(event), f"{event.address} · {counts_of(event)}", address=event.address)
        for event in servers.others:
            self._line(event.brief.capitalize(), event.problem, warn=True)
        if not self.winfo_children():
            ports = ", ".join(address.rpartition(":")[2] for address in servers.addresses)
            self._line("Nobody", f"answers on this computer, at none of the ports {ports}.")

    def _line(self, head: str, words: str, *, address: str = "", warn: bool = False) -> None:
        row = Box(self)
        row.pack(fill="x", pady=theme.px(2))
        label = Label(row, head, ink="warn" if warn else "text")
        label.configure(width=16)
        label.pack(side="left", padx=(0, theme.px(theme.RING)))
        if address:
            Button(row, "Use it", lambda: self._use(address), height=theme.SMALL).pack(side="right")
        Label(row, words, size=12, ink="text2", wrap=True).pack(side="left", fill="x", expand=True)
