"""Lists drawn on a Canvas: packs, prompts, values asked and applied; and the scrolling area for the stage cards.

A list asks for a row only when it comes into sight, so a hundred thousand rows open like ten.
"""

from __future__ import annotations

import tkinter as tk
from bisect import bisect_right
from collections.abc import Callable, Sequence

from msgspec import Struct

from ...domain.base.colour_roles import Role
from . import icons, theme
from .basics import Box
from .painting import Painting
from .rescaling import Scaled
from .scrollbar import BAR, ThinScrollbar, bind_wheel

_TYPING_MS = 800  # letters typed within this time belong to one word


class ListRow(Struct, frozen=True):
    """One line of a list. `mark` is an icon before the text, `sign` one before the text at the right end.

    `note` is a second line below the text, `cells` are the further columns of a table, `checked` draws a check box,
    `link` are words at the right end that do something of their own when they are clicked, or by Return.
    `warn` marks the row as one to look at, `dim` as one that is of no use now, `head` makes it a caption between rows
    that cannot be chosen.
    """

    text: str
    right: str = ""
    link: str = ""
    note: str = ""
    mark: str = ""
    mark_ink: Role = "text2"
    sign: str = ""
    sign_ink: Role = "text3"
    cells: tuple[str, ...] = ()
    checked: bool | None = None
    warn: bool = False
    head: bool = False
    dim: bool = False


