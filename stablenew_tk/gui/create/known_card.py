"""The card "What I know" of Create: learned values with their evidence, each to be switched off or undone."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from ...app.create.known_choice import KnownCardText, KnownChoice
from ...app.wording import ago
from ..widgets import theme
from ..widgets.basics import Box, Button, Card, Label, Separator, ShortLabel, Sign
from ..widgets.controls import Switch
from ..widgets.entries import Entry
from ..widgets.flow import pack_if
from ..widgets.tooltips import tip

if TYPE_CHECKING:
    from ...app.known import KnownRow
    from ...domain.base.colour_roles import Role
    from ...domain.experiments.next_question import NextQuestion

_HEAD, _ROW, _FOOT = 36, 32, 44  # px
# Columns in px: switch, parameter, value; the verdict takes what is left; evidence and age only where there is room.
_SWITCH, _TITLE, _VALUE, _EVIDENCE, _AGE = 44, 112, 92, 96, 84
_MOST_ROWS = 8


def now_ms() -> int:
    """The time, for words such as "5 min ago"."""
    return time.time_ns() // 1_000_000


class KnownActions(Struct, frozen=True, kw_only=True):
    """What the card asks of the page: `changed` follows every action, `see` shows a verdict, `rate` rates a Learning
    Run, `ask` begins one about a question.
    """

    changed: Callable[[], object]
    see: Callable[[str], object]
    rate: Callable[[str], object]
    ask: Callable[[NextQuestion], object]


class KnownCard(Box):
    """One line, and below it, where it is open, a line for each value. The line is always there, so nothing jumps."""

    def __init__(self, parent: tk.Misc, choice: KnownChoice, actions: KnownActions) -> None:
        super().__init__(parent)
        self._choice, self._actions = choice, actions
        self._text: KnownCardText | None = None
        self._opened_by_hand: bool | None = None
        self._wide = False
        card = Card(self)
        card.pack(fill="x", padx=theme.px(theme.RING))
        self._head = Box(card, height=theme.px(_HEAD))
        self._head.pack_propagate(False)
        self._head.pack(fill="x", padx=theme.px(8), pady=theme.px(2))
        self.fold = Button(self._head, "", self.toggle, kind="quiet", icon="chevron_right", height=24)
        self.fold.pack(side="left")
        Sign(self._head, "star", size=14, ink="accent_text").pack(side="left", padx=(theme.px(4), theme.px(8)))
        title = Label(self._head, "What I know", bold=True)
        title.pack(side="left")
        self.count = Label(self._head, "", size=12, ink="text3")
        self.count.pack(side="right", padx=theme.px(6))
        self.first = Button(self._head, "Find", self._ask, kind="link", height=24)
        self.line = ShortLabel(self._head, "", size=12, ink="text2")
        self.line.pack(side="left", fill="x", expand=True, padx=theme.px(10))
        for part in (title, self.line):
            part.bind("<ButtonRelease-1>", lambda _event: self.toggle())
        self._body = Box(card)
        Box(self._body, height=1).pack(fill="x")
        self.rows: list[KnownLine] = []

    @cached_property
    def foot(self) -> KnownFoot:
        """The line below the values; made with the first look at them."""
        return KnownFoot(self._body, self._choice, self._actions)

    @property
    def opened(self) -> bool:
        """Whether the lines are in sight: as the user wants it, else where there is room."""
        wanted = self._wide if self._opened_by_hand is None else self._opened_by_hand
        return wanted and self._text is not None and bool(self._text.rows)

    def fit(self, wide: bool) -> None:
        """A wide window has room for the open card."""
        if wide != self._wide:
            self._wide = wide
            self._arrange()

    def toggle(self) -> None:
        """Open or close it."""
        self._opened_by_hand = not self.opened
        self._arrange()

    def refresh(self) -> None:
        """Show what is known now."""
        text = self._choice.text()
        if text != self._text:
            self._text = text
            self._arrange()

    def _arrange(self) -> None:
        text = self._text
        if text is None:
            return
        self.fold.set_text("", icon="chevron_down" if self.opened else "chevron_right")
        self.fold.enable(bool(text.rows), "There is nothing to show yet.")
        quiet = self.opened or not text.rows
        self.line.show(text.context if self.opened else text.short, "text3" if quiet else "text2")
        self.count.show(text.count)
        asks = not text.rows and text.next is not None
        self.first.set_text(f"{text.next_words[:1].upper()}{text.next_words[1:]}" if asks else "")
        pack_if(asks, self.first, side="right", before=self.line)
        pack_if(self.opened, self._body, fill="x", padx=theme.px(8), pady=(0, theme.px(4)))
        if self.opened:
            self._fill(text)

    def _fill(self, text: KnownCardText) -> None:
        shown = text.rows[:_MOST_ROWS]
        while len(self.rows) < len(shown):
            line = KnownLine(self._body, self._choice, self._actions)
            self.rows.append(line)
        for at, line in enumerate(self.rows):
            if at < len(shown):
                line.show(shown[at], wide=self._wide)
            pack_if(at < len(shown), line, fill="x")
        self.foot.pack_forget()
        self.foot.pack(fill="x")
        self.foot.show(text)

    def _ask(self) -> None:
        if self._text is not None and self._text.next is not None:
            self._actions.ask(self._text.next)


class KnownLine(Box):
    """One value: switch or sign, parameter, value, verdict, evidence, age, and what can be done."""

    def __init__(self, parent: tk.Misc, choice: KnownChoice, actions: KnownActions) -> None:
        super().__init__(parent, height=theme.px(_ROW))
        self.pack_propagate(False)
        self._choice, self._actions = choice, actions
        self.row: KnownRow | None = None
        lead = Box(self, width=theme.px(_SWITCH))
        lead.pack_propagate(False)
        lead.pack(side="left", fill="y")
        self.switch = Switch(lead, "", self._switched)
        self._sign = Sign(lead, "ring", size=10, ink="text3")
        self._title = self._column(_TITLE)
        self._value = self._column(_VALUE, bold=True)
        self.press = Button(self, "See why", self._pressed, kind="link", height=24)
        self.press.pack(side="right")
        self._age = self._column(_AGE, side="right")
        self._evidence = self._column(_EVIDENCE, side="right")
        self.verdict = ShortLabel(self, "", size=12, ink="text2")
        self.verdict.pack(side="left", fill="x", expand=True, padx=(0, theme.px(8)))

    def _column(self, width: int, *, bold: bool = False, side: str = "left") -> ShortLabel:
        cell = Box(self, width=theme.px(width))
        cell.pack_propagate(False)
        cell.pack(side=side, fill="y")  # type: ignore[arg-type]  # "left" or "right"
        label = ShortLabel(cell, "", size=13 if side == "left" else 12, bold=bold, ink="text3")
        label.pack(side="left", fill="both", expand=True)
        return label

    def show(self, row: KnownRow, *, wide: bool) -> None:
        """Show this value."""
        self.row = row
        on = row.state == "on"
        switched = row.state in ("on", "off")
        pack_if(switched, self.switch, side="left")
        pack_if(not switched, self._sign, side="left", padx=theme.px(12))
        self.switch.set(on)
        ink: Role = "text" if on else "text3"
        self._title.show(row.title, ink)
        self._value.show(row.value or "–", ink)
        words = _verdict(row)
        self.verdict.show(words, "warn" if row.why and on else "text2" if on else "text3")
        tip(self.verdict, " · ".join(part for part in (words, row.evidence) if part))
        self._evidence.show(row.evidence)
        self._age.show(ago(row.since_ms, now_ms()) if row.since_ms else "")
        for cell, label in ((self._age.master, row.since_ms), (self._evidence.master, row.evidence)):
            assert isinstance(cell, Box)
            pack_if(wide and label, cell, side="right", fill="y", before=self.verdict)
        self.press.set_text(_offer(row))

    def _switched(self, on: bool) -> None:
        if self.row is not None:
            self._choice.switch(self.row, on)
            self._actions.changed()

    def _pressed(self) -> None:
        row = self.row
        if row is None:
            return
        if row.state in ("ready", "elsewhere"):
            self._choice.press(row)
            self._actions.changed()
        elif row.unrated:
            self._actions.rate(row.plan_id)
        else:
            self._actions.see(row.plan_id)


def _verdict(row: KnownRow) -> str:
    if row.state == "off":
        return f"left out · {row.verdict}"
    return row.why if row.state == "elsewhere" else " · ".join(part for part in (row.why, row.verdict) if part)


def _offer(row: KnownRow) -> str:
    if row.state == "ready":
        return "Use it from now on"
    if row.state == "elsewhere":
        return "Use it here, too"
    return f"Rate {row.unrated} more" if row.unrated else "See why"


class KnownFoot(Box):
    """Below the values: what the latest one has replaced, a preset of all of them, and the next question."""

    def __init__(self, parent: tk.Misc, choice: KnownChoice, actions: KnownActions) -> None:
        super().__init__(parent)
        self._choice, self._actions = choice, actions
        self._text = KnownCardText()
        Separator(self).pack(fill="x")
        self._usual = Box(self)
        self.news = ShortLabel(self._usual, "", size=12, ink="text2")
        self.undo = Button(self._usual, "Undo", self._undo, kind="link", height=24)
        self.save = Button(self._usual, "Save as preset…", self._ask_name, kind="quiet", height=theme.SMALL)
        self.next = Button(self._usual, "Next", self._ask, kind="outline", height=theme.SMALL)
        self._wanted = (False, False, False)
        self.news.pack(side="left", fill="x", expand=True, padx=(theme.px(6), 0))
        self._naming = Box(self)
        self.name = Entry(self._naming, width=220)
        self.name.pack(side="left")
        self.keep = Button(self._naming, "Save preset", self._save, height=theme.SMALL)
        self.keep.pack(side="left", padx=theme.px(4))
        Button(self._naming, "Cancel", self._usual_again, kind="quiet", height=theme.SMALL).pack(side="left")
        self.name.field.bind("<Return>", lambda _event: self._save())
        self.name.field.bind("<Escape>", lambda _event: self._usual_again())
        self._usual.pack(fill="x", pady=theme.px(4))

    def show(self, text: KnownCardText) -> None:
        """Show this."""
        self._text = text
        self.news.show(text.news)
        tip(self.news, text.news)
        self.next.set_text(f"Next: {text.next_words}")
        wanted = (text.next is not None, text.latest is not None, text.latest is not None)
        if wanted != self._wanted:
            self._wanted = wanted
            for button, shown in zip((self.next, self.save, self.undo), wanted, strict=True):
                button.pack_forget()
                if shown:
                    button.pack(side="right", padx=(theme.px(4), 0), before=self.news)

    def _undo(self) -> None:
        if self._text.latest is not None:
            self._choice.undo(self._text.latest)
            self._actions.changed()

    def _ask(self) -> None:
        if self._text.next is not None:
            self._actions.ask(self._text.next)

    def _ask_name(self) -> None:
        self._usual.pack_forget()
        self._naming.pack(fill="x", pady=theme.px(4), padx=theme.px(6))
        self.name.set(self._text.context.partition(" · ")[0])
        self.name.field.focus_set()
        self.name.field.select_range(0, "end")

    def _save(self) -> None:
        problem = self._choice.save_preset(self.name.get().strip())
        if problem:
            self.name.error(problem)
        else:
            self._usual_again()
            self.news.show(f"Saved as preset “{self.name.get().strip()}”.")

    def _usual_again(self) -> None:
        self._naming.pack_forget()
        self._usual.pack(fill="x", pady=theme.px(4))
