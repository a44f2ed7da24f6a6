"""The canvas items of a picture's cell or a group's head, each with a name: made when first shown, then changed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Any

from PIL import ImageTk

from ...domain.base.colour_roles import Role
from . import icons, theme
from .painting import Anchor

_FLAG_PAD = 6
_BLANK = ("image", "text")  # what a hidden item shows no longer


class CellItems:
    """Between `begin` and `end` everything is shown that shall be in sight; `end` hides the rest.

    `layers` names the items from the lowest to the uppermost. Only what differs from before is told to the canvas, so
    that scrolling costs little. Items keep the pictures alive that they show. All of them have the `tags`, of which the
    last is theirs alone.
    """

    def __init__(self, canvas: tk.Canvas, layers: Sequence[str], *tags: str) -> None:
        self._canvas, self._layers, self._tags = canvas, layers, tags
        self._items: dict[str, int] = {}
        self._places: dict[str, tuple[int, ...]] = {}
        self._styles: dict[str, dict[str, Any]] = {}  # options of the items as they are now
        self._seen: set[str] = set()
        self._now: set[str] = set()

    def begin(self) -> None:
        """Begin a round."""
        self._now = set()

    def end(self) -> None:
        """Hide what was not shown in this round, and let go of its pictures."""
        self.hide(*self._seen - self._now)

    def hide(self, *names: str) -> None:
        """Take these items out of sight, if they are in it."""
        for name in self._seen.intersection(names):
            style = self._styles[name]
            blank = {key: "" for key in _BLANK if key in style} | {"state": "hidden"}
            style.update(blank)
            self._canvas.itemconfigure(self._items[name], blank)
        self._seen.difference_update(names)

    def shift(self, down: int) -> None:
        """Move everything by so many pixels, in one step."""
        self._canvas.move(self._tags[-1], 0, down)
        self._places = {
            name: tuple(one + down if place % 2 else one for place, one in enumerate(at))
            for name, at in self._places.items()
        }

    def box(self, name: str, corners: tuple[int, int, int, int], ink: Role, edge: Role | None = None) -> None:
        """A rectangle, with an edge of one pixel inside its corners."""
        # A canvas draws an outlined rectangle one pixel larger to the right and below than a filled one.
        less = 1 if edge else 0
        outline = theme.palette[edge] if edge else ""
        at = (*corners[:2], corners[2] - less, corners[3] - less)
        self._show(name, self._canvas.create_rectangle, at, fill=theme.palette[ink], outline=outline, width=less)

    def frame(self, name: str, corners: tuple[int, int, int, int], ink: Role, width: int) -> None:
        """The edge of a rectangle, inside its corners."""
        inset = width // 2  # half of an outline is drawn inside, half outside its line
        at = (corners[0] + inset, corners[1] + inset, corners[2] - inset, corners[3] - inset)
        self._show(name, self._canvas.create_rectangle, at, outline=theme.palette[ink], width=width)

    def picture(self, name: str, x: int, y: int, image: ImageTk.PhotoImage, anchor: Anchor = "center") -> None:
        """A picture."""
        self._show(name, self._canvas.create_image, (x, y), image=image, anchor=anchor)

    def words(
        self,
        name: str,
        x: int,
        y: int,
        text: str,
        ink: Role,
        *,
        size: int = 11,
        bold: bool = False,
        anchor: Anchor = "center",
        width: int = 0,
    ) -> None:
        """A text, broken into centred lines of `width`."""
        font, fill = theme.font(size, bold), theme.palette[ink]
        style = {"anchor": anchor, "width": width, "justify": "center"}
        self._show(name, self._canvas.create_text, (x, y), text=text, font=font, fill=fill, **style)

    def flag(self, left: int, bottom: int, room: int, text: str) -> None:
        """A few words in the lower left corner of a picture of this width: the layers "flag" and "flag words"."""
        face, pad = theme.font(11, True), theme.px(_FLAG_PAD)
        text = theme.elide(text, face, room - 2 * pad)
        wide, high = face.measure(text) + 2 * pad, 3 * pad + pad // 3
        self.box("flag", (left, bottom - high, left + wide, bottom), "accent")
        self.words("flag words", left + wide // 2, bottom - high // 2, text, "accent_ink", bold=True)

    def tick(self, left: int, top: int, side: int) -> None:
        """The mark of a chosen picture: the layers "tick" and "ticked"."""
        self.box("tick", (left, top, left + side, top + side), "accent")
        self.picture("ticked", left + side // 2, top + side // 2, icons.icon("tick", 12, "accent_ink", "accent"))

    def _show(self, name: str, make: Callable[..., int], at: tuple[int, ...], **style: Any) -> None:  # canvas options
        item = self._items.get(name)
        if item is None:
            item = self._items[name] = make(*at, tags=self._tags)
            below = [self._items[other] for other in self._layers[: self._layers.index(name)] if other in self._items]
            if below:
                self._canvas.tag_raise(item, below[-1])
        elif at != self._places[name]:
            self._canvas.coords(item, *at)
        style["state"] = "normal"
        before = self._styles.get(name, {})
        changed = {key: value for key, value in style.items() if before.get(key) != value}
        if changed:
            self._canvas.itemconfigure(item, changed)
        self._places[name], self._styles[name] = at, style
        self._seen.add(name)
        self._now.add(name)
