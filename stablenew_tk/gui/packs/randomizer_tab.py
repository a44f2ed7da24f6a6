"""The Randomizer tab of Packs: what varies besides the text itself, how many variants are made, and which."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, get_args

from msgspec.structs import replace

from ...domain.config.origins import MAX_SEED, RANDOM_SEED
from ...domain.prompts.randomizer_text import FIELDS, lists_of, same
from ...domain.prompts.settings import MOST_VARIANTS, Mode, Randomizer, Seeds
from ..forms.captioned import captioned
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.entries import Entry
from ..widgets.popups import ChoiceField, MenuEntry
from ..widgets.row_list import ScrollArea
from ..widgets.text_field import TextField
from ..widgets.tooltips import tip
from .axes_editor import Axes

MODES: dict[Mode, tuple[str, str]] = {
    "all": ("Every combination", "Every value of each list with every value of the others."),
    "random": ("At random", "Everything is drawn anew for each variant."),
    "round_robin": ("Each list in turn", "Every list moves on by one each time; shorter ones begin again."),
    "zip": ("Side by side", "The first values together, then the second ones, until the shortest list ends."),
    "sequential": ("One list after the other", "One list is gone through while the others stay at their first value."),
}
SEEDS: dict[Seeds, str] = {
    "shared": "the same for all", "per_variant": "another one for each variant", "fixed": "always this one"
}  # fmt: skip
_DRAWS = (MenuEntry("anew", "others each run"), MenuEntry("fixed", "always the same"))
_TEXTS: tuple[tuple[str, str, str, str], ...] = (
    ("slots", "Slots", "light: dawn | dusk", "What [[light]] in the prompts stands for; the same everywhere in one."),
    ("rules", "Search and replace", "harbour => river | lake", "Where a prompt has the words, each of these is tried."),
    ("wildcards", "Wildcards of this pack", "mood: calm | stormy", "Lists for __mood__, for this pack alone."),
    ("loras", "LoRAs and weights", "rain | snow: 0.6, 0.8", "Each of them with each weight; none stands for no LoRA."),
    ("styles", "Styles, with and without", "Film: {prompt}, film grain neg: flat",
     "Words that are added or not. {prompt} marks where the prompt goes."),
)  # fmt: skip


class RandomizerTab(Box):
    """Fields for a pack's randomizer. `on_change(randomizer)` after every change that can be used.

    `draw_seed()` gives a seed for the dice, `choices(name)` the backend's lists. What cannot be read is told below its
    field and stays there, also while another pack is looked at.
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
        self._typed: dict[tuple[Path, str], str] = {}
        self.area = ScrollArea(self, "surface")
        self.area.pack(fill="both", expand=True)
        body = Box(self.area.body)
        body.pack(fill="x", padx=(theme.px(12), theme.px(14)), pady=theme.px(8))
        self._build_counts(body)
        self.texts: dict[str, TextField] = {}
        for name, title, example, words in _TEXTS[:3]:
            self._build_text(body, name, (title, example, words))
        self._section(body, "Settings that vary", "Each variant is made with each of these values.")
        self.axes = Axes(body, on_change=lambda axes: self._change(axes=axes), choices=choices)
        self.axes.pack(fill="x")
        for name, title, example, words in _TEXTS[3:]:
            self._build_text(body, name, (title, example, words))

    def show(self, path: Path, randomizer: Randomizer) -> None:
        """Show a pack's randomizer, with what was typed about it before and cannot be used yet."""
        other = path != self._path
        self._path, self.value = path, randomizer
        self.mode.set(randomizer.mode)
        self._mode_words.show(MODES[randomizer.mode][1])
        self._put(self.limit, str(randomizer.limit))
        self._show_seeds()
        for name, field in self.texts.items():
            self._show_text(name, field, other)
        if other:
            self.axes.forget()
        if other or tuple(axis for axis in self.axes.axes if axis.values) != randomizer.axes:
            self.axes.show(randomizer.axes)

    @property
    def problems(self) -> tuple[str, ...]:
        """What cannot be used of what is typed here."""
        return tuple(field.error_text for field in self.texts.values() if field.error_text)

    def unfinished(self, path: Path) -> bool:
        """Whether lines about this pack are typed that cannot be used."""
        return any(where == path and FIELDS[name].read(text)[1] for (where, name), text in self._typed.items())

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
        fields = Box(body)
        fields.pack(fill="x")
        for column in range(2):
            fields.grid_columnconfigure(column, weight=1, uniform="fields")
        self.limit = Entry(
            captioned(fields, "At most (0 = no limit)", place=(0, 0)),
            width=60,
            unit="variants",
            on_edit=lambda text: self._number(self.limit, text, "limit"),
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
        row = Box(cell)
        row.pack(fill="x")
        field = Entry(row, width=60, on_edit=lambda text: self._number(field, text, name))
        dice = Button(row, "", lambda: self._throw(field, name), kind="quiet", icon="dice", height=theme.CONTROL)
        dice.pack(side="right", anchor="n")
        tip(dice, "Draw another seed")
        field.pack(side="left", fill="x", expand=True)
        return field

    def _build_text(self, body: Box, name: str, words: tuple[str, str, str]) -> None:
        title, example, explanation = words
        self._section(body, title, explanation)
        field = TextField(body, placeholder=example, least=1, mono=True, on_edit=lambda text: self._edited(name, text))
        field.pack(fill="x")
        self.texts[name] = field

    # ---- what is shown

    def _show_seeds(self) -> None:
        value = self.value
        anew = value.seed == RANDOM_SEED
        self.draws.set("anew" if anew else "fixed")
        self._put(self.seed, "" if anew else str(value.seed))
        self._seed_cell.grid_remove() if anew else self._seed_cell.grid()
        self.seeds.set(value.seeds)
        self._put(self.fixed, str(value.fixed_seed))
        self._fixed_cell.grid() if value.seeds == "fixed" else self._fixed_cell.grid_remove()

    def _show_text(self, name: str, field: TextField, other: bool) -> None:
        assert self._path is not None
        typed = self._typed.get((self._path, name))
        if typed is not None and not same(FIELDS[name], typed, self.value):
            typed = self._typed.pop((self._path, name), None) and None
        text = FIELDS[name].write(self.value) if typed is None else typed
        if other or not same(FIELDS[name], field.get(), self.value):
            field.set(text)
        field.error(_first(FIELDS[name].read(field.get())[1]))

    @staticmethod
    def _put(entry: Entry, text: str) -> None:
        if entry.get() != text and entry.focus_get() is not entry.field:
            entry.set(text)

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

    def _number(self, field: Entry, text: str, name: str) -> None:
        most = MOST_VARIANTS if name == "limit" else MAX_SEED
        plain = text.replace(",", "").strip()
        if not plain.isdecimal() or int(plain) > most:
            field.error(f"Write a whole number from 0 to {most:,}.")
            return
        field.error("")
        self._change(**{name: int(plain)})

    def _edited(self, name: str, text: str) -> None:
        assert self._path is not None
        self._typed[self._path, name] = text
        found, wrong = FIELDS[name].read(text)
        self.texts[name].error(_first(wrong))
        self._change(**{name: dict(lists_of(text)[0]) if name == "wildcards" else found})


def _first(wrong: Sequence[str]) -> str:
    """The first sentence, and how many more there are."""
    if len(wrong) <= 1:
        return "".join(wrong)
    return f"{wrong[0]} {len(wrong) - 1} more below it."
