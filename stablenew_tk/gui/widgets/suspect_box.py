"""Saying that a picture does not count as evidence: the box in the inspector, and a sentence while it is made."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ...domain.journal.record import LearningRecord
from . import icons, theme
from .basics import Box, Button, Card, Label


class SuspectBox(Box):
    """Out of sight until there is a reason to doubt the picture. It packs and unpacks itself."""

    def __init__(self, parent: tk.Misc, make_again: Callable[[], None]) -> None:
        super().__init__(parent)
        card = Card(self, "warn_soft", "warn")
        card.pack(fill="x")
        inside = Box(card, "warn_soft")
        # The button brings its own room for the ring; everything else is moved in by as much.
        inside.pack(fill="x", padx=theme.px(10 - theme.RING), pady=theme.px(9))
        head = Box(inside)
        head.pack(fill="x", padx=theme.px(theme.RING))
        self._badge = tk.Label(
            head, text="suspect", compound="left", font=theme.font(11, True), bd=0, padx=theme.px(6), pady=theme.px(2)
        )
        self._badge.pack(side="left")
        Label(head, "Not counted as evidence", size=12, bold=True).pack(side="left", padx=(theme.px(8), 0))
        self._why = Label(inside, size=12, ink="text2", wrap=True)
        self._why.pack(fill="x", padx=theme.px(theme.RING), pady=theme.px(6))
        Button(inside, "Make again", make_again, height=theme.SMALL).pack(anchor="w")
        self._paint()

    def show(self, sentences: Sequence[str]) -> None:
        """Say why, or go out of sight when there is nothing to say."""
        if not sentences:
            self.pack_forget()
            return
        self._why.show("\n".join(sentences))
        after = self.master.winfo_children()[0]
        self.pack(after=after, fill="x", padx=theme.px(16), pady=(theme.px(4), theme.px(8)))

    def _recolour(self) -> None:
        super()._recolour()
        self._paint()

    def _paint(self) -> None:
        self._icon = icons.icon("warning", 12, "badge_ink", "badge")
        self._badge.configure(image=self._icon, bg=theme.palette["badge"], fg=theme.palette["badge_ink"])


class SuspectCount:
    """One sentence per run about its suspect pictures; it counts on while they come."""

    def __init__(self) -> None:
        self._run_id, self._number, self._said = "", 0, ""

    def sentence(self, record: LearningRecord) -> tuple[str, str]:
        """The sentence after this record, and the one in sight that it replaces; "" when there is nothing to say."""
        suspects = [output for output in record.outputs if output.suspect]
        if not suspects:
            return "", ""
        before = self._said if self._run_id == record.run_id else ""
        number = len(suspects) + (self._number if before else 0)
        if number == 1:
            words = f"{record.prompt_id}, seed {suspects[0].seed}: suspect, not counted as evidence."
        else:
            words = f"{number} pictures of this run are suspect and not counted as evidence."
        # Before the reveal pictures of a blind Learning Run are not in Review.
        when = "Once its values are revealed, " if record.learning.plan_id else ""
        words += f" {when}Review tells what was asked and what was applied."
        self._run_id, self._number, self._said = record.run_id, number, words
        return words, before
