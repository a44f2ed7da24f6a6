"""Settings: backups of the records: how many there are, make one now, bring one back, undo that."""

from __future__ import annotations

import time
import tkinter as tk

from ...app.backup_words import NOT_INSIDE, backups_text, reason_words, restore_words
from ...app.controller import Controller
from ...app.wording import moment
from ...domain.base.wording import counted
from ...domain.journal.columns import time_ms
from ...pipeline.messages.backups import (
    BackupOrder,
    BackupRestored,
    BackupsListed,
    ListBackups,
    MakeBackup,
    PlanRestore,
    RestoreBackup,
    RestorePlanned,
)
from ...pipeline.messages.base import Event, OrderFailed
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.modal import Decision, QuestionBox, nothing
from ..widgets.popups import Menu, MenuEntry
from ..widgets.tooltips import tip

_MOST_LISTED = 12


class BackupFields(Box):
    """The row with the buttons, and a line below it that says what was done."""

    def __init__(self, parent: tk.Misc, controller: Controller) -> None:
        super().__init__(parent)
        self._controller = controller
        self._listed: BackupsListed | None = None
        row = Box(self)
        row.pack(fill="x")
        self.make = Button(row, "Back up now", self._make, busy_text="Backing up…")
        self.restore = Button(row, "Restore…", self._choose, busy_text="Looking…")
        self.undo = Button(row, "Undo restore", lambda: self._restore("undo", exact=True))
        tip(self.make, NOT_INSIDE)
        tip(self.restore, "Bring back records and ratings. What it would do is told first.")
        tip(self.undo, "The records as they were before the last restore. This can be undone, too.")
        self.make.pack(side="left")
        self.restore.pack(side="left", padx=theme.px(4))
        self.words = Label(row, "", size=12, ink="text3")
        self.words.pack(side="left", padx=theme.px(8))
        self.told = Label(self, "", size=12, ink="text3", wrap=True)
        self.told.pack(fill="x")

    def look(self) -> None:
        """Ask for the list."""
        self._controller.ask(ListBackups())

    def on_event(self, event: Event) -> None:
        """Take the answers."""
        if isinstance(event, OrderFailed) and isinstance(event.order, BackupOrder):
            self._done()
            self.told.show(event.message, "danger")
        elif isinstance(event, BackupsListed):
            self._done()
            self._listed = event
            self.words.show(backups_text(event.backups, round(time.time() * 1000)))
            self.restore.enable(bool(event.backups), "There is no backup yet.")
            if event.made is not None:
                count = event.made.lines
                are = "is" if count == 1 else "are"
                self.told.show(f"{counted(count, 'line')} {are} backed up: {event.made.name}.", "ok")
            if any(one.reason == "restore" for one in event.backups):
                self.undo.pack(side="left", after=self.restore)
        elif isinstance(event, RestorePlanned):
            self._done()
            self._ask(event)
        elif isinstance(event, BackupRestored):
            self._done()
            self.told.show(" ".join(restore_words(event.plan)), "ok")
            self.look()

    def _make(self) -> None:
        self.make.busy()
        self._controller.ask(MakeBackup())

    def _choose(self) -> None:
        backups = self._listed.backups[:_MOST_LISTED] if self._listed is not None else ()
        entries = [
            MenuEntry(one.name, f"{moment(time_ms(one.made))}, {reason_words(one)}", note=f"{one.lines:,} lines")
            for one in backups
        ]
        Menu.shared().open(self.restore, entries, self._plan)

    def _plan(self, name: str) -> None:
        self.restore.busy()
        self._controller.ask(PlanRestore(name=name))

    def _ask(self, event: RestorePlanned) -> None:
        plan = event.plan
        if not plan.back and not plan.newer:
            self.told.show(f"Nothing to restore: all {plan.kept:,} lines of {plan.name} are there.", "text3")
            return
        answers = [Decision("Cancel", nothing)]
        if plan.newer:
            words = f"Exactly as it was ({plan.newer:,} set aside)"
            answers.insert(0, Decision(words, lambda: self._restore(plan.name, exact=True)))
        if plan.back:
            answers.insert(0, Decision("Bring them back", lambda: self._restore(plan.name, exact=False), main=True))
        words = f"{' '.join(restore_words(plan))} The records of now are kept as a backup first. {NOT_INSIDE}"
        QuestionBox(self, "Restore this backup?", words, answers)

    def _restore(self, name: str, *, exact: bool) -> None:
        self.restore.busy()
        self._controller.ask(RestoreBackup(name=name, exact=exact))

    def _done(self) -> None:
        self.make.busy(False)
        self.restore.busy(False)
