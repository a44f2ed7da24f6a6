"""Which cells of a grid are chosen: a current one, an anchor for ranges, and the selected rows.

Rows are the pictures themselves and outlive a new order or filter; places are where they stand just now.
"""

from __future__ import annotations

from array import array
from typing import Literal

Way = Literal["only", "toggle", "range"]


class Picked:
    """The choice over `rows`, the pictures in the order shown. The current place is −1 when nothing is shown."""

    def __init__(self) -> None:
        self.rows = array("I")
        self.current = -1
        self.selected: set[int] = set()
        self._anchor = -1

    @property
    def current_row(self) -> int:
        """The picture of the current place, −1 for none."""
        return self.rows[self.current] if 0 <= self.current < len(self.rows) else -1

    def replace(self, rows: array[int]) -> None:
        """Show other rows. The current picture stays current where it is still there; else its place is kept."""
        row, place = self.current_row, self.current
        self.rows = rows
        # Taking everything away and bringing it back is common (a filter), so only then the choice is looked through.
        if self.selected:
            self.selected &= set(rows) if len(self.selected) > 1 else {one for one in self.selected if one in rows}
        self.current = self.place_of(row)
        if self.current < 0 and len(rows):
            self.current = min(max(place, 0), len(rows) - 1)
        if not self.selected and self.current >= 0:
            self.selected = {self.rows[self.current]}
        self._anchor = self.current

    def place_of(self, row: int) -> int:
        """Where a picture stands, −1 when it is not shown."""
        try:
            return self.rows.index(row) if row >= 0 else -1
        except ValueError:
            return -1

    def pick(self, place: int, way: Way = "only") -> None:
        """Make a place current and select it alone, add or take it, or everything from the anchor to it."""
        if not 0 <= place < len(self.rows):
            return
        self.current = place
        if way == "range" and self._anchor >= 0:
            low, high = sorted((self._anchor, place))
            self.selected = set(self.rows[low : high + 1])
            return
        self._anchor = place
        if way == "toggle":
            self.selected ^= {self.rows[place]}
        else:
            self.selected = {self.rows[place]}

    def pick_rows(self, rows: set[int]) -> None:
        """Select exactly these pictures; the first of them in the order shown becomes current."""
        places = [place for place in map(self.place_of, rows) if place >= 0]
        if places:
            self.pick(min(places))
            self.selected = {self.rows[place] for place in places}

    def pick_none(self) -> None:
        """Nothing is current, nothing selected."""
        self.current = self._anchor = -1
        self.selected = set()

    def pick_all(self) -> None:
        """Select everything shown."""
        self.selected = set(self.rows)
        if self.current < 0 and self.rows:
            self.current = 0

    def selected_in_order(self) -> list[int]:
        """The selected pictures in the order shown."""
        if len(self.selected) <= 1:
            return list(self.selected)
        return [row for row in self.rows if row in self.selected]
