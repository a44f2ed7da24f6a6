"""Where a value comes from: the little marks beside the fields, and "Why this value?", which lists all origins."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ...domain.base.colour_roles import Role
from ...domain.config.origins import Origin
from ...domain.models.explanation import WhyRow
from ...domain.models.origin_marks import ORIGIN_MARKS
from ...domain.models.provenance import LEARNED_WORD
from ..widgets import icons, theme
from ..widgets.basics import Box, Button, Kind, Label, Sign, ground_of
from ..widgets.popups import Popup

_WIDTH, _USE_WIDTH = 360, 92  # px


class WhyPopup(Popup):
    """Lists the origins of a value in order of precedence; the winner stands on the selection ground."""

    def open(
        self,
        anchor: tk.Misc,
        title: str,
        rows: Sequence[WhyRow],
        actions: Sequence[tuple[str, Callable[[], object]]] = (),
        *,
        use: Callable[[WhyRow], object] = lambda _row: None,
    ) -> None:
        """Show it under `anchor`. Buttons close it first, then act: `use` gets the row that shall win instead."""
        close = self._begin(title)
        for row in rows:
            self._row(row, use)
        foot = Box(self.body)
        foot.pack(fill="x", padx=theme.px(10), pady=theme.px(6 if actions else 2))
        for number, (words, act) in enumerate(actions):
            kind: Kind = "outline" if number else "plain"
            Button(foot, words, self._closing(act), kind=kind, height=theme.SMALL).pack(side="left")
        for key in ("<Up>", "<Down>"):
            self.window.bind(key, self._step)
        self._fit(anchor, close, theme.px(_WIDTH))

    def _step(self, event: tk.Event[tk.Misc]) -> None:
        focus = self.window.focus_get()
        if focus is not None:
            other = focus.tk_focusNext() if event.keysym == "Down" else focus.tk_focusPrev()
            if other is not None:
                other.focus_set()

    def _row(self, row: WhyRow, take: Callable[[WhyRow], object]) -> None:
        usable = row.offer is not None and not row.wins
        mark = ORIGIN_MARKS[row.origin]
        line = Box(self.body, "selection" if row.wins else "raised")
        line.pack(fill="x")
        sign = Sign(line, row.icon or mark.icon, size=10, ink="accent_text" if row.icon else mark.ink)
        sign.grid(row=0, column=0, padx=(theme.px(14), theme.px(10)), pady=(theme.px(8), 0))
        ink: Role = "text" if row.wins or row.value else "text2"
        Label(line, row.name or mark.name, bold=row.wins, ink=ink).grid(
            row=0, column=1, sticky="w", pady=(theme.px(6), 0)
        )
        value_ink: Role = "accent_text" if row.wins else "text2"
        Label(line, row.value, bold=row.wins, ink=value_ink).grid(
            row=0, column=2, sticky="e", padx=(0, theme.px(14)), pady=(theme.px(6), 0)
        )
        note = Label(line, row.note, size=12, ink="text3" if not row.wins else "text2")
        note.configure(wraplength=theme.px(_WIDTH - 60 - (_USE_WIDTH if usable else 0)), justify="left")
        note.grid(row=1, column=1, columnspan=1 if usable else 2, sticky="nw", pady=(0, theme.px(6)))
        if usable:
            use = Button(line, "Use instead", self._closing(lambda: take(row)), kind="link", height=22)
            use.grid(row=1, column=2, sticky="ne", padx=(0, theme.px(2)), pady=(0, theme.px(2)))
        line.grid_columnconfigure(1, weight=1)


class OriginMark(tk.Label):
    """Mark and word of an origin, at the right end of a field's label. A click asks why (`command`).

    What the engine does by itself surprises nobody and has no mark.
    """

    def __init__(
        self, parent: tk.Misc, command: Callable[[], object] | None = None, ground: Role | None = None
    ) -> None:
        self._ground: Role = ground or ground_of(parent)
        self.origin: Origin | None = None
        self._word = ""
        self._room, self._wordy = -1, True
        cursor = "hand2" if command is not None else ""
        super().__init__(parent, bd=0, padx=0, pady=0, compound="left", font=theme.font(11), cursor=cursor)
        if command is not None:
            self.bind("<ButtonRelease-1>", lambda _event: command())
        theme.on_change(self._recolour)
        self._recolour()

    def show(self, origin: Origin | None, word: str = "") -> None:
        """Show this origin, or nothing; `word` instead of its usual one: "learned", or whose file it was."""
        if (origin, word) != (self.origin, self._word):
            self.origin, self._word = origin, word
            self._wordy = self._has_room()
            self._recolour()

    def spare(self, room: int) -> None:
        """Leave the word away where `room` screen pixels are too few for it; the shape still tells."""
        self._room = room
        if self._has_room() != self._wordy:
            self._wordy = not self._wordy
            self._recolour()

    def _has_room(self) -> bool:
        # Not less than the longest usual word needs, so that the marks of a form do not differ.
        widest = max(theme.font(11).measure(f"  {word}") for word in ("last run", self._word))
        return self._room < 0 or self._room >= theme.px(10) + widest

    def _recolour(self) -> None:
        self.configure(bg=theme.palette[self._ground], fg=theme.palette["text3"])
        if self.origin is None or (self.origin == "engine" and not self._word):
            self.configure(text="", image="")
            return
        mark = ORIGIN_MARKS[self.origin]
        learned = self._word == LEARNED_WORD
        self._picture = icons.icon(
            "star" if learned else mark.icon, 10, "accent_text" if learned else mark.ink, self._ground
        )
        self.configure(text=f"  {self._word or mark.word}" if self._wordy else "", image=self._picture)
