"""How much of each pixel a small drawing covers: lines, discs and polygons, smoothed.

Pure Python: the icons of the first page take less time here than to import a library for pictures. A drawing is rows of
bits, four times as wide and high as its pixels; what is covered is the share of the bits. Lengths are pixels, (0, 0) is
the upper left corner of the first pixel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import ceil, cos, hypot, inf, pi, radians, sin, sqrt

OVER = 4  # bits per pixel and direction: one digit of a hexadecimal number is a pixel's part of a row
_DIGITS = b"0123456789abcdef"
_BITS = bytes.maketrans(_DIGITS, bytes(value.bit_count() for value in range(16)))
_SHARES = bytes(min(255, count * 255 // OVER**2) for count in range(256))
_CORNER_OVER = 8

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom
Rows = dict[int, int]  # the bits of some rows, the leftmost is the highest


class Shapes:
    """A square of `side` pixels into which shapes are drawn; what lies outside is cut off."""

    def __init__(self, side: int) -> None:
        self.side, self._wide = side, side * OVER
        self._rows = [0] * self._wide

    def polygon(self, points: Sequence[Point]) -> None:
        """Fill a polygon; where it overlaps itself an odd number of times."""
        self._add(_polygon(self._wide, points))

    def line(self, points: Sequence[Point], width: float) -> None:
        """A line with round ends and joints."""
        for one, other in pairwise(points):
            self._add(_capsule(self._wide, one, other, width / 2))

    def disc(self, x: float, y: float, radius: float) -> None:
        """A filled circle."""
        self._add(_disc(self._wide, x, y, radius))

    def half_disc(self, x: float, y: float, radius: float) -> None:
        """The left half of a filled circle."""
        half = _polygon(self._wide, _sector(x, y, radius, 90, 270))
        self._add(_common(_disc(self._wide, x, y, radius), half))

    def ring(self, x: float, y: float, radius: float, width: float) -> None:
        """A circle drawn with a line."""
        self._add(self._ring(x, y, radius, width))

    def arc(self, x: float, y: float, radius: float, turns: tuple[float, float], width: float) -> None:
        """A part of a circle with round ends; degrees clockwise from the right."""
        start, end = turns
        part = _polygon(self._wide, _sector(x, y, radius + width, start, end))
        self._add(_common(self._ring(x, y, radius, width), part))
        for turn in turns:
            self.disc(*_on_circle(x, y, radius, turn), width / 2)

    def rounded(self, box: Box, radius: float, width: float) -> None:
        """The edge of a rounded rectangle, half of the line outside of it."""
        half = width / 2
        outer = _rounded(self._wide, _grown(box, half), radius + half)
        inner = _rounded(self._wide, _grown(box, -half), max(0.0, radius - half))
        self._add(_without(outer, inner))

    def coverage(self) -> bytes:
        """One byte for each pixel, rows from the top: 0 = free, 255 = covered."""
        found = bytearray()
        for row in range(0, self._wide, OVER):
            bits = self._rows[row : row + OVER]
            if any(bits):
                parts = [b"%0*x" % (self.side, each) for each in bits]
                counts = map(sum, zip(*(part.translate(_BITS) for part in parts), strict=True))
                found += bytes(counts).translate(_SHARES)
            else:
                found += bytes(self.side)
        return bytes(found)

    def _ring(self, x: float, y: float, radius: float, width: float) -> Rows:
        outer = _disc(self._wide, x, y, radius + width / 2)
        return _without(outer, _disc(self._wide, x, y, max(0.0, radius - width / 2)))

    def _add(self, rows: Rows) -> None:
        for row, bits in rows.items():
            self._rows[row] |= bits


def star_points(x: float, y: float, radius: float) -> list[Point]:
    """Corners of an upright five-pointed star."""
    inner = radius * 0.46
    return [
        (x + r * sin(turn * pi / 5), y - r * cos(turn * pi / 5))
        for turn, r in ((turn, inner if turn % 2 else radius) for turn in range(10))
    ]


def corner(radius: int) -> list[list[float]]:
    """What a quarter of a disc covers, the upper left one: shares (0 to 1) by row and column, `radius` of each."""
    over = _CORNER_OVER
    reach = radius * over
    rows = []
    for top in range(0, reach, over):
        counts = [0] * radius
        for line in range(top, top + over):
            free = round(reach - sqrt(reach**2 - (reach - line - 0.5) ** 2))
            for column in range(free // over, radius):
                counts[column] += min(over, (column + 1) * over - free)
        rows.append([count / over**2 for count in counts])
    return rows


def _span(wide: int, left: float, right: float) -> int:
    """Bits of a row whose middle lies between two places."""
    first, last = max(0, ceil(left - 0.5)), min(wide, ceil(right - 0.5))
    return ((1 << (last - first)) - 1) << (wide - last) if last > first else 0


def _rows_between(wide: int, top: float, bottom: float) -> range:
    return range(max(0, ceil(top - 0.5)), min(wide, ceil(bottom - 0.5)))


def _without(rows: Rows, others: Rows) -> Rows:
    return {row: bits & ~others.get(row, 0) for row, bits in rows.items()}


def _common(rows: Rows, others: Rows) -> Rows:
    return {row: bits & others.get(row, 0) for row, bits in rows.items()}


def _disc(wide: int, x: float, y: float, radius: float) -> Rows:
    x, y, radius = x * OVER, y * OVER, radius * OVER
    rows = {}
    for row in _rows_between(wide, y - radius, y + radius):
        half = sqrt(max(0.0, radius * radius - (row + 0.5 - y) ** 2))
        rows[row] = _span(wide, x - half, x + half)
    return rows


def _grown(box: Box, by: float) -> Box:
    left, top, right, bottom = box
    return left - by, top - by, right + by, bottom + by


def _rounded(wide: int, box: Box, radius: float) -> Rows:
    left, top, right, bottom, radius = (length * OVER for length in (*box, radius))
    rows = {}
    for row in _rows_between(wide, top, bottom):
        beyond = max(top + radius - row - 0.5, row + 0.5 - bottom + radius, 0.0)
        inset = radius - sqrt(max(0.0, radius * radius - beyond * beyond))
        rows[row] = _span(wide, left + inset, right - inset)
    return rows


def _capsule(wide: int, one: Point, other: Point, radius: float) -> Rows:
    """A straight line with round ends: a convex shape, so every row of it is one span."""
    (x0, y0), (x1, y1), radius = (one[0] * OVER, one[1] * OVER), (other[0] * OVER, other[1] * OVER), radius * OVER
    length = hypot(x1 - x0, y1 - y0) or 1.0
    aside, down = (y1 - y0) / length * radius, (x1 - x0) / length * radius
    # The four corners of the line without its ends.
    box = ((x0 + aside, y0 - down), (x1 + aside, y1 - down), (x1 - aside, y1 + down), (x0 - aside, y0 + down))
    edges = tuple(
        (min(ay, by), max(ay, by), ax - ay * (slope := (bx - ax) / (by - ay)), slope)
        for (ax, ay), (bx, by) in zip(box, (*box[1:], box[0]), strict=True)
        if ay != by
    )
    square, rows = radius * radius, {}
    for row in _rows_between(wide, min(y0, y1) - radius, max(y0, y1) + radius):
        middle = row + 0.5
        left, right = inf, -inf
        for x, y in ((x0, y0), (x1, y1)):
            if (rest := square - (middle - y) ** 2) > 0:
                half = sqrt(rest)
                left, right = min(left, x - half), max(right, x + half)
        for low, high, start, slope in edges:
            if low <= middle <= high:
                x = start + middle * slope
                left, right = min(left, x), max(right, x)
        if left < right:
            rows[row] = _span(wide, left, right)
    return rows


def _polygon(wide: int, points: Sequence[Point]) -> Rows:
    corners = [(x * OVER, y * OVER) for x, y in points]
    crossings: defaultdict[int, list[float]] = defaultdict(list)
    for (x0, y0), (x1, y1) in zip(corners, (*corners[1:], corners[0]), strict=True):
        for row in _rows_between(wide, min(y0, y1), max(y0, y1)):
            crossings[row].append(x0 + (row + 0.5 - y0) * (x1 - x0) / (y1 - y0))
    rows = {}
    for row, found in crossings.items():
        found.sort()
        rows[row] = sum(_span(wide, left, right) for left, right in zip(found[::2], found[1::2], strict=True))
    return rows


def _sector(x: float, y: float, radius: float, start: float, end: float) -> list[Point]:
    """A polygon around all of a disc that lies between two directions."""
    parts = max(1, ceil((end - start) / 60))
    turns = (start + (end - start) * part / parts for part in range(parts + 1))
    return [(x, y), *(_on_circle(x, y, radius * 1.5, turn) for turn in turns)]


def _on_circle(x: float, y: float, radius: float, degrees: float) -> Point:
    angle = radians(degrees)
    return x + radius * cos(angle), y + radius * sin(angle)
