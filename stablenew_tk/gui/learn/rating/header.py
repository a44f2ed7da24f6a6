"""What stands around the matrix while a Learning Run is rated: what is asked, how far it is, the verdict, the keys."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

from PIL import ImageTk

from ....domain.base.colour_roles import Role
from ....domain.insights.blinding import BlindMatrix
from ....domain.journal.estimate import about
from ....domain.runs.plan_title import subject
from ...widgets import icons, theme
from ...widgets.basics import Box, Button, Label, Separator
from ...widgets.controls import ProgressBar
from ...widgets.keyboard import KeyHints

_SIDE = 20
_LONG = 100  # letters of a verdict; longer ones are set smaller
_HINTS = (
    ("1–5", "rates and goes on"), ("0", "clear"), ("Space", "full size"), ("C", "compare the row"),
    ("Esc", "leave, go on later"),
)  # fmt: skip


class Tag(tk.Canvas):
    """A word in a small box: the state of the page."""

    def __init__(self, parent: tk.Misc, ground: Role = "bg") -> None:
        self._ground, self._text, self._box = ground, "", None
        self._picture: ImageTk.PhotoImage | None = None
        super().__init__(parent, width=1, height=theme.px(24), bd=0, highlightthickness=0, takefocus=0)
        theme.on_change(self._draw)

    def show(self, text: str) -> None:
        """Change the word."""
        if text != self._text:
            self._text = text
            self._draw()

    def _draw(self) -> None:
        face, high = theme.font(12), theme.px(24)
        wide = face.measure(self._text) + theme.px(18)
        self.configure(width=wide, bg=theme.colour(self._ground))
        self.delete("all")
        self._picture = icons.box(
            wide, theme.px(22), fill="selection", outline="accent_text", ground=self._ground, radius=4
        )
        self.create_image(0, theme.px(1), image=self._picture, anchor="nw")
        self.create_text(wide // 2, high // 2, text=self._text, font=face, fill=theme.colour("text"))


class RatingHead(Box):
    """The upper part. The buttons call `reveal`, `go_on` (make what is missing) and `insight`."""

    def __init__(
        self, parent: tk.Misc, reveal: Callable[[], object], go_on: Callable[[], object], insight: Callable[[], object]
    ) -> None:
        super().__init__(parent, "surface")
        side = theme.px(_SIDE)
        first = Box(self)
        first.pack(fill="x", padx=(side, theme.px(_SIDE - theme.RING)), pady=(theme.px(12), 0))
        self._focus = Label(first, "", size=15, bold=True)
        self._focus.pack(side="left")
        self.reveal = Button(first, "Reveal now", reveal, kind="outline", busy_text="Working it out…")
        self._wanted = (False, False, False)
        self._insight = Button(first, "See insight", insight, kind="main")
        self._go_on = Button(first, "Go on", go_on, kind="plain")
        self._where = Label(first, "", size=13, ink="text2")
        self._where.pack(side="left", padx=theme.px(12), fill="x", expand=True)
        second = Box(self)
        second.pack(fill="x", padx=side, pady=(theme.px(6), theme.px(12)))
        self._pace = Label(second, "", size=12, ink="text3")
        self.count = Label(second, "", size=13, bold=True)
        self.count.pack(side="right", padx=(theme.px(12), 0))
        self._bar = ProgressBar(second, width=60)
        self._bar.pack(side="left", fill="x", expand=True)
        self._verdict = Box(self)
        self.sentence = Label(self._verdict, "", size=20, bold=True, wrap=True)
        self.sentence.pack(fill="x")
        self.remark = Label(self._verdict, "", size=12, ink="text2", wrap=True)
        self.remark.pack(fill="x", pady=(theme.px(4), theme.px(12)))
        Separator(self).pack(side="bottom", fill="x")

    def show(self, seating: BlindMatrix, *, pace_s: float | None, to_make: int) -> None:
        """How far it is. `pace_s` is the time the user takes per picture, `to_make` what is neither made nor begun."""
        words, where = subject(seating.board.plan)
        left = seating.wanted - seating.rated
        _put(self._focus, words)
        room = self.winfo_width() - theme.px(2 * _SIDE + 180) - theme.font(15, True).measure(words)
        _put(self._where, theme.elide(where, theme.font(13), room) if room > 0 else where)
        _put(self.count, f"{seating.rated} of {seating.wanted} rated" if seating.wanted else "nothing to rate")
        _put(self._pace, f"{about(pace_s * left)} left at your pace" if pace_s is not None and left else "")
        _packed(self._pace, bool(self._pace.cget("text")), side="right", padx=(theme.px(12), 0), before=self.count)
        share = seating.rated / max(1, seating.wanted)
        if share != self._bar.share:
            self._bar.set(share)
        if to_make and self._go_on.text != f"Make the missing {to_make}":
            self._go_on.set_text(f"Make the missing {to_make}")
        wanted = (seating.hidden, not seating.hidden and bool(seating.rated), bool(to_make))
        if wanted != self._wanted:
            self._wanted = wanted
            for button, shown in zip((self.reveal, self._insight, self._go_on), wanted, strict=True):
                button.pack_forget()
                if shown:
                    button.pack(side="right", padx=(theme.px(4), 0), before=self._where)

    def verdict(self, sentence: str, remark: str = "") -> None:
        """What the stars say; "" hides it."""
        _put(self.sentence, sentence)
        self.sentence.configure(font=theme.font(20 if len(sentence) <= _LONG else 15, True))
        _put(self.remark, remark)
        _packed(self._verdict, bool(sentence), fill="x", padx=theme.px(_SIDE))


class Foot(Box):
    """The line below the matrix: keys, or a sentence for as long as it matters."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, "surface", height=theme.px(theme.HINT_BAR))
        self.pack_propagate(False)
        self._hints = KeyHints(self, _HINTS)
        self._hints.pack(side="left", fill="x", expand=True, padx=theme.px(_SIDE))
        self._message = Label(self, "", size=12)

    def say(self, sentence: str, ink: Role = "text2") -> None:
        """Show a sentence in place of the keys; "" brings the keys back."""
        _put(self._message, sentence, ink)
        _packed(self._hints, not sentence, side="left", fill="x", expand=True, padx=theme.px(_SIDE))
        _packed(self._message, bool(sentence), side="left", fill="x", expand=True, padx=theme.px(_SIDE))

    @property
    def message(self) -> str:
        """The sentence in sight, or ""."""
        return str(self._message.cget("text")) if self._message.winfo_manager() else ""


def _put(label: Label, text: str, ink: Role | None = None) -> None:
    if label.cget("text") != text or ink is not None:
        label.show(text, ink)


def _packed(widget: tk.Widget, wanted: bool, **how: Any) -> None:  # the options are those of `pack`
    if bool(widget.winfo_manager()) != wanted:
        widget.pack(**how) if wanted else widget.pack_forget()
