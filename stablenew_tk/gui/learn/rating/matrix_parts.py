"""What the matrix of a Learning Run draws: cells with pictures and stars or their progress, and the heads around them.

A cell is a handful of canvas items that are made when first needed, then moved and changed, never made anew while
scrolling. Heads stay in place while the pictures move.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from msgspec import Struct
from PIL import ImageTk

from ....app.learn.matrix_cells import Kind, MatrixCellContent
from ....domain.base.colour_roles import Role
from ...widgets import icons, marks, theme
from ...widgets.cell_items import CellItems
from ...widgets.painting import Painting
from ...widgets.picture_cell import FRAME, Bounds

_GAP = 4
_STAR, _BADGE, _TICK = 12, 18, 20

# What lies above what.
_LAYERS = (
    "ground", "picture", "reason", "foot", "stars", "track", "done", "sign", "words", "badge", "warning", "badge words",
    "tick", "ticked", "flag", "flag words", "frame",
)  # fmt: skip
_ICONS: dict[Kind, tuple[str, Role]] = {"made": ("check", "text3"), "missing": ("cross", "danger")}


class MatrixCell:
    """The canvas items of one place in sight. `content` is what was drawn last."""

    def __init__(self, canvas: tk.Canvas) -> None:
        self.content: MatrixCellContent | None = None
        self.bounds = Bounds(0, 0, 0, 0)
        self._items = CellItems(canvas, _LAYERS)

    def draw(
        self, bounds: Bounds, content: MatrixCellContent, photo: ImageTk.PhotoImage | None, reason: str = ""
    ) -> None:
        """Show this at its place. Without a photo the picture is on its way, or `reason` says why there is none."""
        self.content, self.bounds = content, bounds
        width, height = bounds.picture_box
        right, bottom = bounds.left + width, bounds.top + height
        ground: Role = "image_ground" if content.kind == "picture" else "bg" if content.kind == "waiting" else "surface"
        self._items.begin()
        edge: Role | None = "line" if ground != "image_ground" else None
        self._items.box("ground", (bounds.left, bounds.top, right, bottom), ground, edge)
        if content.kind == "picture":
            self._draw_picture(content, photo, reason)
        else:
            self._draw_progress(content)
        if content.current:
            corners = (bounds.x, bounds.y, bounds.x + bounds.width, bounds.y + bounds.height)
            self._items.frame("frame", corners, "accent_text", theme.px(FRAME))
        self._items.end()

    def hide(self) -> None:
        """Take the cell out of sight and let go of its picture."""
        self.content = None
        self._items.begin()
        self._items.end()

    def _draw_picture(self, content: MatrixCellContent, photo: ImageTk.PhotoImage | None, reason: str) -> None:
        bounds, (width, height), items = self.bounds, self.bounds.picture_box, self._items
        middle, foot, centre = bounds.left + width // 2, bounds.foot_middle, bounds.top + height // 2
        if photo is not None:
            items.picture("picture", middle, centre, photo)
        elif reason:
            # The panel tells the whole reason; here it would stand on the neighbours.
            room, face = width - theme.px(12), theme.font(11)
            fits = (face.measure(reason) // max(1, room) + 1) * face.metrics("linespace") < height
            items.words("reason", middle, centre, reason if fits else "not found", "text3", width=room)
        ground: Role = "selection" if content.current else "bg"
        if content.current:
            low = bounds.y + bounds.height
            items.box("foot", (bounds.x, bounds.top + height, bounds.x + bounds.width, low), ground)
        if content.text:
            # Files of one training differ at the end of their names, and there stand the weight and the stars.
            text = theme.elide_front(content.text, theme.font(11, content.bold), width)
            items.words("words", middle, foot, text, content.ink, bold=content.bold)
        else:
            items.picture("stars", middle, foot, marks.star_row(content.stars, _STAR, ground))
        if content.badge:
            self._draw_badge(content.badge)
        if content.marked:
            items.tick(bounds.left, bounds.top, theme.px(_TICK))
        if content.tagged:
            items.flag(bounds.left, bounds.top + height, width, "tags here")

    def _draw_progress(self, content: MatrixCellContent) -> None:
        bounds, (width, height), items = self.bounds, self.bounds.picture_box, self._items
        middle, centre = bounds.left + width // 2, bounds.top + height // 2
        name, ink = _ICONS.get(content.kind, ("", "text3"))
        if name:
            items.picture("sign", middle, centre - theme.px(10), icons.icon(name, 14, ink, "surface"))
        low = centre + theme.px(9 if name else -8 if content.kind == "making" else 0)
        items.words("words", middle, low, theme.elide(content.text, theme.font(11), width), content.ink)
        if content.kind == "making":
            long, high = min(theme.px(64), width - theme.px(16)), theme.px(4)
            left, top = middle - long // 2, centre + theme.px(8)
            items.box("track", (left, top, left + long, top + high), "raised2")
            items.box("done", (left, top, left + round(long * content.share), top + high), "accent")

    def _draw_badge(self, text: str) -> None:
        bounds, wide = self.bounds, theme.font(11, True).measure(text)
        narrow = wide + theme.px(52) > bounds.picture_box[0]
        left, height = bounds.right - (theme.px(22) if narrow else wide + theme.px(29)), theme.px(_BADGE)
        middle = bounds.top + height // 2
        self._items.box("badge", (left, bounds.top, bounds.right, bounds.top + height), "badge")
        sign = icons.icon("warning", 12, "badge_ink", "badge")
        self._items.picture("warning", left + theme.px(11), middle, sign)
        if not narrow:
            x = left + theme.px(22) + wide // 2
            self._items.words("badge words", x, middle, text, "badge_ink", bold=True)


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
