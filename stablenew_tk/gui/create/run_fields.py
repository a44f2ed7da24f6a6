"""Fields of the Create page beside the catalogue's: the start picture, seeds, and the texts added to every prompt."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ...app.controller import Controller
from ...app.file_kinds import START_PICTURES
from ...domain.base.file_wish import FileWish
from ...domain.config.catalogue import Value
from ...domain.config.origins import RANDOM_SEED
from ...domain.config.pipeline_config import PipelineConfig, reading_stages
from ...domain.config.seed_text import parse_seed, parse_seed_count
from ...domain.models.precedence import Resolved
from ...domain.prompts.settings import PackSettings, Seeds
from ..forms.form import Form, columns_for, field_head
from ..forms.origin_marks import OriginMark
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.entries import Entry
from ..widgets.file_choice import choose_file
from ..widgets.tooltips import tip

_SIZE = 12  # px: of the words about added texts


class StartPicture(Box):
    """The picture that the first stage works on where txt2img is off; `on_edit()` after every change."""

    def __init__(self, parent: tk.Misc, controller: Controller, on_edit: Callable[[], object]) -> None:
        super().__init__(parent)
        self._controller, self._on_edit = controller, on_edit
        Label(self, "Start from this picture", size=12, ink="text2").pack(side="left", padx=(theme.px(16), theme.px(8)))
        self.entry = Entry(self, width=260, placeholder="picture file", on_edit=lambda _text: on_edit())
        self.entry.pack(side="left", fill="x", expand=True)
        Button(self, "Browse…", self._browse).pack(side="left", padx=(theme.px(4), theme.px(12)))

    def _browse(self) -> None:
        wish = FileWish(title="Picture to start from", words="Pictures", endings=START_PICTURES, start=self.entry.get())
        choose_file(self, self._controller, wish, lambda path: self._take(str(path)))

    def _take(self, name: str) -> None:
        self.entry.set(name)
        self._on_edit()


class SeedFields(Box):
    """Tells `on_edit()` after every change of a seed field; the batch size reports like any form."""

    BATCH = "txt2img.batch_size"

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
        # The same columns as those of the fields above; the three of these never take two rows.
        self._columns = 0
        self.bind("<Configure>", lambda event: self._share(columns_for(event.width)))
        self._share(3)
        cells = [Box(self) for _ in range(2)]
        self._marks = [
            self._caption(cell, column, words)
            for column, (cell, words) in enumerate(zip(cells, ("Seed", "Seeds per prompt"), strict=True))
        ]
        settings = controller.settings
        seed = "" if settings.seed == RANDOM_SEED else str(settings.seed)
        self.seed_entry = Entry(
            cells[0], seed, width=80, placeholder="Random", on_edit=lambda _text: on_edit(), check=parse_seed
        )
        tip(self.seed_entry.field, "A number makes the same picture again; empty draws a new one for each run.")
        dice = Button(cells[0], "", self._draw, kind="quiet", icon="dice")
        dice.grid(row=1, column=1, sticky="ne")
        tip(dice, "A new seed for every run")
        each = str(settings.seeds_per_prompt)
        self.each_entry = Entry(
            cells[1],
            each,
            width=100,
            unit="same for all",
            on_edit=lambda _text: on_edit(),
            check=parse_seed_count,
        )
        for entry in (self.seed_entry, self.each_entry):
            entry.grid(row=1, column=0, sticky="new")
        self.batch = Form(self, (self.BATCH,), on_change=on_change, on_edit=on_edit, on_why=on_why, columns=1)
        self.batch.grid(row=0, column=2, sticky="new")

    def _share(self, columns: int) -> None:
        columns = max(columns, 3)
        if columns != self._columns:
            self._columns = columns
            for column in range(4):
                on = column < columns
                self.grid_columnconfigure(column, weight=int(on), uniform="fields" if on else "")

    def show(self, resolved: Resolved) -> None:
        """Show the batch size in force."""
        self.batch.show(resolved.config, resolved.origins, {}, resolved.words)

    def mark(self, seeds: Seeds) -> None:
        """Show who chose the seeds and which pictures share them."""
        self.each_entry.set_unit("one for each" if seeds == "per_variant" else "same for all")
        seed, each = self.seed_entry, self.each_entry
        typed = seed.get() and not seed.problem, each.get() not in ("", "1") and not each.problem
        for mark, chosen in zip(self._marks, typed, strict=True):
            mark.show("user" if chosen else "engine")

    def _draw(self) -> None:
        self.seed_entry.set("")
        self._on_edit()

    def _caption(self, cell: Box, column: int, words: str) -> OriginMark:
        cell.grid(row=0, column=column, sticky="new", padx=(0, theme.px(theme.FIELD_GAP_X - 2 * theme.RING)))
        return field_head(cell, words)[0]


class GlobalTextLine(Box):
    """Says what the settings add to every prompt; empty where they add nothing. `change()` opens the settings."""

    def __init__(self, parent: tk.Misc, controller: Controller, change: Callable[[], object]) -> None:
        super().__init__(parent)
        self._controller = controller
        self.positive = _GlobalText(self, "Global positive", change)
        self.negative = _GlobalText(self, "Global negative", change)
        # Without a widget of its own a frame stays as high as when its last one left.
        Box(self, width=1, height=1).pack(side="left")

    def show(self, pack: PackSettings, config: PipelineConfig, *, no_negative: str = "") -> None:
        """Say what is added to the prompts of this pack with these values; nothing at all where nothing is.
        `no_negative` says why a negative prompt does nothing with them.
        """
        texts, stages = self._controller.settings.globals, reading_stages(config)
        used = texts.for_pack(positive=pack.positive, negative=pack.negative).in_force(stages)
        self.positive.show(used.positive, () if len(used.positive_stages) == len(stages) else used.positive_stages)
        where = () if len(used.negative_stages) == len(stages) else used.negative_stages
        self.negative.show(used.negative, where, idle=no_negative)


class _GlobalText(Box):
    """One of the two texts, cut off where its room ends."""

    def __init__(self, parent: tk.Misc, name: str, change: Callable[[], object]) -> None:
        super().__init__(parent)
        self._name, self.words = name, ""
        self._label = Label(self, "", size=_SIZE, ink="text3")
        self._label.pack(side="left")
        self.change_button = Button(self, "Change", change, kind="link", height=24)
        self.change_button.pack(side="left")
        self.bind("<Configure>", lambda _event: self._fit())

    def show(self, text: str, stages: Sequence[str], *, idle: str = "") -> None:
        """Say this text and the stages that are sent it, where they are not all of them; `idle` why it does nothing."""
        text = " ".join(text.split())
        where = f" in {', '.join(stages)}" if stages else ""
        words = f"{self._name}{where}: {f'{idle} ' if idle else ''}{text}" if text else ""
        if words == self.words:
            return
        self.words = words
        for widget in (self._label, self.change_button):
            tip(widget, self.words)
        if text and not self.winfo_manager():
            self.pack(side="left", fill="x", expand=True)
        elif not text:
            self.pack_forget()
        self._fit()

    def _fit(self) -> None:
        room = self.winfo_width() - self.change_button.winfo_reqwidth()
        if room > 0:
            self._label.show(theme.elide(self.words, theme.font(_SIZE), room))
