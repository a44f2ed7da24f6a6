"""The left side of Models: kinds, search, the table, and what is to be said about the folders."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from msgspec import Struct

from ...app.controller import Controller
from ...app.models import wording as words
from ...app.models.filter import KINDS, OF_STARS, Column, Kind, ModelFilter, ModelLine, ModelStars
from ...domain.base.wording import counted
from ...pipeline.messages.models import MakePreview
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.controls import Segmented
from ..widgets.entries import Entry
from ..widgets.flow import pack_if, tab_order
from ..widgets.page_frame import DeferringBox
from .table import ModelTable

_STEP_MS = 8
_KIND_WORDS: dict[Kind, str] = {"checkpoint": "Checkpoints", "lora": "LoRAs", "other": "Other"}
_NONE_YET: dict[Kind, str] = {
    "checkpoint": "There are no checkpoints in your folders yet.",
    "lora": "There are no LoRAs in your folders yet.",
    "other": "There are no VAEs, upscalers, embeddings or the like in your folders yet.",
}


class ModelListActions(Struct, frozen=True):
    """What the list asks of the page. `shown()` follows every change of what is shown or chosen; `may_leave()` says
    whether another model may be chosen now.
    """

    shown: Callable[[], object]
    may_leave: Callable[[], bool]
    opened: Callable[[], object]
    add_folder: Callable[[], object]
    ask: Callable[[MakePreview], None]


class ModelList(DeferringBox):
    """The list. `key` is the chosen line's, "" for none."""

    def __init__(self, parent: tk.Misc, controller: Controller, actions: ModelListActions) -> None:
        super().__init__(parent, "bg")
        self._controller, self._actions = controller, actions
        self.filter = ModelFilter()
        self.key = ""
        self._is_stale = False
        self._shown_kinds: list[tuple[Kind, str]] = []
        self._build()

    @property
    def line(self) -> ModelLine | None:
        """The chosen model, or series of files."""
        return self.filter.known(self.key)

    @property
    def path(self) -> str:
        """The chosen model's path, of a series that of its best file; "" for none."""
        line = self.line
        return line.path if line is not None else ""

    def refresh(self) -> None:
        """Show what the library knows now; with very many models that takes some turns of the loop."""
        # News that come while older ones are still worked on wait: beginning anew each time would never end.
        self._is_stale = True
        if not self.is_pending("step"):
            self._begin()

    def show_stars(self, stars: ModelStars, marked: str = "") -> None:
        """Show what ratings say of the models. `marked` is the path of the one that is to be compared."""
        self.table.rows.stars, self.table.rows.marked = stars, marked
        if stars is not self.filter.stars:
            self.filter.take_stars(stars)
            if not self.is_pending("step"):
                self._step()
        if self.filter.column in OF_STARS:
            self._arrange(scroll=False)
        else:
            self.rows.refresh()

    def focus_set(self) -> None:
        """Put the keyboard on the rows."""
        self.rows.focus_set()

    def _build(self) -> None:
        bar = Box(self, "surface", height=theme.px(theme.TOOL_BAR))
        bar.pack(fill="x")
        bar.pack_propagate(False)
        self.kinds = Segmented(bar, tuple(_KIND_WORDS.items()), self.choose_kind)
        self.kinds.pack(side="left", padx=(theme.px(12), theme.px(6)))
        self.add = Button(bar, "Add folder…", self._actions.add_folder, kind="quiet", height=theme.SMALL)
        self.add.pack(side="right", padx=theme.px(8))
        self.search = Entry(
            bar, width=200, height=theme.SMALL, icon="search", placeholder="Find a model", on_edit=self._search
        )
        self.search.pack(side="left")
        tab_order(self.search, self.add)
        Separator(self).pack(fill="x")
        self.foot = Label(self, size=12, ink="text3", wrap=True)
        self.foot.pack(side="bottom", fill="x", padx=theme.px(theme.PAD), pady=theme.px(10))
        self.trouble = Label(self, size=12, ink="warn", wrap=True)
        Separator(self).pack(side="bottom", fill="x")
        self.table = ModelTable(
            self,
            chosen=self._chosen,
            opened=lambda _index: self._actions.opened(),
            sort=self._sort,
            ask=self._actions.ask,
            unfold=self._unfold,
        )
        self.table.pack(fill="both", expand=True)
        self.rows = self.table.rows
        for key in ("<Return>", "<KP_Enter>", "<Down>"):
            self.search.field.bind(key, lambda _event: self.rows.focus_set())

    def _begin(self) -> None:
        self._is_stale = False
        snapshot = self._controller.models.snapshot
        if snapshot is not None:
            self.filter.take(snapshot)
        if self.filter.work():
            self._finish()
        else:
            self.later("step", _STEP_MS, self._step)

    def _step(self) -> None:
        # Drawing has a turn of its own, for both together could be felt.
        self.later("step", *((1, self._finish) if self.filter.work() else (_STEP_MS, self._step)))

    def _finish(self) -> None:
        self._show()
        if self._is_stale:
            self._begin()

    def _show(self) -> None:
        """Show the lines that pass the filter, the chosen model among them."""
        filter = self.filter
        self._show_kinds()
        place = filter.place_of(self.key)
        if place < 0 and (above := filter.series_of(self.key)):
            place, self.key = filter.place_of(above), above
        if place < 0 and self._actions.may_leave():
            place = 0 if filter.lines else -1
            self.key = filter.lines[0].key if filter.lines else ""
        self.table.head.show(filter.column, filter.backwards)
        self.rows.show_lines(filter.lines, place, self._nothing())
        self._show_foot()
        self._actions.shown()

    def _show_kinds(self) -> None:
        options = [(kind, f"{_KIND_WORDS[kind]} {self.filter.counts[kind]:,}") for kind in KINDS]
        if options != self._shown_kinds:
            self._shown_kinds = options
            self.kinds.set_options(options)
        if self.kinds.value != self.filter.kind:
            self.kinds.set(self.filter.kind)

    def _nothing(self) -> str:
        if self.filter.search.strip():
            return "Nothing has this in its name."
        return _NONE_YET[self.filter.kind] if self._controller.models.done else "Looking through the folders…"

    def _show_foot(self) -> None:
        models, count = self._controller.models, sum(self.filter.counts.values())
        busy = f"Looking through the folders: {counted(count, 'file')} so far…"
        self.foot.show(words.folders(self._controller.settings.model_folders) if models.done else busy)
        troubles = (*(models.snapshot.problems if models.snapshot is not None else ()), *models.notices)
        self.trouble.show("\n".join(troubles[:4]))
        pack_if(troubles, self.trouble, side="bottom", fill="x", padx=theme.px(theme.PAD), pady=(theme.px(10), 0))

    def _chosen(self, index: int) -> None:
        key = self.filter.lines[index].key
        if key == self.key:
            return
        if not self._actions.may_leave():
            self.rows.select(self.filter.place_of(self.key))
            return
        self.key = key
        self._actions.shown()

    def _unfold(self, index: int, on: bool | None) -> bool:
        """Show the files of a series, or no longer; None = the other way. False for a line that is no series."""
        if not 0 <= index < len(self.filter.lines):
            return False
        line = self.filter.lines[index]
        key = line.key if line.is_series else self.filter.series_of(line.path) if on is False else ""
        if not key or not self.filter.unfold(key, key not in self.filter.open if on is None else on):
            return False
        self.rows.open = self.filter.open
        self._show()
        return True

    def choose_kind(self, kind: str) -> None:
        """Show the models of another kind."""
        self.filter.kind = next(one for one in KINDS if one == kind)
        self._arrange()

    def _search(self, text: str) -> None:
        self.filter.search = text
        self._arrange()

    def _arrange(self, *, scroll: bool = True) -> None:
        self.filter.arrange()
        if scroll:
            self.rows.scroll_to(0)
        self._show()

    def _sort(self, column: Column) -> None:
        filter = self.filter
        filter.sort_by(column)
        # The same models in another order: nothing else has to be drawn or looked up.
        self.table.head.show(filter.column, filter.backwards)
        self.rows.show_lines(filter.lines, filter.place_of(self.key), self._nothing())
        self.rows.see(max(0, self.rows.selected))
