"""One cell of the picture grid: letterboxed picture, stars or words below it, badge, tick, frame.

A cell is a handful of canvas items that are moved and changed when another picture takes its place; nothing is made
anew while scrolling, and what has not changed is not touched.
"""

from __future__ import annotations

import tkinter as tk

from msgspec import Struct
from PIL import ImageTk

from ...domain.base.colour_roles import Role
from ...domain.journal.position import Position
from . import icons, marks, theme
from .cell_items import CellItems
from .thumbnails import ThumbnailRequest

FRAME, FOOT = 2, 24
_STAR, _CHIP, _BADGE, _TICK = 12, 16, 18, 20


class CellContent(Struct, frozen=True, kw_only=True):
    """What a cell shows. `words` stand in place of the stars; `chip` is a few words at the right ("2 tags"); `flag` are
    words over the lower left corner of the picture. A `rejected` picture is dimmed, and one that is `trashed`.
    """

    image_id: str
    position: Position
    output_index: int = 0
    rating: int = 0
    words: str = ""
    words_ink: Role = "text3"
    chip: str = ""
    badge: str = ""
    flag: str = ""
    rejected: bool = False
    trashed: bool = False


class Bounds(Struct, frozen=True):
    """Where a cell stands on the canvas, frame included. `scale` is that of the screen, asked once for a cell."""

    x: int
    y: int
    width: int
    height: int
    scale: float = 1.0

    def px(self, length: float) -> int:
        """Design pixels to screen pixels."""
        return round(length * self.scale)

    @property
    def picture_box(self) -> tuple[int, int]:
        """Width and height of the place for the picture."""
        frame = self.px(FRAME)
        return self.width - 2 * frame, self.height - 2 * frame - self.px(FOOT)

    @property
    def left(self) -> int:
        """Left edge of the picture's place."""
        return self.x + self.px(FRAME)

    @property
    def right(self) -> int:
        """Right edge of the picture's place."""
        return self.x + self.width - self.px(FRAME)

    @property
    def top(self) -> int:
        """Upper edge of the picture's place."""
        return self.y + self.px(FRAME)

    @property
    def foot_middle(self) -> int:
        """Middle of the line below the picture."""
        return self.y + self.height - self.px(FRAME) - self.px(FOOT) // 2


_LAYERS = (
    "ground", "picture", "veil", "reason sign", "reason", "foot", "stars", "words", "chip", "chip words", "badge",
    "badge sign", "badge words", "tick", "ticked", "flag", "flag words", "frame",
)  # fmt: skip


