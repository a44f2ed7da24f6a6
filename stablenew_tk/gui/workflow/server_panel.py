"""What the server has and lacks for a workflow: the right side of the page."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ...app.controller import Controller
from ...app.workflow_words import server_lines
from ...domain.base.colour_roles import Role
from ...domain.workflows.check import Missing
from ...domain.workflows.instead import values_instead
from ...domain.workflows.workflow import Workflow
from ...domain.workflows.workflow_nodes import InputPlace
from ..widgets import theme
from ..widgets.basics import Box, Button, Card, Label, Separator, Sign
from ..widgets.notices import Remark
from ..widgets.page_frame import SizeClass
from ..widgets.popups import Menu, MenuEntry
from ..widgets.row_list import ScrollArea

OTHER = "Use another…"
_WIDTHS: dict[SizeClass, int] = {"narrow": 260, "usual": 320, "wide": 400}
_SAID = 6


class ServerPanel(Box):
    """Shows a workflow beside the server in force. `write(places, value)` puts a value of the server where one stands
    that it does not have.
    """

    def __init__(
        self, parent: tk.Misc, controller: Controller, write: Callable[[Sequence[InputPlace], str], object]
    ) -> None:
        super().__init__(parent, "surface", width=theme.px(_WIDTHS["usual"]))
        self._controller, self._write = controller, write
        self.pack_propagate(False)
        self._server = Label(self, "", size=15, bold=True)
        self._server.pack(fill="x", padx=theme.px(16), pady=(theme.px(14), theme.px(8)))
        foot = Box(self)
        foot.pack(side="bottom", fill="x", padx=theme.px(16), pady=theme.px(14))
        self.advice = Remark(foot)
        self.advice.pack(fill="x")
        self._told = ScrollArea(self)
        self._told.pack(fill="both", expand=True, padx=(theme.px(16), theme.px(4)))

    def set_size(self, size: SizeClass) -> None:
        """Take the width for a window of this size."""
        self.configure(width=theme.px(_WIDTHS[size]))

    def show(self, workflow: Workflow) -> None:
        """Show what the server in force has of this workflow, and what it lacks."""
        for old in self._told.body.winfo_children():
            old.destroy()
        workflows, found = self._controller.workflows, self._controller.capabilities
        if not workflows.kinds:
            self._server.show("No ComfyUI answers")
            who = f"{found.name} cannot run workflows. " if found is not None else ""
            self.advice.show(f"{who}You can import it now. Runs need a ComfyUI server, which is checked before each.")
            return
        missing = workflows.missing(workflow)
        self._server.show(f"On {found.name.partition(' · ')[2] or found.name}" if found is not None else "")
        self._show_missing(workflow, missing)
        for line, meaning in server_lines(workflow, missing):
            _line(self._told.body, "check", "ok", line, meaning)
        self._show_others()
        self.advice.show(
            "You can import it now. Runs wait, with this reason, until all is there. What you do not name is sent as "
            "it is."
            if missing
            else "All is there. What you do not name is sent as it is."
        )

    def _show_missing(self, workflow: Workflow, missing: Sequence[Missing]) -> None:
        if not missing:
            return
        count = len(missing)
        card = Card(self._told.body, "warn_soft", "warn")
        card.pack(fill="x", padx=(0, theme.px(12)), pady=(0, theme.px(14)))
        inside = Box(card, "warn_soft")
        inside.pack(fill="x", padx=theme.px(12), pady=(theme.px(10), theme.px(6)))
        _line(inside, "warning", "warn", "1 thing is missing" if count == 1 else f"{count} things are missing", "")
        for one in missing[:_SAID]:
            at = f"{one.input}: " if one.input else ""
            _line(inside, "", "warn", f"Node “{one.title}” #{one.node}", f"{at}{one.why}")
            self._offer_value(inside, workflow, InputPlace(one.node, one.input))
        if count > _SAID:
            _line(inside, "", "warn", f"and {count - _SAID} more", "")
        again = Button(inside, "Check again", lambda: self._controller.check_backend(rescan=True), height=28)
        again.pack(anchor="w", pady=(theme.px(4), theme.px(6)))

    def _offer_value(self, card: Box, workflow: Workflow, place: InputPlace) -> None:
        names = values_instead(workflow.nodes, [place], self._controller.workflows.kinds)
        if not names:
            return

        def offer() -> None:
            entries = [MenuEntry(name, name) for name in names]
            Menu.shared().open(button, entries, lambda name: self._write([place], name))

        button = Button(card, OTHER, offer, height=28)
        button.pack(anchor="w", pady=(0, theme.px(8)))

    def _show_others(self) -> None:
        """The other machines that can make no picture by a workflow."""
        unable = [
            (state.name, state.capabilities.name)
            for state in self._controller.nodes.states[1:]
            if state.capabilities is not None and not state.capabilities.nodes
        ]
        if unable:
            Separator(self._told.body).pack(fill="x", pady=(theme.px(6), theme.px(14)))
            words = ". ".join(f"{name} is {engine}: it cannot run workflows" for name, engine in unable)
            _line(self._told.body, "nodes", "text2", "Other machines", words)


def _line(parent: tk.Misc, icon: str, ink: Role, words: str, meaning: str) -> None:
    row = Box(parent)
    row.pack(fill="x", pady=(0, theme.px(8)))
    if icon:
        Sign(row, icon, ink=ink).pack(side="left", anchor="n", padx=(0, theme.px(8)))
    texts = Box(row)
    texts.pack(side="left", fill="x", expand=True)
    Label(texts, words, bold=not icon or ink == "warn", wrap=True).pack(fill="x")
    if meaning:
        Label(texts, meaning, size=12, ink="text2", wrap=True).pack(fill="x")
