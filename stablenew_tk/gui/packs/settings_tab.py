"""The Settings tab of Packs: values that belong to a pack, its learning mode, the texts added to every prompt."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from typing import get_args

from msgspec.structs import replace

from ...app.packs.wording import LEARNING, title_of
from ...app.wording import value_text
from ...domain.config.catalogue import Value, catalogue, parameter
from ...domain.config.learning_mode import PackLearning
from ...domain.prompts.settings import PackSettings
from ..forms.captioned import EditableList
from ..forms.form import FormField
from ..widgets import theme
from ..widgets.basics import Box, Label
from ..widgets.controls import Switch
from ..widgets.popups import ChoiceField, Menu, MenuEntry
from ..widgets.row_list import ListRow, ScrollArea


class ValuesTab(Box):
    """`on_change(settings)` after every change. `entries()` are the backend's lists as menus show them.

    `field` is the field of the chosen value, None without one.
    """

    def __init__(
        self,
        parent: tk.Misc,
        *,
        on_change: Callable[[PackSettings], object],
        entries: Callable[[], Mapping[str, Sequence[MenuEntry]]],
    ) -> None:
        super().__init__(parent, "surface")
        self._on_change, self._entries = on_change, entries
        self.value = PackSettings()
        self._at = ""
        self._fields: dict[str, FormField] = {}
        self.field: FormField | None = None
        area = ScrollArea(self, "surface")
        area.pack(fill="both", expand=True)
        body = Box(area.body)
        body.pack(fill="x", padx=(theme.px(12), theme.px(14)), pady=theme.px(8))
        ring = theme.px(theme.RING)
        Label(body, "Values of this pack", bold=True).pack(fill="x", padx=ring)
        Label(
            body,
            "They count for its runs before presets, profiles and styles; only what you type in Create wins.",
            size=12,
            ink="text3",
            wrap=True,
        ).pack(fill="x", padx=ring, pady=(0, theme.px(4)))
        self.listing = EditableList(
            body,
            add="Add a value…",
            remove="Remove",
            empty="This pack has no values of its own.",
            chosen=self._choose,
            added=self._ask,
            removed=self._remove,
            rows=2,
        )
        self.listing.pack(fill="x")
        self._place = Box(body)
        self._place.pack(fill="x")
        self._build_learning(body)
        self._build_texts(body)

    def show(self, settings: PackSettings) -> None:
        """Show these settings without calling back."""
        for path, field in self._fields.items():
            if settings.values.get(path) != self.value.values.get(path):
                field.forget()  # what was typed was about another value
        self.value = settings
        if self._at not in settings.values:
            self._at = next(iter(settings.values), "")
        self._show()

    def focus_set(self) -> None:
        """Put the keyboard on the list of values."""
        self.listing.list.focus_set()

    def _build_learning(self, body: Box) -> None:
        ring = theme.px(theme.RING)
        Label(body, "Learning", bold=True).pack(fill="x", padx=ring, pady=(theme.px(16), theme.px(2)))
        entries = [MenuEntry(mode, words) for mode, (words, _) in LEARNING.items()]
        self.learning = ChoiceField(body, entries, self.choose_learning, width=200)
        self.learning.pack(anchor="w")
        self._learning_words = Label(body, "", size=12, ink="text3", wrap=True)
        self._learning_words.pack(fill="x", padx=ring)

    def _build_texts(self, body: Box) -> None:
        ring = theme.px(theme.RING)
        Label(body, "Global texts", bold=True).pack(fill="x", padx=ring, pady=(theme.px(16), theme.px(4)))
        self.positive = Switch(
            body, "Add the global positive", lambda on: self._tell(replace(self.value, positive=on)), on=True
        )
        self.positive.pack(anchor="w")
        self.negative = Switch(
            body, "Add the global negative", lambda on: self._tell(replace(self.value, negative=on)), on=True
        )
        self.negative.pack(anchor="w", pady=(theme.px(2), 0))

    def _show(self) -> None:
        paths = list(self.value.values)
        rows = [ListRow(title_of(path), value_text(path, self.value.values[path])) for path in paths]
        self.listing.list.canvas.configure(height=theme.px(theme.ROW) * min(max(len(rows), 1), 8))
        self.listing.show(rows, paths.index(self._at) if self._at in paths else -1)
        self._show_field()
        self.learning.set(self.value.learning)
        self._learning_words.show(LEARNING[self.value.learning][1])
        self.positive.set(self.value.positive)
        self.negative.set(self.value.negative)

    def _show_field(self) -> None:
        field = self._field(self._at) if self._at in catalogue() else None
        if field is not self.field:
            if self.field is not None:
                self.field.pack_forget()
            if field is not None:
                field.pack(fill="x", pady=(theme.px(4), 0))
            self.field = field
        if field is not None:
            field.show(self.value.values[self._at], None, self._entries().get(field.spec.choices, ()))

    def _field(self, path: str) -> FormField:
        if path not in self._fields:
            spec = parameter(path)
            self._fields[path] = FormField(self._place, spec, on_value=self._typed, label=spec.title)
        return self._fields[path]

    def _ask(self) -> None:
        entries = [
            MenuEntry(path, spec.title)
            for path, spec in catalogue().items()
            if path not in self.value.values and spec.name != "batch_size"
        ]
        Menu.shared().open(self.listing.add, entries, self.add)

    def add(self, path: str) -> None:
        """Add a parameter with its default value."""
        self._at = path
        self._tell(replace(self.value, values={**self.value.values, path: parameter(path).default}))
        self._show()
        if self.field is not None:
            self.field.focus_set()

    def _remove(self) -> None:
        if self._at in self.value.values:
            self._tell(
                replace(self.value, values={path: v for path, v in self.value.values.items() if path != self._at})
            )
            self.show(self.value)

    def _choose(self, place: int) -> None:
        self._at = list(self.value.values)[place]
        self._show()

    def _typed(self, path: str, value: Value | None) -> None:
        wanted = parameter(path).default if value is None else value
        if self.value.values.get(path) != wanted:
            self._tell(replace(self.value, values={**self.value.values, path: wanted}))
            self._show()

    def choose_learning(self, value: str) -> None:
        """Set the pack's learning mode, "" for the program's."""
        mode = next((one for one in get_args(PackLearning) if one == value), "")
        self._tell(replace(self.value, learning=mode))
        self._show()

    def _tell(self, settings: PackSettings) -> None:
        if settings != self.value:
            self.value = settings
            self._on_change(settings)
