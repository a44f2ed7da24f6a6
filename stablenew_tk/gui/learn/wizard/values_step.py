"""The wizard's third step: the values, how many pictures of each, with which seeds, and how they are rated."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from ....domain.experiments.plan_draft import PlanDraft, plain
from ...widgets import theme
from ...widgets.basics import Box, Label
from ...widgets.controls import Switch
from ...widgets.entries import Entry
from ...widgets.row_list import ScrollArea
from .parameter_step import help_words
from .seed_chips import SeedRow
from .step_list import Question
from .value_editors import NameValues, NumberValues, parsed


class ValuesStep(Box):
    """Calls `change(draft)` after every change."""

    def __init__(self, parent: tk.Misc, change: Callable[[PlanDraft], object]) -> None:
        super().__init__(parent)
        self._change, self._draft = change, PlanDraft()
        self._question = Question(self, "Which values, and how many pictures of each?")
        self._question.pack(fill="x", padx=theme.px(28), pady=(theme.px(16), theme.px(14)))
        self._area = ScrollArea(self)
        self._area.pack(fill="both", expand=True, padx=(theme.px(24), theme.px(4)))
        self._body = Box(self._area.body)
        self._body.pack(fill="x", padx=(0, theme.px(20)))
        self._heading("Values", top=0)
        self.numbers = NumberValues(self._body, self._typed)
        self.names = NameValues(self._body, self._typed)
        self._below = self._heading("Seeds", "the same seeds for every value, so luck cancels out")
        self.seeds = SeedRow(self._body, change)
        self.seeds.pack(fill="x")
        self._build_rating()
        self._build_name()

    @property
    def problem(self) -> str:
        """Why something typed here but not in the draft cannot be used; ""."""
        return self.seeds.problem

    def tells(self, sentence: str) -> bool:
        """Whether the sentence stands below one of the fields already."""
        values = parsed(self._draft)[1] if self._draft.text.strip() else ""
        return bool(sentence) and sentence in (values, self.seeds.each_problem, self.seeds.problem)

    def begin(self) -> None:
        """Start anew."""
        self.seeds.problem = ""
        self.seeds.add.set("")
        self._area.scroll_to(0)

    def show(self, draft: PlanDraft, offered: Sequence[str]) -> None:
        """Follow the draft. `offered` are the names the backend has for what is varied."""
        spec = draft.spec
        self._draft = draft
        if spec is None:
            return
        self._question.show(f"{plain(spec)}: {_small(help_words(spec))}")
        on, off = (self.numbers, self.names) if spec.ordered else (self.names, self.numbers)
        off.pack_forget()
        if not on.winfo_manager():
            on.pack(fill="x", before=self._below)
        if spec.ordered:
            self.numbers.show(draft, spec)
        else:
            self.names.show(draft, spec, offered)
        self.seeds.show(draft)
        self._blind.set(draft.blind)
        self._twice.set(draft.show_twice)
        for entry, text in ((self._name, draft.name or draft.title), (self._note, draft.note)):
            if entry.get() != text and entry.focus_get() is not entry.field:
                entry.set(text)

    def focus_first(self) -> None:
        """Put the keyboard on the values."""
        spec = self._draft.spec
        (self.numbers if spec is not None and spec.ordered else self.names).focus_set()

    # ---- parts

    def _heading(self, words: str, note: str = "", top: int = 14) -> Box:
        row = Box(self._body)
        row.pack(fill="x", padx=theme.px(theme.RING), pady=(theme.px(top), theme.px(2)))
        Label(row, words, bold=True).pack(side="left")
        Label(row, note, size=12, ink="text3").pack(side="left", padx=theme.px(10))
        return row

    def _build_rating(self) -> None:
        self._heading("Rating")
        self._blind = Switch(
            self._body, "Blind: shuffle the pictures and hide the values until all are rated", self._turned, on=True
        )
        self._blind.pack(anchor="w")
        self._twice = Switch(
            self._body, "Show 1 in 10 pictures twice, to learn how steady your stars are", self._turned
        )
        self._twice.pack(anchor="w")

    def _build_name(self) -> None:
        self._heading("Name and note")
        row = Box(self._body)
        row.pack(fill="x", pady=(0, theme.px(12)))
        self._name = Entry(row, width=220, on_edit=lambda text: self._change(replace(self._draft, name=text)))
        self._name.pack(side="left")
        self._note = Entry(
            row,
            width=200,
            placeholder="Why are you asking? (optional)",
            on_edit=lambda text: self._change(replace(self._draft, note=text)),
        )
        self._note.pack(side="left", fill="x", expand=True, padx=(theme.px(2), 0))

    def _typed(self, text: str) -> None:
        self._change(replace(self._draft, text=text))

    def _turned(self, _on: bool) -> None:
        self._change(replace(self._draft, blind=self._blind.on, show_twice=self._twice.on))


def _small(words: str) -> str:
    """The sentence as it goes on behind a colon. Names and abbreviations keep their capital."""
    first = words.partition(" ")[0]
    return words if first[1:].lower() != first[1:] else words[:1].lower() + words[1:]
