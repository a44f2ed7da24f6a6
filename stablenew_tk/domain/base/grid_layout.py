"""Where cells and group heads of a grid stand: arithmetic over the groups, never over the pictures.

A *place* counts the cells from 0 in the order shown. Groups follow each other, each with a head line and rows of cells.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from msgspec import Struct


class Measures(Struct, frozen=True):
    """Sizes in screen pixels: `head` is 0 when groups have no heads; `pitch` counts a row with the gap below it."""

    columns: int
    cell_width: int
    cell_height: int
    gap_x: float
    gap_y: int
    head: int
    left: int
    top: int

    @property
    def pitch(self) -> int:
        """Height of a row with the gap below it."""
        return self.cell_height + self.gap_y


PICTURE_RATIO = 1.37  # height of the picture's box by its width: portraits are the most common pictures
# Picture boxes have a height of whole steps, so that a portrait's thumbnail fits as it comes from the disk.
HEIGHT_STEP = 8


def measures(width: int, cell_width: int, **space: int) -> Measures:
    """Fit cells of about this width into `width`: they grow a little (in even steps) until the row is full.

    `space` may hold foot (the line below the picture), frame, gap, gap_y, head, side (left and right), top.
    """
    gap, side = space.get("gap", 9), space.get("side", 16)
    room = max(1, width - 2 * side)
    columns = max(1, (room + gap) // (cell_width + gap))
    # The last column of small cells often just fails to fit; a slightly smaller cell looks better than a wide one.
    if columns and (room + gap) / (columns + 1) - gap >= cell_width * 0.94:
        columns += 1
    wide = max(16, min((room + gap) // columns - gap, round(cell_width * 1.5))) & ~1
    frame = space.get("frame", 2)
    picture = round((wide - 2 * frame) * PICTURE_RATIO / HEIGHT_STEP) * HEIGHT_STEP
    high = picture + 2 * frame + space.get("foot", 24)
    gap_x = (room - columns * wide) / (columns - 1) if columns > 1 else 0.0
    return Measures(
        columns=columns,
        cell_width=wide,
        cell_height=high,
        gap_x=min(gap_x, 2.5 * gap),
        gap_y=space.get("gap_y", 8),
        head=space.get("head", 34),
        left=side,
        top=space.get("top", 4),
    )


class GridLayout:
    """The grid for `count` places in groups that begin at `firsts` (rising, the first is 0; empty = one group)."""

    def __init__(self, firsts: Sequence[int], count: int, size: Measures) -> None:
        self.count = count
        self.size = size
        self._firsts = array("q", firsts or (0,))
        columns, pitch = size.columns, size.pitch
        # The last row of a group needs no gap: the head below it keeps its own distance.
        fixed = size.head - (size.gap_y if size.head else 0)
        ends = self._firsts[1:]
        ends.append(count)
        heights = (fixed + -(-(end - first) // columns) * pitch for first, end in zip(self._firsts, ends, strict=True))
        self._tops = array("q", accumulate(heights, initial=size.top))

    @property
    def height(self) -> int:
        """Height of everything."""
        return self._tops[-1] + self.size.gap_y if self.count else 0

    def group_of(self, place: int) -> int:
        """Number of the group a place belongs to."""
        return bisect_right(self._firsts, place) - 1

    def head_y(self, group: int) -> int:
        """Where the head of a group begins."""
        return self._tops[group]

    def xy(self, place: int) -> tuple[int, int]:
        """Left upper corner of a cell."""
        group = self.group_of(place)
        row, column = divmod(place - self._firsts[group], self.size.columns)
        x = self.size.left + round(column * (self.size.cell_width + self.size.gap_x))
        return x, self._tops[group] + self.size.head + row * self.size.pitch

    def places(self, top: float, bottom: float) -> range:
        """The places whose rows touch the band from `top` to `bottom`."""
        if not self.count:
            return range(0)
        return range(self._row_start(top), self._row_end(bottom))

    def groups(self, top: float, bottom: float) -> range:
        """The groups whose heads may touch the band."""
        if not self.count or not self.size.head:
            return range(0)
        first = max(0, bisect_right(self._tops, top) - 1)
        return range(first, min(len(self._firsts), bisect_right(self._tops, bottom)))

    def place_at(self, x: float, y: float) -> int:
        """The place under a point, −1 for none."""
        if not self.count:
            return -1
        column = int((x - self.size.left) // (self.size.cell_width + self.size.gap_x))
        if x < self.size.left or column >= self.size.columns:
            return -1
        group = self._group_at(y)
        into = y - self._tops[group] - self.size.head
        if into < 0 or into % self.size.pitch > self.size.cell_height:
            return -1
        place = self._firsts[group] + int(into // self.size.pitch) * self.size.columns + column
        return place if place < self._end(group) else -1

    def row_step(self, place: int, rows: int) -> int:
        """The place `rows` rows further down (up when negative), in the same column where there is one."""
        for _ in range(abs(rows)):
            place = self._below(place) if rows > 0 else self._above(place)
        return place

    def rows_in(self, height: float) -> int:
        """How many rows fit into a height, at least one."""
        return max(1, int(height // self.size.pitch))

    def _below(self, place: int) -> int:
        group = self.group_of(place)
        if place + self.size.columns < self._end(group):
            return place + self.size.columns
        first, end = self._firsts[group], self._end(group)
        if (place - first) // self.size.columns < (end - 1 - first) // self.size.columns:
            return end - 1
        if end >= self.count:
            return place
        column = (place - first) % self.size.columns
        return min(end + column, self._end(group + 1) - 1)

    def _above(self, place: int) -> int:
        group = self.group_of(place)
        first = self._firsts[group]
        if place - self.size.columns >= first:
            return place - self.size.columns
        if group == 0:
            return place
        before = self._firsts[group - 1]
        last_row = before + (first - 1 - before) // self.size.columns * self.size.columns
        return min(last_row + (place - first), first - 1)

    def _end(self, group: int) -> int:
        return self._firsts[group + 1] if group + 1 < len(self._firsts) else self.count

    def _group_at(self, y: float) -> int:
        return min(max(0, bisect_right(self._tops, y) - 1), len(self._firsts) - 1)

    def _row_start(self, y: float) -> int:
        group = self._group_at(y)
        row = max(0, int((y - self._tops[group] - self.size.head) // self.size.pitch))
        return min(self._firsts[group] + row * self.size.columns, self._end(group))

    def _row_end(self, y: float) -> int:
        group = self._group_at(y)
        into = y - self._tops[group] - self.size.head
        rows = int(into // self.size.pitch) + 1 if into >= 0 else 0
        return min(self._firsts[group] + rows * self.size.columns, self._end(group))
