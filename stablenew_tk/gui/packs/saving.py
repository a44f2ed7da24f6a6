"""Bringing packs to the disk: their texts when the user says so, their settings by themselves."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import messagebox

from ...app.controller import Controller
from ...app.pack_drafts import Drafts
from ...pipeline.messages.packs import LoadPack, PackNotSaved, PackSaved, PackSettingsSaved


class Saving:
    """Gives the orders and takes the answers in. `leave` is called once everything is saved that was to be."""

    def __init__(self, page: tk.Misc, controller: Controller, drafts: Drafts) -> None:
        self._page, self._controller, self._drafts = page, controller, drafts
        self._leave: Callable[[], object] | None = None

    def text(self, path: Path) -> None:
        """Write a pack's text, if it is another one than on disk."""
        order = self._drafts.to_save(path)
        if order is not None:
            self._controller.ask(order)

    def settings(self, path: Path) -> None:
        """Write a pack's settings, if they are others than on disk."""
        settings = self._drafts.settings_to_save(path)
        if settings is not None:
            self._controller.packs.save_settings(path, settings)

    def may_leave(self, leave: Callable[[], object]) -> bool:
        """Whether nothing would be lost now. Asks where something would; `leave()` follows once that is saved."""
        for draft in self._drafts.unsaved:
            self.settings(draft.path)
        changed = [draft for draft in self._drafts.unsaved if draft.is_changed]
        if not changed:
            return True
        words = f"“{changed[0].path.stem}” has" if len(changed) == 1 else f"{len(changed)} packs have"
        answer = messagebox.askyesnocancel(
            "Save packs", f"{words} changes that are not saved. Save them before StableNew closes?", parent=self._page
        )
        if answer:
            self._leave = leave
            for draft in changed:
                self.text(draft.path)
        return answer is False

    def saved(self, event: PackSaved | PackSettingsSaved) -> None:
        """Something is on disk."""
        if isinstance(event, PackSaved):
            self._drafts.saved(event)
        else:
            self._drafts.settings_saved(event)
        if self._leave is not None and not any(draft.is_changed for draft in self._drafts.unsaved):
            leave, self._leave = self._leave, None
            # Not from within an event: the controller is still announcing it.
            self._page.after_idle(leave)

    def refused(self, event: PackNotSaved) -> None:
        """Something could not be written: it stays here, and the window stays open."""
        self._leave = None
        self._drafts.refused(event.path, event.message)
        if event.changed:
            self._controller.ask(LoadPack(path=event.path))