class RowList(Box, Scaled):
    """A list with one chosen row. All callbacks get the row's index.

    Up, Down, Home, End, Page keys move; letters jump; Return opens; Space turns the check box, or opens where there
    is none. A click chooses, a double click opens. `columns` are the left edges of the cells as shares of the width.
    `empty` is the sentence in a list without rows.
    """

    def __init__(
        self,
        parent: tk.Misc,
        *,
        on_select: Callable[[int], object] | None = None,
        on_open: Callable[[int], object] | None = None,
        on_check: Callable[[int], object] | None = None,
        on_link: Callable[[int], object] | None = None,
        row_height: int = theme.ROW,
        rows: int = 0,
        columns: tuple[float, ...] = (),
        empty: str = "",
        ground: Role | None = None,
    ) -> None:
        super().__init__(parent, ground)
        self._tell, self._open, self._check, self._follow = on_select, on_open, on_check, on_link
        self._columns, self.empty, self._row_height = columns, empty, row_height
        self._measure()
        self._count = 0
        self._row_at: Callable[[int], ListRow] = _no_row
        self.selected, self._under, self._top = -1, -1, 0
        self._focused = False
        self._typed, self._typed_at = "", 0
        self.canvas = Painting(self, self.ground, width=theme.px(120), height=self._row * rows, takefocus=True)
        self.canvas.pack(fill="both", expand=True)
        self._bar = ThinScrollbar(self, self.scroll_to, self.ground)
        self._spot = tk.Frame(self.canvas, width=1, height=1)
        self._wire()
        theme.on_change(self.refresh)

    def spot(self, index: int) -> tk.Misc:
        """What a menu about a row can stand under: a pixel at its right end."""
        y, right = self._edge(index + 1) - self._top, self.canvas.winfo_width() - self._pad
        self._spot.place(x=max(0, right - theme.px(140)), y=min(max(0, y - 1), self.canvas.winfo_height() - 1))
        self._spot.update_idletasks()
        return self._spot

    def _measure(self) -> None:
        self._pad, self._row = theme.px(theme.PAD), theme.px(self._row_height)

    def remeasure(self) -> None:
        """Keep the first row in sight where it is, and the height a number of whole rows."""
        before = self._row
        self._measure()
        rows = int(self.canvas.cget("height")) / self._row
        if abs(rows - round(rows)) < 0.1:
            self.canvas.configure(height=self._row * round(rows))
        self._top = round(self._top * self._row / before)

    def show(self, count: int, row_at: Callable[[int], ListRow], selected: int | None = None) -> None:
        """Show `count` rows, asked for one by one. `selected` = the chosen one (-1 = none, None = as before)."""
        self._count, self._row_at = count, row_at
        wanted = self.selected if selected is None else selected
        self.selected = wanted if -1 <= wanted < count else -1
        self.scroll_to(self._top)

    def show_rows(self, rows: Sequence[ListRow], selected: int | None = None) -> None:
        """Show rows that are already made."""
        self.show(len(rows), rows.__getitem__, selected)

    def row(self, index: int) -> ListRow:
        """What this row shows."""
        return self._row_at(index)

    def select(self, index: int, *, tell: bool = False) -> None:
        """Choose a row and bring it into sight; with `tell` the callback hears of it."""
        if not 0 <= index < self._count or self._row_at(index).head:
            return
        changed, self.selected = index != self.selected, index
        self.see(index)
        if tell and changed and self._tell is not None:
            self._tell(index)

    def see(self, index: int) -> None:
        """Scroll as little as needed to show a row."""
        view = max(self._row, self.canvas.winfo_height())
        self.scroll_to(min(max(self._top, self._edge(index + 1) - view), self._edge(index)))

    def scroll_to(self, top: float) -> None:
        """Put this pixel of the list at the upper edge."""
        self._top = self._bar.follow(top, self.canvas.winfo_height(), self._edge(self._count))
        self.refresh()

    def refresh(self) -> None:
        """Ask for the visible rows again and draw them."""
        canvas, height = self.canvas, self.canvas.winfo_height()
        canvas.ground = self.ground
        canvas.clear()
        if not self._count and self.empty:
            room = max(1, canvas.winfo_width() - 2 * self._pad)
            canvas.words(self._pad, theme.px(8), self.empty, size=12, ink="text3", anchor="nw", width=room)
        if height > 1:
            for index in self.visible:
                self._draw_row(index, self._row_at(index))

    @property
    def visible(self) -> range:
        """Indexes of the rows in sight."""
        first, last = (self._place_at(y) for y in (0, self.canvas.winfo_height() - 1))
        return range(first, min(self._count, last + 1))

    def focus_set(self) -> None:
        """Put the keyboard on the list."""
        self.canvas.focus_set()

    def _draw_row(self, index: int, row: ListRow) -> None:
        y, width, middle = index * self._row - self._top, self.canvas.winfo_width(), self._row // 2
        ground = self._row_ground(index, row)
        if ground != self.ground:
            self.canvas.fill(0, y, width, y + self._row, ground)
        if index == self.selected:
            self.canvas.fill(0, y, theme.px(3), y + self._row, "accent")
        end = self._draw_end(row, y + middle, width - self._pad, ground)
        x = self._draw_start(row, y + middle, ground)
        bold = index == self.selected and not row.head
        ink: Role = "text3" if row.head or row.dim else "text2" if row.checked is False or self._columns else "text"
        line = y + (middle if not row.note else middle - theme.px(9))
        stops = [round(width * share) for share in self._columns]
        first = min([end, *stops[:1]])
        words, small = self.canvas.words, 11 if row.head else 13
        words(x, line, row.text, size=small, bold=bold, ink="text" if bold else ink, room=first - x)
        if row.note:
            note_ink: Role = "text2" if bold else "text3"
            words(x, line + theme.px(17), row.note, size=12, ink=note_ink, room=end - x)
        for place, (cell, left) in enumerate(zip(row.cells, stops, strict=False)):
            doubtful = row.warn and place == len(row.cells) - 1
            cell_ink: Role = "warn" if doubtful else "text3" if row.head else "text"
            right = stops[place + 1] if place + 1 < len(stops) else end
            words(left, line, cell, size=small, bold=doubtful, ink=cell_ink, room=right - left - theme.px(6))
        self._draw_ring(index, y, y + self._row)

    def _draw_ring(self, index: int, top: int, bottom: int) -> None:
        """The ring of the keyboard where it is on this row, between the accent bar and the scrollbar."""
        if self._focused and (index == self.selected or (self.selected < 0 and index == 0)):
            right = self.canvas.winfo_width() - (theme.px(BAR) if self._bar.winfo_manager() else 0)
            self.canvas.focus_ring(theme.px(3), top, right, bottom)

    def _row_ground(self, index: int, row: ListRow) -> Role:
        if index == self.selected:
            return "selection"
        if row.warn:
            return "warn_soft"
        return "raised" if index == self._under and not row.head and self._tell is not None else self.ground

    def _draw_start(self, row: ListRow, middle: int, ground: Role) -> int:
        """Check box or mark; gives the left edge of the text."""
        x = self._pad
        if row.checked is not None:
            fill: Role = "accent" if row.checked else "raised"
            side = theme.px(16)
            self.canvas.picture(
                x,
                middle,
                icons.box(side, side, fill=fill, outline="accent" if row.checked else "edge", ground=ground, radius=4),
                "w",
            )
            if row.checked:
                self.canvas.picture(x + theme.px(8), middle, icons.icon("tick", 12, "accent_ink", "accent"), "center")
            return x + theme.px(25)
        if self._columns and self._check is not None:
            # In a table the words stand below each other, whether a row has a check box or not.
            return x + theme.px(25)
        if row.mark:
            self.canvas.picture(x, middle, icons.icon(row.mark, 12, row.mark_ink, ground), "w")
            return x + theme.px(22)
        return x

    def _draw_end(self, row: ListRow, middle: int, x: int, ground: Role) -> int:
        """Right text or link, and sign; gives the right edge for the text."""
        if row.link:
            self.canvas.words(x, middle, row.link, size=12, ink="accent_text", anchor="e")
            x -= theme.font(12).measure(row.link) + theme.px(12)
        if row.right:
            self.canvas.words(x, middle, row.right, size=12, ink="text3", anchor="e")
        if row.warn or row.sign:
            name, ink = ("warning", "warn") if row.warn else (row.sign, row.sign_ink)
            wide = theme.font(12).measure(row.right) + theme.px(8) if row.right else 0
            at = x - max(wide, theme.px(30) if row.right else 0)
            self.canvas.picture(at, middle, icons.icon(name, 14, ink, ground), "e")  # type: ignore[arg-type]
            return at - theme.px(20)
        return x - (theme.font(12).measure(row.right) + theme.px(8) if row.right else 0)

    def _wire(self) -> None:
        canvas = self.canvas
        canvas.bind("<Configure>", lambda _event: self.scroll_to(self._top))
        canvas.bind("<ButtonPress-1>", self._pressed)
        canvas.bind("<Double-Button-1>", lambda event: self._opened(self.index_at(event.y)))
        canvas.bind("<Motion>", lambda event: self._hover(self.index_at(event.y)))
        canvas.bind("<Leave>", lambda _event: self._hover(-1))
        canvas.bind("<FocusIn>", lambda _event: self._focus(True))
        canvas.bind("<FocusOut>", lambda _event: self._focus(False))
        bind_wheel(canvas, lambda notches: self.scroll_to(self._top + notches * 2 * self._row))
        for key, step in (("<Up>", -1), ("<Down>", 1)):
            canvas.bind(key, lambda _event, step=step: self._step(step))  # type: ignore[misc]
        for key, pages in (("<Prior>", -1), ("<Next>", 1)):
            canvas.bind(key, lambda _event, pages=pages: self._step(pages * max(1, len(self.visible) - 1)))  # type: ignore[misc]
        canvas.bind("<Home>", lambda _event: self._step(-self._count))
        canvas.bind("<End>", lambda _event: self._step(self._count))
        canvas.bind("<Return>", lambda _event: self._returned(self.selected))
        # Without this, Ctrl+Return ("run") would count as Return and open the row.
        canvas.bind("<Control-Return>", lambda _event: None)
        canvas.bind("<KP_Enter>", lambda _event: self._returned(self.selected))
        canvas.bind("<space>", lambda _event: self._turned(self.selected))
        canvas.bind("<Key>", self._letter)

    def index_at(self, y: int) -> int:
        """The row at a height of the canvas, -1 below the last one."""
        index = self._place_at(y)
        return index if 0 <= index < self._count else -1

    def _edge(self, index: int) -> int:
        """Where a row begins, in pixels from the upper edge of the first; rows of several heights say it otherwise."""
        return index * self._row

    def _place_at(self, y: int) -> int:
        return bisect_right(range(self._count + 1), self._top + y, key=self._edge) - 1

    def _pressed(self, event: tk.Event[tk.Misc]) -> None:
        index = self.index_at(event.y)
        self._focused = False  # the ring is for the keyboard
        if index >= 0 and self._row_at(index).checked is not None and event.x < self._pad + theme.px(22):
            self._turned(index)
        elif index >= 0:
            self.select(index, tell=True)
            if self._is_on_link(index, event.x):
                self._returned(index)

    def _is_on_link(self, index: int, x: int) -> bool:
        words = self._row_at(index).link
        return bool(words) and x >= self.canvas.winfo_width() - self._pad - theme.font(12).measure(words) - theme.px(6)

    def _returned(self, index: int) -> str | None:
        if self._follow is not None and 0 <= index < self._count and self._row_at(index).link:
            self._follow(index)
            return "break"
        return self._opened(index)

    def _hover(self, index: int) -> None:
        if index != self._under:
            self._under = index
            self.refresh()

    def _focus(self, on: bool) -> None:
        self._focused = on
        self.refresh()

    def _step(self, step: int) -> str:
        """Move over captions to the next row that can be chosen; at the ends back to the last one that could."""
        self._focused = True
        way = 1 if step > 0 else -1
        index = min(max(self.selected + step, 0), self._count - 1)
        for direction in (way, -way):
            found = index
            while 0 <= found < self._count and self._row_at(found).head:
                found += direction
            if 0 <= found < self._count:
                self.select(found, tell=True)
                break
        return "break"

    def _opened(self, index: int) -> str | None:
        if self._open is None:
            return None  # the key may mean something to the page around
        if 0 <= index < self._count and not self._row_at(index).head:
            self._open(index)
        return "break"

    def _turned(self, index: int) -> str | None:
        if not 0 <= index < self._count:
            return "break"
        if self._row_at(index).checked is None:
            return self._opened(index)
        if self._check is not None:
            self._check(index)
            self.refresh()
        return "break"

    def _letter(self, event: tk.Event[tk.Misc]) -> None:
        letter = event.char.casefold()
        # Bits 4 and 8 of the state are Control and Alt: those belong to shortcuts.
        if not letter.strip() or not letter.isprintable() or int(event.state) & 0b1100:
            return
        fresh = event.time - self._typed_at > _TYPING_MS
        self._typed, self._typed_at = letter if fresh else self._typed + letter, event.time
        start = self.selected + 1 if fresh else max(self.selected, 0)
        for index in (*range(start, self._count), *range(start)):
            row = self._row_at(index)
            if not row.head and row.text.casefold().startswith(self._typed):
                self.select(index, tell=True)
                return


