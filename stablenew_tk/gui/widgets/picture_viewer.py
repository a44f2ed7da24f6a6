"""Pictures large: one fitted to the page or at its own size, or up to four side by side to compare."""

from __future__ import annotations

import tkinter as tk
from collections import OrderedDict
from collections.abc import Callable, Sequence

from msgspec import Struct
from PIL import Image, ImageTk

from ...domain.journal.image_facts import ImageFacts
from ...pipeline.messages.base import Event
from ...pipeline.messages.pictures import PictureReady, ReadPicture
from . import icons, marks, theme
from .page_frame import DeferringBox
from .painting import Painting
from .scrollbar import bind_wheel

KEPT_PICTURES = 6
MOST_COMPARED = 4
# Larger than any picture: the answer is then the picture in its own size.
OWN_SIZE = (1 << 15, 1 << 15)
_CAPTION, _PAN, _FRAME = 40, 80, 2


class ViewerActions(Struct, frozen=True, kw_only=True):
    """What the viewer needs from its page. `caption(row)` gives name and remark, `neighbour(step)` moves to the next
    picture (±1) and says whether there was one, `left()` is called when the viewer closes. `moved()`: another of those
    side by side became the one that keys are about. `notice()` is a line to show above the captions, "" for none.
    """

    ask: Callable[[ReadPicture], None]
    facts: Callable[[int], ImageFacts]
    caption: Callable[[int], tuple[str, str]]
    nearby: Callable[[], Sequence[int]]
    neighbour: Callable[[int], None]
    left: Callable[[], None]
    moved: Callable[[], None] = lambda: None
    notice: Callable[[], str] = lambda: ""


