"""All presets in a list of their own: what each holds, for what, and why; give one another name, delete one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from msgspec import Struct

from ...app.presets import PresetOffer
from ...domain.models.preset_scope import PresetScope, scope_words
from ...domain.models.value_sources import PresetValues
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator, ShortLabel
from ..widgets.entries import Entry
from ..widgets.popups import Popup
from ..widgets.row_list import ScrollArea

_WIDTH, _ROW, _MOST_IN_SIGHT = 560, 62, 6  # px, px, rows


class PresetActions(Struct, frozen=True, kw_only=True):
    """What the list asks for, each with the preset's id; `rename` returns what is wrong with the name, "" = nothing."""

    rename: Callable[[str, str], str]
    delete: Callable[[str], object]
    words: Callable[[PresetValues], str]


class PresetPopup(Popup):
    """One row for each preset. Values of the same setting stand in the same place, so that presets can be compared."""

    def open(self, anchor: tk.Misc, offers: Sequence[PresetOffer], actions: PresetActions) -> None:
        """Show them under `anchor`."""
        close = self._begin("Presets")
        if not offers:
            Label(self.body, "None yet. “Save as preset…” keeps what is in use.", size=12, ink="text2").pack(
                anchor="w", padx=theme.px(14), pady=theme.px(12)
            )
        area = ScrollArea(self.body, "raised")
        area.configure(height=theme.px(_ROW * min(len(offers), _MOST_IN_SIGHT)))
        area.pack_propagate(False)
        if offers:
            area.pack(fill="x")
        for offer in offers:
            PresetRow(area.body, offer, actions, self.close).pack(fill="x")
        self._fit(anchor, close, theme.px(_WIDTH))


class PresetRow(Box):
    """Name, values, scope, and the buttons; in place of them the new name while it is asked for."""

    def __init__(
        self, parent: tk.Misc, offer: PresetOffer, actions: PresetActions, close: Callable[[], object]
    ) -> None:
        super().__init__(parent, "raised", height=theme.px(_ROW))
        self.pack_propagate(False)
        preset, self._actions, self._close = offer.preset, actions, close
        self._id, self._name = preset.preset_id, preset.name
        Separator(self).pack(side="bottom", fill="x")
        self._buttons = Box(self)
        self._buttons.pack(side="right", padx=theme.px(6))
        self.delete = Button(self._buttons, "Delete", self._delete, kind="quiet", height=theme.SMALL)
        self.delete.pack(side="right")
        self.rename = Button(self._buttons, "Rename…", self._ask, kind="quiet", height=theme.SMALL)
        self.rename.pack(side="right")
        self._asked = Box(self)
        self.name = Entry(self._asked, width=170)
        self.name.pack(side="left")
        self.keep = Button(self._asked, "Rename", self._rename, height=theme.SMALL)
        self.keep.pack(side="left", padx=theme.px(4))
        self.name.field.bind("<Return>", lambda _event: self._rename())
        text = Box(self)
        text.pack(side="left", fill="both", expand=True, padx=(theme.px(14), theme.px(4)), pady=theme.px(6))
        in_force = " · in force" if offer.in_force and offer.standing.applied else ""
        scope = offer.standing.preset.scope
        for words, ink, bold in (
            (f"{preset.name}{in_force}", "text", True),
            (actions.words(offer.standing.preset), "text", False),
            (f"for {scope_words(scope)}" if scope != PresetScope() else "for anything", "text3", False),
        ):
            ShortLabel(text, words, size=12, bold=bold, ink=ink).pack(fill="x")  # type: ignore[arg-type]  # roles

    def _ask(self) -> None:
        self._buttons.pack_forget()
        self._asked.pack(side="right", padx=theme.px(6))
        self.name.set(self._name)
        self.name.field.focus_set()
        self.name.field.select_range(0, "end")

    def _rename(self) -> None:
        problem = self._actions.rename(self._id, self.name.get().strip())
        if problem:
            self.name.error(problem)
        else:
            self._close()

    def _delete(self) -> None:
        self._close()
        self._actions.delete(self._id)
