"""A grid of pictures that is as quick with 100,000 pictures as with ten: only the cells in sight exist.

Cells have the shapes of their pictures, in rows that fill the width. The head of the uppermost group stays in sight.

It knows places, selection, keys for moving and how to get thumbnails. What a cell says and what a rating is, it does
not know: it asks the page for the content of a row and for the words of a group's head.
"""

from __future__ import annotations

import tkinter as tk
from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from msgspec import Struct

from ...domain.base.grid_layout import PICTURE_RATIO, GridLayout, Measures
from ...domain.base.grid_selection import Picked, Way
from ...pipeline.messages.pictures import MakeThumbnail, ThumbnailReady
from . import theme
from .basics import Box
from .group_heads import GroupHead, GroupHeads, HeadContent
from .picture_cell import FOOT, FRAME, Bounds, CellContent, PictureCell
from .rescaling import Scaled
from .scrollbar import ThinScrollbar, bind_wheel
from .thumbnails import Thumbs

_WHEEL_PX = 72
_SIDE, _TOP, _HEAD = 16, 0, 40
_SPACES = {"frame": FRAME, "foot": FOOT, "gap": 9, "gap_y": 8, "left": _SIDE}  # px
_CELL_SHAPE = 0.67  # width of an upright cell by its height
_SHIFT, _CONTROL = 0x1, 0x4
_EXTEND_KEYS = {
    "<Left>": "left", "<Right>": "right", "<Up>": "up", "<Down>": "down",
    "<Home>": "home", "<End>": "end", "<Prior>": "page_up", "<Next>": "page_down",
}  # fmt: skip


class GridActions(Struct, frozen=True, kw_only=True):
    """What the grid needs from the page: order thumbnails, the content of a row, the head of a group.

    `offered(group)` is called when a head's offer is clicked, `chosen` when the current cell or the selection changed,
    `opened` on Space, Return or a double click.
    """

    ask: Callable[[MakeThumbnail], None]
    content: Callable[[int], CellContent]
    head: Callable[[int], HeadContent] = lambda _group: HeadContent("")
    offered: Callable[[int], None] = lambda _group: None
    chosen: Callable[[], None] = lambda: None
    opened: Callable[[], None] = lambda: None


