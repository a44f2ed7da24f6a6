"""One cell of the picture grid: letterboxed picture, stars or words below it, badge, tick, frame.

A cell is a handful of canvas items that are moved and changed when another picture takes its place; nothing is made
anew while scrolling, and what has not changed is not touched.
"""

from __future__ import annotations

import tkinter as tk

from msgspec import Struct
from PIL import ImageTk

from ...domain.base.colour_roles import Role
from ...domain.journal.history import Position
from . import icons, marks, theme

FRAME, FOOT = 2, 24
_STAR, _CHIP, _BADGE, _TICK = 12, 16, 18, 20


class CellContent(Struct, frozen=True, kw_only=True):
    """What a cell shows. `words` stand in place of the stars; `chip` is a few words at the right ("2 tags")."""

    image_id: str
    position: Position
    output_index: int = 0
    rating: int = 0
    words: str = ""
    words_ink: Role = "text3"
    chip: str = ""
    badge: str = ""


class Bounds(Struct, frozen=True):
    """Where a cell stands on the canvas, frame included."""

    x: int
    y: int
    width: int
    height: int

    @property
    def picture_box(self) -> tuple[int, int]:
        """Width and height of the place for the picture."""
        frame = theme.px(FRAME)
        return self.width - 2 * frame, self.height - 2 * frame - theme.px(FOOT)

    @property
    def left(self) -> int:
        """Left edge of the picture's place."""
        return self.x + theme.px(FRAME)

    @property
    def right(self) -> int:
        """Right edge of the picture's place."""
        return self.x + self.width - theme.px(FRAME)

    @property
    def top(self) -> int:
        """Upper edge of the picture's place."""
        return self.y + theme.px(FRAME)

    @property
    def foot_middle(self) -> int:
        """Middle of the line below the picture."""
        return self.y + self.height - theme.px(FRAME) - theme.px(FOOT) // 2


class _OptionalItem:
    """Something a cell does not always show. Its items are made when a cell first needs them."""

    def __init__(self, canvas: tk.Canvas) -> None:
        self._canvas = canvas
        self._items: tuple[int, ...] = self._make()
        self._seen = True
        self._placed: tuple[Bounds, str, Role] | None = None

    def _make(self) -> tuple[int, ...]:
        raise NotImplementedError

    def _place(self, bounds: Bounds, text: str, ground: Role, /) -> None:
        raise NotImplementedError

    def show(self, bounds: Bounds, text: str, ground: Role) -> None:
        self._set("normal")
        if (bounds, text, ground) != self._placed:
            self._placed = bounds, text, ground
            self._place(bounds, text, ground)

    def hide(self) -> None:
        self._set("hidden")

    def forget(self) -> None:
        """Place it anew next time: the colours have changed."""
        self._placed = None

    def _set(self, state: str) -> None:
        if self._seen != (state == "normal"):
            self._seen = state == "normal"
            for item in self._items:
                self._canvas.itemconfigure(item, state=state)


class _Frame(_OptionalItem):
    def _make(self) -> tuple[int, ...]:
        return (self._canvas.create_rectangle(0, 0, 0, 0, width=theme.px(FRAME)),)

    def _place(self, bounds: Bounds, _text: str, _ground: Role) -> None:
        # An outline is drawn half inside, half outside its line.
        inset = theme.px(FRAME) // 2
        right, bottom = bounds.x + bounds.width - inset, bounds.y + bounds.height - inset
        self._canvas.coords(self._items[0], bounds.x + inset, bounds.y + inset, right, bottom)
        self._canvas.itemconfigure(self._items[0], outline=theme.palette["accent_text"])