class PictureCell:
    """The canvas items of one cell in sight. `content` and `selected` are what was drawn last, `wish` asks for the
    picture that belongs there.
    """

    def __init__(self, canvas: tk.Canvas) -> None:
        self.content: CellContent | None = None
        self.wish: ThumbnailRequest | None = None
        self.selected = False
        self._items = CellItems(canvas, _LAYERS)
        self._bounds: Bounds | None = None
        self._photo: ImageTk.PhotoImage | None = None
        self._reason = ""

    def draw(self, bounds: Bounds, content: CellContent, *, selected: bool) -> None:
        """Show a picture's cell at this place; the picture itself follows with `picture`. Draws only what changed."""
        if (bounds, content, selected) != (self._bounds, self.content, self.selected):
            self._bounds, self.content, self.selected = bounds, content, selected
            self.wish = ThumbnailRequest(content.image_id, content.position, content.output_index, bounds.picture_box)
            self._paint()

    def picture(self, photo: ImageTk.PhotoImage | None, reason: str = "") -> None:
        """Show the picture, or why there is none, or nothing while it is on its way."""
        if photo is not self._photo or reason != self._reason:
            self._photo, self._reason = photo, reason
            if self._bounds is not None:
                self._items.hide("reason", "reason sign", *(() if photo is not None else ("picture",)))
                self._draw_picture(self._bounds)

    @property
    def box(self) -> tuple[int, int]:
        """The place for the picture where the cell was drawn last."""
        return self.wish.box or (0, 0) if self.wish is not None else (0, 0)

    def hide(self) -> None:
        """Take the cell out of sight and let go of its picture."""
        self._items.begin()
        self._items.end()
        self._photo, self._reason, self._bounds, self.wish = None, "", None, None

    def forget(self) -> None:
        """Draw everything anew next time: the colours have changed."""
        self._bounds = None

    def _paint(self) -> None:
        bounds, content, items = self._bounds, self.content, self._items
        if bounds is None or content is None:
            return
        (width, height), left, top = bounds.picture_box, bounds.left, bounds.top
        items.begin()
        items.box("ground", (left, top, left + width, top + height), "image_ground")
        self._draw_picture(bounds)
        ground: Role = "selection" if self.selected else "bg"
        self._draw_foot(bounds, content, ground)
        if content.rejected or content.trashed:
            self._items.picture(
                "veil", left + width // 2, top + height // 2, marks.veil(width, height, theme.palette["image_ground"])
            )
            word, sign = ("in trash", "trash") if content.trashed else ("rejected", "cross")
            self._draw_badge(bounds, word, sign, "danger", "danger_ink")
        elif content.badge:
            self._draw_badge(bounds, content.badge, "warning", "badge", "badge_ink")
        if content.flag:
            items.flag(left, top + height, width, content.flag)
        if self.selected:
            low, right = bounds.y + bounds.height, bounds.x + bounds.width
            items.box("foot", (bounds.x, top + height, right, low), ground)
            items.tick(left, top, bounds.px(_TICK))
            items.frame("frame", (bounds.x, bounds.y, right, low), "accent_text", bounds.px(FRAME))
        items.end()

    def _draw_foot(self, bounds: Bounds, content: CellContent, ground: Role) -> None:
        x, y, room = bounds.left + bounds.px(4), bounds.foot_middle, bounds.width - bounds.px(2 * FRAME + 8)
        used = marks.row_width(_STAR)
        if content.words:
            text = theme.elide(content.words, theme.font(12), room)
            used = theme.font(12).measure(text)
            self._items.words("words", x, y, text, content.words_ink, size=12, anchor="w")
        else:
            self._items.picture("stars", x, y, marks.star_row(content.rating, _STAR, ground), "w")
        wide = theme.font(11).measure(content.chip) if content.chip else 0
        if wide and used + wide + bounds.px(14) <= room:
            right, wide = bounds.right - bounds.px(4), wide + bounds.px(8)
            box = icons.box(wide, bounds.px(_CHIP), fill="raised2", outline="raised2", ground=ground, radius=4)
            self._items.picture("chip", right, y, box, "e")
            self._items.words("chip words", right - wide // 2, y, content.chip, "text2")

    def _draw_badge(self, bounds: Bounds, text: str, sign_name: str, ground: Role, ink: Role) -> None:
        wide, height, right = theme.font(11, True).measure(text), bounds.px(_BADGE), bounds.right
        narrow = wide + bounds.px(30) > bounds.width - bounds.px(_TICK + 4)
        left, middle = right - (bounds.px(22) if narrow else wide + bounds.px(29)), bounds.top + height // 2
        self._items.box("badge", (left, bounds.top, right, bounds.top + height), ground)
        sign = icons.icon(sign_name, 12, ink, ground)
        self._items.picture("badge sign", left + bounds.px(5 if narrow else 6), middle, sign, "w")
        if not narrow:
            self._items.words("badge words", right - bounds.px(6), middle, text, ink, bold=True, anchor="e")

    def _draw_picture(self, bounds: Bounds) -> None:
        (width, height), x = bounds.picture_box, bounds.left + bounds.picture_box[0] // 2
        middle = bounds.top + height // 2
        if self._photo is not None:
            self._items.picture("picture", x, middle, self._photo)
        elif self._reason:
            y = middle - bounds.px(34)
            self._items.picture("reason sign", x, y, icons.icon("image", 20, "text3", "image_ground"))
            room, lines = width - bounds.px(16), max(1, (height // 2 + bounds.px(10)) // bounds.px(15))
            text = theme.elide(_short(self._reason), theme.font(11), round(room * lines * 0.85))
            self._items.words("reason", x, y + bounds.px(18), text, "text3", anchor="n", width=room)


def _short(reason: str) -> str:
    """A cell has room for what is wrong, not for a path; the whole sentence stands in full size."""
    _, found, rest = reason.partition(" cannot be read: ")
    if not found:
        return reason
    return "The file is missing." if rest.startswith("No such file") else f"Cannot be read: {rest}"
