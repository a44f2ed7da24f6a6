"""The small pictures of the window: icons, origin marks, the logo, and the rounded boxes behind controls.

Canvas ovals and polygons are not smoothed, so everything round is painted by Pillow four times too large, reduced,
and flattened on the ground it will stand on. Icons are drawings on a grid of 20 x 20 with round-ended lines.
Pictures are cached, but leave the cache when the colours change and may leave it sooner: whoever shows one keeps a
reference, or Tk shows nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from PIL import Image, ImageDraw, ImageTk

from ...domain.base.colour_roles import Role
from . import theme

GRID = 20
_OVER = 4  # painted this many times too large
_LINE = 1.6

# One drawing per icon: strokes separated by ";". L = line through points, Z = closed line, C = circle (x y r),
# W = thick line, D = disc (x y r), R = rounded box (x0 y0 x1 y1 r), A = arc (x y r from to, in degrees clockwise from
# the right), F = filled polygon, O = thick circle (x y r width), H = left half of a disc,
# S = star outline (x y r), T = filled star.
_DRAWINGS = {
    "create": "R 2.5 2.5 17.5 17.5 1.5;L 10 6.5 10 13.5;L 6.5 10 13.5 10",
    "review": "R 2.5 2.5 8 8 0.5;R 12 2.5 17.5 8 0.5;R 2.5 12 8 17.5 0.5;S 14.8 14.9 3.6",
    "learn": "L 7.2 2.5 12.8 2.5;L 8.2 2.5 8.2 7.6 3.4 16 4.4 17.5 15.6 17.5 16.6 16 11.8 7.6 11.8 2.5;"
    "L 5.6 13 14.4 13",
    "insights": "L 2.5 2.5 2.5 17.5 17.5 17.5;L 6 9.5 6 14.5;L 9.8 4.5 9.8 9.5;L 13.2 6.5 13.2 11.5;L 16.4 4 16.4 8.5;"
    "F 6 9.8 7.5 12 6 14.2 4.5 12;F 9.8 4.8 11.3 7 9.8 9.2 8.3 7;F 13.2 6.8 14.7 9 13.2 11.2 11.7 9",
    "models": "Z 10 2.5 17.5 6.5 10 10.5 2.5 6.5;L 2.5 10 10 14 17.5 10;L 2.5 13.6 10 17.6 17.5 13.6",
    "packs": "Z 4 2.5 12 2.5 16 6.5 16 17.5 4 17.5;L 7 8.6 11 8.6;L 7 11.4 13 11.4;L 7 14.2 13 14.2",
    "nodes": "R 2.5 3 17.5 8.8 1;R 2.5 11.2 17.5 17 1;L 5.4 5.9 6.4 5.9;L 9 5.9 13.5 5.9;"
    "L 5.4 14.1 6.4 14.1;L 9 14.1 13.5 14.1",
    "settings": "L 2.5 6 10.5 6;C 12.6 6 2.1;L 14.7 6 17.5 6;L 2.5 14 5.3 14;C 7.4 14 2.1;L 9.5 14 17.5 14",
    "search": "C 8.6 8.6 5.2;L 12.5 12.5 17 17",
    "chevron_right": "L 7.5 4.5 13 10 7.5 15.5",
    "chevron_down": "L 4.5 7.5 10 13 15.5 7.5",
    "sun": "C 10 10 3.4;L 10 1.8 10 3.6;L 10 16.4 10 18.2;L 1.8 10 3.6 10;L 16.4 10 18.2 10;"
    "L 4.2 4.2 5.5 5.5;L 14.5 14.5 15.8 15.8;L 4.2 15.8 5.5 14.5;L 14.5 5.5 15.8 4.2",
    "moon": "A 10 10 7.2 -10 260;A 14.6 5.6 6.3 67 200",
    "help": "C 10 10 7.6;A 10 8 2.5 180 405;L 11.8 9.8 10 11.2 10 12;D 10 14.5 1.05",
    "dice": "R 3 3 17 17 2;D 7 7 1.2;D 13 7 1.2;D 10 10 1.2;D 7 13 1.2;D 13 13 1.2",
    "lock": "R 4 8.6 16 17.2 1.2;A 10 6.8 3.6 180 360;L 6.4 6.8 6.4 8.6;L 13.6 6.8 13.6 8.6",
    "warning": "Z 10 2.8 18 17 2 17;L 10 8 10 11.6;D 10 14.2 1.05",
    "check": "L 4.2 10.4 8.2 14.4 15.8 5.8",
    "cross": "L 5 5 15 15;L 15 5 5 15",
    "undo": "L 6.8 3.6 3 7.4 6.8 11.2;L 3.2 7.4 12 7.4;A 12 11.9 4.5 -90 90;L 12 16.4 7 16.4",
    "pencil": "Z 3 17 3.8 13 13.6 3.2 16.8 6.4 7 16.2;L 11.4 5.4 14.6 8.6",
    "globe": "C 10 10 7.6;L 2.6 10 17.4 10;A 15.3 10 9.3 126 234;A 4.7 10 9.3 -54 54",
    "server": "R 2.5 3 17.5 8.8 1;R 2.5 11.2 17.5 17 1;L 5.4 5.9 6.4 5.9;L 5.4 14.1 6.4 14.1;"
    "L 13 5.9 14.6 5.9;L 13 14.1 14.6 14.1",
    "folder": "Z 2.5 16 2.5 4.5 7.6 4.5 9.4 6.8 17.5 6.8 17.5 16",
    "play": "Z 6 3.8 16 10 6 16.2",
    "pause": "L 7 4.5 7 15.5;L 13 4.5 13 15.5",
    "stop": "R 5 5 15 15 0.6",
    "star": "T 10 10.3 8",
    "star_outline": "S 10 10.6 7.6",
    "compare": "R 2.5 4 8.4 16 0.6;R 11.6 4 17.5 16 0.6",
    "trash": "L 3 5.2 17 5.2;L 7.6 5.2 7.6 2.8 12.4 2.8 12.4 5.2;L 4.8 5.2 5.6 17.4 14.4 17.4 15.2 5.2;"
    "L 8.4 8.6 8.4 14;L 11.6 8.6 11.6 14",
    "plus": "L 10 3.5 10 16.5;L 3.5 10 16.5 10",
    "minus": "L 3.5 10 16.5 10",
    "tag": "Z 2.8 2.8 10 2.8 17.4 10.2 10.2 17.4 2.8 10;D 6.6 6.6 1.2",
    "info": "C 10 10 7.6;L 10 9.4 10 14;D 10 6.4 1.05",
    "list": "L 7 5 17 5;L 7 10 17 10;L 7 15 17 15;D 3.5 5 1;D 3.5 10 1;D 3.5 15 1",
    "image": "R 2.5 3.5 17.5 16.5 1;C 7 7.8 1.5;L 2.8 14.5 7.5 11 10.5 13.4 13.6 9.8 17.2 13.6",
    "eye": "A 10 16 9.2 220 320;A 10 4 9.2 40 140;C 10 10 2.4",
    # Origin marks, filled so that the shape is read at 10 px.
    "diamond": "F 10 2 18 10 10 18 2 10",
    "dot": "D 10 10 8",
    "disc": "D 10 10 10",
    "tick": "W 4.4 10.6 8.4 14.4 15.6 6",
    "square": "F 3 3 17 3 17 17 3 17",
    "triangle": "F 10 2.5 18.5 17.5 1.5 17.5",
    "bars": "F 2 3 18 3 18 8 2 8;F 2 12 18 12 18 17 2 17",
    "half": "O 10 10 7 2.6;H 10 10 7",
    "ring": "O 10 10 6.6 3",
}  # fmt: skip

NAMES = frozenset(_DRAWINGS)


def icon(name: str, size: int, ink: Role = "text2", ground: Role = "surface") -> ImageTk.PhotoImage:
    """An icon of `size` design pixels, painted in `ink` on its ground. Cached; KeyError for an unknown name."""
    return _icon(name, size, ink, ground)


@lru_cache(maxsize=16)
def logo(size: int) -> ImageTk.PhotoImage:
    """The app's sign: a dark star on a gold square. Also for the window's icon."""
    side = theme.px(size)
    picture = Image.new("RGB", (side, side), theme.palette["accent"])
    star = mask("star", round(side * 0.72))
    place = (side - star.width) // 2
    picture.paste(theme.palette["logo_ink"], (place, place), star)
    return ImageTk.PhotoImage(picture)


def box(
    width: int,
    height: int,
    *,
    fill: Role,
    outline: Role,
    ground: Role,
    radius: int = theme.RADIUS,
    margin: int = 0,
    ring: int = 0,
) -> ImageTk.PhotoImage:
    """A rounded box of width x height screen pixels on its ground; `ring=1` draws the focus ring.

    With `margin` (see theme.RING) the picture is larger by that on every side; the ring is drawn there.
    """
    # A control squeezed to nothing has no room for a part of it.
    return _box(max(0, width), max(0, height), (fill, outline, ground), radius=radius, margin=margin, ring=ring)


def corners(*, fill: Role, outline: Role, ground: Role) -> tuple[ImageTk.PhotoImage, ...]:
    """The four corners of a card with an edge of one pixel: upper left, upper right, lower left, lower right."""
    return _corners(fill, outline, ground)


def forget() -> None:
    """Drop the cached pictures, which are in the colours and the scale of before."""
    for cached in (_icon, _box, _corners, logo):
        cached.cache_clear()


# This module is loaded before any widget exists, so it forgets before any widget paints again.
theme.on_change(forget)


@lru_cache(maxsize=512)
def _icon(name: str, size: int, ink: Role, ground: Role) -> ImageTk.PhotoImage:
    side = theme.px(size)
    picture = Image.new("RGB", (side, side), theme.palette[ground])
    picture.paste(theme.palette[ink], (0, 0), mask(name, side))
    return ImageTk.PhotoImage(picture)


@lru_cache(maxsize=256)
def mask(name: str, size: int) -> Image.Image:
    """The alpha mask (mode L) of a drawing at `size` screen pixels, for painting into other pictures."""
    unit = size * _OVER / GRID
    large = Image.new("L", (size * _OVER, size * _OVER), 0)
    draw = ImageDraw.Draw(large)
    for stroke in _DRAWINGS[name].split(";"):
        kind, *words = stroke.split()
        _stroke(draw, kind, [float(word) * unit for word in words], unit)
    return large.reduce(_OVER)


def _stroke(draw: ImageDraw.ImageDraw, kind: str, at: list[float], unit: float) -> None:
    # Small icons get a slightly thicker line: at 12 px a true 1.6/20 would be one grey pixel.
    width = max(_LINE * unit, _OVER * 1.15)
    if kind == "L":
        _line(draw, _pairs(at), width)
    elif kind == "W":
        _line(draw, _pairs(at), 2.7 * unit)
    elif kind == "Z":
        _line(draw, [*_pairs(at), (at[0], at[1])], width)
    elif kind == "F":
        draw.polygon(_pairs(at), fill=255)
    elif kind == "D":
        _disc(draw, at[0], at[1], at[2])
    elif kind == "C":
        _line(draw, list(_arc(at[0], at[1], at[2], 0, 360)), width)
    elif kind == "O":
        _line(draw, list(_arc(at[0], at[1], at[2], 0, 360)), at[3])
    elif kind == "A":
        _line(draw, list(_arc(at[0], at[1], at[2], at[3] / unit, at[4] / unit)), width)
    elif kind == "H":
        draw.polygon(list(_arc(at[0], at[1], at[2], 90, 270)), fill=255)
    elif kind == "R":
        draw.rounded_rectangle(
            (at[0] - width / 2, at[1] - width / 2, at[2] + width / 2, at[3] + width / 2),
            radius=at[4] + width / 2,
            outline=255,
            width=round(width),
        )
    elif kind in ("S", "T"):
        points = star_points(at[0], at[1], at[2])
        draw.polygon(points, fill=255) if kind == "T" else _line(draw, [*points, points[0]], width)


def star_points(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """Corners of an upright five-pointed star."""
    inner = radius * 0.46
    return [
        (x + r * math.sin(turn * math.pi / 5), y - r * math.cos(turn * math.pi / 5))
        for turn, r in ((turn, inner if turn % 2 else radius) for turn in range(10))
    ]


def _line(draw: ImageDraw.ImageDraw, points: list[tuple[float, float]], width: float) -> None:
    for (x0, y0), (x1, y1) in pairwise(points):
        draw.line((x0, y0, x1, y1), fill=255, width=round(width))
    for x, y in points:  # round ends and joints
        _disc(draw, x, y, width / 2)


def _disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)


def _arc(x: float, y: float, radius: float, start: float, end: float) -> Iterator[tuple[float, float]]:
    steps = max(8, int(abs(end - start) / 6))
    for step in range(steps + 1):
        angle = math.radians(start + (end - start) * step / steps)
        yield x + radius * math.cos(angle), y + radius * math.sin(angle)


def _pairs(numbers: list[float]) -> list[tuple[float, float]]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


@lru_cache(maxsize=64)
def _corners(fill: Role, outline: Role, ground: Role) -> tuple[ImageTk.PhotoImage, ...]:
    radius, thin = theme.px(theme.RADIUS_CARD), theme.px(1)
    whole = Image.new("RGB", (2 * radius, 2 * radius), theme.palette[ground])
    _rounded(whole, 0, radius, theme.palette[outline])
    _rounded(whole, thin, radius - thin, theme.palette[fill])
    places = ((x, y, x + radius, y + radius) for y in (0, radius) for x in (0, radius))
    return tuple(ImageTk.PhotoImage(whole.crop(place)) for place in places)


@lru_cache(maxsize=400)
def _box(
    width: int, height: int, inks: tuple[Role, Role, Role], *, radius: int, margin: int, ring: int
) -> ImageTk.PhotoImage:
    fill, outline, ground = inks
    radius, margin, thin = theme.px(radius), theme.px(margin), theme.px(1)
    picture = Image.new("RGB", (width + 2 * margin, height + 2 * margin), theme.palette[ground])
    if ring and margin:
        # 2 px ring, 2 px gap of ground: the gap is what makes it visible on a gold button.
        _rounded(picture, 0, radius + margin, theme.palette["focus"])
        _rounded(picture, margin - margin // 2, radius + margin // 2, theme.palette[ground])
    _rounded(picture, margin, radius, theme.palette[outline])
    if theme.palette[fill] != theme.palette[outline]:
        _rounded(picture, margin + thin, max(0, radius - thin), theme.palette[fill])
    return ImageTk.PhotoImage(picture)


def _rounded(picture: Image.Image, inset: int, radius: int, ink: str) -> None:
    """Fill a rounded box `inset` pixels inside the picture. Only the corners are painted large, which is ten times
    cheaper than the whole box and looks the same."""
    width, height = picture.width - 2 * inset, picture.height - 2 * inset
    if width <= 0 or height <= 0:
        return
    radius = min(radius, width // 2, height // 2)
    alpha = Image.new("L", (width, height), 255)
    if radius:
        corner = _corner(radius)
        turned = (corner, corner.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
        for image, x in zip(turned, (0, width - radius), strict=True):
            alpha.paste(image, (x, 0))
            alpha.paste(image.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (x, height - radius))
    picture.paste(ink, (inset, inset), alpha)


@lru_cache(maxsize=32)
def _corner(radius: int) -> Image.Image:
    large = Image.new("L", (radius * 8, radius * 8), 0)
    ImageDraw.Draw(large).ellipse((0, 0, radius * 16 - 1, radius * 16 - 1), fill=255)
    return large.reduce(8)
