"""Where cells and group heads of a grid stand: each picture in its own shape, in rows that fill the width.

A *place* counts the cells from 0 in the order shown. Groups follow each other, each with a head line and rows of cells.
A *shape* is the width of a picture by its height in thousandths, 0 = unknown. Groups of one shape, which are most, are
arithmetic over the groups, never over the pictures. Groups of several shapes are broken into rows when they come near
what is looked at; until then their height is estimated.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from msgspec import Struct

PICTURE_RATIO = 1.37  # height by width of a place for pictures of any shape: portraits are the most common
# The longer side of pictures has whole steps, so that thumbnails of few sizes fit as they come from the disk.
HEIGHT_STEP = 8
ONE = 1000  # the shape of a square
_NARROWEST, _WIDEST = 200, 5000  # longer strips get bands instead of a row for themselves
_TALLEST = 1.35  # of a row by the wished height
_FARTHEST = 2.5  # of the gaps of a row by the wished ones; beyond that it stays ragged
_BLOCK = 256  # pictures of several shapes that are broken into rows together
MIXED = 65535  # in place of the shape of a group whose pictures have several


class Measures(Struct, frozen=True):
    """Sizes in screen pixels: `room` is the width for the cells, `height` the wished one of the pictures, `frame` goes
    all around them, `foot` is the line below. `head` is 0 when groups have no heads.
    """

    room: int
    height: int
    frame: int = 2
    foot: int = 24
    gap: int = 9
    gap_y: int = 8
    head: int = 36
    left: int = 16
    top: int = 4


class CellPlace(NamedTuple):
    """Where a cell stands, frame and foot included."""

    x: int
    y: int
    width: int
    height: int


class _Lanes(NamedTuple):
    """How the cells of a group of one shape stand: so many in a row, with this distance from one to the next."""

    columns: int
    width: int
    height: int
    step: float


class _Rows(NamedTuple):
    """The rows of a block of several shapes: the first place of each and the end, their tops within the block and the
    lower edge, the heights of their pictures.
    """

    firsts: array[int]
    tops: array[int]
    heights: array[int]


def shape_of(width: int, height: int) -> int:
    """The shape of a picture in thousandths, 0 when a side is not known."""
    return min(max(ONE * width // height, 1), 65535) if width > 0 and height > 0 else 0


def usual(shape: int) -> int:
    """The shape that a cell gets."""
    return min(max(shape, _NARROWEST), _WIDEST) if shape else round(ONE / PICTURE_RATIO)


def shared_shapes(shapes: Sequence[int], firsts: Sequence[int]) -> array[int]:
    """For each group its shape, MIXED when its pictures have several. `firsts`: where groups begin."""
    ends = [*firsts[1:], len(shapes)][: len(firsts)]
    pieces = (shapes[first:end] for first, end in zip(firsts, ends, strict=True))
    return array("H", [piece[0] if piece and piece.count(piece[0]) == len(piece) else MIXED for piece in pieces])


class GridLayout:
    """The grid for `count` places in groups that begin at `firsts` (rising, the first is 0; empty = one group).

    `shapes` has that of each place, None = none is known; `shared` that of each group, as `shared_shapes` tells them.
    """

    def __init__(
        self,
        firsts: Sequence[int],
        count: int,
        size: Measures,
        shapes: array[int] | None = None,
        shared: Sequence[int] = (),
    ) -> None:
        self.count, self.size = count, size
        self._firsts = array("q", firsts or (0,))
        if shapes is None or len(shapes) != count:
            shapes, shared = array("H", bytes(2 * count)), ()
        self._shapes = shapes
        self._shared = shared if len(shared) == len(self._firsts) else shared_shapes(shapes, self._firsts)
        self._has_mixed = MIXED in self._shared
        self._lanes: dict[int, _Lanes] = {}
        self._rows: dict[int, _Rows] = {}
        self._blocks = self._cut()
        self._high = self._heights()
        self._tops = array("q", accumulate(self._high, initial=size.top))

    # ---- where things are

    @property
    def height(self) -> int:
        """Height of everything."""
        return self._tops[-1] + self.size.gap_y if self.count else 0

    def settle(self, top: float, bottom: float, margin: float) -> int:
        """Break into rows what is between `top` and `bottom`, and `margin` around it. Returns by how much everything
        at `top` moved down, because what is above turned out higher than estimated.
        """
        moved, again = 0, self._has_mixed
        while again:
            again = False
            last = self._block_at(bottom + moved + margin)
            for block in range(self._block_at(top + moved - margin), last + 1):
                if self._is_mixed(block) and block not in self._rows:
                    more = self._break(block)
                    moved += more if self._tops[block] < top + moved else 0
                    again = again or bool(more)
        return moved

    def group_of(self, place: int) -> int:
        """Number of the group a place belongs to."""
        return bisect_right(self._firsts, place) - 1

    def head_y(self, group: int) -> int:
        """Where the head of a group begins."""
        return self._tops[bisect_left(self._blocks, self._firsts[group])]

    def end_y(self, group: int) -> int:
        """Where a group ends and the next one begins."""
        return self.head_y(group + 1) if group + 1 < len(self._firsts) else self.height

    def spot(self, place: int) -> CellPlace:
        """Where a cell stands."""
        block = self._block_of(place)
        if self._is_mixed(block):
            rows = self._rows_of(block)
            row = bisect_right(rows.firsts, place) - 1
            lefts, high = self._lefts(rows, row), rows.heights[row]
            y = self._body(block) + rows.tops[row]
            return CellPlace(lefts[place - rows.firsts[row]], y, self._width(place, high), self._cell_height(high))
        lanes = self._lanes_of(block)
        down, column = divmod(place - self._blocks[block], lanes.columns)
        x = self.size.left + round(column * lanes.step)
        return CellPlace(x, self._body(block) + down * (lanes.height + self.size.gap_y), lanes.width, lanes.height)

    def places(self, top: float, bottom: float) -> range:
        """The places whose rows touch the band from `top` to `bottom`."""
        if not self.count:
            return range(0)
        return range(self._row_start(top), self._row_end(bottom))

    def groups(self, top: float, bottom: float) -> range:
        """The groups that may touch the band; none where groups have no heads."""
        if not self.count or not self.size.head:
            return range(0)
        return range(self.group_of(self._blocks[self._block_at(top)]), self._group_at(bottom) + 1)

    def place_at(self, x: float, y: float) -> int:
        """The place under a point, −1 for none."""
        for place in self.places(y, y + 1):
            spot = self.spot(place)
            if spot.x <= x <= spot.x + spot.width and spot.y <= y <= spot.y + spot.height:
                return place
        return -1

    # ---- moving

    def row_step(self, place: int, rows: int) -> int:
        """The place `rows` rows further down (up when negative) whose middle is nearest to that of this one."""
        middle = self._middle(place)
        for _ in range(abs(rows)):
            row = self._row_of(place)
            edge = row.stop if rows > 0 else row.start - 1
            if not 0 <= edge < self.count:
                break
            place = self._nearest(self._row_of(edge), middle)
        return place

    def page_step(self, place: int, distance: float) -> int:
        """The place about `distance` pixels further down (up when negative), at least one row, nearest in its row."""
        goal = self.spot(place).y + distance
        there = min(self._row_start(max(0.0, goal)), self.count - 1)
        if there in self._row_of(place):
            return self.row_step(place, 1 if distance > 0 else -1)
        return self._nearest(self._row_of(there), self._middle(place))

    def _middle(self, place: int) -> float:
        spot = self.spot(place)
        return spot.x + spot.width / 2

    def _nearest(self, row: range, middle: float) -> int:
        return min(row, key=lambda place: abs(self._middle(place) - middle))

    def _row_of(self, place: int) -> range:
        """The places of the row that a place is in."""
        block = self._block_of(place)
        if self._is_mixed(block):
            rows = self._rows_of(block)
            row = bisect_right(rows.firsts, place) - 1
            return range(rows.firsts[row], rows.firsts[row + 1])
        columns = self._lanes_of(block).columns
        first = place - (place - self._blocks[block]) % columns
        return range(first, min(first + columns, self._end(block)))

    # ---- blocks

    def _cut(self) -> array[int]:
        """Where blocks begin: groups, and parts of those that are too long to be broken into rows at once."""
        spans = zip(self._firsts, [*self._firsts[1:], self.count], self._shared, strict=True)
        long = [(first, end) for first, end, shape in spans if shape == MIXED and end - first > 2 * _BLOCK]
        if not long:
            return self._firsts
        more = (place for first, end in long for place in range(first + _BLOCK, end - _BLOCK, _BLOCK))
        return array("q", sorted((*self._firsts, *more)))

    def _heights(self) -> array[int]:
        """The height of each block, with head and distance to the next group; estimated where it has several shapes."""
        size, known, found = self.size, dict[int, tuple[int, int]](), array("q")
        fixed, pitch = self._fixed(0, 0), self._cell_height(size.height) + size.gap_y
        around, room, whole = size.gap + 2 * size.frame, size.room + size.gap, self._blocks is self._firsts
        shared = self._shared if whole else map(self._shape_of, range(len(self._blocks)))
        ends = self._blocks[1:]
        ends.append(self.count)
        for first, end, shape in zip(self._blocks, ends, shared, strict=True):
            height = fixed if whole else self._fixed(first, end)
            if shape == MIXED:
                wide = size.height * sum(self._shapes[first:end]) // ONE + (end - first) * around
                found.append(height + max(1, -int((0.2 - wide / room) // 1)) * pitch)
                continue
            lane = known.get(shape)
            if lane is None:
                lanes = self._lanes_of(self._block_of(first))
                lane = known[shape] = lanes.columns, lanes.height + size.gap_y
            found.append(height - ((first - end) // lane[0]) * lane[1])
        return found

    def _fixed(self, first: int, end: int) -> int:
        """What a block has besides its rows. The last row of a group needs no gap: the head below keeps a distance."""
        size = self.size
        whole = end == first  # any group
        head = size.head if whole or self._firsts[self.group_of(first)] == first else 0
        ends = whole or end == self.count or self._firsts[self.group_of(end)] == end
        return head - (size.gap_y if size.head and ends else 0)

    def _break(self, block: int) -> int:
        """Break a block into rows; returns by how much it is higher than was thought."""
        first, end = self._blocks[block], self._end(block)
        rows = self._rows[block] = self._broken(first, end)
        more = self._fixed(first, end) + rows.tops[-1] - self._high[block]
        if more:
            self._high[block] += more
            self._tops = array("q", accumulate(self._high, initial=self.size.top))
        return more

    def _rows_of(self, block: int) -> _Rows:
        if block not in self._rows:
            self._break(block)
        return self._rows[block]

    def _lanes_of(self, block: int) -> _Lanes:
        shape = self._shape_of(block)
        if shape not in self._lanes:
            self._lanes[shape] = self._laid(usual(shape))
        return self._lanes[shape]

    def _shape_of(self, block: int) -> int:
        whole = self._blocks is self._firsts
        return self._shared[block if whole else self.group_of(self._blocks[block])]

    def _is_mixed(self, block: int) -> bool:
        return self._shape_of(block) == MIXED

    def _body(self, block: int) -> int:
        """Where the rows of a block begin."""
        first = self._blocks[block]
        return self._tops[block] + (self.size.head if self._firsts[self.group_of(first)] == first else 0)

    # ---- rows

    def _laid(self, shape: int) -> _Lanes:
        """Cells of one shape: as many in a row as bring their height nearest to the wished one."""
        size = self.size
        few = max(1, int((size.room + size.gap) / (size.height * shape / ONE + 2 * size.frame + size.gap)))
        high, low = (self._height_for(number * shape, number) for number in (few, few + 1))
        columns, height = (few, high) if low < 1 or high * low < size.height**2 else (few + 1, low)
        height = max(1.0, min(height, size.height * _TALLEST))
        # Rounding down to whole steps only widens the gaps.
        long = max(HEIGHT_STEP, int(height * max(1, shape / ONE) / HEIGHT_STEP) * HEIGHT_STEP)
        wide, tall = (long, round(long * ONE / shape)) if shape > ONE else (round(long * shape / ONE), long)
        cell = wide + 2 * size.frame
        gap = (size.room - columns * cell) / (columns - 1) if columns > 1 else float(size.gap)
        return _Lanes(columns, cell, self._cell_height(tall), cell + min(gap, _FARTHEST * size.gap))

    def _height_for(self, shapes: float, number: int) -> float:
        """How high `number` pictures with this sum of shapes are when they fill a row."""
        size = self.size
        return (size.room - number * 2 * size.frame - (number - 1) * size.gap) * ONE / shapes

    def _broken(self, first: int, end: int) -> _Rows:
        """Break pictures of several shapes into rows whose heights are near the wished one."""
        size, count = self.size, end - first
        around = 2 * size.frame + size.gap
        wides = [size.height * usual(shape) // ONE + around for shape in self._shapes[first:end]]
        sums = list(accumulate(wides, initial=0))
        room, goes_on = float(size.room + size.gap), end < self.count and self._firsts[self.group_of(end)] != end
        if goes_on:  # the last row of this block is one among others: all are to be equally full
            room = sums[-1] / max(1, round(sums[-1] / room))
        firsts, tops, heights = array("q"), array("q"), array("l")
        at = y = 0
        while at < count:
            goal = (len(firsts) + 1) * room if goes_on else sums[at] + room
            stop = max(at + 1, bisect_right(sums, goal, at + 1) - 1)
            if stop < count and goal - sums[stop] > (sums[stop + 1] - sums[stop]) / 2:
                stop += 1  # one more, all of them a little smaller
            shapes = sum(map(usual, self._shapes[first + at : first + stop]))
            height = self._height_for(shapes, stop - at)
            if stop == count and not goes_on:
                # What is left is not blown up; it continues the height of the row above, where there is one.
                height = min(height, heights[-1] if heights else size.height)
            firsts.append(first + at)
            tops.append(y)
            heights.append(max(1, int(min(height, size.height * _TALLEST))))
            y += self._cell_height(heights[-1]) + size.gap_y
            at = stop
        firsts.append(end)
        tops.append(y)
        return _Rows(firsts, tops, heights)

    def _lefts(self, rows: _Rows, row: int) -> list[int]:
        """The left edges of the cells of a row; the gaps take what rounding leaves."""
        size, span = self.size, range(rows.firsts[row], rows.firsts[row + 1])
        widths = [self._width(place, rows.heights[row]) for place in span]
        gap = float(size.gap)
        if len(span) > 1:
            filling = (size.room - sum(widths)) / (len(span) - 1)
            # The last row of a group ends where its pictures end.
            last = span.stop == self.count or self._firsts[self.group_of(span.stop)] == span.stop
            gap = filling if filling <= (gap if last else gap * _FARTHEST) else gap
        lefts = accumulate((width + gap for width in widths[:-1]), initial=float(size.left))
        return [round(left) for left in lefts]

    def _width(self, place: int, height: int) -> int:
        return max(1, round(height * usual(self._shapes[place]) / ONE)) + 2 * self.size.frame

    def _cell_height(self, picture: int) -> int:
        return picture + 2 * self.size.frame + self.size.foot

    def _end(self, block: int) -> int:
        return self._blocks[block + 1] if block + 1 < len(self._blocks) else self.count

    def _block_of(self, place: int) -> int:
        return bisect_right(self._blocks, place) - 1

    def _block_at(self, y: float) -> int:
        return min(max(0, bisect_right(self._tops, y) - 1), len(self._blocks) - 1)

    def _group_at(self, y: float) -> int:
        return self.group_of(self._blocks[self._block_at(y)])

    def _row_start(self, y: float) -> int:
        block = self._block_at(y)
        into = y - self._body(block)
        if self._is_mixed(block):
            rows = self._rows_of(block)
            return rows.firsts[min(max(0, bisect_right(rows.tops, into) - 1), len(rows.heights))]
        lanes = self._lanes_of(block)
        row = max(0, int(into // (lanes.height + self.size.gap_y)))
        return min(self._blocks[block] + row * lanes.columns, self._end(block))

    def _row_end(self, y: float) -> int:
        block = self._block_at(y)
        into = y - self._body(block)
        if into < 0:
            return self._blocks[block]
        if self._is_mixed(block):
            rows = self._rows_of(block)
            return rows.firsts[min(bisect_right(rows.tops, into), len(rows.heights))]
        lanes = self._lanes_of(block)
        rows_above = int(into // (lanes.height + self.size.gap_y)) + 1
        return min(self._blocks[block] + rows_above * lanes.columns, self._end(block))
