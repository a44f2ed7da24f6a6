"""Rows of five stars as pictures: gold for those given, an outline for the rest."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageTk

from ...domain.base.colour_roles import Role
from . import icons, theme

STARS = 5
_Ink = tuple[int, int, int]


def star_row(rating: int, size: int = 12, ground: Role = "bg") -> ImageTk.PhotoImage:
    """Five stars, `rating` (0-5) of them filled; `size` is the height in design pixels. Keep a reference while shown.

    Filled and empty stars differ in shape (solid, outline), so the row reads without colour.
    """
    return _row(min(max(rating, 0), STARS), theme.px(size), _inks(ground), theme.generation())


def star_at(x: int, size: int = 12) -> int:
    """Which star (1-5) lies at `x` screen pixels from the row's left edge."""
    return min(max(x // _pitch(theme.px(size)) + 1, 1), STARS)


def row_width(size: int = 12) -> int:
    """Width of the row in screen pixels."""
    pixels = theme.px(size)
    return _pitch(pixels) * (STARS - 1) + pixels


def _pitch(pixels: int) -> int:
    return pixels + max(2, pixels // 6)


def _inks(ground: Role) -> tuple[_Ink, _Ink, _Ink]:
    return theme.rgb(ground), theme.rgb("star"), theme.rgb("star_empty")


@lru_cache(maxsize=128)
def _row(rating: int, pixels: int, inks: tuple[_Ink, _Ink, _Ink], _generation: int) -> ImageTk.PhotoImage:
    ground, full, empty = inks
    picture = Image.new("RGB", (_pitch(pixels) * (STARS - 1) + pixels, pixels), ground)
    for place in range(STARS):
        given = place < rating
        star = icons.mask("star" if given else "star_outline", pixels)
        picture.paste(full if given else empty, (place * _pitch(pixels), 0), star)
    return ImageTk.PhotoImage(picture)