class ThumbnailGrid(Box, Scaled):
    """The grid with its scrollbar. `picked` tells what is current and selected; change it through the methods.

    `layout` says where the cells stand, `top` which pixel of it is at the upper edge.
    """

    def __init__(self, parent: tk.Misc, actions: GridActions, *, cell_px: int = 200) -> None:
        super().__init__(parent, "bg")
        self.picked = Picked()
        self._actions = actions
        self._cell_px = cell_px
        self._firsts: Sequence[int] = ()
        self._shapes: array[int] | None = None
        self._shared: Sequence[int] = ()
        self.top, self._right = 0.0, 1
        self._shown: dict[int, PictureCell] = {}
        self._place_of: dict[str, int] = {}
        self._pool: list[PictureCell] = []
        self._region = (0, 0, 0, 0)
        self.canvas = tk.Canvas(self, bd=0, highlightthickness=0, takefocus=1, yscrollincrement=1)
        self._bar = ThinScrollbar(self, self._scroll_to)
        self._bar.pack(side="right", fill="y")
        self.canvas.pack(side="left", fill="both", expand=True)
        self._heads = GroupHeads(self.canvas, actions.head)
        self._ring = self.canvas.create_rectangle(0, 0, 0, 0, state="hidden")
        self._ringed: tuple[int, int, int, int, str] | None = None
        self._measure()
        self._thumbs = Thumbs(self.canvas, actions.ask, self._thumb_arrived)
        self.layout = GridLayout((), 0, self._measures(1), None)
        self._bind_all()
        theme.on_change(self._repaint)
        self._repaint()

    def _measure(self) -> None:
        self._space = {name: theme.px(length) for name, length in _SPACES.items()}
        self._side, self._ring_gap = theme.px(_SIDE), theme.px(3)
        self.canvas.itemconfigure(self._ring, width=theme.px(2))

    def remeasure(self) -> None:
        """Lay the cells out anew; the current one stays where it is on screen."""
        self._measure()
        self._resized()

    # ---- what is shown

    def show(
        self,
        rows: array[int],
        firsts: Sequence[int] = (),
        shapes: array[int] | None = None,
        shared: Sequence[int] = (),
    ) -> None:
        """Show these rows, in groups that begin at `firsts`. The current one stays current and in place on screen.

        `shapes` are those of the pictures, `shared` those of the groups, as `GridLayout` takes them.
        """
        before = self._screen_y(self.picked.current)
        self._firsts, self._shapes, self._shared = firsts, shapes, shared
        self.picked.replace(rows)
        self._lay_out()
        if before is not None and self.picked.current >= 0:
            self.top = self.layout.spot(self.picked.current).y - before
        self._redraw(all_cells=True)

    def refresh(self, rows: Iterable[int] | None = None) -> None:
        """Draw these rows again where they are in sight; all cells in sight without `rows`."""
        wanted = None if rows is None else set(rows)
        for place, cell in self._shown.items():
            if wanted is None or self.picked.rows[place] in wanted:
                self._draw_cell(place, cell)

    def go_to(self, place: int, way: Way = "only") -> None:
        """Make a place current and bring it into sight."""
        if self.picked.rows:
            self.picked.pick(min(max(place, 0), len(self.picked.rows) - 1), way)
            self._see(self.picked.current)
            self._chosen()

    def go_to_rows(self, rows: set[int]) -> bool:
        """Select these pictures and bring the first into sight. False when none of them is shown."""
        if not any(self.picked.place_of(row) >= 0 for row in rows):
            return False
        self.picked.pick_rows(rows)
        self._see(self.picked.current)
        self._chosen()
        return True

    def select_none(self) -> None:
        """Nothing current, nothing selected, and the beginning in sight: for a strip that only shows."""
        self.picked.pick_none()
        self.top = 0.0
        self._redraw(all_cells=True)

    def select_all(self) -> None:
        """Select everything shown, also what is out of sight."""
        self.picked.pick_all()
        self._chosen()

    def in_sight(self, place: int) -> bool:
        """Whether at least half of a place's cell can be seen."""
        y = self._screen_y(place)
        if y is None:
            return False
        half = self.layout.spot(place).height / 2
        return self.layout.size.head - half <= y <= self.canvas.winfo_height() - half

    def set_cell(self, cell_px: int) -> None:
        """Change the height of cells (design pixels); the current one stays where it is on screen."""
        self._cell_px = cell_px
        self._resized()

    def thumbnail_ready(self, event: ThumbnailReady) -> None:
        """Hand over an answer to an order of this grid; others are ignored."""
        self._thumbs.ready(event)

    @property
    def is_waiting(self) -> bool:
        """Whether thumbnails of cells in sight have not come yet."""
        return self._thumbs.is_waiting

    def orders_lost(self) -> None:
        """An order failed without an answer: what is in sight is asked for again when the grid next moves."""
        self._thumbs.lost()

    def retry(self) -> None:
        """Ask again for pictures that could not be shown."""
        self._thumbs.retry()
        self._redraw(all_cells=True)

    # ---- moving

    def move(self, how: str, way: Way = "only") -> None:
        """Move the current cell: left, right, up, down, home, end, page_up, page_down."""
        now, layout = max(self.picked.current, 0), self.layout
        page = max(1, self.canvas.winfo_height() - layout.size.head - theme.px(_WHEEL_PX))
        targets: dict[str, Callable[[], int]] = {
            "left": lambda: now - 1,
            "right": lambda: now + 1,
            "up": lambda: layout.row_step(now, -1),
            "down": lambda: layout.row_step(now, 1),
            "page_up": lambda: layout.page_step(now, -page),
            "page_down": lambda: layout.page_step(now, page),
            "home": lambda: 0,
            "end": lambda: layout.count - 1,
        }
        if layout.count:
            self.go_to(targets[how](), way)

    def _bind_all(self) -> None:
        canvas = self.canvas
        canvas.bind("<Configure>", lambda _event: self._resized())
        canvas.bind("<ButtonPress-1>", self._clicked)
        canvas.bind("<Double-Button-1>", self._double_clicked)
        canvas.bind("<Motion>", self._pointed)
        canvas.bind("<Leave>", lambda _event: self._heads.light(-1))
        canvas.bind("<FocusIn>", lambda _event: self._draw_ring())
        canvas.bind("<FocusOut>", lambda _event: self._draw_ring())
        for key in ("<space>", "<Return>", "<KP_Enter>"):
            canvas.bind(key, self._open_key)
        for widget in (canvas, self._bar):
            bind_wheel(widget, lambda notches: self._scroll_to(self.top + notches * theme.px(_WHEEL_PX)))
        for key, how in _EXTEND_KEYS.items():
            pad = key.replace("<", "<KP_")
            for name in (key, pad):
                canvas.bind(name, partial(self._move_key, how, "only"))
                canvas.bind(name.replace("<", "<Shift-"), partial(self._move_key, how, "range"))

    def _move_key(self, how: str, way: Way, _event: tk.Event[tk.Misc]) -> str:
        self.move(how, way)
        return "break"

    def _open_key(self, _event: tk.Event[tk.Misc]) -> str:
        if self.picked.current >= 0:
            self._see(self.picked.current)
            self._actions.opened()
        return "break"

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        self.canvas.focus_set()
        if (group := self._heads.offer_at(event.x, event.y + self.top)) >= 0:
            self._actions.offered(group)
            return
        place = self.place_under(event.x, event.y)
        if place >= 0:
            state = int(event.state)
            self.go_to(place, "range" if state & _SHIFT else "toggle" if state & _CONTROL else "only")

    def place_under(self, x: int, y: int) -> int:
        """The place under a point of the canvas, −1 for none; what a head covers is none."""
        return -1 if self._heads.at(y + self.top) >= 0 else self.layout.place_at(x, y + self.top)

    def _double_clicked(self, event: tk.Event[tk.Misc]) -> None:
        if self.place_under(event.x, event.y) >= 0 and not int(event.state) & (_SHIFT | _CONTROL):
            self._actions.opened()

    def _pointed(self, event: tk.Event[tk.Misc]) -> None:
        offer = self._heads.offer_at(event.x, event.y + self.top)
        self._heads.light(offer)
        wanted = "hand2" if offer >= 0 or self.place_under(event.x, event.y) >= 0 else ""
        if str(self.canvas["cursor"]) != wanted:
            self.canvas.configure(cursor=wanted)

    # ---- drawing

    def _measures(self, width: int) -> Measures:
        upright = round(theme.px(self._cell_px) * _CELL_SHAPE) - 2 * self._space["frame"]
        return Measures(
            room=max(1, width - 2 * self._side),
            height=round(upright * PICTURE_RATIO),
            top=theme.px(_TOP if self._firsts else _SIDE),
            head=theme.px(_HEAD) if self._firsts else 0,
            **self._space,
        )

    def _lay_out(self) -> None:
        # The bar's place is part of the right margin, so that cells end where the page's other contents end.
        width = self.canvas.winfo_width() + self._bar.winfo_reqwidth()
        before, self._right = self.layout.size, width - self._side
        size = self._measures(width)
        self.layout = GridLayout(self._firsts, len(self.picked.rows), size, self._shapes, self._shared)
        if (size.room, size.height) != (before.room, before.height):
            self._thumbs.hold()

    def _resized(self) -> None:
        before = self._screen_y(self.picked.current)
        self._lay_out()
        if before is not None:
            self.top = self.layout.spot(self.picked.current).y - before
        self._redraw(all_cells=True)

    def _repaint(self) -> None:
        for cell in (*self._shown.values(), *self._pool):
            cell.forget()
        self._heads.forget()
        self.canvas.configure(bg=theme.palette["bg"])
        self._redraw(all_cells=True)

    def _screen_y(self, place: int) -> float | None:
        """Where a place is on screen; None when it is not, not even in part."""
        if not 0 <= place < self.layout.count:
            return None
        spot = self.layout.spot(place)
        y = spot.y - self.top
        return y if -spot.height < y < self.canvas.winfo_height() else None

    def _scroll_to(self, top: float) -> None:
        self.top = top
        self._redraw()

    def _see(self, place: int) -> None:
        spot, size, view = self.layout.spot(place), self.layout.size, self.canvas.winfo_height()
        # The head of its group lies over what is at the top; with the first row its own place comes into sight.
        is_first_row = spot.y - size.head == self.layout.head_y(self.layout.group_of(place))
        above = spot.y - size.head - (size.top if is_first_row else size.gap_y)
        below = spot.y + spot.height + size.gap_y
        if above < self.top or spot.height + size.head >= view:
            self.top = above
        elif below > self.top + view:
            self.top = below - view

    def _chosen(self) -> None:
        self._redraw()
        for place, cell in self._shown.items():
            if cell.selected != (self.picked.rows[place] in self.picked.selected):
                self._draw_cell(place, cell)
        self._actions.chosen()

    def _redraw(self, *, all_cells: bool = False) -> None:
        view = self.canvas.winfo_height()
        self.top += self.layout.settle(self.top, self.top + view, view)
        whole = self.layout.height
        self.top = float(round(min(max(self.top, 0.0), max(0, whole - view))))
        region = (0, 0, self.canvas.winfo_width(), max(whole, view))
        if region != self._region:
            self._region = region
            self.canvas.configure(scrollregion=region)
        self.canvas.yview_moveto(self.top / max(whole, view, 1))
        self._bar.show(self.top, view, whole)
        places = self.layout.places(self.top, self.top + view)
        for place in [place for place in self._shown if place not in places]:
            self._release(place)
        if all_cells:
            self._place_of.clear()
        fresh = all_cells
        for place in places:
            cell = self._shown.get(place)
            if cell is None:
                cell, fresh = self._pool.pop() if self._pool else PictureCell(self.canvas), True
                self._shown[place] = cell
                self._draw_cell(place, cell)
            elif all_cells:
                self._draw_cell(place, cell)
        self._heads.show(self.layout, int(self.top), self._side, self._right)
        self._draw_ring()
        if fresh:
            self.canvas.tag_raise(self._ring)
            self.canvas.tag_raise(GroupHead.TAG)
        if fresh or self._thumbs.is_waiting:
            self._want()

    def _release(self, place: int) -> None:
        cell = self._shown.pop(place)
        cell.hide()
        self._pool.append(cell)

    def _draw_cell(self, place: int, cell: PictureCell) -> None:
        row = self.picked.rows[place]
        content = self._actions.content(row)
        bounds = Bounds(*self.layout.spot(place), theme.scale())
        cell.draw(bounds, content, selected=row in self.picked.selected)
        self._place_of[content.image_id] = place
        self._show_picture(cell, content.image_id)

    def _draw_ring(self) -> None:
        place, out = self.picked.current, self._ring_gap
        if place not in self._shown or not 0 <= place < self.layout.count:
            around = None
        else:
            x, y, width, height = self.layout.spot(place)
            around = x - out, y - out, x + width + out, y + height + out, theme.palette["focus"]
        if around == self._ringed:
            return
        self._ringed = around
        if around is not None:
            self.canvas.coords(self._ring, *around[:4])
            self.canvas.itemconfigure(self._ring, outline=around[4])
        self.canvas.itemconfigure(self._ring, state="hidden" if around is None else "normal")

    def _want(self) -> None:
        cells = (self._shown[place] for place in sorted(self._shown))
        self._thumbs.want([cell.wish for cell in cells if cell.wish is not None])

    def _thumb_arrived(self, image_id: str) -> None:
        place = self._place_of.get(image_id, -1)
        cell = self._shown.get(place)
        # A place may show another picture by now.
        if cell is not None and cell.content is not None and cell.content.image_id == image_id:
            self._show_picture(cell, image_id)

    def _show_picture(self, cell: PictureCell, image_id: str) -> None:
        photo = self._thumbs.photo(image_id, cell.box)
        cell.picture(photo, self._thumbs.problem(image_id) if photo is None else "")
