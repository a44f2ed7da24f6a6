"""The matrix of a Learning Run on a Canvas: a line per seed, a column per value, only the places in sight exist.

It knows places, keys for moving and how to get thumbnails. What a place says it asks its owner.
"""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Iterable

from msgspec import Struct

from ....domain.insights.blinding import BlindCell, BlindMatrix, MatrixRow
from ....pipeline.messages.pictures import MakeThumbnail, ThumbnailReady
from ...widgets import theme
from ...widgets.basics import Box
from ...widgets.grid_layout import HEIGHT_STEP, PICTURE_RATIO
from ...widgets.picture_cell import FOOT, FRAME, Bounds
from ...widgets.scrollbar import ThinScrollbar
from ...widgets.thumbnails import Thumbs
from .matrix_cell import MatrixCell, MatrixCellContent
from .matrix_headers import HeaderText, Margins, MatrixHeaders

_SIDE, _LABEL, _TOP, _HEAD, _GAP, _GAP_Y = 20, 90, 8, 48, 10, 12
_LEAST, _MOST, _TALLEST = 84, 210, 320
_WORTH_FITTING, _WIDEST_GAP = 0.8, 28
_WHEEL_PX = 72
_BUDGET_S = 0.005
_SHIFT, _CONTROL = 0x1, 0x4


class MatrixActions(Struct, frozen=True, kw_only=True):
    """What the matrix needs from its page. `label(line)` and `head(column)` give two lines of words, a head also
    whether it is the one to point out. `chosen` is called when the current place or the marks changed.
    """

    ask: Callable[[MakeThumbnail], None]
    look: Callable[[BlindCell], MatrixCellContent]
    label: Callable[[MatrixRow], tuple[str, str]]
    head: Callable[[int], tuple[str, str, bool]]
    reason: Callable[[str], str]
    chosen: Callable[[], None]
    opened: Callable[[], None]


class _Measures(Struct, frozen=True):
    """Sizes in screen pixels."""

    wide: int
    high: int
    step_x: int
    step_y: int
    left: int
    top: int


