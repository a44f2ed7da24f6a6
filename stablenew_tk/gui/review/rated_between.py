"""The filter that asks when pictures were rated: a menu, and a box for two days."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from datetime import date

from ...app.review.rated_time import ANY, BETWEEN, CHOICES, RatedBetween, last_days, typed_days
from ...domain.base.errors import InvalidInput
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.entries import Entry
from ..widgets.modal import ModalBox
from ..widgets.popups import ChoiceField, MenuEntry

_WIDTH, _BOX = 168, 380


class RatedTime(ChoiceField):
    """The menu. `changed()` is called when the user chose something else."""

    def __init__(self, parent: tk.Misc, changed: Callable[[], object]) -> None:
        super().__init__(parent, (), self._chosen, value=ANY, width=_WIDTH, height=theme.SMALL, ground="surface")
        self._changed, self._days = changed, ANY
        self._between: RatedBetween | None = None
        self.box: DaysBox | None = None
        self._offer()

    @property
    def bounds_ms(self) -> tuple[int, int]:
        """From when and before when, in ms since 1970; zeros = any time."""
        if self._days == BETWEEN and self._between is not None:
            return self._between.bounds_ms
        return last_days(int(self._days), _today()).bounds_ms if self._days else (0, 0)

    def reset(self) -> None:
        """Any time again."""
        self._days = ANY
        self.set(ANY)

    def _offer(self) -> None:
        days = [MenuEntry(BETWEEN, self._between.words)] if self._between is not None else []
        ask = MenuEntry("ask", "Rated between two days…")
        self.set_entries([*(MenuEntry(value, words) for value, words in CHOICES), *days, ask])

    def _chosen(self, value: str) -> None:
        if value == "ask":
            self.set(self._days)
            before = self._between or last_days(7, _today())
            self.box = DaysBox(self, before, self._asked)
            return
        self._days = value
        self._changed()

    def _asked(self, days: RatedBetween) -> None:
        self._between, self._days = days, BETWEEN
        self._offer()
        self.set(BETWEEN)
        self._changed()


class DaysBox(ModalBox):
    """Asks for two days. `take` gets them; a day that is none stays as typed, and a sentence says why."""

    def __init__(self, parent: tk.Misc, before: RatedBetween, take: Callable[[RatedBetween], object]) -> None:
        super().__init__(parent, width=_BOX)
        self._take = take
        side = theme.px(20)
        Label(self.body, "Rated between", size=15, bold=True).pack(fill="x", padx=side, pady=(theme.px(18), 0))
        row = Box(self.body)
        row.pack(fill="x", padx=side - theme.px(theme.RING), pady=(theme.px(12), 0))
        self.first = Entry(row, before.first.isoformat(), width=150, on_commit=lambda _text: None)
        self.last = Entry(row, before.last.isoformat(), width=150, on_commit=lambda _text: None)
        self.first.pack(side="left")
        Label(row, "and", ink="text2").pack(side="left", padx=theme.px(8))
        self.last.pack(side="left")
        self.problem = Label(self.body, "", size=12, ink="danger", wrap=True)
        self.problem.pack(fill="x", padx=side, pady=(theme.px(6), 0))
        foot = Box(self.body)
        foot.pack(fill="x", padx=side - theme.px(theme.RING), pady=(theme.px(8), theme.px(16)))
        self.show_button = Button(foot, "Show these", self._done, kind="main")
        self.show_button.pack(side="right")
        Button(foot, "Cancel", self.dismiss).pack(side="right")
        self.open(self.first.field)
        for entry in (self.first, self.last):
            entry.field.bind("<Return>", lambda _event: self._done())

    def _done(self) -> str:
        try:
            days = typed_days(self.first.get(), self.last.get(), _today())
        except InvalidInput as wrong:
            self.problem.show(str(wrong))
            return "break"
        self.close()
        self._take(days)
        return "break"


def _today() -> date:
    return date.today()