def _no_row(index: int) -> ListRow:
    raise IndexError(index)


class ScrollArea(Box):
    """A column that scrolls: put children into `body`. For small content; long lists are RowLists.

    A child that gets the focus comes into sight. The wheel scrolls it wherever the pointer is inside.
    """

    def __init__(self, parent: tk.Misc, ground: Role | None = None) -> None:
        super().__init__(parent, ground)
        self._view = Box(self, self.ground)
        self._bar = ThinScrollbar(self, self.scroll_to, self.ground)
        self._view.pack(fill="both", expand=True)
        # Placed, not a window in a Canvas: a Canvas does not tell a body out of sight that it has become shorter.
        self.body = Box(self._view, self.ground)
        self.body.place(x=0, y=0, relwidth=1)
        self._top = 0
        for part in (self._view, self.body):
            part.bind("<Configure>", lambda _event: self.scroll_to(self._top))
        _watch_wheel_and_focus()

    def scroll_to(self, top: float) -> None:
        """Put this pixel of the body at the upper edge."""
        before = self._top
        self._top = self._bar.follow(top, self._view.winfo_height(), self.body.winfo_reqheight())
        if self._top != before:
            self.body.place_configure(y=-self._top)

    def scroll_by(self, pixels: int) -> None:
        """Scroll up (negative) or down."""
        self.scroll_to(self._top + pixels)

    def reveal(self, child: tk.Misc) -> None:
        """Scroll as little as needed to show a child."""
        top = child.winfo_rooty() - self.body.winfo_rooty()
        bottom = top + child.winfo_height() + theme.px(theme.RING)
        view = self._view.winfo_height()
        self.scroll_to(min(max(self._top, bottom - view), top - theme.px(theme.RING)))


