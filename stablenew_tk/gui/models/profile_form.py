"""What both profile editors are made of: the frame with its buttons, captions, and a list with fields below it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from msgspec import Struct

from ...domain.models.profile import TIERS, LoraProfile, ModelProfile, Tier
from ...domain.models.recommendations import ModelSettings
from ..forms.captioned import captioned
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.entries import Entry
from ..widgets.popups import ChoiceField, MenuEntry
from ..widgets.row_list import ScrollArea
from . import wording as words

Profile = ModelProfile | LoraProfile
TIER_ENTRIES = tuple(MenuEntry(tier, words.TIER_WORDS[tier]) for tier in reversed(TIERS))


OVERTAKEN = "The file was changed meanwhile. Undo changes shows what it says now; Save writes over it."


class ProfileEditorActions(Struct, frozen=True):
    """Where an editor leads to: `save(profile)` writes it, `leave()` closes the editor."""

    save: Callable[[Profile], object]
    leave: Callable[[], object]


def tier_of(choice: ChoiceField) -> Tier:
    """The tier chosen in a menu of tiers."""
    return next((tier for tier in TIERS if tier == choice.value), "neutral")


def menu(
    parent: tk.Misc,
    text: str,
    entries: Sequence[MenuEntry],
    edited: Callable[[str], object],
    *,
    place: tuple[int, int],
    **more: int,
) -> ChoiceField:
    """A captioned choice."""
    choice = ChoiceField(captioned(parent, text, place=place, **more), entries, edited, width=60)
    choice.pack(fill="x")
    return choice


def put(entry: Entry, text: str) -> None:
    """Setting a text takes its error away and moves the cursor, so only a new text is set."""
    if entry.get() != text:
        entry.set(text)


class EditorFrame(Box):
    """Head, a column of fields that scrolls (`body`), and the buttons. Subclasses fill it and give `profile`."""

    def __init__(self, parent: tk.Misc, doors: ProfileEditorActions) -> None:
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
        Separator(self).pack(fill="x")
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
        Separator(foot).pack(fill="x")
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
