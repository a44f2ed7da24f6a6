"""The Models tab of Packs: LoRAs, embeddings, wildcards and slots, to be written where the cursor is."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ...domain.prompts.completion import Kind, Offer
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.controls import Segmented
from ..widgets.entries import Entry
from ..widgets.row_list import ListRow, RowList

_KINDS: tuple[tuple[Kind, str], ...] = (
    ("lora", "LoRAs"), ("embedding", "Embeddings"), ("wildcard", "Wildcards"), ("slot", "Slots")
)  # fmt: skip
_NONE: dict[Kind, str] = {
    "lora": "No LoRAs are known yet. Add the folder they are in on the Models page.",
    "embedding": "No embeddings are known yet. Add the folder they are in on the Models page.",
    "wildcard": "No wildcards yet. A text file in the wildcards folder is one, a line for each value.",
    "slot": "This pack has no slots yet. Write [[light]] in a prompt and a line [[light]]: dawn | dusk.",
}


class ModelsTab(Box):
    """The list. `insert(offer)` on Return, a double click or the button."""

    def __init__(
        self,
        parent: tk.Misc,
        *,
        insert: Callable[[Offer], object],
        weight: Callable[[Offer], float | None],
        go_models: Callable[[], object],
    ) -> None:
        super().__init__(parent, "surface")
        self._insert, self._weight = insert, weight
        self._all: Sequence[Offer] = ()
        self.shown: tuple[Offer, ...] = ()
        self.kinds = Segmented(self, _KINDS, lambda _kind: self._filter())
        self.kinds.pack(anchor="w", padx=theme.px(12), pady=(theme.px(6), 0))
        self.search = Entry(
            self,
            width=100,
            height=theme.SMALL,
            icon="search",
            placeholder="Find by name",
            on_edit=lambda _text: self._filter(),
        )
        self.search.pack(fill="x", padx=theme.px(12), pady=(theme.px(2), theme.px(4)))
        foot = Box(self)
        foot.pack(side="bottom", fill="x", padx=theme.px(12), pady=theme.px(8))
        self.button = Button(foot, "Insert at the cursor", self._press, height=theme.SMALL)
        self.button.pack(side="left")
        Button(foot, "Go to Models", go_models, kind="quiet", height=theme.SMALL).pack(side="right")
        self._hint = Label(self, "", size=12, ink="text3", wrap=True)
        self.rows = RowList(self, on_select=lambda _place: self._follow(), on_open=self._open, ground="surface")
        self.rows.pack(fill="both", expand=True)
        foot.lift()
        for key in ("<Return>", "<KP_Enter>", "<Down>"):
            self.search.field.bind(key, lambda _event: self.rows.focus_set())

    def show(self, offers: Sequence[Offer]) -> None:
        """Show what there is."""
        if offers is not self._all:
            self._all = offers
            self._filter()

    def redraw(self) -> None:
        """A weight has become known."""
        self.rows.refresh()

    def focus_set(self) -> None:
        """Put the keyboard into the search field."""
        self.search.focus_set()

    def _filter(self) -> None:
        word = self.search.get().strip().casefold()
        kind = next(kind for kind, _ in _KINDS if kind == self.kinds.value)
        known = [one for one in self._all if one.kind == kind]
        self.shown = tuple(one for one in known if word in one.name.casefold())
        self.rows._empty = "Nothing has this in its name." if known else _NONE[kind]
        self.rows.show(len(self.shown), self._row, 0 if self.shown else -1)
        self.rows.scroll_to(0)
        self._follow()

    def _follow(self) -> None:
        self.button.enable(self.rows.selected >= 0, "Choose one first.")

    def _row(self, place: int) -> ListRow:
        offer = self.shown[place]
        weight = self._weight(offer)
        return ListRow(offer.name, f"weight {weight:g}" if weight is not None else "")

    def _press(self) -> None:
        self._open(self.rows.selected)

    def _open(self, place: int) -> None:
        if 0 <= place < len(self.shown):
            self._insert(self.shown[place])
