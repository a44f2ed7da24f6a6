"""Tags as chips with their keys, and the note below them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial

from ...domain.journal.image_facts import ImageFacts
from . import theme
from .basics import Box, Button, ShortLabel
from .entries import Entry
from .flow import Flow, pack_if

_HEIGHT = theme.SMALL


class TagChips(Box):
    """Chips in as many rows as needed; the note is a chip that turns into a field.

    `toggle(words)` and `save_note(row, text)` are called by the user's doing, `back()` when the note is done with.
    """

    def __init__(
        self,
        parent: tk.Misc,
        toggle: Callable[[str], None],
        save_note: Callable[[int, str], None],
        back: Callable[[], None],
    ) -> None:
        super().__init__(parent)
        self._toggle, self._save_note, self._back = toggle, save_note, back
        self._facts: ImageFacts | None = None
        self._pairs: tuple[tuple[str, str], ...] = ()
        self._chips: dict[str, Button] = {}
        self._note_shown: tuple[str, bool] | None = None
        self._target = ShortLabel(self, size=12, ink="text3")
        self._flow = Flow(self)
        self._flow.pack(fill="x")
        self._note = Button(self._flow, "Note…", self.edit_note, kind="outline", height=_HEIGHT)
        self._field = Entry(self, placeholder="Enter saves, Esc leaves it", height=theme.SMALL)
        self._field.field.bind("<Return>", lambda _event: self._end_note(save=True))
        self._field.field.bind("<KP_Enter>", lambda _event: self._end_note(save=True))
        self._field.field.bind("<Escape>", lambda _event: self._end_note(save=False))
        self._field.field.bind("<FocusOut>", lambda _event: self._left_note(), add="+")

    def show(
        self, facts: ImageFacts | None, tags: Sequence[tuple[str, str]], target: str = "", *, aside: bool = False
    ) -> None:
        """Show what holds for a picture: chosen tags light up; tags nobody listed are shown without a key.

        `target` says in a line above which picture that is; `aside`: it is another than the current one.
        """
        if self._facts is not None and (facts is None or facts.image_id != self._facts.image_id):
            self._end_note(save=True, leave=False)
        self._facts = facts
        self._target.show(target, "accent_text" if aside else "text3")
        pack_if(target, self._target, fill="x", padx=theme.px(theme.RING), pady=theme.px(2), before=self._flow)
        held = facts.tags if facts is not None else ()
        listed = {words for _, words in tags}
        self._build((*tags, *(("", words) for words in held if words not in listed)))
        for words, chip in self._chips.items():
            if chip.selected != (words in held):
                chip.select(words in held)
        note = facts.note if facts is not None else ""
        if (note, facts is not None) != self._note_shown:
            self._note_shown = note, facts is not None
            self._note.set_text(theme.elide(note, theme.font(12), theme.px(200)) if note else "Note…")
            self._note.select(bool(note))
            self._note.enable(facts is not None)
        self._flow.show((*self._chips.values(), self._note))

    def edit_note(self) -> None:
        """Open the field and put the cursor into it."""
        if self._facts is not None:
            self._field.set(self._facts.note)
            self._field.pack(fill="x", pady=(theme.px(2), 0))
            self._field.focus_set()

    def _end_note(self, *, save: bool, leave: bool = True) -> str:
        if self._field.winfo_manager():
            text = self._field.get().strip()
            self._field.pack_forget()
            if save and self._facts is not None and text != self._facts.note:
                self._save_note(self._facts.row, text)
            if leave:
                self._back()
        return "break"

    def _left_note(self) -> None:
        # Clicking elsewhere must not lose what was typed, and must not pull the focus back either.
        self._end_note(save=True, leave=False)

    def _build(self, pairs: Sequence[tuple[str, str]]) -> None:
        if tuple(pairs) == self._pairs:
            return
        self._pairs = tuple(pairs)
        for chip in self._chips.values():
            chip.destroy()
        self._chips = {
            words: Button(
                self._flow,
                words,
                partial(self._toggle, words),
                kind="outline",
                height=_HEIGHT,
                key=key.upper(),
            )
            for key, words in pairs
        }