class _Tick(_OptionalItem):
    def _make(self) -> tuple[int, ...]:
        return self._canvas.create_rectangle(0, 0, 0, 0, width=0), self._canvas.create_image(0, 0)

    def _place(self, bounds: Bounds, _text: str, _ground: Role) -> None:
        size = theme.px(_TICK)
        self._canvas.coords(self._items[0], bounds.left, bounds.top, bounds.left + size, bounds.top + size)
        self._canvas.itemconfigure(self._items[0], fill=theme.palette["accent"])
        self._icon = icons.icon("tick", 12, "accent_ink", "accent")
        self._canvas.coords(self._items[1], bounds.left + size // 2, bounds.top + size // 2)
        self._canvas.itemconfigure(self._items[1], image=self._icon)


class _Badge(_OptionalItem):
    def _make(self) -> tuple[int, ...]:
        canvas = self._canvas
        return (
            canvas.create_rectangle(0, 0, 0, 0, width=0),
            canvas.create_image(0, 0, anchor="w"),
            canvas.create_text(0, 0, anchor="e"),
        )

    def _place(self, bounds: Bounds, text: str, _ground: Role) -> None:
        face, height = theme.font(11, True), theme.px(_BADGE)
        narrow = face.measure(text) + theme.px(30) > bounds.width - theme.px(_TICK + 4)
        width = theme.px(22) if narrow else face.measure(text) + theme.px(29)
        box, sign, words = self._items
        self._canvas.coords(box, bounds.right - width, bounds.top, bounds.right, bounds.top + height)
        self._canvas.itemconfigure(box, fill=theme.palette["badge"])
        self._icon = icons.icon("warning", 12, "badge_ink", "badge")
        self._canvas.coords(sign, bounds.right - width + theme.px(6 if not narrow else 5), bounds.top + height // 2)
        self._canvas.itemconfigure(sign, image=self._icon)
        self._canvas.coords(words, bounds.right - theme.px(6), bounds.top + height // 2)
        ink = theme.palette["badge_ink"]
        self._canvas.itemconfigure(words, text="" if narrow else text, font=face, fill=ink)


class _Chip(_OptionalItem):
    def _make(self) -> tuple[int, ...]:
        return self._canvas.create_image(0, 0, anchor="e"), self._canvas.create_text(0, 0)

    def _place(self, bounds: Bounds, text: str, ground: Role) -> None:
        face = theme.font(11)
        width = face.measure(text) + theme.px(8)
        self._box = icons.box(width, theme.px(_CHIP), fill="raised2", outline="raised2", ground=ground, radius=4)
        right = bounds.right - theme.px(4)
        self._canvas.coords(self._items[0], right, bounds.foot_middle)
        self._canvas.itemconfigure(self._items[0], image=self._box)
        self._canvas.coords(self._items[1], right - width // 2, bounds.foot_middle)
        self._canvas.itemconfigure(self._items[1], text=text, font=face, fill=theme.palette["text2"])


class _Reason(_OptionalItem):
    def _make(self) -> tuple[int, ...]:
        return self._canvas.create_image(0, 0), self._canvas.create_text(0, 0, anchor="n", justify="center")

    def _place(self, bounds: Bounds, text: str, _ground: Role) -> None:
        width, height = bounds.picture_box
        x, y = bounds.left + width // 2, bounds.top + height // 2 - theme.px(34)
        self._icon = icons.icon("image", 20, "text3", "image_ground")
        self._canvas.coords(self._items[0], x, y)
        self._canvas.itemconfigure(self._items[0], image=self._icon)
        self._canvas.coords(self._items[1], x, y + theme.px(18))
        room, lines = width - theme.px(16), max(1, (height // 2 + theme.px(10)) // theme.px(15))
        text = theme.elide(text, theme.font(11), round(room * lines * 0.85))
        self._canvas.itemconfigure(
            self._items[1], text=text, width=room, font=theme.font(11), fill=theme.palette["text3"]
        )


_PARTS: dict[str, type[_OptionalItem]] = {
    "frame": _Frame, "tick": _Tick, "badge": _Badge, "chip": _Chip, "reason": _Reason,
}  # fmt: skip


class PictureCell:
    """The canvas items of one cell in sight. `content` and `selected` are what was drawn last."""

    def __init__(self, canvas: tk.Canvas) -> None:
        self.content: CellContent | None = None
        self.selected = False
        self._canvas = canvas
        self._bounds: Bounds | None = None
        self._photo: ImageTk.PhotoImage | None = None
        self._row: ImageTk.PhotoImage | None = None
        self._face, self._small = theme.font(12), theme.font(11)
        self._row_width, self._chip_gap = marks.row_width(_STAR), theme.px(14)
        self._room = 0
        self._ground = canvas.create_rectangle(0, 0, 0, 0, width=0)
        self._picture = canvas.create_image(0, 0)
        self._foot = canvas.create_rectangle(0, 0, 0, 0, width=0)
        self._stars = canvas.create_image(0, 0, anchor="w")
        self._words = canvas.create_text(0, 0, anchor="w")
        self._parts: dict[str, _OptionalItem] = {}

    def draw(self, bounds: Bounds, content: CellContent, *, selected: bool) -> None:
        """Show a picture's cell at this place; the picture itself follows with `picture`. Draws only what changed."""
        moved = bounds != self._bounds
        if moved:
            self._move(bounds)
        elif (content, selected) == (self.content, self.selected):
            return
        self.content, self.selected = content, selected
        ground: Role = "selection" if selected else "bg"
        self._canvas.itemconfigure(self._foot, fill=theme.palette[ground], state="normal" if selected else "hidden")
        self._draw_foot(bounds, content, ground)
        self._show(bounds, "badge", bool(content.badge), content.badge)
        self._show(bounds, "tick", selected)
        self._show(bounds, "frame", selected)

    def picture(self, photo: ImageTk.PhotoImage | None, reason: str = "") -> None:
        """Show the picture, or why there is none, or nothing while it is on its way."""
        if photo is not self._photo or photo is None:
            self._photo = photo
            state = "hidden" if photo is None else "normal"
            self._canvas.itemconfigure(self._picture, image=photo or "", state=state)
        if self._bounds is not None:
            self._show(self._bounds, "reason", photo is None and bool(reason), _short(reason))

    def hide(self) -> None:
        """Take the cell out of sight and let go of its picture."""
        for item in (self._ground, self._picture, self._foot, self._stars, self._words):
            self._canvas.itemconfigure(item, state="hidden")
        self._canvas.itemconfigure(self._picture, image="")
        for part in self._parts.values():
            part.hide()
        self._photo = self._bounds = None

    def forget(self) -> None:
        """Draw everything anew next time: the colours have changed."""
        self._bounds = None
        for part in self._parts.values():
            part.forget()

    def _move(self, bounds: Bounds) -> None:
        canvas, (width, height), left, top = self._canvas, bounds.picture_box, bounds.left, bounds.top
        self._bounds, self._room = bounds, bounds.width - theme.px(2 * FRAME + 8)
        canvas.coords(self._ground, left, top, left + width, top + height)
        canvas.itemconfigure(self._ground, fill=theme.palette["image_ground"], state="normal")
        canvas.coords(self._picture, left + width // 2, top + height // 2)
        canvas.coords(self._foot, bounds.x, top + height, bounds.x + bounds.width, bounds.y + bounds.height)
        x, y = left + theme.px(4), bounds.foot_middle
        for item in (self._words, self._stars):
            canvas.coords(item, x, y)

    def _draw_foot(self, bounds: Bounds, content: CellContent, ground: Role) -> None:
        canvas, used = self._canvas, self._row_width
        if content.words:
            text = theme.elide(content.words, self._face, self._room)
            used = self._face.measure(text)
            canvas.itemconfigure(self._words, text=text, fill=theme.palette[content.words_ink], font=self._face)
        else:
            self._row = marks.star_row(content.rating, _STAR, ground)
            canvas.itemconfigure(self._stars, image=self._row)
        canvas.itemconfigure(self._stars, state="hidden" if content.words else "normal")
        canvas.itemconfigure(self._words, state="normal" if content.words else "hidden")
        fits = bool(content.chip) and used + self._small.measure(content.chip) + self._chip_gap <= self._room
        self._show(bounds, "chip", fits, content.chip, ground)

    def _show(self, bounds: Bounds, name: str, wanted: bool, text: str = "", ground: Role = "bg") -> None:
        part = self._parts.get(name)
        if wanted and part is None:
            part = self._parts[name] = _PARTS[name](self._canvas)
        if part is not None and wanted:
            part.show(bounds, text, ground)
        elif part is not None:
            part.hide()


def _short(reason: str) -> str:
    """A cell has room for what is wrong, not for a path; the whole sentence stands in full size."""
    _, found, rest = reason.partition(" cannot be read: ")
    if not found:
        return reason
    return "The file is missing." if rest.startswith("No such file") else f"Cannot be read: {rest}"
