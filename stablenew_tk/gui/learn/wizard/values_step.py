"""The wizard's third step: the values, how many pictures of each, with which seeds, and how they are rated."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial

from msgspec.structs import replace

from ....app.learn.plan_preview import parsed, seed_words, shown_rows, typed_seeds, with_seeds
from ....app.learn.setting_search import question_words
from ....domain.config.sweep import is_wording
from ....domain.experiments.plan_draft import PlanDraft, plain
from ...widgets import theme
from ...widgets.basics import Box, Button, Label
from ...widgets.controls import Segmented, Switch
from ...widgets.entries import Entry
from ...widgets.flow import Flow, pack_if
from ...widgets.row_list import ScrollArea
from ...widgets.tooltips import tip
from .frame import Question
from .value_editors import NameValues, NumberValues
from .wording_editor import WordingValues


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
        self.wordings = WordingValues(self._body, self._typed)
        self._second_heading = Label(self._body, "", bold=True)
        self.second_numbers = NumberValues(self._body, self._typed_second)
        self.second_names = NameValues(self._body, self._typed_second)
        self._below = self._heading("Pictures", "the same prompts and seeds for every value, so luck cancels out")
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
        partner = self._draft.partner
        second = parsed(partner)[1] if partner.text.strip() else ""
        return bool(sentence) and sentence in (values, second, self.seeds.each_problem, self.seeds.problem)

    def begin(self) -> None:
        """Start anew."""
        self.seeds.problem = ""
        self.seeds.add.set("")
        self._area.scroll_to(0)

    def show(
        self, draft: PlanDraft, offered: Sequence[str], second: Sequence[str] = (), *, unlike: bool = False
    ) -> None:
        """Follow the draft. `offered` are the names the backend has for what is varied, `second` for what is varied
        together with it; `unlike`: there are machines that differ from the first.
        """
        spec = draft.spec
        self._draft = draft
        if spec is None:
            return
        self._question.show(question_words(spec))
        pack_if(spec.ordered, self.numbers, fill="x", before=self._below)
        words = is_wording(spec.path)
        pack_if(not spec.ordered and not words, self.names, fill="x", before=self._below)
        pack_if(words, self.wordings, fill="x", before=self._below)
        if words:
            self.wordings.show(draft, spec)
        elif spec.ordered:
            self.numbers.show(draft, spec)
        else:
            self.names.show(draft, spec, offered)
        self._show_second(draft.partner, second)
        self.seeds.show(draft)
        self._blind.set(draft.blind)
        self._twice.set(draft.show_twice)
        self._mixed.set(draft.mixed_machines)
        pack_if(unlike or draft.mixed_machines, self._mixed, anchor="w", after=self._twice)
        for entry, text in ((self._name, draft.name or draft.title), (self._note, draft.note)):
            if entry.get() != text and entry.focus_get() is not entry.field:
                entry.set(text)

    def _show_second(self, partner: PlanDraft, offered: Sequence[str]) -> None:
        spec = partner.spec
        numbers = spec is not None and spec.ordered
        below = {"padx": theme.px(theme.RING), "pady": (theme.px(14), theme.px(2))}
        self._second_heading.show(f"Together with: {plain(spec)}" if spec is not None else "")
        pack_if(spec is not None, self._second_heading, fill="x", before=self._below, **below)
        pack_if(numbers, self.second_numbers, fill="x", before=self._below)
        pack_if(spec is not None and not numbers, self.second_names, fill="x", before=self._below)
        if spec is not None and numbers:
            self.second_numbers.show(partner, spec)
        elif spec is not None:
            self.second_names.show(partner, spec, offered)

    def focus_first(self) -> None:
        """Put the keyboard on the values."""
        spec = self._draft.spec
        if spec is not None and is_wording(spec.path):
            self.wordings.focus_set()
        else:
            (self.numbers if spec is not None and spec.ordered else self.names).focus_set()

    def focus_problem(self) -> None:
        """Put the keyboard on the field that is wrong, or on the one after it where that has it already."""
        values = (self.numbers, self.names, self.second_numbers, self.second_names)
        entries = (*(one.field for one in values), self.seeds.most, self.seeds.each, self.seeds.add)
        wrong = [entry for entry in entries if entry.winfo_ismapped() and entry.error_text]
        if wrong:
            here = [entry.field for entry in wrong]
            focus = self.focus_get()
            wrong[(here.index(focus) + 1) % len(wrong) if focus in here else 0].focus_set()

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
        self._mixed = Switch(
            self._body, "Also machines with other versions or graphics cards, row by row", self._turned
        )
        tip(
            self._mixed, "The same seed is another picture there. Pictures are compared only within one kind of machine"
        )

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

    def _typed_second(self, text: str) -> None:
        self._change(replace(self._draft, second_text=text))

    def _turned(self, _on: bool) -> None:
        switches = {"blind": self._blind.on, "show_twice": self._twice.on, "mixed_machines": self._mixed.on}
        self._change(replace(self._draft, **switches))


class SeedRow(Box):
    """Pictures per value on all prompts together, and their seeds: those the user gave stand as chips.

    Calls `change(draft)` when edited.
    """

    def __init__(self, parent: tk.Misc, change: Callable[[PlanDraft], object]) -> None:
        super().__init__(parent)
        self._change, self._draft = change, PlanDraft()
        self.problem = ""  # why what stands in the field for seeds cannot be used
        self.each_problem = ""
        ways = (("steps", "Step by step"), ("full", "All at once"))
        self.way = Segmented(self, ways, lambda way: self._change(replace(self._draft, by_steps=way == "steps")))
        self.way.pack(anchor="w", pady=(0, theme.px(2)))
        row = Box(self)
        row.pack(fill="x")
        self.most = Entry(row, width=150, unit="in all at most", on_edit=self._typed_most)
        tip(self.most.field, "How many pictures the run may come to. It stops before when the answer is clear.")
        self.each = Entry(row, width=150, unit="of each value", on_edit=self._typed_each)
        tip(self.each.field, "How many pictures every value gets, on all prompts together. Each has a seed of its own.")
        self.add = Entry(row, width=120, placeholder="Own seeds", on_commit=self._typed_seeds)
        self.add.pack(side="left", anchor="n", padx=(theme.px(2), 0))
        tip(self.add.field, "Numbers to use as seeds. Return takes them over.")
        self.add.field.bind("<Return>", lambda _event: self._returned())
        self.add.field.bind("<KP_Enter>", lambda _event: self._returned())
        self._new = Button(row, "New seeds", lambda: self._take(self._kept()), kind="quiet", icon="dice")
        self._new.pack(side="left", anchor="n", padx=(theme.px(2), 0))
        tip(self._new, "Forget the seeds given here; new ones are drawn when the run starts")
        self._flow = Flow(self)
        self.chips: list[Button] = []
        self._shown: tuple[int, ...] = ()
        self._words = Label(self, "", size=12, ink="text3", wrap=True)
        self._words.pack(fill="x", padx=theme.px(theme.RING), pady=(theme.px(2), 0))

    def show(self, draft: PlanDraft) -> None:
        """Follow the draft."""
        self._draft = draft
        self.way.set("steps" if draft.by_steps else "full")
        field, other = (self.most, self.each) if draft.by_steps else (self.each, self.most)
        pack_if(False, other)
        pack_if(True, field, side="left", anchor="n", before=self.add)
        for entry, text in ((self.each, draft.each), (self.most, draft.most)):
            if entry.get() != text:
                entry.set(text)
        rows, self.each_problem = shown_rows(draft)
        field.error(self.each_problem)
        self._show_chips(draft.seeds[:rows] if rows and not draft.by_steps else draft.seeds)
        self._words.show(seed_words(draft, rows))
        self._new.enable(len(draft.seeds) > len(self._kept()), "No seed was given; all are drawn when the run starts.")

    def focus_set(self) -> None:
        """Put the cursor into the number."""
        (self.most if self._draft.by_steps else self.each).focus_set()

    def _kept(self) -> tuple[int, ...]:
        """The seed of the picture that is there already stays."""
        return self._draft.seeds[:1] if self._draft.reuse is not None else ()

    def _typed_most(self, text: str) -> None:
        self._change(replace(self._draft, most=text))

    def _typed_each(self, text: str) -> None:
        self._change(replace(self._draft, each=text))

    def _typed_seeds(self, text: str) -> None:
        seeds, self.problem = typed_seeds(self._draft, text)
        if not seeds:
            self._change(self._draft)
            self.add.error(self.problem)
            return
        self.add.set("")
        self._take((*self._draft.seeds, *seeds))

    def _returned(self) -> str | None:
        """Return takes the seeds over; in an empty field it goes on as everywhere."""
        text = self.add.get()
        if not text.strip():
            return None
        self._typed_seeds(text)
        return "break"

    def _take(self, seeds: tuple[int, ...]) -> None:
        self.problem = ""
        self._change(with_seeds(self._draft, seeds))

    def _show_chips(self, seeds: tuple[int, ...]) -> None:
        if seeds == self._shown:
            return
        self._shown = seeds
        for chip in self.chips:
            chip.destroy()
        self.chips = [self._chip(place, seed) for place, seed in enumerate(seeds)]
        pack_if(seeds, self._flow, fill="x", before=self._words)
        self._flow.show(self.chips)

    def _chip(self, place: int, seed: int) -> Button:
        if place < len(self._kept()):
            chip = Button(self._flow, str(seed), lambda: None, kind="chip", height=theme.SMALL, note="of the picture")
            chip.enable(False, "The seed of the picture that is there already.")
            return chip
        remove = partial(self._take, tuple(n for n in self._draft.seeds if n != seed))
        chip = Button(self._flow, str(seed), remove, kind="chip", height=theme.SMALL, note="×")
        tip(chip, "Take this seed away")
        return chip
