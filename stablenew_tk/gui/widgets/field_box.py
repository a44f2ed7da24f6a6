"""The rounded box around a field to type into: outline, ring, placeholder, and what is wrong in a sentence below it."""

from __future__ import annotations

import tkinter as tk
from tkinter import font as tkfont

from ...domain.base.colour_roles import Role
from . import icons, theme
from .basics import ground_of
from .rescaling import Scaled
from .theme import RING


class FieldBox(tk.Canvas, Scaled):
    """Base of the fields. A subclass hands its inner widget to `_hold` and sizes it in `_fill`."""

    def __init__(self, parent: tk.Misc, *, width: int, height: int, ground: Role | None) -> None:
        self.ground: Role = ground or ground_of(parent)
        self.error_text = ""  # the sentence below the field
        self._ink: Role = "text"
        self.pointed_out = False
        self._focused = self._hover = False
        self._m = theme.px(RING)
        super().__init__(
            parent,
            width=theme.px(width) + 2 * self._m,
            height=height,
            bd=0,
            highlightthickness=0,
            takefocus=0,
            bg=theme.palette[self.ground],
        )

    def remeasure(self) -> None:
        """Keep the ring, and the inner widget in its place."""
        self._m = theme.px(RING)
        self.coords(self._window, *self._corner())

    def get(self) -> str:
        """The text; never the placeholder."""
        raise NotImplementedError

    def _corner(self) -> tuple[int, int]:
        """Where the inner widget has its left upper corner."""
        raise NotImplementedError

    def error(self, sentence: str) -> None:
        """Outline the field in the danger colour and say why below it; "" makes it well again."""
        if sentence != self.error_text:
            self.error_text = sentence
            self._paint()

    def point_out(self, on: bool) -> None:
        """Draw the outline in the accent colour: this value is new, and not by the user's hand."""
        if on != self.pointed_out:
            self.pointed_out = on
            self._paint()

    def focus_set(self) -> None:
        """Put the cursor into the text."""
        self._inner.focus_set()

    def _hold(self, inner: tk.Entry | tk.Text, face: tkfont.Font, placeholder: str) -> None:
        """Take the inner widget in."""
        self._inner = inner
        self._window = self.create_window(*self._corner(), window=inner, anchor="nw")
        self._hint = tk.Label(inner, text=placeholder, font=face, bd=0, padx=0, pady=0, justify="left", cursor="xterm")
        self._hint.bind("<Button-1>", lambda _event: self.after_idle(inner.focus_set))
        inner.bind("<FocusIn>", lambda _event: self._focus(True), add="+")
        inner.bind("<FocusOut>", lambda _event: self._focus(False), add="+")
        for hovered, event in ((True, "<Enter>"), (False, "<Leave>")):
            self.bind(event, lambda _event, on=hovered: self._hovered(on))  # type: ignore[misc]  # default binds it
        theme.on_change(self._paint)

    def _fill(self, wide: int) -> int:
        """Place what is inside for a box of this width; gives the height of the box."""
        raise NotImplementedError

    def _show_hint(self) -> None:
        """Show the placeholder or hide it."""
        raise NotImplementedError

    def dim(self, on: bool) -> None:
        """Grey what is written, because it counts for nothing just now; it can still be changed."""
        ink: Role = "text3" if on else "text"
        if ink != self._ink:
            self._ink = ink
            self._paint()

    def _hovered(self, on: bool) -> None:
        self._hover = on
        self._paint()

    def _focus(self, on: bool) -> None:
        self._focused = on
        self._paint()

    def _paint(self) -> None:
        wide = self.winfo_width() - 2 * self._m
        if wide <= 0:
            return
        high = self._fill(wide)
        self.delete("paint")
        self.configure(bg=theme.palette[self.ground])
        usual: Role = "accent_text" if self.pointed_out else "edge_hover" if self._hover else "edge"
        outline: Role = "danger" if self.error_text else usual
        if self._inner.cget("state") != "normal":
            outline = "line"
        self._frame = icons.box(
            wide, high, fill="raised", outline=outline, ground=self.ground, margin=RING, ring=int(self._focused)
        )
        self.create_image(0, 0, image=self._frame, anchor="nw", tags="paint")
        ground, ink = theme.palette["raised"], theme.palette[self._ink]
        self._inner.configure(
            bg=ground,
            fg=ink,
            insertbackground=ink,
            selectbackground=theme.palette["selection"],
            selectforeground=ink,
        )
        self._hint.configure(bg=ground, fg=theme.palette["text3"])
        self._show_hint()
        self._set_height(self._paint_error(wide, high + 2 * self._m))

    def _paint_error(self, wide: int, height: int) -> int:
        """Write the sentence below the box; gives the height of everything."""
        if not self.error_text:
            return height
        self._warning = icons.icon("warning", 12, "danger", self.ground)
        self.create_image(self._m, height, image=self._warning, anchor="nw", tags="paint")
        words = self.create_text(
            self._m + theme.px(16),
            height - theme.px(1),
            text=self.error_text,
            font=theme.font(11),
            anchor="nw",
            fill=theme.palette["danger"],
            width=wide - theme.px(16),
            tags="paint",
        )
        return self.bbox(words)[3] + theme.px(2)

    def _set_height(self, height: int) -> None:
        if int(self.cget("height")) != height:
            self.configure(height=height)
