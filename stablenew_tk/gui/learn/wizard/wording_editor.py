"""The editor of wordings in the wizard: a text field for each, those of the prompt or its slot to begin with."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial

from ....app.learn.plan_preview import counted_words, parsed
from ....domain.config.sweep import PROMPT, SLOT, Focus, spell
from ....domain.experiments.plan_draft import PlanDraft
from ...widgets import theme
from ...widgets.basics import Box, Button, Label
from ...widgets.controls import Check
from ...widgets.entries import Entry
from ...widgets.flow import pack_if
from ...widgets.text_field import TextField
from ...widgets.tooltips import tip

_MOST = 24
_NOTHING = "Also without any words there"


class WordingValues(Box):
    """A field for each wording, a button for one more, and one that puts back what the pack has.

    `edit(text)` after every change.
    """

    def __init__(self, parent: tk.Misc, edit: Callable[[str], object]) -> None:
        super().__init__(parent)
        self._edit, self._draft = edit, PlanDraft()
        self._rows = Box(self)
        self._rows.pack(fill="x")
        self.fields: list[TextField | Entry] = []
        self._built_for = ""
        tools = Box(self)
        tools.pack(fill="x", pady=(theme.px(2), 0))
        self.more = Button(tools, "One more wording", self._add, kind="link", icon="plus")
        self.more.pack(side="left")
        self.again = Button(tools, "All of the pack", self._take_pack, kind="link")
        tip(self.again, "Puts back the texts that the pack has here")
        self.nothing = Check(tools, _NOTHING, lambda _on: self._tell())
        self.count = Label(self, "", size=12, ink="text2", wrap=True)
        self.count.pack(fill="x", padx=theme.px(theme.RING), pady=(theme.px(4), 0))

    @property
    def texts(self) -> list[str]:
        """What stands in the fields, without empty ones."""
        return [text for field in self.fields if (text := field.get().strip())]

    def show(self, draft: PlanDraft, spec: Focus) -> None:
        """Follow the draft."""
        self._draft = draft
        values, problem = parsed(draft)
        wanted = [str(value) for value in values if value]
        # A field without a text is being written; it is no value yet.
        changed = list(dict.fromkeys(self.texts)) != wanted and not (problem and draft.text.strip())
        if changed or draft.focus != self._built_for:
            self._build(wanted)
        self.nothing.set("" in values)
        pack_if(spec.path != PROMPT, self.nothing, side="right")
        pack_if(self._theirs != wanted and len(self._theirs) > 1, self.again, side="left", padx=(theme.px(12), 0))
        self.more.enable(len(self.fields) < _MOST, f"{_MOST} wordings are the most that can be compared here.")
        if problem and draft.text.strip():
            self.count.show(problem, "danger")
        else:
            words = counted_words(draft, values) if len(values) > 1 else "Write at least 2 to compare."
            self.count.show(words, "text2")

    def focus_set(self) -> None:
        """Put the cursor into the first empty field, else into the last one."""
        if self.fields:
            next((one for one in self.fields if not one.get().strip()), self.fields[-1]).focus_set()

    @property
    def _theirs(self) -> list[str]:
        return [text for text in self._draft.wordings.get(self._draft.focus, ()) if text]

    def _build(self, texts: Sequence[str]) -> None:
        for child in self._rows.winfo_children():
            child.destroy()
        self.fields, self._built_for = [], self._draft.focus
        # One empty field invites to write what the text is to be compared with.
        for text in [*texts, *[""] * max(0, 2 - len(texts))]:
            self._append(text)

    def _field(self, row: Box) -> TextField | Entry:
        """One line for what stands in a slot, so that Return goes on; several for a whole prompt."""
        if self._draft.focus.startswith(SLOT):
            return Entry(row, width=220, on_edit=lambda _text: self._tell())
        return TextField(row, least=1, most=6, on_edit=lambda _text: self._tell())

    def _append(self, text: str) -> TextField | Entry:
        row = Box(self._rows)
        row.pack(fill="x")
        field = self._field(row)
        remove = Button(row, "", partial(self._remove, row, field), kind="quiet", icon="cross")
        tip(remove, "Take this wording away")
        remove.pack(side="right", anchor="n")
        field.pack(side="left", fill="x", expand=True)
        field.set(text)
        self.fields.append(field)
        return field

    def _add(self) -> None:
        self._append("").focus_set()
        self._tell()

    def _remove(self, row: Box, field: TextField | Entry) -> None:
        self.fields.remove(field)
        row.destroy()
        self._tell()
        self.focus_set()

    def _take_pack(self) -> None:
        self._build(self._theirs)
        self._tell()

    def _tell(self) -> None:
        nothing = [""] if self.nothing.on and self.nothing.winfo_manager() else []
        values = [*dict.fromkeys(self.texts), *nothing]
        self._edit(spell(self._draft.focus, values) if values else "")
