"""The table of models: a head that sorts, and rows with a small picture that are drawn when they come into sight."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from ...app.models import wording as words
from ...app.models.filter import Column, ModelLine
from ...domain.base.colour_roles import Role
from ...domain.journal.history import BEGINNING
from ...pipeline.messages.models import MakePreview
from ...pipeline.messages.pictures import MakeThumbnail
from ..widgets import icons, theme
from ..widgets.basics import Box, Painted
from ..widgets.row_list import ListRow, RowList
from ..widgets.thumbnails import ThumbnailRequest, Thumbs

HEAD, ROW = 28, 36
_PICTURE = 28
_NARROW = 620  # design pixels below which the size is left away
_ROOMY = 780  # design pixels from which the sources get more room


class _Heading(Struct, frozen=True):
    """A column: what it sorts by, its words, its right or left edge in design pixels from the right end."""

    column: Column
    text: str
    edge: int
    at_right: bool = False


def headings(width: int) -> Sequence[_Heading]:
    """The columns that fit into so many design pixels, the name first; edges count from the right."""
    sign = _Heading("problems", "", 34, at_right=True)
    if width < _NARROW:
        return (_Heading("name", "Name", 0), _Heading("family", "Family", 262), _Heading("sources", "From", 180), sign)
    extra = max(0, width - _ROOMY) // 2
    return (
        _Heading("name", "Name", 0),
        _Heading("family", "Family", 372 + extra),
        _Heading("sources", "Settings from", 276 + extra),
        _Heading("size", "Size", 44, at_right=True),
        sign,
    )


class TableHead(Painted):
    """The titles of the columns. A click sorts; with the keyboard Left and Right choose a column, Space sorts by it."""

    def __init__(self, parent: tk.Misc, sort: Callable[[Column], object]) -> None:
        self._sort = sort
        self._sorted: tuple[Column, bool] = ("name", False)
        self.at, self._under = 0, -1
        super().__init__(parent, width=1, height=theme.px(HEAD), ground="raised")
        # The head is a bar from edge to edge: its ring is drawn inside.
        self.margin = 0
        self.configure(height=theme.px(HEAD))
        for key, step in (("<Left>", -1), ("<Right>", 1)):
            self.bind(key, lambda _event, step=step: self._step(step))  # type: ignore[misc]  # default binds the step
        self.bind("<Motion>", lambda event: self._point(self.column_at(event.x)))

    def show(self, column: Column, backwards: bool) -> None:
        """Mark the column that orders the rows."""
        self._sorted = column, backwards
        self.repaint()

    def act(self) -> None:
        self._sort(self.columns[self.at].column)

    def draw(self, width: int, height: int) -> None:
        self.configure(bg=theme.palette["raised2" if self.down else "raised"])
        middle = height // 2
        for place, one in enumerate(self.columns):
            chosen = one.column == self._sorted[0]
            ink: Role = "text" if chosen or place == self._under else "text3"
            left, right = self._span(place)
            if self.ring and place == self.at:
                self.focus_ring(left - theme.px(8), 0, right, height)
            if not one.text:
                at = self.winfo_width() - theme.px(one.edge - 14)
                self.picture(at, middle, icons.icon("warning", 12, ink, "raised"), "e")
                continue
            wide = theme.font(11, chosen).measure(one.text)
            x = right - theme.px(18) - wide if one.at_right else left
            self.words(x, middle, one.text, size=11, bold=chosen, ink=ink)
            if chosen:
                self._arrow(x + wide + theme.px(5), middle)
        self.create_line(0, height - 1, width, height - 1, fill=theme.palette["line"])

    def column_at(self, x: int) -> int:
        """The number of the column under a pixel."""
        spans = [self._span(place) for place in range(len(self.columns))]
        return next((place for place, (_, right) in enumerate(spans) if x < right), len(spans) - 1)

    def _arrow(self, x: int, middle: int) -> None:
        # Only lines and rectangles are Canvas items; four short lines make a small arrow of either direction.
        for step in range(4):
            y = middle - 2 + (3 - step if self._sorted[1] else step)
            self.create_line(x + step, y, x + 8 - step, y, fill=theme.palette["text"])

    @property
    def columns(self) -> Sequence[_Heading]:
        """The columns there is room for, from left to right."""
        return headings(round(self.winfo_width() / theme.px(100) * 100))

    def _span(self, place: int) -> tuple[int, int]:
        """Left and right edge of a column in pixels; the words begin at the left one."""
        columns, width = self.columns, self.winfo_width()
        one = columns[place]
        if one.at_right:
            right = width if place == len(columns) - 1 else width - theme.px(columns[place + 1].edge)
            before = columns[place - 1]
            left = width - theme.px(before.edge) if before.at_right else width - theme.px(before.edge - 150)
            return left, right
        left = theme.px(theme.PAD + _PICTURE + 10) if not place else width - theme.px(one.edge)
        after = columns[place + 1]
        return left, width - theme.px(after.edge + (0 if not after.at_right else 70 if after.text else 0))

    def _point(self, place: int) -> None:
        if place != self._under:
            self._under = place
            self.repaint()

    def _left(self, event: tk.Event[tk.Misc]) -> None:
        self._under = -1
        super()._left(event)

    def _pressed(self, event: tk.Event[tk.Misc]) -> None:
        self.at = self.column_at(event.x)
        super()._pressed(event)

    def _step(self, step: int) -> str:
        self.at = min(max(self.at + step, 0), len(self.columns) - 1)
        self.repaint()
        return "break"


class ModelRows(RowList):
    """The rows. A row is drawn from its line; only those in sight are."""

    def __init__(
        self,
        parent: tk.Misc,
        *,
        on_select: Callable[[int], object],
        on_open: Callable[[int], object],
        ask: Callable[[MakePreview], None],
    ) -> None:
        self._lines: Sequence[ModelLine] = ()
        self._places: dict[str, int] = {}

        def preview(order: MakeThumbnail) -> None:
            ask(MakePreview(image_id=order.image_id, path=order.image_id, edge=order.edge))

        super().__init__(parent, on_select=on_select, on_open=on_open, row_height=ROW, ground="surface")
        self.thumbs = Thumbs(self.canvas, preview, self._arrived)
        self.thumbs.set_box((theme.px(_PICTURE), theme.px(_PICTURE)))

    def show_lines(self, lines: Sequence[ModelLine], selected: int, empty: str = "") -> None:
        """Show these models; `empty` is said where there are none."""
        self._lines, self.empty = lines, empty
        self.show(len(lines), lambda index: ListRow(lines[index].name), selected)

    def refresh(self) -> None:
        """Draw the rows in sight and ask for their pictures."""
        self._places = {}
        super().refresh()
        seen = [self._lines[index].preview for index in self.visible if index < len(self._lines)]
        self.thumbs.want([ThumbnailRequest(path, BEGINNING, 0) for path in dict.fromkeys(seen) if path])

    def _draw_row(self, index: int, row: ListRow) -> None:
        line, canvas = self._lines[index], self.canvas
        y, width = index * self._row - self._top, canvas.winfo_width()
        middle, ground, chosen = y + self._row // 2, self._row_ground(index, row), index == self.selected
        if ground != self.ground:
            canvas.fill(0, y, width, y + self._row, ground)
        if chosen:
            canvas.fill(0, y, theme.px(3), y + self._row, "accent")
        self._draw_picture(line, y)
        columns = headings(round(width / theme.px(100) * 100))
        texts: Mapping[Column, tuple[str, Role]] = {
            "name": (line.name, "warn" if line.entry.problems else "text"),
            "family": (line.family or "–", "text2"),
            "sources": (line.sources or "nothing", "text2" if line.sources else "text3"),
            "size": (words.size(line.entry.size) or "not there", "text2"),
        }
        for place, one in enumerate(columns[:-1]):
            text, ink = texts[one.column]
            left = theme.px(theme.PAD + _PICTURE + 10) if not place else width - theme.px(one.edge)
            if one.at_right:
                canvas.words(left - theme.px(6), middle, text, size=12, ink=ink, anchor="e")
                continue
            after = columns[place + 1]
            room = width - theme.px(after.edge + (70 if after.column == "size" else 8)) - left
            bold = chosen and not place
            canvas.words(left, middle, text, size=12 if place else 13, bold=bold, ink=ink, room=room)
        if line.entry.problems:
            canvas.picture(width - theme.px(20), middle, icons.icon("warning", 14, "warn", ground), "e")
        if self._focused and (chosen or (self.selected < 0 and index == 0)):
            canvas.focus_ring(theme.px(3), y, width, y + self._row)

    def _draw_picture(self, line: ModelLine, y: int) -> None:
        side, left = theme.px(_PICTURE), theme.px(theme.PAD)
        top = y + (self._row - side) // 2
        photo = self.thumbs.photo(line.preview) if line.preview else None
        self.canvas.fill(left, top, left + side, top + side, "image_ground")
        middle = (left + side // 2, top + side // 2)
        image = photo or icons.icon("models", 14, "text3", "image_ground")
        self._places[line.preview] = self.canvas.picture(*middle, image, "center")

    def _arrived(self, path: str) -> None:
        photo = self.thumbs.photo(path)
        if path in self._places and photo is not None:
            self.canvas.change_picture(self._places[path], photo)


class ModelTable(Box):
    """Head and rows. `chosen(index)` follows the selection, `opened(index)` Return and a double click."""

    def __init__(
        self,
        parent: tk.Misc,
        *,
        chosen: Callable[[int], object],
        opened: Callable[[int], object],
        sort: Callable[[Column], object],
        ask: Callable[[MakePreview], None],
    ) -> None:
        super().__init__(parent, "surface")
        self.head = TableHead(self, sort)
        self.head.pack(fill="x")
        self.rows = ModelRows(self, on_select=chosen, on_open=opened, ask=ask)
        self.rows.pack(fill="both", expand=True)
