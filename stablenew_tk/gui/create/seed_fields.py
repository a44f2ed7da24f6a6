"""Seed, seeds per prompt and batch size: three fields side by side, of which only the last is a parameter."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping

from ...app.controller import Controller
from ...domain.base.errors import InvalidInput
from ...domain.config.catalogue import Value
from ...domain.config.origins import MAX_SEED, RANDOM_SEED
from ...domain.models.precedence import Resolved
from ...domain.prompts.settings import Seeds
from ..forms.form import Form
from ..forms.origin_marks import OriginMark
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.entries import Entry
from ..widgets.tooltips import tip


class SeedFields(Box):
    """Tells `on_edit()` after every change of a seed field; the batch size reports like any form."""

    def __init__(
        self,
        parent: tk.Misc,
        *,
        controller: Controller,
        on_edit: Callable[[], object],
        on_change: Callable[[str, Value | None], object],
        on_why: Callable[[str, tk.Misc], object],
    ) -> None:
        super().__init__(parent)
        self._on_edit = on_edit
        for column in range(3):
            self.grid_columnconfigure(column, weight=1, uniform="fields")
        cells = [Box(self) for _ in range(2)]
        self._marks = [
            self._caption(cell, column, words)
            for column, (cell, words) in enumerate(zip(cells, ("Seed", "Seeds per prompt"), strict=True))
        ]
        settings = controller.settings
        seed = "" if settings.seed == RANDOM_SEED else str(settings.seed)
        self._seed = Entry(cells[0], seed, width=80, placeholder="Random", on_edit=lambda _text: on_edit())
        tip(self._seed.field, "A number makes the same picture again; empty draws a new one for each run.")
        dice = Button(cells[0], "", self._draw, kind="quiet", icon="dice")
        dice.grid(row=1, column=1, sticky="ne")
        tip(dice, "A new seed for every run")
        each = str(settings.seeds_per_prompt)
        self._each = Entry(cells[1], each, width=100, unit="same for all", on_edit=lambda _text: on_edit())
        for entry in (self._seed, self._each):
            entry.grid(row=1, column=0, sticky="new")
        self._batch = Form(self, ("txt2img.batch_size",), on_change=on_change, on_why=on_why, columns=1)
        self._batch.grid(row=0, column=2, sticky="new")

    def seed(self) -> int:
        """The first seed, −1 for a random one. Raises InvalidInput for other text than a seed."""
        return _number(self._seed, RANDOM_SEED, 0, MAX_SEED, "a seed")

    def per_prompt(self) -> int:
        """How many seeds each prompt gets. Raises InvalidInput for other text than 1 to 1000."""
        return _number(self._each, 1, 1, 1000, "the seeds per prompt")

    def problems(self) -> dict[str, str]:
        """Why the batch size cannot be used, by path."""
        return self._batch.problems()

    def use(self, seed: int) -> None:
        """Put a seed into the field."""
        self._seed.set(str(seed))

    def show(self, resolved: Resolved, mine: Mapping[str, Value]) -> None:
        """Show the batch size in force."""
        self._batch.forget()
        self._batch.adopt(mine)
        self._batch.show(resolved.config, resolved.origins, {}, resolved.words)

    def tell(self, seeds: Seeds) -> None:
        """Say which pictures share their seeds."""
        self._each.set_unit("one for each" if seeds == "per_variant" else "same for all")

    def mark(self) -> None:
        """Show who chose the seeds."""
        for mark, chosen in zip(self._marks, (self._seed.get(), self._each.get() not in ("", "1")), strict=True):
            mark.show("user" if chosen else "engine")

    def _draw(self) -> None:
        self._seed.set("")
        self._on_edit()

    def _caption(self, cell: Box, column: int, words: str) -> OriginMark:
        """The head of a cell like those of a form, for what is not in the catalogue."""
        cell.grid(row=0, column=column, sticky="new", padx=(0, theme.px(theme.FIELD_GAP_X - 2 * theme.RING)))
        cell.grid_columnconfigure(0, weight=1)
        cell.grid_rowconfigure(0, minsize=theme.px(18))
        head = Box(cell)
        head.grid(row=0, column=0, columnspan=2, sticky="ew", padx=theme.px(theme.RING))
        mark = OriginMark(head)
        mark.pack(side="right")
        caption = Label(head, words, size=12, ink="text2")
        caption.pack(side="left", fill="x", expand=True)
        head.bind("<Configure>", lambda event: mark.spare(event.width - caption.winfo_reqwidth()))
        return mark


def _number(entry: Entry, empty: int, low: int, high: int, what: str) -> int:
    text = entry.get().strip()
    if not text:
        return empty
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise InvalidInput(f"{text!r} is not {what}: give a whole number from {low} to {high}.", what)
    return int(text)
