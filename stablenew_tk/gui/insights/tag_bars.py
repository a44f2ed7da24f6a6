"""How often each tag was given at every value: small bars for the tags that tell most, and what they say in words."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator

from ...domain.base.colour_roles import Role
from ...domain.config.sweep import is_wording
from ...domain.insights.report import Report
from ..widgets import theme
from ..widgets.basics import Box, Card, Label
from ..widgets.flow import pack_if
from ..widgets.painting import Painting
from .interval_chart import fitting_names

_LEAST, _GAP, _MOST_CHARTS = 120, 24, 3
_HEAD, _BARS, _FOOT = 22, 58, 22
_INKS: tuple[Role, ...] = ("warn", "info", "text3")
_NO_TAGS = "No tags yet. Give them with their letters while rating, and their share at every value appears here."


class TagBars(Card):
    """The card. It stands in a grid beside the pictures and is as high as they are."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        pad = theme.px(theme.CARD_PAD)
        head = Box(self)
        head.pack(fill="x", padx=pad, pady=(theme.px(10), 0))
        Label(head, "Tags over the values", size=13, bold=True).pack(side="left")
        self._unit = Label(head, "share of pictures", size=12, ink="text3")
        self._unit.pack(side="right")
        self.canvas = Painting(self, "surface", height=theme.px(_HEAD + _BARS + _FOOT), draw=self.refresh)
        self.words = Label(self, "", size=12, ink="text2", wrap=True)
        self._report: Report | None = None

    def show(self, report: Report) -> None:
        """Draw the tags of a report."""
        self._report = report
        pad, tags = theme.px(theme.CARD_PAD), report.telling_tags()
        self.words.pack_forget()
        pack_if(tags, self._unit, side="right")
        pack_if(tags, self.canvas, fill="x", padx=pad, pady=(theme.px(6), 0))
        sentences = [f"{each[:1].upper()}{each[1:].rstrip('.')}." for each in report.tag_sentences]
        self.words.show(" ".join(sentences) if tags else _NO_TAGS)
        self.words.pack(fill="x", padx=pad, pady=theme.px(8))
        self.refresh()

    def refresh(self) -> None:
        """Draw again."""
        canvas, report = self.canvas, self._report
        canvas.clear()
        width = canvas.winfo_width()
        if report is None or width < theme.px(60):
            return
        gap = theme.px(_GAP)
        room = max(1, min(_MOST_CHARTS, (width + gap) // (theme.px(_LEAST) + gap)))
        tags = report.telling_tags()[:room]
        # Two is the usual number; a single tag does not get the whole width either.
        count = max(len(tags), min(2, room))
        each = (width - gap * (count - 1)) // count
        for place, tag in enumerate(tags):
            self._paint(report, tag, place * (each + gap), each, _INKS[place % len(_INKS)])

    def _paint(self, report: Report, tag: str, left: int, width: int, ink: Role) -> None:
        canvas, base = self.canvas, theme.px(_HEAD + _BARS)
        canvas.words(left, theme.px(8), tag, size=12, ink="text2", room=width)
        canvas.create_line(left, base, left + width, base, fill=theme.palette["edge_hover"])
        slot = width / max(1, len(report.values))
        thick = min(slot * 0.76, theme.px(48))
        for place, part in enumerate(report.tag_shares(tag)):
            middle = left + slot * (place + 0.5)
            top = base - round(part * theme.px(_BARS))
            if part > 0:
                canvas.fill(round(middle - thick / 2), top, round(middle + thick / 2), base, ink)
        face = theme.font(11)
        for middle, text in self._axis(report, left, slot):
            # The names of narrow bars are wider than these.
            half = face.measure(text) / 2
            place_x = min(max(middle, left + half), max(left + width - half, left + half))
            canvas.words(place_x, base + theme.px(11), text, size=11, ink="text3", anchor="center")

    def _axis(self, report: Report, left: int, slot: float) -> Iterator[tuple[float, str]]:
        """Words below the bars; where they would touch each other, names are cut and only every other number stays."""
        face = theme.font(11)
        widest = max((face.measure(value.text) for value in report.values), default=0)
        # Those that are no wider than a bar's place are not moved towards each other at the ends.
        whole = widest + theme.px(4) <= slot
        apart = theme.px(4 if whole else 8)
        every = 1 if whole or not report.focus.ordered else -(-(widest + apart) // max(1, int(slot)))
        texts = fitting_names(report, face, int(slot) * every - apart)
        # Wordings differ at their end rather than at their beginning.
        cut = theme.elide_front if is_wording(report.focus.path) else theme.elide
        for place in range(0, len(texts), every):
            yield left + slot * (place + 0.5), cut(texts[place], face, int(slot * every) - apart)
