"""What both profile editors are made of: the frame with its buttons, captions, and a list with fields below it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from msgspec import Struct

from ..domain.priors import ModelSettings
from ..domain.profile import TIERS, LoraProfile, ModelProfile, Tier
from . import model_words as words
from . import theme
from .fields import Entry
from .lists import Row, RowList, ScrollArea
from .popups import Choice, MenuEntry
from .widgets import Box, Button, Label, Rule

Profile = ModelProfile | LoraProfile
TIER_ENTRIES = tuple(MenuEntry(tier, words.TIER_WORDS[tier]) for tier in reversed(TIERS))


OVERTAKEN = "The file was changed meanwhile. Undo changes shows what it says now; Save writes over it."


class EditorDoors(Struct, frozen=True):
    """Where an editor leads to: `save(profile)` writes it, `leave()` closes the editor."""

    save: Callable[[Profile], object]
    leave: Callable[[], object]


def tier_of(choice: Choice) -> Tier:
    """The tier chosen in a menu of tiers."""
    return next((tier for tier in TIERS if tier == choice.value), "neutral")


def captioned(parent: tk.Misc, text: str, *, place: tuple[int, int], span: int = 1) -> Box:
    """A cell of a field grid with its caption; pack the field into it."""
    cell = Box(parent)
    row, column = place
    cell.grid(row=row, column=column, columnspan=span, sticky="new", padx=(0, theme.px(4)), pady=(0, theme.px(4)))
    Label(cell, text, size=12, ink="text2").pack(anchor="w", padx=theme.px(theme.RING))
    return cell


def field(parent: tk.Misc, text: str, edited: Callable[[str], object], *, place: tuple[int, int], **more: int) -> Entry:
    """A captioned text field."""
    entry = Entry(captioned(parent, text, place=place, **more), width=60, on_edit=edited)
    entry.pack(fill="x")
    return entry


def menu(
    parent: tk.Misc, text: str, entries: Sequence[MenuEntry], edited: Callable[[str], object], *,
    place: tuple[int, int], **more: int,
) -> Choice:  # fmt: skip
    """A captioned choice."""
    choice = Choice(captioned(parent, text, place=place, **more), entries, edited, width=60)
    choice.pack(fill="x")
    return choice


def grid(parent: tk.Misc, columns: int) -> Box:
    """A grid of fields, its columns equally wide."""
    box = Box(parent)
    for column in range(columns):
        box.grid_columnconfigure(column, weight=1, uniform="fields")
    return box


def put(entry: Entry, text: str) -> None:
    """Setting a text takes its error away and moves the cursor, so only a new text is set."""
    if entry.get() != text:
        entry.set(text)


class Listing(Box):
    """A short list with one chosen row, and buttons to add one and to remove it."""

    def __init__(
        self, parent: tk.Misc, *, add: str, remove: str, empty: str, chosen: Callable[[int], object],
        added: Callable[[], object], removed: Callable[[], object], rows: int = 3,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        frame = Box(self, "line")
        frame.pack(fill="x", padx=theme.px(theme.RING))
        self.list = RowList(frame, on_select=chosen, rows=rows, empty=empty, ground="raised")
        self.list.pack(fill="x", padx=1, pady=1)
        self.list.canvas.bind("<Delete>", lambda _event: removed())
        deck = Box(self)
        deck.pack(fill="x")
        self.add = Button(deck, add, added, icon="plus", height=theme.SMALL)
        self.add.pack(side="left")
        self.remove = Button(deck, remove, removed, kind="quiet", height=theme.SMALL)
        self.remove.pack(side="left")

    def show(self, rows: Sequence[Row], at: int) -> None:
        """Show these rows, one of them chosen (−1 = none)."""
        self.list.show_rows(rows, at)
        self.remove.enable(at >= 0, "There is nothing to remove.")


class EditorFrame(Box):
    """Head, a column of fields that scrolls (`body`), and the buttons. Subclasses fill it and give `profile`."""

    def __init__(self, parent: tk.Misc, doors: EditorDoors) -> None:
        super().__init__(parent, "surface")
        self._doors = doors
        self.problem = ""
        self.is_saving = False
        head = Box(self)
        head.pack(fill="x", padx=theme.px(theme.PAD), pady=(theme.px(14), theme.px(8)))
        self.title = Label(head, size=15, bold=True, wrap=True)
        self.title.pack(fill="x")
        self._where = Label(head, size=12, ink="text3", wrap=True)
        self._where.pack(fill="x", pady=(theme.px(2), 0))
        Rule(self).pack(fill="x")
        self.area = ScrollArea(self, "surface")
        self.body = Box(self.area.body)
        self.body.pack(fill="x", padx=(theme.px(theme.PAD - theme.RING), theme.px(theme.PAD)), pady=theme.px(8))
        # Made last, so that Tab comes to the buttons last.
        self._build_foot()
        self.area.pack(fill="both", expand=True)

    def profile(self) -> Profile:
        """The profile as typed. Raises InvalidInput while there is a problem."""
        raise NotImplementedError

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to save."""
        raise NotImplementedError

    def revert(self) -> None:
        """Go back to what the profile says on disk."""
        raise NotImplementedError

    def changed_outside(self, settings: ModelSettings) -> None:
        """The files beside the model say something else now: show that, or keep what was typed and say so."""
        raise NotImplementedError

    def head(self, name: str, file: str) -> None:
        """Say whose profile this is and where it will be written."""
        self.title.show(f"Profile of {name}")
        self._where.show(f"Saved as {file}. The files of other tools stay as they are.")
        self.is_saving = False
        self.tell("")
        self.area.scroll_to(0)

    def section(self, text: str) -> None:
        """A bold caption in the column."""
        Label(self.body, text, bold=True).pack(anchor="w", padx=theme.px(theme.RING), pady=(theme.px(8), theme.px(4)))

    def tell(self, sentence: str, *, bad: bool = False) -> None:
        """A line above the buttons; "" takes it away."""
        self.said.show(sentence, "danger" if bad else "text2")
        if sentence:
            self.said.pack(fill="x", padx=theme.px(theme.PAD), pady=(theme.px(8), 0), before=self._deck)
        else:
            self.said.pack_forget()

    def judge(self, problem: str) -> None:
        """Say whether it can be saved: `problem` is the first thing that is wrong."""
        self.problem = problem
        why = problem or ("" if self.is_changed else "Nothing was changed yet.")
        if self.is_changed or problem:
            self.tell(problem, bad=bool(problem))
        self.save.enable(not why and not self.is_saving, why)
        self.undo.enable(self.is_changed and not self.is_saving, "Nothing was changed yet.")

    def press_save(self) -> None:
        """Save as by the button; nothing happens while it is off."""
        self.save.invoke()

    def saving(self, on: bool) -> None:
        """Busy while the profile is on its way to the disk."""
        self.is_saving = on
        self.save.busy(on)
        self.undo.enable(not on and self.is_changed)

    def _build_foot(self) -> None:
        foot = Box(self)
        foot.pack(side="bottom", fill="x")
        Rule(foot).pack(fill="x")
        self.said = Label(foot, size=12, ink="text2", wrap=True)
        self._deck = Box(foot)
        self._deck.pack(fill="x", padx=theme.px(10), pady=theme.px(8))
        self.save = Button(
            self._deck, "Save profile", self._save, kind="main", height=theme.ACTION, busy_text="Saving…"
        )
        self.save.pack(side="left")
        self.undo = Button(self._deck, "Undo changes", self.revert, height=theme.ACTION)
        self.undo.pack(side="left")
        self.cancel = Button(self._deck, "Cancel", self._doors.leave, kind="quiet", height=theme.ACTION)
        self.cancel.pack(side="left")

    def _save(self) -> None:
        profile = self.profile()
        self.saving(True)
        self._doors.save(profile)
