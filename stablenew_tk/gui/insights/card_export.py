"""Exports what a Learning Run found as a card: asks where to, has it written, says where it is."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path

from ...app.controller import Controller
from ...domain.base.errors import InvalidInput
from ...domain.base.file_wish import FileWish
from ...domain.base.wording import counted
from ...domain.insights.report import Report
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.picture_files import CardWritten, WriteCard
from ..widgets.file_choice import choose_file
from .panel import VerdictHead


class CardExport:
    """The way from the button to the file. `head` is where it is told."""

    def __init__(self, page: tk.Misc, controller: Controller, head: VerdictHead) -> None:
        self._page, self._controller, self._head = page, controller, head
        self._order: WriteCard | None = None

    def ask(self, report: Report) -> None:
        """Ask for a file to write the card of this report to. Raises InvalidInput when its pictures are not known."""
        board = self._controller.boards.whole(report.plan.plan_id)
        if board is None:
            raise InvalidInput("The pictures of this Learning Run are not known any more, so there is no card.", "card")
        wish = FileWish(
            title="Export card as a picture (.png) or a page (.html)",
            kind="save",
            words="Cards",
            endings=(".png", ".html"),
            name=f"{_file_name(report)}.png",
        )

        def write(path: Path) -> None:
            self._order = WriteCard(path=path, report=report, board=board)
            self._head.tell(f"Writing {path.name}…")
            self._controller.ask(self._order)

        choose_file(self._page, self._controller, wish, write)

    def on_event(self, event: Event) -> None:
        """Say where the card is, or why there is none."""
        order = self._order
        if order is None:
            return
        if isinstance(event, CardWritten) and event.path == order.path:
            self._order = None
            said = [f"The card is saved as {event.path}."]
            if event.prompts:
                said.append("It tells the texts of the prompts.")
            if event.missing:
                said.append(f"{counted(event.missing, 'picture')} could not be read: an empty place stands for it.")
            self._head.tell(" ".join(said))
        elif isinstance(event, OrderFailed) and event.order is order:
            self._order = None
            self._head.tell(event.message, ink="danger")


def _file_name(report: Report) -> str:
    """A name that every system takes."""
    name = report.plan.name or report.plan.focus_parameter
    kept = "".join(one if one.isalnum() or one in " -_" else " " for one in name)
    return " ".join(kept.split()) or "card"