_watched = 0


def _watch_wheel_and_focus() -> None:
    """One binding for all areas of a root: a binding per area would stay behind when its area is destroyed."""
    global _watched
    if _watched == theme.generation():
        return
    _watched = theme.generation()
    root = theme.root()
    root.bind_all("<Button-4>", lambda event: _wheel(event.widget, -1), add="+")
    root.bind_all("<Button-5>", lambda event: _wheel(event.widget, 1), add="+")
    root.bind_all("<MouseWheel>", lambda event: _wheel(event.widget, -1 if event.delta > 0 else 1), add="+")
    root.bind_all("<FocusIn>", _focused, add="+")


def _focused(event: tk.Event[tk.Misc]) -> None:
    # Tk tells every widget around the one that got the keyboard, too; a column higher than the view would move.
    if event.widget is theme.root().focus_get():
        reveal(event.widget)


def _area(widget: object) -> ScrollArea | None:
    node = widget if isinstance(widget, tk.Misc) else None
    while node is not None and not isinstance(node, ScrollArea):
        node = node.master
    return node


def _wheel(widget: object, way: int) -> None:
    # Texts and lists scroll themselves.
    if isinstance(widget, tk.Text) or (isinstance(widget, tk.Misc) and isinstance(widget.master, RowList)):
        return
    area = _area(widget)
    if area is not None:
        area.scroll_by(way * theme.px(60))


def reveal(widget: object) -> None:
    """Scroll the area that a widget is in, if it is in one, as little as needed to show it."""
    area = _area(widget)
    if area is not None and isinstance(widget, tk.Misc) and widget is not area.body:
        area.reveal(widget)
