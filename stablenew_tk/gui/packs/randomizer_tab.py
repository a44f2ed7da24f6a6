"""The Randomizer tab of Packs: slots, words, settings, LoRAs and styles that vary; how many variants are made."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, get_args

from msgspec.structs import replace

from ...app.packs.randomizer_drafts import AxesDraft, ListDrafts, axis_problem, axis_text, number_up_to
from ...app.packs.wording import LISTS, MODES, SEEDS, axis_example, title_of
from ...app.wording import not_offered
from ...domain.base.errors import InvalidInput
from ...domain.config.origins import MAX_SEED, RANDOM_SEED, SHORT_SEED
from ...domain.config.sweep import focuses
from ...domain.prompts.randomizer_text import FIELDS
from ...domain.prompts.settings import MOST_VARIANTS, Axis, Mode, Randomizer
from ..forms.captioned import EditableList, captioned, grid
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.entries import Entry
from ..widgets.popups import ChoiceField, Menu, MenuEntry
from ..widgets.row_list import ListRow, ScrollArea
from ..widgets.text_field import TextField
from ..widgets.tooltips import tip

_DRAWS = (MenuEntry("anew", "others each run"), MenuEntry("fixed", "always the same"))
# They change what a picture is made with, not only how it looks: nobody should find them varied by surprise.
_BY_HAND = ("refiner.", "hires.upscaler", "upscale.upscaler")


def axis_entries(used: Sequence[str] = ()) -> tuple[MenuEntry, ...]:
    """The parameters to choose from, last those that change more than the look of a picture."""
    usual = [one for one in focuses() if not one.path.startswith(_BY_HAND)]
    rare = [one for one in focuses() if one.path.startswith(_BY_HAND)]
    return (
        *(MenuEntry(one.path, one.title) for one in usual if one.path not in used),
        *(MenuEntry(one.path, one.title, "only if you add it") for one in rare if one.path not in used),
    )


class Axes(Box):
    """Settings that vary: a list of parameters with their values. `on_change(axes)` after every change that is valid.

    `choices(name)` are the backend's lists. A text that cannot be read stays in its field, and the last values count.
    """

    def __init__(
        self,
        parent: tk.Misc,
        *,
        on_change: Callable[[tuple[Axis, ...]], object],
        choices: Callable[[str], Sequence[str]],
    ) -> None:
        super().__init__(parent)
        self._on_change, self._choices = on_change, choices
        self.draft = AxesDraft()
        self.listing = EditableList(
            self,
            add="Add a setting…",
            remove="Remove",
            empty="No setting varies.",
            chosen=self._choose,
            added=self._ask,
            removed=self._remove,
            rows=2,
        )
        self.listing.pack(fill="x")
        self._detail = Box(self)
        self._caption = Label(self._detail, "", size=12, ink="text2")
        self._caption.pack(fill="x", padx=theme.px(theme.RING))
        self.values = Entry(self._detail, width=60, on_edit=self._edited)
        self.values.pack(fill="x")
        self.hint = Label(self._detail, "", size=11, ink="text3", wrap=True)
        self.hint.pack(fill="x", padx=theme.px(theme.RING))

    def show(self, axes: Sequence[Axis]) -> None:
        """Show these axes without calling back."""
        self.draft.set(axes)
        self._show()

    def add(self, path: str) -> None:
        """Add a parameter without values."""
        self.draft.add(path)
        self._show()
        self.values.focus_set()

    def _ask(self) -> None:
        entries = axis_entries([axis.path for axis in self.draft.axes])
        Menu.shared().open(self.listing.add, entries, self.add)

    def _remove(self) -> None:
        if self.draft.remove():
            self._show()
            self._on_change(self.draft.usable)

    def _choose(self, place: int) -> None:
        self.draft.at = place
        self._show()

    def _show(self) -> None:
        draft, axis = self.draft, self.draft.chosen
        rows = [self._row(one) for one in draft.axes]
        self.listing.list.canvas.configure(height=theme.px(theme.ROW) * min(max(len(rows), 1), 5))
        self.listing.show(rows, draft.at)
        if axis is None:
            self._detail.pack_forget()
            return
        self._detail.pack(fill="x")
        self._caption.show(f"Values of {title_of(axis.path)}")
        if self.values.get() != draft.text(axis):
            self.values.set(draft.text(axis))
        self.values.error(draft.problems.get(axis.path, ""))
        missing = not_offered(axis.path, axis.values, self._choices)
        if missing:
            self.hint.show(f"There is no {', '.join(missing)} where pictures are made now.", "warn")
        else:
            self.hint.show(axis_example(axis.path, self._choices), "text3")

    def _row(self, axis: Axis) -> ListRow:
        wrong = axis_problem(axis.path, self.draft.text(axis)) or not_offered(axis.path, axis.values, self._choices)
        return ListRow(title_of(axis.path), axis_text(axis), warn=bool(wrong))

    def _edited(self, text: str) -> None:
        if self.draft.type(text):
            self._on_change(self.draft.usable)
        self._show()


class RandomizerTab(Box):
    """Fields for a pack's randomizer. `on_change(randomizer)` after every change that is valid.

    `draw_seed()` returns a seed, `choices(name)` the backend's lists. A text that cannot be read stays in its field
    with the reason below it, also while another pack is open.
    """

    def __init__(
        self,
        parent: tk.Misc,
        *,
        on_change: Callable[[Randomizer], object],
        draw_seed: Callable[[], int],
        choices: Callable[[str], Sequence[str]],
    ) -> None:
        super().__init__(parent, "surface")
        self._on_change, self._draw_seed = on_change, draw_seed
        self._path: Path | None = None
        self.value = Randomizer()
        self._drafts = ListDrafts()
        self.area = ScrollArea(self, "surface")
        self.area.pack(fill="both", expand=True)
        body = Box(self.area.body)
        body.pack(fill="x", padx=(theme.px(12), theme.px(14)), pady=theme.px(8))
        self._build_counts(body)
        self.texts: dict[str, TextField] = {}
        for name in ("slots", "rules", "wildcards"):
            self._build_text(body, name)
        self._section(body, "Settings that vary", "Each variant is made with each of these values.")
        self.axes = Axes(body, on_change=lambda axes: self._change(axes=axes), choices=choices)
        self.axes.pack(fill="x")
        for name in ("loras", "styles"):
            self._build_text(body, name)

    def show(self, path: Path, randomizer: Randomizer) -> None:
        """Show a pack's randomizer, and what was typed about it before that cannot be read."""
        other = path != self._path
        self._path, self.value = path, randomizer
        self.mode.set(randomizer.mode)
        self._mode_words.show(MODES[randomizer.mode][1])
        if other:
            for entry in (self.limit, self.seed, self.fixed):
                entry.forget()
        self.limit.show(str(randomizer.limit))
        self._show_seeds()
        for name, field in self.texts.items():
            self._show_text(name, field, other)
        if other:
            self.axes.draft.forget()
        if other or self.axes.draft.usable != randomizer.axes:
            self.axes.show(randomizer.axes)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why texts typed here cannot be read."""
        numbers = tuple(entry.problem for entry in (self.limit, self.seed, self.fixed) if entry.problem)
        return (*numbers, *(field.error_text for field in self.texts.values() if field.error_text))

    def focus_set(self) -> None:
        """Put the keyboard on the first field."""
        self.mode.focus_set()

    # ---- parts

    def _section(self, parent: Box, title: str, words: str) -> None:
        ring = theme.px(theme.RING)
        Label(parent, title, bold=True).pack(fill="x", padx=ring, pady=(theme.px(12), 0))
        Label(parent, words, size=12, ink="text3", wrap=True).pack(fill="x", padx=ring, pady=(0, theme.px(2)))

    def _build_counts(self, body: Box) -> None:
        ring = theme.px(theme.RING)
        Label(body, "How lists are combined", size=12, ink="text2").pack(fill="x", padx=ring)
        entries = [MenuEntry(mode, words) for mode, (words, _) in MODES.items()]
        self.mode = ChoiceField(body, entries, self._choose_mode, width=100)
        self.mode.pack(fill="x")
        self._mode_words = Label(body, "", size=12, ink="text3", wrap=True)
        self._mode_words.pack(fill="x", padx=ring, pady=(0, theme.px(6)))
        fields = grid(body, 2)
        fields.pack(fill="x")
        self.limit = Entry(
            captioned(fields, "At most (0 = no limit)", place=(0, 0)),
            width=60,
            unit="variants",
            check=lambda text: _whole_number(text, MOST_VARIANTS),
            on_commit=lambda text: self._change(limit=_whole_number(text, MOST_VARIANTS)),
        )
        self.limit.pack(fill="x")
        self.draws = ChoiceField(captioned(fields, "Which ones", place=(0, 1)), _DRAWS, self._choose_draws, width=60)
        self.draws.pack(fill="x")
        self._seed_cell = captioned(fields, "Seed of the choice", place=(1, 1))
        self.seed = self._seed_field(self._seed_cell, "seed")
        entries = [MenuEntry(kind, words) for kind, words in SEEDS.items()]
        self.seeds = ChoiceField(
            captioned(fields, "Seeds of the pictures", place=(2, 0)), entries, self._choose_seeds, width=60
        )
        self.seeds.pack(fill="x")
        self._fixed_cell = captioned(fields, "Seed", place=(2, 1))
        self.fixed = self._seed_field(self._fixed_cell, "fixed_seed")

    def _seed_field(self, cell: Box, name: Literal["seed", "fixed_seed"]) -> Entry:
        most = MAX_SEED if name == "fixed_seed" else SHORT_SEED
        row = Box(cell)
        row.pack(fill="x")
        field = Entry(
            row,
            width=60,
            check=lambda text: _whole_number(text, most),
            on_commit=lambda text: self._change(**{name: _whole_number(text, most)}),
        )
        dice = Button(row, "", lambda: self._throw(field, name), kind="quiet", icon="dice", height=theme.CONTROL)
        dice.pack(side="right", anchor="n")
        tip(dice, "Draw another seed")
        field.pack(side="left", fill="x", expand=True)
        return field

    def _build_text(self, body: Box, name: str) -> None:
        title, example, explanation = LISTS[name]
        self._section(body, title, explanation)
        field = TextField(body, placeholder=example, least=1, mono=True, on_edit=lambda text: self._edited(name, text))
        field.pack(fill="x")
        self.texts[name] = field

    # ---- what is shown

    def _show_seeds(self) -> None:
        value = self.value
        anew = value.seed == RANDOM_SEED
        self.draws.set("anew" if anew else "fixed")
        self.seed.show("" if anew else str(value.seed))
        self._seed_cell.grid_remove() if anew else self._seed_cell.grid()
        self.seeds.set(value.seeds)
        self.fixed.show(str(value.fixed_seed))
        self._fixed_cell.grid() if value.seeds == "fixed" else self._fixed_cell.grid_remove()

    def _show_text(self, name: str, field: TextField, other: bool) -> None:
        assert self._path is not None
        text = self._drafts.text(self._path, name, self.value)
        if other or not FIELDS[name].says(field.get(), self.value):
            field.set(text)
        field.error(FIELDS[name].problem(field.get()))

    # ---- what the user does

    def _change(self, **values: object) -> None:
        changed = replace(self.value, **values)
        if changed != self.value:
            self.value = changed
            self._on_change(changed)

    def _choose_mode(self, value: str) -> None:
        mode: Mode = next(one for one in get_args(Mode) if one == value)
        self._mode_words.show(MODES[mode][1])
        self._change(mode=mode)

    def _choose_draws(self, value: str) -> None:
        self._change(seed=RANDOM_SEED if value == "anew" else self._draw_seed())
        self._show_seeds()

    def _choose_seeds(self, value: str) -> None:
        self._change(seeds=value)
        self._show_seeds()

    def _throw(self, field: Entry, name: str) -> None:
        seed = self._draw_seed()
        field.set(str(seed))
        self._change(**{name: seed})

    def _edited(self, name: str, text: str) -> None:
        assert self._path is not None
        self.texts[name].error(FIELDS[name].problem(text))
        self._change(**{name: self._drafts.type(self._path, name, text)})


def _whole_number(text: str, most: int) -> int:
    number = number_up_to(text, most)
    if number is None:
        raise InvalidInput(f"Write a whole number from 0 to {most:,}.")
    return number