class Matrix(Box):
    """The canvas with its scrollbar. `current` is the number of the place keys are about, `marked` are to compare."""

    def __init__(self, parent: tk.Misc, owner: MatrixActions) -> None:
        super().__init__(parent, "bg")
        self._owner = owner
        self.seating: BlindMatrix | None = None
        self.current = -1
        self.marked: set[int] = set()
        self._shape = PICTURE_RATIO
        self._top = self._left = 0
        self._pending = ""
        self._shown: dict[int, MatrixCell] = {}
        self._pool: list[MatrixCell] = []
        self._size = _Measures(1, 1, 1, 1, 0, 0)
        self.canvas = tk.Canvas(self, bd=0, highlightthickness=0, takefocus=1, xscrollincrement=1, yscrollincrement=1)
        self._bar = ThinScrollbar(self, lambda top: self._scroll_to(round(top), self._left))
        self._bar.pack(side="right", fill="y")
        self.canvas.pack(side="left", fill="both", expand=True)
        self._ring = self.canvas.create_rectangle(0, 0, 0, 0, width=theme.px(2), state="hidden")
        self._words = MatrixHeaders(self.canvas)
        self._thumbs = Thumbs(self.canvas, owner.ask, self._thumb_arrived)
        self._bind_all()
        theme.on_change(self._repaint)
        self._repaint()

    # ---- what is shown

    def show(self, seating: BlindMatrix, *, shape: float = PICTURE_RATIO) -> None:
        """Show this seating; only places that changed are drawn again. `shape` is height by width of the pictures.

        The current place stays current as long as the same plan is shown.
        """
        before, self.seating = self.seating, seating
        other = before is None or before.board.plan.plan_id != seating.board.plan.plan_id
        moved = other or before is None or before.hidden != seating.hidden or shape != self._shape
        if other or before is None:
            self.current, self.marked, self._top, self._left = -1, set(), 0, 0
        else:
            self.current = _same_place(before, seating, self.current)
            self.marked = {n for old in self.marked if (n := _same_place(before, seating, old)) >= 0}
        self._shape = shape
        self._measure()
        self._redraw(again=moved)

    def refresh(self) -> None:
        """Draw what has changed since it was drawn."""
        self._redraw()

    @property
    def seat(self) -> BlindCell | None:
        """The place keys are about."""
        seats = self.seating.seats if self.seating is not None else ()
        return seats[self.current] if 0 <= self.current < len(seats) else None

    def go_to(self, number: int, *, mark: bool = False) -> None:
        """Make a place current and bring it into sight; with `mark` it and the one left are chosen to compare."""
        if self.seating is None or not self.seating.seats:
            return
        number = min(max(number, 0), len(self.seating.seats) - 1)
        seats = self.seating.seats
        chosen = {*self.marked, number, self.current} - {-1} if mark else set()
        self.marked = {place for place in chosen if seats[place].facts is not None}
        self.current = number
        self._see(self.seating.seats[number])
        self._redraw()
        self._owner.chosen()

    def move(self, how: str, *, mark: bool = False) -> None:
        """Move by a key: left, right, up, down, home, end, page_up, page_down."""
        seat, seating = self.seat, self.seating
        if seating is None or not seating.seats:
            return
        if seat is None:
            self.go_to(0)
            return
        page = max(1, (self.canvas.winfo_height() - self._size.top) // self._size.step_y)
        lines = {"up": -1, "down": 1, "page_up": -page, "page_down": page}
        if how in lines:
            line = min(max(seat.line + lines[how], 0), len(seating.lines) - 1)
            number = min(seating.lines[line].seats, key=lambda other: abs(other.column - seat.column)).number
        else:
            last = len(seating.seats) - 1
            number = {"left": seat.number - 1, "right": seat.number + 1, "home": 0, "end": last}[how]
        self.go_to(number, mark=mark)

    def unmark(self) -> bool:
        """Choose nothing to compare any more; False when nothing was chosen."""
        had, self.marked = bool(self.marked), set()
        self._redraw()
        return had

    def thumbnail_ready(self, event: ThumbnailReady) -> None:
        """Hand over an answer to an order; others are ignored."""
        self._thumbs.ready(event)

    def orders_lost(self) -> None:
        """An order failed without an answer."""
        self._thumbs.lost()

    def destroy(self) -> None:
        """Stop decoding and go."""
        if self._pending:
            self.after_cancel(self._pending)
        self._thumbs.close()
        super().destroy()

    # ---- mouse

    def _bind_all(self) -> None:
        canvas = self.canvas
        canvas.bind("<Configure>", lambda _event: self._resized())
        canvas.bind("<ButtonPress-1>", self._clicked)
        canvas.bind("<Double-Button-1>", self._double_clicked)
        canvas.bind("<Motion>", self._pointed)
        for widget in (canvas, self._bar):
            widget.bind("<MouseWheel>", self._wheel)
            widget.bind("<Button-4>", lambda event: self._scroll_by(-1, event))
            widget.bind("<Button-5>", lambda event: self._scroll_by(1, event))

    def _seat_at(self, x: float, y: float) -> int:
        size = self._size
        if self.seating is None or x < size.left or y < size.top:
            return -1
        column, line = int((x + self._left - size.left) // size.step_x), int((y + self._top - size.top) // size.step_y)
        lines = self.seating.lines
        if not 0 <= line < len(lines):
            return -1
        return next((seat.number for seat in lines[line].seats if seat.column == column), -1)

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        self.canvas.focus_set()
        number = self._seat_at(event.x, event.y)
        if number < 0:
            return
        if int(event.state) & _CONTROL:
            self.marked ^= {number} if self.seating and self.seating.seats[number].facts else set()
            self._redraw()
            self._owner.chosen()
        else:
            self.go_to(number, mark=bool(int(event.state) & _SHIFT))

    def _double_clicked(self, event: tk.Event[tk.Misc]) -> None:
        if int(event.state) & (_SHIFT | _CONTROL):
            self._clicked(event)  # marking quickly is not opening
        elif self._seat_at(event.x, event.y) >= 0:
            self._owner.opened()

    def _pointed(self, event: tk.Event[tk.Misc]) -> None:
        wanted = "hand2" if self._seat_at(event.x, event.y) >= 0 else ""
        if str(self.canvas["cursor"]) != wanted:
            self.canvas.configure(cursor=wanted)

    def _wheel(self, event: tk.Event[tk.Misc]) -> None:
        # Windows reports 120 per notch and less from fine wheels; macOS reports small whole numbers.
        notches = event.delta / 120 if abs(event.delta) >= 20 else event.delta
        self._scroll_by(-notches, event)

    def _scroll_by(self, notches: float, event: tk.Event[tk.Misc]) -> None:
        way = round(notches * theme.px(_WHEEL_PX))
        across = bool(int(event.state) & _SHIFT)
        self._scroll_to(self._top + (0 if across else way), self._left + (way if across else 0))

    # ---- where things stand

    def _measure(self) -> None:
        seating = self.seating
        count, lines = (seating.width, len(seating.lines)) if seating is not None else (1, 1)
        left, gap = theme.px(_SIDE + _LABEL), theme.px(_GAP)
        room = self.canvas.winfo_width() + self._bar.winfo_reqwidth() - left - theme.px(_SIDE)
        wide = min(max((room + gap) // max(1, count) - gap, theme.px(_LEAST)), theme.px(_MOST))
        top = theme.px(_HEAD if seating is not None and not seating.hidden else _TOP)
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
        self._thumbs.set_box(Bounds(0, 0, wide, high).picture_box)

    def _high(self, wide: int) -> int:
        frame = 2 * theme.px(FRAME)
        picture = min(round((wide - frame) * self._shape), theme.px(_TALLEST)) // HEIGHT_STEP * HEIGHT_STEP
        return picture + frame + theme.px(FOOT)

    def _bounds(self, seat: BlindCell) -> Bounds:
        size = self._size
        return Bounds(size.left + seat.column * size.step_x, size.top + seat.line * size.step_y, size.wide, size.high)

    def _whole(self) -> tuple[int, int]:
        """Width and height of everything."""
        size, seating = self._size, self.seating
        if seating is None:
            return 1, 1
        # The last column ends where the scrollbar's room begins; that room is part of the right margin.
        side = theme.px(_SIDE) - self._bar.winfo_reqwidth() - theme.px(_GAP)
        return size.left + seating.width * size.step_x + side, size.top + len(seating.lines) * size.step_y

    def _see(self, seat: BlindCell) -> None:
        at, size, out = self._bounds(seat), self._size, theme.px(_GAP)
        view_w, view_h = self.canvas.winfo_width(), self.canvas.winfo_height()
        # What stands left of the first column or above the first line stays in place.
        self._top = min(max(self._top, at.y + at.height + out - view_h), at.y - size.top)
        self._left = min(max(self._left, at.x + at.width + out - view_w), at.x - size.left)

    def _resized(self) -> None:
        self._measure()
        seat = self.seat
        if seat is not None:
            self._see(seat)
        self._redraw()

    def _repaint(self) -> None:
        self.canvas.configure(bg=theme.colour("bg"))
        self._redraw(again=True)

    def _scroll_to(self, top: int, left: int) -> None:
        self._top, self._left = top, left
        self._redraw()

    # ---- drawing

    def _redraw(self, *, again: bool = False) -> None:
        canvas = self.canvas
        view_w, view_h = canvas.winfo_width(), canvas.winfo_height()
        whole_w, whole_h = self._whole()
        self._top = min(max(self._top, 0), max(0, whole_h - view_h))
        self._left = min(max(self._left, 0), max(0, whole_w - view_w))
        canvas.configure(scrollregion=(0, 0, max(whole_w, view_w), max(whole_h, view_h)))
        canvas.xview_moveto(self._left / max(whole_w, view_w, 1))
        canvas.yview_moveto(self._top / max(whole_h, view_h, 1))
        self._bar.show(self._top, view_h, whole_h)
        places = {seat.number: seat for seat in self._in_sight(view_w, view_h)}
        for number in [number for number in self._shown if number not in places]:
            gone = self._shown.pop(number)
            gone.hide()
            self._pool.append(gone)
        until = time.perf_counter() + _BUDGET_S
        for number, seat in places.items():
            cell = self._shown.get(number)
            if cell is None and time.perf_counter() > until:
                # Many new places at once would hold up the window: the others follow at once after this.
                self._draw_more()
                break
            if cell is None:
                cell = self._shown[number] = self._pool.pop() if self._pool else MatrixCell(canvas)
            self._draw_cell(seat, cell, again=again)
        self._draw_ring()
        if self.seating is not None:
            self._words.show(self._margins(self.seating, view_w, view_h), again=again)
        looks = [look for number in sorted(self._shown) if (look := self._shown[number].look) is not None]
        self._thumbs.want([look.wish for look in looks if look.wish is not None])

    def _draw_more(self) -> None:
        if not self._pending:
            self._pending = self.after(1, self._draw_rest)

    def _draw_rest(self) -> None:
        self._pending = ""
        self._redraw()

    def _in_sight(self, view_w: int, view_h: int) -> Iterable[BlindCell]:
        for seat in self.seating.seats if self.seating is not None else ():
            at = self._bounds(seat)
            down = at.y < self._top + view_h and at.y + at.height > self._top
            if down and at.x < self._left + view_w and at.x + at.width > self._left:
                yield seat

    def _draw_cell(self, seat: BlindCell, cell: MatrixCell, *, again: bool = False) -> None:
        look, bounds = self._owner.look(seat), self._bounds(seat)
        if again or look != cell.look or bounds != cell.bounds:
            self._paint(cell, bounds, look)

    def _paint(self, cell: MatrixCell, bounds: Bounds, look: MatrixCellContent) -> None:
        image_id = look.wish.image_id if look.wish is not None else ""
        reason = self._owner.reason(problem) if (problem := self._thumbs.problem(image_id)) else ""
        cell.draw(bounds, look, self._thumbs.photo(image_id), reason)

    def _thumb_arrived(self, image_id: str) -> None:
        for cell in self._shown.values():
            # The same picture may be shown twice.
            if cell.look is not None and cell.look.wish is not None and cell.look.wish.image_id == image_id:
                self._paint(cell, cell.bounds, cell.look)

    def _draw_ring(self) -> None:
        seat = self.seat
        if seat is None:
            self.canvas.itemconfigure(self._ring, state="hidden")
            return
        at, out = self._bounds(seat), theme.px(3)
        self.canvas.coords(self._ring, at.x - out, at.y - out, at.x + at.width + out, at.y + at.height + out)
        self.canvas.itemconfigure(self._ring, outline=theme.colour("focus"), state="normal")
        self.canvas.tag_raise(self._ring)

    def _margins(self, seating: BlindMatrix, view_w: int, view_h: int) -> Margins:
        size, labels, columns = self._size, [], []
        for number, line in enumerate(seating.lines):
            y = size.top + number * size.step_y
            if self._top - size.step_y < y < self._top + view_h:
                x = self._left + theme.px(_SIDE)
                labels.append(HeaderText(x, y, *self._owner.label(line), theme.px(_LABEL - 10)))
        for column in range(len(seating.columns)):
            title, note, best = self._owner.head(column)
            x = size.left + column * size.step_x + theme.px(FRAME)
            columns.append(HeaderText(x, self._top + theme.px(2), title, note, size.wide, best))
        heads = 0 if seating.hidden else size.top
        return Margins(labels, columns, self._left, self._top, view_w, view_h, size.left, heads, self._whole()[0])


def _same_place(before: BlindMatrix, now: BlindMatrix, number: int) -> int:
    """Where a picture has gone, or else who took its place; −1 for none."""
    if not 0 <= number < len(before.seats):
        return -1
    seat = before.seats[number]
    if seat.facts is not None:
        for other in now.seats:
            if other.facts is not None and other.facts.row == seat.facts.row and other.again == seat.again:
                return other.number
    return min(number, len(now.seats) - 1)
