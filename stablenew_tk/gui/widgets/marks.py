"""Small marks with a meaning: rows of five stars, dot and figure of a verdict, and the dots of a chart, one per rating.

Filled and hollow marks differ in shape, and words always stand beside them: no state is told by colour alone.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Mapping
from functools import lru_cache

from PIL import Image, ImageTk

from ...domain.base.colour_roles import Role
from ...domain.runs.plan import VerdictState
from . import icons, theme
from .basics import Box, Label
from .painting import Painting

STARS = 5
RATING_DOT = 6
_COVER = 158  # of 255: 62 %
VERDICT_INKS: Mapping[VerdictState, Role] = {
    "best": "ok",
    "settled": "ok",
    "leaning": "accent_text",
    "no_difference": "info",
    "too_early": "text3",
}


def star_row(rating: int, size: int = 12, ground: Role = "bg") -> ImageTk.PhotoImage:
    """Five stars, `rating` (0-5) of them filled, `size` design pixels high. Keep a reference while it is shown."""
    return _row(rating, size, ground)


def star_at(x: int, size: int = 12) -> int:
    """Which star (1-5) lies at `x` screen pixels from the row's left edge."""
    return min(max(x // _pitch(theme.px(size)) + 1, 1), STARS)


def row_width(size: int = 12) -> int:
    """Width of the row in screen pixels."""
    pixels = theme.px(size)
    return _pitch(pixels) * (STARS - 1) + pixels


def verdict_dot(state: VerdictState, ground: Role, size: int = 8) -> ImageTk.PhotoImage:
    """The dot of a verdict, hollow while it is too early. Keep a reference while it is shown."""
    return icons.icon("ring" if state == "too_early" else "disc", size, VERDICT_INKS[state], ground)


@lru_cache(maxsize=8)
def rating_dot() -> ImageTk.PhotoImage:
    """The dot of one rating, see-through around it: it may lie across a line or the edge of a zone."""
    pixels = theme.px(RATING_DOT)
    picture = Image.new("RGBA", (pixels, pixels), theme.palette["chart_dot"])
    picture.putalpha(icons.mask("disc", pixels))
    return ImageTk.PhotoImage(picture)


@lru_cache(maxsize=16)
def veil(width: int, height: int, shade: str) -> ImageTk.PhotoImage:
    """What covers a picture that is not wanted any more, so that 38 % of it is seen. In screen pixels; `shade` is the
    colour of the ground. Keep a reference while it is shown.
    """
    cover = Image.new("RGBA", (width, height), shade)
    cover.putalpha(_COVER)
    return ImageTk.PhotoImage(cover)


class Chip(Painting):
    """A word in a small box as wide as the word."""

    def __init__(self, parent: tk.Misc) -> None:
        self._content: tuple[str, Role, Role, Role, bool] = ("", "text", "bg", "bg", False)
        super().__init__(parent, "bg", height=theme.px(22))
        theme.on_change(self._draw)

    def show(self, text: str, ink: Role, fill: Role, outline: Role | None = None, *, bold: bool = False) -> None:
        """Show this word in these colours; the outline is that of the fill when not given."""
        if (content := (text, ink, fill, outline or fill, bold)) != self._content:
            self._content = content
            self._draw()

    def _draw(self) -> None:
        text, ink, fill, outline, bold = self._content
        width, height = theme.font(12, bold).measure(text) + theme.px(18), theme.px(22)
        self.configure(width=width)
        self.clear()
        self.picture(0, 0, icons.box(width, height, fill=fill, outline=outline, ground="bg", radius=4))
        self.words(width // 2, height // 2, text, size=12, bold=bold, ink=ink, anchor="center")


class Figure(Box):
    """The probability of a verdict in large with what it is of below it: a place of its own, at the right."""

    def __init__(self, parent: tk.Misc, *, width: int) -> None:
        super().__init__(parent, width=theme.px(width), height=theme.px(54))
        self.pack_propagate(False)
        self.number = Label(self, "", size=28, bold=True)
        self.number.pack(anchor="e")
        self.claim = Label(self, "", size=11, ink="text2")
        self.claim.configure(wraplength=theme.px(width), justify="right")
        self.claim.pack(anchor="e")

    def show(self, number: str, claim: str) -> None:
        """Show this probability; "" for none, which leaves the place empty."""
        self.number.show(number)
        self.claim.show(claim)


def forget() -> None:
    """Drop the cached pictures, which are in the colours and the scale of before."""
    _row.cache_clear()
    rating_dot.cache_clear()


theme.on_change(forget)


def _pitch(pixels: int) -> int:
    return pixels + max(2, pixels // 6)


@lru_cache(maxsize=128)
def _row(rating: int, size: int, ground: Role) -> ImageTk.PhotoImage:
    pixels = theme.px(size)
    picture = Image.new("RGB", (row_width(size), pixels), theme.palette[ground])
    for place in range(STARS):
        given = place < rating
        star = icons.mask("star" if given else "star_outline", pixels)
        picture.paste(theme.palette["star" if given else "star_empty"], (place * _pitch(pixels), 0), star)
    return ImageTk.PhotoImage(picture)