class Viewer(DeferringBox):
    """Lies over the page while open. `rows` are the pictures in sight, `current` the one that keys are about.

    `own_size` tells whether they are shown in their own size, `pan` how far that is moved, `kept` what is in memory.
    """

    def __init__(self, parent: tk.Misc, actions: ViewerActions) -> None:
        super().__init__(parent, "image_ground")
        self._actions = actions
        self.rows: tuple[int, ...] = ()
        self._number = 0
        self._last_shape = 1.0
        self.own_size = False
        self.pan = (0, 0)
        self.kept: OrderedDict[tuple[str, tuple[int, int]], PictureReady] = OrderedDict()
        self._asked: set[tuple[str, tuple[int, int]]] = set()
        self._grip = (0, 0)
        self.canvas = Painting(self, "image_ground", takefocus=True)
        self.canvas.pack(fill="both", expand=True)
        for key, answer in (
            ("<Configure>", lambda _event: self._show()),
            ("<Escape>", lambda _event: self.close()),
            ("<space>", lambda _event: self.close()),
            ("<Return>", lambda _event: self.close()),
            ("<Left>", lambda _event: self._step(-1, 0)),
            ("<Right>", lambda _event: self._step(1, 0)),
            ("<Up>", lambda _event: self._step(0, -1)),
            ("<Down>", lambda _event: self._step(0, 1)),
            ("<KeyPress-z>", lambda _event: self._zoom()),
            ("<KeyPress-Z>", lambda _event: self._zoom()),
            # Without these, Ctrl+Z ("undo", "redo") would count as Z.
            ("<Control-KeyPress-z>", lambda _event: None),
            ("<Control-KeyPress-Z>", lambda _event: None),
            ("<ButtonPress-1>", self._press),
            ("<B1-Motion>", self._drag),
            ("<Double-Button-1>", lambda _event: self._zoom()),
        ):
            self.canvas.bind(key, answer)
        bind_wheel(self.canvas, lambda notches: self._wheel(closer=notches < 0))
        theme.on_change(self._show)

    @property
    def is_open(self) -> bool:
        """Whether it covers the page."""
        return bool(self.rows)

    @property
    def current(self) -> int:
        """The picture that keys are about, −1 while closed."""
        return self.rows[self._number] if self.rows else -1

    @property
    def comparing(self) -> bool:
        """Whether several pictures are side by side."""
        return len(self.rows) > 1

    def open(self, rows: Sequence[int], number: int = 0) -> None:
        """Cover the page with these pictures (at most four), the keyboard on one of them."""
        self.rows = tuple(rows[:MOST_COMPARED])
        self._number = min(number, len(self.rows) - 1)
        self.own_size = False
        self.place(relx=0, rely=0, relwidth=1, relheight=1)
        self.lift()
        self.canvas.focus_set()
        self._show()

    def close(self) -> str:
        """Uncover the page."""
        if self.is_open:
            self.rows = ()
            self.place_forget()
            self.canvas.clear()
            self.kept.clear()
            self._asked.clear()
            self._actions.left()
        return "break"

    def turn_to(self, row: int) -> None:
        """Show another picture in place of the one in sight."""
        if self.is_open and not self.comparing:
            self.rows, self.pan = (row,), (0, 0)
            self._show()

    def advance(self) -> None:
        """Go on to the next picture; while comparing, to the next of those side by side."""
        self._go(1)

    def refresh(self) -> None:
        """Stars or tags changed: draw the captions again."""
        if self.is_open:
            self._show()

    def on_event(self, event: Event) -> None:
        """Take a picture in."""
        if not isinstance(event, PictureReady) or not self.is_open:
            return
        key = (event.image_id, event.box)
        self._asked.discard(key)
        self.kept[key] = event
        while len(self.kept) > KEPT_PICTURES:
            self.kept.popitem(last=False)
        if any(key == self._key(row) for row in self.rows):
            self._show()

    # ---- keys and mouse

    def _go(self, step: int) -> None:
        if self.comparing:
            self._number = min(max(self._number + step, 0), len(self.rows) - 1)
            self._actions.moved()
            self._show()
        else:
            self._actions.neighbour(step)

    def _step(self, across: int, down: int) -> str:
        if self.own_size:
            self._move(across * theme.px(_PAN), down * theme.px(_PAN))
        elif across or (down and self.comparing):
            self._go(across or down * self._columns())
        return "break"

    def _zoom(self) -> str:
        self.own_size = not self.own_size
        self.pan = (0, 0)
        self._show()
        return "break"

    def _wheel(self, *, closer: bool) -> str:
        return self._zoom() if closer != self.own_size else "break"

    def _press(self, event: tk.Event[tk.Misc]) -> None:
        self.canvas.focus_set()
        self._grip = (event.x, event.y)
        if self.comparing:
            self._number = self._place_at(event.x, event.y)
            self._actions.moved()
            self._show()

    def _drag(self, event: tk.Event[tk.Misc]) -> None:
        if self.own_size:
            self._move(self._grip[0] - event.x, self._grip[1] - event.y)
            self._grip = (event.x, event.y)

    def _move(self, dx: int, dy: int) -> None:
        self.pan = (self.pan[0] + dx, self.pan[1] + dy)
        self._show()

    # ---- drawing

    def _columns(self) -> int:
        """How many pictures stand side by side: so many that each is as large as it can be."""
        count, shape = max(1, len(self.rows)), self._shape

        def worth(columns: int) -> tuple[float, int]:
            wide, high = self._pane_of(columns)
            return min(high, wide * shape), -(-count % columns)  # empty places are ugly

        return max(range(count, 0, -1), key=worth)

    @property
    def _shape(self) -> float:
        """Height by width of the first picture that is known; 1 before."""
        known = {key[0]: ready for key, ready in self.kept.items() if ready.width}
        found = (known.get(self._actions.facts(row).image_id) for row in self.rows)
        return next((ready.height / ready.width for ready in found if ready is not None), self._last_shape)

    def _pane_of(self, columns: int) -> tuple[int, int]:
        gap, lines = theme.px(8), -(-max(1, len(self.rows)) // columns)
        width = self.canvas.winfo_width() // columns - 2 * gap
        return max(16, width), max(16, self.canvas.winfo_height() // lines - theme.px(_CAPTION) - 2 * gap)

    def _pane(self) -> tuple[int, int]:
        """Room for one picture."""
        return self._pane_of(self._columns())

    def _cell(self, number: int) -> tuple[int, int, int, int]:
        """Left, top, width and height of the place of a picture with its caption."""
        columns = self._columns()
        lines = -(-len(self.rows) // columns)
        wide, high = self.canvas.winfo_width() // columns, self.canvas.winfo_height() // lines
        return number % columns * wide, number // columns * high, wide, high

    def _place_at(self, x: int, y: int) -> int:
        _, _, wide, high = self._cell(0)
        return min(y // max(1, high) * self._columns() + x // max(1, wide), len(self.rows) - 1)

    def _key(self, row: int) -> tuple[str, tuple[int, int]]:
        return self._actions.facts(row).image_id, OWN_SIZE if self.own_size else self._pane()

    def _show(self) -> None:
        if not self.is_open or self.canvas.winfo_width() <= 1:
            return
        canvas = self.canvas
        canvas.clear()
        self._last_shape = self._shape
        for number, row in enumerate(self.rows):
            left, top, wide, high = self._cell(number)
            self._draw_picture(row, left, top, wide)
            self._draw_caption(row, left, top + high, wide)
            if self.comparing and number == self._number:
                inset = theme.px(_FRAME)
                right, bottom = left + wide - inset, top + high - inset
                canvas.frame(left + inset, top + inset, right, bottom, "accent_text", width=inset)
        self._draw_notice(self._actions.notice())
        self._ask_ahead()

    def _draw_picture(self, row: int, left: int, top: int, wide: int) -> None:
        width, height = self._pane()
        middle = left + wide // 2, top + theme.px(8) + height // 2
        ready = self.kept.get(self._key(row))
        if ready is None:
            self._ask(row)
            return
        self.kept.move_to_end(self._key(row))
        if not ready.rgb:
            problem = ready.problem or "This picture cannot be shown."
            self.canvas.words(*middle, problem, ink="text2", anchor="center", width=width * 2 // 3)
            return
        picture = Image.frombuffer("RGB", (ready.width, ready.height), ready.rgb, "raw", "RGB", 0, 1)
        # Only what can be seen becomes a photo: a poster of 4,096 px would hold up the window otherwise.
        photo = ImageTk.PhotoImage(picture.crop(self._part(ready, width, height)))
        self.canvas.picture(*middle, photo, "center")

    def _part(self, ready: PictureReady, width: int, height: int) -> tuple[int, int, int, int]:
        free_x, free_y = max(0, ready.width - width), max(0, ready.height - height)
        limit_x, limit_y = free_x // 2 + 1, free_y // 2 + 1
        self.pan = max(-limit_x, min(limit_x, self.pan[0])), max(-limit_y, min(limit_y, self.pan[1]))
        left = min(max(0, free_x // 2 + self.pan[0]), free_x)
        top = min(max(0, free_y // 2 + self.pan[1]), free_y)
        return left, top, min(ready.width, left + width), min(ready.height, top + height)

    def _draw_caption(self, row: int, left: int, bottom: int, wide: int) -> None:
        facts = self._actions.facts(row)
        name, remark = self._actions.caption(row)
        canvas, high, pad, end = self.canvas, bottom, theme.px(16), left + wide - theme.px(16)
        y, edge = high - theme.px(_CAPTION) // 2, theme.px(2 * _FRAME) if self.comparing else 0
        canvas.fill(left + edge, high - theme.px(_CAPTION), left + wide - edge, high - edge, "chrome")
        canvas.picture(left + pad, y, marks.star_row(facts.rating, 16, "chrome"), "w")
        x = left + pad + marks.row_width(16) + theme.px(12)
        if facts.suspect:
            canvas.picture(x, y, icons.icon("warning", 14, "warn", "chrome"), "w")
            x += theme.px(20)
            remark = f"suspect · {remark}"
        x += canvas.words(x, y, name, bold=True, room=end - x) + theme.px(8)
        if not self.comparing:
            keys = ("Z fit" if self.own_size else "Z 100 %") + " · Esc back"
            end -= canvas.words(end, y, keys, size=12, ink="text3", anchor="e") + pad
        canvas.words(x, y, remark, size=12, ink="text3", room=end - x)

    def _draw_notice(self, text: str) -> None:
        if text:
            pad, high = theme.px(16), theme.px(28)
            bottom = self.canvas.winfo_height() - theme.px(_CAPTION) - theme.px(8)
            text = theme.elide(text, theme.font(12, True), self.canvas.winfo_width() - 4 * pad)
            wide = theme.font(12, True).measure(text) + 2 * pad
            self.canvas.fill(pad, bottom - high, pad + wide, bottom, "accent")
            self.canvas.words(2 * pad, bottom - high // 2, text, size=12, bold=True, ink="accent_ink")

    def _ask(self, row: int) -> None:
        facts, key = self._actions.facts(row), self._key(row)
        if key not in self._asked and key not in self.kept:
            self._asked.add(key)
            self._actions.ask(
                ReadPicture(
                    image_id=key[0],
                    position=facts.position,
                    output_index=facts.output_index,
                    box=key[1],
                    fill=not self.own_size,
                )
            )

    def _ask_ahead(self) -> None:
        # Own sizes may be large; they are read when looked at.
        if not self.comparing and not self.own_size:
            for row in self._actions.nearby():
                self._ask(row)
