"""A canvas that is drawn anew as a whole: words, fills and pictures, in colours told by their roles."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Literal

from PIL import ImageTk

from ...domain.base.colour_roles import Role
from . import theme

Anchor = Literal["nw", "n", "w", "e", "center"]


class Painting(tk.Canvas):
    """`clear` it, then draw. All lengths are screen pixels. It keeps the pictures alive that it shows.

    `draw()` is called whenever its size, the mode or the scale changes, as long as the canvas lives.
    """

    def __init__(
        self,
        parent: tk.Misc,
        ground: Role,
        *,
        width: int = 1,
        height: int = 1,
        takefocus: bool = False,
        cursor: str = "",
        draw: Callable[[], object] | None = None,
    ) -> None:
        self.ground: Role = ground
        self._shown: list[ImageTk.PhotoImage] = []
        self._draw_all = draw
        super().__init__(
            parent,
            width=width,
            height=height,
            bd=0,
            highlightthickness=0,
            takefocus=takefocus,
            cursor=cursor,
            bg=theme.palette[ground],
        )
        if draw is not None:
            self.bind("<Configure>", lambda _event: draw())
            # Its own method: what draws it may live longer than this canvas.
            theme.on_change(self._draw_again)

    def _draw_again(self) -> None:
        if self._draw_all is not None:
            self._draw_all()

    def clear(self) -> None:
        """Begin anew, on the ground in the colour of the present mode."""
        self.delete("all")
        self._shown.clear()
        self.configure(bg=theme.palette[self.ground])

    def words(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: int = 13,
        bold: bool = False,
        ink: Role = "text",
        anchor: Anchor = "w",
        room: int | None = None,
        width: int = 0,
        tag: str = "",
    ) -> int:
        """Write a text in a face of `size` design pixels. Gives its width in one line.

        `room` cuts it with "…", `width` breaks it into lines.
        """
        face = theme.font(size, bold)
        if room is not None:
            text = theme.elide(text, face, room)
        lines: Literal["center", "left"] = "center" if anchor == "center" else "left"
        fill = theme.palette[ink]
        self.create_text(x, y, text=text, font=face, fill=fill, anchor=anchor, width=width, justify=lines, tags=tag)
        return face.measure(text)

    def fill(self, left: int, top: int, right: int, bottom: int, ink: Role, *, tag: str = "") -> None:
        """A rectangle without an edge."""
        self.create_rectangle(left, top, right, bottom, fill=theme.palette[ink], width=0, tags=tag)

    def bottom(self) -> int:
        """Lower edge of what was drawn last."""
        return int(self.bbox(self.find_all()[-1])[3])

    def frame(self, left: int, top: int, right: int, bottom: int, ink: Role, *, width: int) -> None:
        """The edge of a rectangle."""
        self.create_rectangle(left, top, right, bottom, outline=theme.palette[ink], width=width)

    def focus_ring(self, left: int, top: int, right: int, bottom: int) -> None:
        """The ring of the keyboard, just inside this box; two pixels at 100 %, like all lines of the design."""
        width = theme.px(2)
        inset = width // 2 + 1
        self.frame(left + inset, top + inset, right - inset, bottom - inset, "focus", width=width)

    def picture(self, x: float, y: float, image: ImageTk.PhotoImage, anchor: Anchor = "nw") -> int:
        """Place a picture and keep it alive while it is shown. Gives its item."""
        self._shown.append(image)
        return self.create_image(x, y, image=image, anchor=anchor)

    def change_picture(self, item: int, image: ImageTk.PhotoImage) -> None:
        """Show another picture in the place of one."""
        self._shown.append(image)
        self.itemconfigure(item, image=image)
