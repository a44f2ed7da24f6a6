"""The table of models: a head that sorts, and rows with a small picture that are drawn when they come into sight."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from msgspec import Struct

from ...app.models import wording as words
from ...app.models.best_settings import short
from ...app.models.filter import Column, ModelLine, ModelStars
from ...app.wording import ago
from ...domain.base.colour_roles import Role
from ...domain.journal.position import BEGINNING
from ...domain.journal.seen import Seen
from ...pipeline.messages.models import MakePreview
from ...pipeline.messages.pictures import MakeThumbnail
from ..widgets import icons, theme
from ..widgets.basics import Box, Painted
from ..widgets.row_list import ListRow, RowList
from ..widgets.thumbnails import ThumbnailRequest, Thumbs

HEAD, ROW = 28, 36
_PICTURE = 28
_INDENT = 24  # of the files of a series
_GAP = 12  # design pixels between columns
_NARROW = 640  # design pixels below which there is no room for the best settings
_ROOMY = 1080  # design pixels from which size and sources have columns, too
_FEW = 5  # ratings below which a mean is not printed like one that counts


class _Heading(Struct, frozen=True):
    """A column: what it sorts by, its words, its left and right edge in design pixels from the right end (the name
    begins at the left one of the table).
    """

    column: Column
    text: str
    left: int
    right: int
    at_right: bool = False


_STARS: Sequence[tuple[Column, str, int, bool]] = (
    ("family", "Family", 84, False),
    ("rated", "Rated", 62, True),
    ("mean", "Stars", 62, True),
)
_BEST: Sequence[tuple[Column, str, int, bool]] = (("best", "Best settings", 186, False),)
_USED: Sequence[tuple[Column, str, int, bool]] = (("used", "Last used", 92, True),)
_FILES: Sequence[tuple[Column, str, int, bool]] = (("sources", "Settings from", 160, False), ("size", "Size", 70, True))
_SIGN = 34


def headings(width: int) -> Sequence[_Heading]:
    """The columns that fit into so many design pixels, the name first; edges count from the right."""
    shown = [*_STARS, *(_BEST if width >= _NARROW else ()), *_USED, *(_FILES if width >= _ROOMY else ())]
    found = [_Heading("problems", "", _SIGN, 0, at_right=True)]
    for column, text, wide, at_right in reversed(shown):
        found.append(_Heading(column, text, found[-1].left + wide, found[-1].left, at_right=at_right))
    found.append(_Heading("name", "Name", 0, found[-1].left))
    return tuple(reversed(found))


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
                self.picture(width - theme.px(20), middle, icons.icon("warning", 12, ink, "raised"), "e")
                continue
            wide = theme.font(11, chosen).measure(one.text)
            x = right - theme.px(_GAP) - wide if one.at_right else left
            self.words(x, middle, one.text, size=11, bold=chosen, ink=ink)
            if chosen:
                # Numbers stand below the right end of their title.
                self._arrow(x - theme.px(13) if one.at_right else x + wide + theme.px(5), middle)
        self.create_line(0, height - 1, width, height - 1, fill=theme.palette["line"])

    def column_at(self, x: int) -> int:
        """The number of the column under a pixel."""
        spans = [self._span(place) for place in range(len(self.columns))]
        return next((place for place, (_, right) in enumerate(spans) if x < right), len(spans) - 1)

    def _arrow(self, x: int, middle: int) -> None:
        # Only lines and rectangles are Canvas items; short ones make a small arrow of either direction.
        high = theme.px(4)
        for step in range(high):
            y = middle - high // 2 + (high - 1 - step if self._sorted[1] else step)
            self.fill(x + step, y, x + 2 * high - step, y + 1, "text")

    @property
    def columns(self) -> Sequence[_Heading]:
        """The columns there is room for, from left to right."""
        return headings(round(self.winfo_width() / theme.px(100) * 100))

    def _span(self, place: int) -> tuple[int, int]:
        """Left and right edge of a column in pixels; the words begin at the left one."""
        one, width = self.columns[place], self.winfo_width()
        left = width - theme.px(one.left) if place else theme.px(theme.PAD + _PICTURE + 10)
        return left, width - theme.px(one.right)

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
        unfold: Callable[[int, bool | None], bool],
    ) -> None:
        self._unfold = unfold
        self.open: Collection[str] = ()  # keys of the series whose files are shown
        self._lines: Sequence[ModelLine] = ()
        self.stars, self.marked = ModelStars(), ""
        self._places: dict[str, int] = {}

        def preview(order: MakeThumbnail) -> None:
            ask(MakePreview(image_id=order.image_id, path=order.image_id, edge=order.edge))

        super().__init__(parent, on_select=on_select, on_open=on_open, row_height=ROW, ground="surface")
        self.thumbs = Thumbs(self.canvas, preview, self._arrived)
        self.thumbs.set_box((theme.px(_PICTURE), theme.px(_PICTURE)))
        for key, on in (("<Right>", True), ("<Left>", False)):
            self.canvas.bind(key, partial(self._fold_key, on))
        self.canvas.bind("<ButtonRelease-1>", self._fold_click, add="+")

    def _fold_key(self, on: bool, _event: tk.Event[tk.Misc]) -> str:
        self._unfold(self.selected, on)
        return "break"

    def _fold_click(self, event: tk.Event[tk.Misc]) -> None:
        index = int((event.y + self._top) // self._row)
        if event.x < theme.px(theme.PAD + _PICTURE) and 0 <= index < len(self._lines) and self._lines[index].is_series:
            self._unfold(index, None)

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
        texts = self._texts(line)
        for place, one in enumerate(columns[:-1]):
            text, ink = texts[one.column]
            left = theme.px(theme.PAD + _PICTURE + 10) if not place else width - theme.px(one.left)
            right = width - theme.px(one.right + _GAP)
            bold = chosen and not place
            if one.at_right:
                canvas.words(right, middle, text, size=12, ink=ink, anchor="e")
                continue
            if not place:
                left += theme.px(_INDENT) * line.depth
            if one.column == "best" and (best := self.stars.best(line.key)) is not None:
                sign: tuple[str, Role] = ("star", "accent_text") if best.certain else ("ring", "text3")
                canvas.picture(left, middle, icons.icon(sign[0], 10, sign[1], ground), "w")
                left += theme.px(16)
            if one.column == "name" and line.path == self.marked:
                canvas.picture(right, middle, icons.icon("compare", 14, "accent_text", ground), "e")
                right -= theme.px(20)
            canvas.words(left, middle, text, size=12 if place else 13, bold=bold, ink=ink, room=right - left)
            if not place and line.note:
                left += theme.font(13, bold).measure(text) + theme.px(8)
                if right - left > theme.px(40):
                    canvas.words(left, middle, line.note, size=12, ink="text3", room=right - left)
        if line.entry.problems:
            canvas.picture(width - theme.px(20), middle, icons.icon("warning", 14, "warn", ground), "e")
        self._draw_ring(index, y, y + self._row)

    def _texts(self, line: ModelLine) -> Mapping[Column, tuple[str, Role]]:
        seen, best = self.stars.seen.get(line.key, Seen()), self.stars.best(line.key)
        few: Role = "text" if seen.rated >= _FEW else "text3"
        return {
            "name": (line.name, "warn" if line.entry.problems else "text"),
            "family": (line.family or "–", "text2"),
            "rated": (f"{seen.rated:,}" if seen.rated else "–", few),
            "mean": (f"{seen.mean:.1f}" if seen.mean is not None else "–", few),
            "best": (short(best), "text2") if best is not None else ("–", "text3"),
            "used": (ago(seen.newest_ms, time.time_ns() // 1_000_000), "text2")
            if seen.newest_ms
            else ("never", "text3"),
            "sources": (line.sources or "nothing", "text2" if line.sources else "text3"),
            "size": (words.size(line.entry.size) or "not there", "text2"),
        }

    def _draw_picture(self, line: ModelLine, y: int) -> None:
        side, left = theme.px(_PICTURE), theme.px(theme.PAD + _INDENT * line.depth)
        top = y + (self._row - side) // 2
        photo = self.thumbs.photo(line.preview) if line.preview else None
        self.canvas.fill(left, top, left + side, top + side, "image_ground")
        middle = (left + side // 2, top + side // 2)
        if line.is_series:
            sign = "chevron_down" if line.key in self.open else "chevron_right"
            self.canvas.picture(*middle, icons.icon(sign, 14, "text2", "image_ground"), "center")
            return
        image = photo or icons.icon("models", 14, "text3", "image_ground")
        self._places[line.preview] = self.canvas.picture(*middle, image, "center")

    def _arrived(self, path: str) -> None:
        photo = self.thumbs.photo(path)
        if path in self._places and photo is not None:
            self.canvas.change_picture(self._places[path], photo)


class ModelTable(Box):
    """Head and rows. `chosen(index)` follows the selection, `opened(index)` Return and a double click.

    `unfold(index, on)` shows the files of a series, or no longer; None = the other way.
    """

    def __init__(
        self,
        parent: tk.Misc,
        *,
        chosen: Callable[[int], object],
        opened: Callable[[int], object],
        sort: Callable[[Column], object],
        ask: Callable[[MakePreview], None],
        unfold: Callable[[int, bool | None], bool],
    ) -> None:
        super().__init__(parent, "surface")
        self.head = TableHead(self, sort)
        self.head.pack(fill="x")
        self.rows = ModelRows(self, on_select=chosen, on_open=opened, ask=ask, unfold=unfold)
        self.rows.pack(fill="both", expand=True)
