"""One place of a Learning Run's matrix: its picture with stars, or in words how far it is.

A cell is a handful of canvas items that are made when first needed, then moved and changed, never made anew while
scrolling.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Literal

from msgspec import Struct
from PIL import ImageTk

from ....domain.base.colour_roles import Role
from ...widgets import icons, marks, theme
from ...widgets.picture_cell import FRAME, Bounds
from ...widgets.thumbnails import ThumbnailRequest

_STAR, _BADGE, _TICK = 12, 18, 20

Kind = Literal["picture", "made", "making", "waiting", "missing"]
# What lies above what; items are made in any order.
_LAYERS = (
    "ground", "picture", "reason", "foot", "stars", "track", "done", "sign", "words", "badge", "warning", "badge words",
    "tick", "ticked", "frame",
)  # fmt: skip
_TEXTS = frozenset(("reason", "words", "badge words"))
_ICONS: dict[Kind, tuple[str, Role]] = {"made": ("check", "text3"), "missing": ("cross", "danger")}


class MatrixCellContent(Struct, frozen=True, kw_only=True):
    """What a cell shows. `words` stand in place of the stars, or say how far it is; `share` of the picture is made.

    `current` is the one keys are about, `marked` is chosen to compare.
    """

    kind: Kind
    wish: ThumbnailRequest | None = None
    stars: int = 0
    words: str = ""
    ink: Role = "text3"
    bold: bool = False
    badge: str = ""
    share: float = 0.0
    current: bool = False
    marked: bool = False


class MatrixCell:
    """The canvas items of one place in sight. `look` is what was drawn last."""

    def __init__(self, canvas: tk.Canvas) -> None:
        self.look: MatrixCellContent | None = None
        self._canvas = canvas
        self.bounds = Bounds(0, 0, 0, 0)
        self._items: dict[str, int] = {}
        self._seen: set[str] = set()
        self._now: set[str] = set()
        self._kept: dict[str, ImageTk.PhotoImage] = {}

    def draw(self, bounds: Bounds, look: MatrixCellContent, photo: ImageTk.PhotoImage | None, reason: str = "") -> None:
        """Show a look at this place. Without a photo the picture is on its way, or `reason` says why there is none."""
        self.look, self.bounds, self._now = look, bounds, set()
        width, height = bounds.picture_box
        right, bottom = bounds.left + width, bounds.top + height
        ground: Role = "image_ground" if look.kind == "picture" else "bg" if look.kind == "waiting" else "surface"
        self._box(
            "ground", (bounds.left, bounds.top, right, bottom), ground, "line" if ground != "image_ground" else ""
        )
        if look.kind == "picture":
            self._draw_picture(look, photo, reason)
        else:
            self._draw_progress(look)
        if look.current:
            inset = theme.px(FRAME) // 2
            edge = (bounds.x + inset, bounds.y + inset, bounds.x + bounds.width - inset)
            self._put("frame", self._canvas.create_rectangle, (*edge, bounds.y + bounds.height - inset))
            self._canvas.itemconfigure(
                self._items["frame"], outline=theme.colour("accent_text"), width=theme.px(FRAME), state="normal"
            )
        self._settle()

    def hide(self) -> None:
        """Take the cell out of sight and let go of its picture."""
        self.look, self._now = None, set()
        self._settle()
        self._kept.clear()

    # ---- parts

    def _draw_picture(self, look: MatrixCellContent, photo: ImageTk.PhotoImage | None, reason: str) -> None:
        bounds, (width, height) = self.bounds, self.bounds.picture_box
        middle, foot = bounds.left + width // 2, bounds.foot_middle
        if photo is not None:
            self._image("picture", middle, bounds.top + height // 2, photo)
        elif reason:
            self._text("reason", (middle, bounds.top + height // 2), reason, 11, "text3", width=width - theme.px(12))
        ground: Role = "selection" if look.current else "bg"
        if look.current:
            top = bounds.top + height
            self._box("foot", (bounds.x, top, bounds.x + bounds.width, bounds.y + bounds.height), ground)
        if look.words:
            text = theme.elide(look.words, theme.font(11, look.bold), width)
            self._text("words", (middle, foot), text, 11, look.ink, bold=look.bold)
        else:
            self._image("stars", middle, foot, marks.star_row(look.stars, _STAR, ground))
        if look.badge:
            self._draw_badge(look.badge)
        if look.marked:
            size = theme.px(_TICK)
            self._box("tick", (bounds.left, bounds.top, bounds.left + size, bounds.top + size), "accent")
            sign = icons.icon("tick", 12, "accent_ink", "accent")
            self._image("ticked", bounds.left + size // 2, bounds.top + size // 2, sign)

    def _draw_progress(self, look: MatrixCellContent) -> None:
        bounds, (width, height) = self.bounds, self.bounds.picture_box
        middle, centre = bounds.left + width // 2, bounds.top + height // 2
        name, ink = _ICONS.get(look.kind, ("", "text3"))
        if name:
            self._image("sign", middle, centre - theme.px(10), icons.icon(name, 14, ink, "surface"))
        low = centre + theme.px(9 if name else -8 if look.kind == "making" else 0)
        self._text("words", (middle, low), theme.elide(look.words, theme.font(11), width), 11, look.ink)
        if look.kind == "making":
            long, high = min(theme.px(64), width - theme.px(16)), theme.px(4)
            left, top = middle - long // 2, centre + theme.px(8)
            self._box("track", (left, top, left + long, top + high), "raised2")
            self._box("done", (left, top, left + round(long * look.share), top + high), "accent")

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
        edge = theme.colour("line") if outline else ""
        self._canvas.itemconfigure(self._items[name], fill=theme.colour(fill), outline=edge, width=less, state="normal")

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
            fill=theme.colour(ink),
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
