"""What the matrix of a Learning Run draws: cells with pictures and stars or their progress, and the heads around them.

A cell is a handful of canvas items that are made when first needed, then moved and changed, never made anew while
scrolling. Heads stay in place while the pictures move.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from msgspec import Struct
from PIL import ImageTk

from ....app.learn.matrix_cells import Kind, MatrixCellContent
from ....domain.base.colour_roles import Role
from ...widgets import icons, marks, theme
from ...widgets.painting import Painting
from ...widgets.picture_cell import FRAME, Bounds

_GAP = 4
_STAR, _BADGE, _TICK = 12, 18, 20

# What lies above what; items are made in any order.
_LAYERS = (
    "ground", "picture", "reason", "foot", "stars", "track", "done", "sign", "words", "badge", "warning", "badge words",
    "tick", "ticked", "frame",
)  # fmt: skip
_TEXTS = frozenset(("reason", "words", "badge words"))
_ICONS: dict[Kind, tuple[str, Role]] = {"made": ("check", "text3"), "missing": ("cross", "danger")}


class MatrixCell:
    """The canvas items of one place in sight. `content` is what was drawn last."""

    def __init__(self, canvas: tk.Canvas) -> None:
        self.content: MatrixCellContent | None = None
        self._canvas = canvas
        self.bounds = Bounds(0, 0, 0, 0)
        self._items: dict[str, int] = {}
        self._seen: set[str] = set()
        self._now: set[str] = set()
        self._kept: dict[str, ImageTk.PhotoImage] = {}

    def draw(
        self, bounds: Bounds, content: MatrixCellContent, photo: ImageTk.PhotoImage | None, reason: str = ""
    ) -> None:
        """Show this at its place. Without a photo the picture is on its way, or `reason` says why there is none."""
        self.content, self.bounds, self._now = content, bounds, set()
        width, height = bounds.picture_box
        right, bottom = bounds.left + width, bounds.top + height
        ground: Role = "image_ground" if content.kind == "picture" else "bg" if content.kind == "waiting" else "surface"
        self._box(
            "ground", (bounds.left, bounds.top, right, bottom), ground, "line" if ground != "image_ground" else ""
        )
        if content.kind == "picture":
            self._draw_picture(content, photo, reason)
        else:
            self._draw_progress(content)
        if content.current:
            inset = theme.px(FRAME) // 2
            edge = (bounds.x + inset, bounds.y + inset, bounds.x + bounds.width - inset)
            self._put("frame", self._canvas.create_rectangle, (*edge, bounds.y + bounds.height - inset))
            self._canvas.itemconfigure(
                self._items["frame"], outline=theme.palette["accent_text"], width=theme.px(FRAME), state="normal"
            )
        self._settle()

    def hide(self) -> None:
        """Take the cell out of sight and let go of its picture."""
        self.content, self._now = None, set()
        self._settle()
        self._kept.clear()

    # ---- parts

    def _draw_picture(self, content: MatrixCellContent, photo: ImageTk.PhotoImage | None, reason: str) -> None:
        bounds, (width, height) = self.bounds, self.bounds.picture_box
        middle, foot = bounds.left + width // 2, bounds.foot_middle
        if photo is not None:
            self._image("picture", middle, bounds.top + height // 2, photo)
        elif reason:
            self._text("reason", (middle, bounds.top + height // 2), reason, 11, "text3", width=width - theme.px(12))
        ground: Role = "selection" if content.current else "bg"
        if content.current:
            top = bounds.top + height
            self._box("foot", (bounds.x, top, bounds.x + bounds.width, bounds.y + bounds.height), ground)
        if content.text:
            text = theme.elide(content.text, theme.font(11, content.bold), width)
            self._text("words", (middle, foot), text, 11, content.ink, bold=content.bold)
        else:
            self._image("stars", middle, foot, marks.star_row(content.stars, _STAR, ground))
        if content.badge:
            self._draw_badge(content.badge)
        if content.marked:
            size = theme.px(_TICK)
            self._box("tick", (bounds.left, bounds.top, bounds.left + size, bounds.top + size), "accent")
            sign = icons.icon("tick", 12, "accent_ink", "accent")
            self._image("ticked", bounds.left + size // 2, bounds.top + size // 2, sign)

    def _draw_progress(self, content: MatrixCellContent) -> None:
        bounds, (width, height) = self.bounds, self.bounds.picture_box
        middle, centre = bounds.left + width // 2, bounds.top + height // 2
        name, ink = _ICONS.get(content.kind, ("", "text3"))
        if name:
            self._image("sign", middle, centre - theme.px(10), icons.icon(name, 14, ink, "surface"))
        low = centre + theme.px(9 if name else -8 if content.kind == "making" else 0)
        self._text("words", (middle, low), theme.elide(content.text, theme.font(11), width), 11, content.ink)
        if content.kind == "making":
            long, high = min(theme.px(64), width - theme.px(16)), theme.px(4)
            left, top = middle - long // 2, centre + theme.px(8)
            self._box("track", (left, top, left + long, top + high), "raised2")
            self._box("done", (left, top, left + round(long * content.share), top + high), "accent")

    def _draw_badge(self, text: str) -> None:
        bounds, face = self.bounds, theme.font(11, True)
        narrow = face.measure(text) + theme.px(52) > bounds.picture_box[0]
        width = theme.px(22) if narrow else face.measure(text) + theme.px(29)
        left, height = bounds.right - width, theme.px(_BADGE)
        self._box("badge", (left, bounds.top, bounds.right, bounds.top + height), "badge")
        sign = icons.icon("warning", 12, "badge_ink", "badge")
        self._image("warning", left + theme.px(11), bounds.top + height // 2, sign)
        if not narrow:
            at = (left + theme.px(22) + face.measure(text) // 2, bounds.top + height // 2)
            self._text("badge words", at, text, 11, "badge_ink", bold=True)

    # ---- items

    def _box(self, name: str, corners: tuple[int, int, int, int], fill: Role, outline: str = "") -> None:
        # A canvas draws an outlined rectangle one pixel larger to the right and below than a filled one.
        less = 1 if outline else 0
        self._put(name, self._canvas.create_rectangle, (*corners[:2], corners[2] - less, corners[3] - less))
        edge = theme.palette["line"] if outline else ""
        self._canvas.itemconfigure(
            self._items[name], fill=theme.palette[fill], outline=edge, width=less, state="normal"
        )

    def _image(self, name: str, x: int, y: int, picture: ImageTk.PhotoImage) -> None:
        self._put(name, self._canvas.create_image, (x, y))
        self._kept[name] = picture
        self._canvas.itemconfigure(self._items[name], image=picture, state="normal")

    def _text(
        self, name: str, at: tuple[int, int], text: str, size: int, ink: Role, *, width: int = 0, bold: bool = False
    ) -> None:
        self._put(name, self._canvas.create_text, at)
        self._canvas.itemconfigure(
            self._items[name],
            text=text,
            font=theme.font(size, bold),
            fill=theme.palette[ink],
            width=width,
            justify="center",
            state="normal",
        )

    def _put(self, name: str, make: Callable[..., int], at: tuple[int, ...]) -> None:
        self._now.add(name)
        if name in self._items:
            self._canvas.coords(self._items[name], *at)
            return
        item = self._items[name] = make(*at)
        below = [other for other in _LAYERS[: _LAYERS.index(name)] if other in self._items]
        if below:
            self._canvas.tag_raise(item, self._items[below[-1]])

    def _settle(self) -> None:
        for name in self._seen - self._now:
            self._canvas.itemconfigure(self._items[name], state="hidden")
            if name in _TEXTS:
                self._canvas.itemconfigure(self._items[name], text="")
            elif self._kept.pop(name, None) is not None:
                self._canvas.itemconfigure(self._items[name], image="")
        self._seen = self._now


class HeaderText(Struct, frozen=True):
    """A title with a note below it, at a place in the coordinates of the matrix. `best` points it out."""

    x: int
    y: int
    title: str
    note: str
    room: int
    best: bool = False


class Margins(Struct, frozen=True):
    """All words with the part of the matrix in sight. `heads` is the height above the first line, 0 = no heads.

    Where `whole` is wider than what is in sight, a bar at the bottom shows which part that is.
    """

    labels: Sequence[HeaderText]
    columns: Sequence[HeaderText]
    left: int
    top: int
    width: int
    height: int
    side: int
    heads: int
    whole: int


class MatrixHeaders:
    """Draws the margins anew only when something in them has changed."""

    def __init__(self, canvas: Painting) -> None:
        self._canvas = canvas
        self._drawn: Margins | None = None

    def show(self, margins: Margins, *, again: bool = False) -> None:
        """Draw labels and heads over the cells."""
        if margins != self._drawn or again:
            self._drawn = margins
            self._draw(margins)
        self._canvas.tag_raise("words")

    def _draw(self, margins: Margins) -> None:
        left, top, gap = margins.left, margins.top, theme.px(_GAP)
        self._canvas.delete("words")
        if left:
            self._cover(left, top, margins.side - gap, margins.height)
        for words in margins.labels:
            self._put(words)
        if margins.heads:
            self._cover(left, top, margins.width, margins.heads - gap)
            for words in margins.columns:
                self._put(words)
            if left:
                self._cover(left, top, margins.side - gap, margins.heads - gap)

        if margins.whole > margins.width:
            self._slide(margins)

    def _slide(self, margins: Margins) -> None:
        room = margins.width - margins.side
        at = margins.left + margins.side + room * margins.left // margins.whole
        bottom = margins.top + margins.height
        right = at + room * margins.width // margins.whole
        self._canvas.fill(at, bottom - theme.px(6), right, bottom - theme.px(2), "edge", tag="words")

    def _cover(self, x: int, y: int, width: int, height: int) -> None:
        self._canvas.fill(x, y, x + width, y + height, "bg", tag="words")

    def _put(self, head: HeaderText) -> None:
        ink: Role = "accent_text" if head.best else "text"
        x, y, room = head.x, head.y, head.room
        self._canvas.words(x, y, head.title, bold=True, ink=ink, anchor="nw", room=room, tag="words")
        below = y + theme.px(20)
        self._canvas.words(x, below, head.note, size=11, ink="text3", anchor="nw", width=room, tag="words")
