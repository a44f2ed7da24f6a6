"""The matrix of a Learning Run on a Canvas: a line per seed, a column per value, only the places in sight exist.

It draws the places of a rating session, follows its cursor and knows how to get thumbnails.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Iterable

from msgspec import Struct

from ....app.learn.matrix_cells import MatrixCellContent, cell_content
from ....app.learn.rating_session import RatingSession
from ....domain.base.grid_layout import HEIGHT_STEP, PICTURE_RATIO
from ....domain.insights.blinding import BlindCell, BlindMatrix
from ....domain.insights.matrix_text import column_head, row_label
from ....pipeline.messages.pictures import MakeThumbnail
from ...widgets import theme
from ...widgets.page_frame import DeferringBox
from ...widgets.painting import Painting
from ...widgets.picture_cell import FOOT, FRAME, Bounds
from ...widgets.scrollbar import ThinScrollbar, bind_wheel
from ...widgets.thumbnails import ThumbnailRequest, Thumbs
from .matrix_parts import HeaderText, Margins, MatrixCell, MatrixHeaders

_SIDE, _LABEL, _TOP, _HEAD, _GAP, _GAP_Y = 20, 90, 8, 48, 10, 12
_LEAST, _MOST, _TALLEST = 84, 210, 320
_WORTH_FITTING, _WIDEST_GAP = 0.8, 28
_WHEEL_PX = 72
_BUDGET_S = 0.005
_SHIFT, _CONTROL = 0x1, 0x4


class _Measures(Struct, frozen=True):
    """Sizes in screen pixels."""

    wide: int
    high: int
    step_x: int
    step_y: int
    left: int
    top: int


class Matrix(DeferringBox):
    """The canvas with its scrollbar. `opened()` is called by a double click. A click moves the session's cursor."""

    def __init__(
        self,
        parent: tk.Misc,
        session: RatingSession,
        ask: Callable[[MakeThumbnail], None],
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(parent, "bg")
        self._session, self._cursor, self._opened = session, session.cursor, opened
        self._matrix: BlindMatrix | None = None
        self._shape = PICTURE_RATIO
        self._top = self._left = 0
        self._shown: dict[int, MatrixCell] = {}
        self._pool: list[MatrixCell] = []
        self._size = _Measures(1, 1, 1, 1, 0, 0)
        self.canvas = Painting(self, "bg", takefocus=True)
        self.canvas.configure(xscrollincrement=1, yscrollincrement=1)
        self._bar = ThinScrollbar(self, lambda top: self._scroll_to(round(top), self._left))
        self._bar.pack(side="right", fill="y")
        self.canvas.pack(side="left", fill="both", expand=True)
        self._ring = self.canvas.create_rectangle(0, 0, 0, 0, state="hidden")
        self._heads = MatrixHeaders(self.canvas)
        self.thumbs = Thumbs(self.canvas, ask, self._thumb_arrived)
        self._bind_all()
        theme.on_change(self._repaint)
        self._repaint()

    # ---- what is shown

    def show(self, *, shape: float = PICTURE_RATIO) -> None:
        """Show the session's matrix; only places that changed are drawn again. `shape` is height by width of the
        pictures.
        """
        before, self._matrix = self._matrix, self._session.matrix
        now = self._matrix
        if now is None:
            return
        other = before is None or before.board.plan.plan_id != now.board.plan.plan_id
        if other:
            self._top = self._left = 0
        moved = other or before is None or before.hidden != now.hidden or shape != self._shape
        self._shape = shape
        self._measure()
        self.refresh(again=moved)

    def show_current(self) -> None:
        """Bring the current place into sight and draw what has changed."""
        if self._cursor.cell is not None:
            self._see(self._cursor.cell)
        self.refresh()

    def move(self, how: str, *, mark: bool = False) -> None:
        """Move the cursor by a key; a page is what is in sight."""
        page = max(1, (self.canvas.winfo_height() - self._size.top) // self._size.step_y)
        self._cursor.move(how, page=page, mark=mark)

    def bounds(self, cell: BlindCell) -> Bounds:
        """Where a place is drawn, in the coordinates of the canvas."""
        size = self._size
        return Bounds(
            size.left + cell.column * size.step_x,
            size.top + cell.line * size.step_y,
            size.wide,
            size.high,
            theme.scale(),
        )

    @property
    def cells_drawn(self) -> int:
        """How many places exist on the canvas."""
        return len(self._shown)

    # ---- mouse

    def _bind_all(self) -> None:
        canvas = self.canvas
        canvas.bind("<Configure>", lambda _event: self._resized())
        canvas.bind("<ButtonPress-1>", self._clicked)
        canvas.bind("<Double-Button-1>", self._double_clicked)
        canvas.bind("<Motion>", self._pointed)
        for widget in (canvas, self._bar):
            bind_wheel(widget, lambda notches: self._scroll_to(self._top + _pixels(notches), self._left))
            bind_wheel(widget, lambda notches: self._scroll_to(self._top, self._left + _pixels(notches)), "Shift-")

    def _place_at(self, x: float, y: float) -> int:
        size = self._size
        if self._matrix is None or x < size.left or y < size.top:
            return -1
        column, line = int((x + self._left - size.left) // size.step_x), int((y + self._top - size.top) // size.step_y)
        lines = self._matrix.lines
        if not 0 <= line < len(lines):
            return -1
        return next((cell.number for cell in lines[line].cells if cell.column == column), -1)

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        self.canvas.focus_set()
        number = self._place_at(event.x, event.y)
        if number < 0:
            return
        if int(event.state) & _CONTROL:
            self._cursor.toggle_mark(number)
        else:
            self._cursor.go_to(number, mark=bool(int(event.state) & _SHIFT))

    def _double_clicked(self, event: tk.Event[tk.Misc]) -> None:
        if int(event.state) & (_SHIFT | _CONTROL):
            self._clicked(event)  # marking quickly is not opening
        elif self._place_at(event.x, event.y) >= 0:
            self._opened()

    def _pointed(self, event: tk.Event[tk.Misc]) -> None:
        wanted = "hand2" if self._place_at(event.x, event.y) >= 0 else ""
        if str(self.canvas["cursor"]) != wanted:
            self.canvas.configure(cursor=wanted)

    # ---- where things stand

    def _measure(self) -> None:
        matrix = self._matrix
        count, lines = (matrix.width, len(matrix.lines)) if matrix is not None else (1, 1)
        left, gap = theme.px(_SIDE + _LABEL), theme.px(_GAP)
        room = self.canvas.winfo_width() + self._bar.winfo_reqwidth() - left - theme.px(_SIDE)
        wide = min(max((room + gap) // max(1, count) - gap, theme.px(_LEAST)), theme.px(_MOST))
        top = theme.px(_HEAD if matrix is not None and matrix.columns else _TOP)
        room_step = (room + gap) // max(1, count)
        step = self._high(wide) + theme.px(_GAP_Y)
        fits = (self.canvas.winfo_height() - top) / max(1, lines * step)
        if _WORTH_FITTING <= fits < 1:
            # All lines in sight are worth somewhat smaller pictures.
            smaller = range(wide, theme.px(_LEAST) - 1, -1)
            wide = next((less for less in smaller if self._high(less) + theme.px(_GAP_Y) <= step * fits), wide)
        high = self._high(wide)
        # What is left over stands between the columns.
        spread = min(room_step, wide + theme.px(_WIDEST_GAP))
        self._size = _Measures(wide, high, max(spread, wide + gap), high + theme.px(_GAP_Y), left, top)
        self.thumbs.set_box(Bounds(0, 0, wide, high, theme.scale()).picture_box)

    def _high(self, wide: int) -> int:
        frame = 2 * theme.px(FRAME)
        picture = min(round((wide - frame) * self._shape), theme.px(_TALLEST)) // HEIGHT_STEP * HEIGHT_STEP
        return picture + frame + theme.px(FOOT)

    def _whole(self) -> tuple[int, int]:
        """Width and height of everything."""
        size, matrix = self._size, self._matrix
        if matrix is None:
            return 1, 1
        # The last column ends where the scrollbar's room begins; that room is part of the right margin.
        side = theme.px(_SIDE) - self._bar.winfo_reqwidth() - theme.px(_GAP)
        return size.left + matrix.width * size.step_x + side, size.top + len(matrix.lines) * size.step_y

    def _see(self, cell: BlindCell) -> None:
        at, size, out = self.bounds(cell), self._size, theme.px(_GAP)
        view_w, view_h = self.canvas.winfo_width(), self.canvas.winfo_height()
        # What stands left of the first column or above the first line stays in place.
        self._top = min(max(self._top, at.y + at.height + out - view_h), at.y - size.top)
        self._left = min(max(self._left, at.x + at.width + out - view_w), at.x - size.left)

    def _resized(self) -> None:
        self._measure()
        self.show_current()

    def _repaint(self) -> None:
        self.canvas.configure(bg=theme.palette["bg"])
        self._measure()
        self.refresh(again=True)

    def _scroll_to(self, top: int, left: int) -> None:
        self._top, self._left = top, left
        self.refresh()

    # ---- drawing

    def refresh(self, *, again: bool = False) -> None:
        """Draw what has changed since it was drawn, or everything again."""
        canvas = self.canvas
        view_w, view_h = canvas.winfo_width(), canvas.winfo_height()
        whole_w, whole_h = self._whole()
        self._top = min(max(self._top, 0), max(0, whole_h - view_h))
        self._left = min(max(self._left, 0), max(0, whole_w - view_w))
        canvas.configure(scrollregion=(0, 0, max(whole_w, view_w), max(whole_h, view_h)))
        canvas.xview_moveto(self._left / max(whole_w, view_w, 1))
        canvas.yview_moveto(self._top / max(whole_h, view_h, 1))
        self._bar.show(self._top, view_h, whole_h)
        places = {cell.number: cell for cell in self._in_sight(view_w, view_h)}
        for number in [number for number in self._shown if number not in places]:
            gone = self._shown.pop(number)
            gone.hide()
            self._pool.append(gone)
        until = time.perf_counter() + _BUDGET_S
        for number, cell in places.items():
            drawn = self._shown.get(number)
            if drawn is None and time.perf_counter() > until:
                # Many new places at once would hold up the window: the others follow at once after this.
                self.later("draw", 1, self.refresh)
                break
            if drawn is None:
                drawn = self._shown[number] = self._pool.pop() if self._pool else MatrixCell(canvas)
            content, bounds = cell_content(self._session, cell), self.bounds(cell)
            if again or content != drawn.content or bounds != drawn.bounds:
                self._paint(drawn, bounds, content)
        self._draw_ring()
        if self._matrix is not None:
            self._heads.show(self._margins(self._matrix, view_w, view_h), again=again)
        contents = [now for number in sorted(self._shown) if (now := self._shown[number].content) is not None]
        shown = [now.facts for now in contents if now.facts is not None]
        self.thumbs.want([ThumbnailRequest(f.image_id, f.position, f.output_index) for f in shown])

    def _in_sight(self, view_w: int, view_h: int) -> Iterable[BlindCell]:
        for cell in self._cursor.cells:
            at = self.bounds(cell)
            down = at.y < self._top + view_h and at.y + at.height > self._top
            if down and at.x < self._left + view_w and at.x + at.width > self._left:
                yield cell

    def _paint(self, drawn: MatrixCell, bounds: Bounds, content: MatrixCellContent) -> None:
        image_id = content.facts.image_id if content.facts is not None else ""
        problem = self.thumbs.problem(image_id)
        # While it is blind not even a file name is told.
        reason = "It cannot be read." if problem and self._session.hidden else problem
        drawn.draw(bounds, content, self.thumbs.photo(image_id), reason)

    def _thumb_arrived(self, image_id: str) -> None:
        for drawn in self._shown.values():
            content = drawn.content
            # The same picture may be shown twice.
            if content is not None and content.facts is not None and content.facts.image_id == image_id:
                self._paint(drawn, drawn.bounds, content)

    def _draw_ring(self) -> None:
        cell = self._cursor.cell
        if cell is None:
            self.canvas.itemconfigure(self._ring, state="hidden")
            return
        at, out = self.bounds(cell), theme.px(3)
        self.canvas.coords(self._ring, at.x - out, at.y - out, at.x + at.width + out, at.y + at.height + out)
        self.canvas.itemconfigure(self._ring, outline=theme.palette["focus"], width=theme.px(2), state="normal")
        self.canvas.tag_raise(self._ring)

    def _margins(self, matrix: BlindMatrix, view_w: int, view_h: int) -> Margins:
        size, labels, columns = self._size, [], []
        for number, line in enumerate(matrix.lines):
            y = size.top + number * size.step_y
            if self._top - size.step_y < y < self._top + view_h:
                x = self._left + theme.px(_SIDE)
                labels.append(HeaderText(x, y, *row_label(matrix, line), theme.px(_LABEL - 10)))
        for column in range(len(matrix.columns)):
            title, note, best = column_head(matrix, self._session.report, column)
            x = size.left + column * size.step_x + theme.px(FRAME)
            columns.append(HeaderText(x, self._top + theme.px(2), title, note, size.wide, best))
        heads = size.top if matrix.columns else 0
        return Margins(labels, columns, self._left, self._top, view_w, view_h, size.left, heads, self._whole()[0])


def _pixels(notches: float) -> int:
    return round(notches * theme.px(_WHEEL_PX))
