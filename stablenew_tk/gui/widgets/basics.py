"""Frames, captions, buttons and explanations: what every page is made of.

A control drawn by us is one tab stop, shows a ring when the keyboard is on it, and answers Space and Return. It is a
small Canvas, which costs a tenth of a button of customtkinter and lets the ring be drawn. Each control reserves
theme.RING pixels on all sides for its ring, so nothing shifts when it appears.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from typing import Literal

from ...domain.base.colour_roles import Role
from . import icons, theme
from .painting import Painting
from .rescaling import Scaled
from .theme import RING
from .tooltips import explanation, tip

_SHORTEST_LINE = 40  # px
_LOST_BY_BREAKS = 0.3  # of a line: lines end between words


class Box(tk.Frame):
    """A plain frame for layout. `ground` is the role of its colour; children take it over."""

    def __init__(self, parent: tk.Misc, ground: Role | None = None, **place: int) -> None:
        self.ground: Role = ground or ground_of(parent)
        super().__init__(parent, bd=0, highlightthickness=0, bg=theme.palette[self.ground], **place)  # type: ignore[arg-type]  # width and height only
        theme.on_change(self._recolour)

    def _recolour(self) -> None:
        self.configure(bg=theme.palette[self.ground])


class Card(tk.Frame):
    """A panel with rounded corners and a thin edge. Keep theme.CARD_PAD inside it."""

    def __init__(self, parent: tk.Misc, ground: Role = "surface", outline: Role = "line") -> None:
        self.ground: Role = ground
        self._outline, self._outside = outline, ground_of(parent)
        super().__init__(parent, bd=0, highlightthickness=theme.px(1))
        # The edge is that of the frame; four small pictures lie over its corners.
        self._corners = [tk.Label(self, bd=0, padx=0, pady=0, highlightthickness=0) for _ in _CORNERS]
        for corner, (anchor, x, y) in zip(self._corners, _CORNERS, strict=True):
            corner.place(relx=x, rely=y, anchor=anchor, bordermode="outside")
        self._recolour_card()
        theme.on_change(self._recolour_card)

    def winfo_children(self) -> list[tk.Widget | tk.Toplevel]:
        """What was put into the card; its corners are its own."""
        return [child for child in super().winfo_children() if child not in self._corners]

    def _recolour_card(self) -> None:
        edge = theme.palette[self._outline]
        self.configure(bg=theme.palette[self.ground], highlightbackground=edge, highlightcolor=edge)
        self._pictures = icons.corners(fill=self.ground, outline=self._outline, ground=self._outside)
        for corner, picture in zip(self._corners, self._pictures, strict=True):
            corner.configure(image=picture)


# Where the corners of a card lie: anchor, and the place as shares of the sides.
_CORNERS: tuple[tuple[Literal["nw", "ne", "sw", "se"], int, int], ...] = (
    ("nw", 0, 0), ("ne", 1, 0), ("sw", 0, 1), ("se", 1, 1),
)  # fmt: skip


def ground_of(parent: tk.Misc) -> Role:
    """The role of the colour that children of `parent` stand on: that of the nearest Box, Card or control above."""
    node: tk.Misc | None = parent
    while node is not None:
        if isinstance(node, (Box, Card, Painted)):
            return node.ground
        node = node.master
    return "bg"


class Separator(Box):
    """A separator of one pixel; pack or grid it with fill or sticky."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, "line", height=theme.px(1), width=theme.px(1))


class Label(tk.Label):
    """A caption. `ink` and `ground` are roles; `size` in pixels of the design.

    `wrap` breaks lines at its width. Such a label asks for no width of its own: let it fill what its layout gives it.
    """

    def __init__(
        self,
        parent: tk.Misc,
        text: str = "",
        *,
        size: int = 13,
        bold: bool = False,
        ink: Role = "text",
        ground: Role | None = None,
        wrap: bool = False,
    ) -> None:
        self._ink, self._ground = ink, ground or ground_of(parent)
        super().__init__(
            parent, text=text, font=theme.font(size, bold), bd=0, padx=0, pady=0, anchor="w", justify="left"
        )
        self._recolour()
        theme.on_change(self._recolour)
        self._wraps = False
        if wrap:
            self.bind("<Configure>", lambda event: self._wrap(event.width))
            self.wrap(True)

    def show(self, text: str, ink: Role | None = None) -> None:
        """Change the words and, if given, their colour."""
        ink = ink or self._ink
        if text != str(self.cget("text")) or ink != self._ink:
            self._ink = ink
            self.configure(text=text, fg=theme.palette[ink])

    def wrap(self, on: bool) -> None:
        """Break lines, or stand in one line as long as the words. Only for a label made with `wrap`."""
        if on != self._wraps:
            self._wraps = on
            # Words that asked for room would chase the layout for ever where neighbours share it: more room, fewer
            # lines, other words, less room.
            self.configure(width=int(on), wraplength=self.winfo_width() if on else 0)

    def _wrap(self, width: int) -> None:
        if self._wraps:
            # A layout may begin with a pixel: lines of one letter would push everything else out of sight for a moment.
            self.configure(wraplength=max(width, theme.px(_SHORTEST_LINE)))

    def _recolour(self) -> None:
        self.configure(bg=theme.palette[self._ground], fg=theme.palette[self._ink])


class ShortLabel(Label):
    """A caption in one line, or at most in so many `lines`, cut with "…" where there is too little room; pack it to
    fill what is left.

    `words` is the whole text.
    """

    def __init__(
        self,
        parent: tk.Misc,
        text: str = "",
        *,
        size: int = 13,
        bold: bool = False,
        ink: Role = "text",
        lines: int = 1,
    ) -> None:
        self.words, self._face, self._lines = text, theme.font(size, bold), lines
        super().__init__(parent, size=size, bold=bold, ink=ink)
        # Its own words must not ask for room: cut ones would never grow again.
        self.configure(width=1)
        self.bind("<Configure>", lambda _event: self._cut())

    def show(self, text: str, ink: Role | None = None) -> None:
        ink = ink or self._ink
        if (text, ink) != (self.words, self._ink):
            self.words, self._ink = text, ink
            self.configure(fg=theme.palette[ink])
            self._cut()

    def _cut(self) -> None:
        width = self.winfo_width()
        if self._lines > 1:
            self.configure(wraplength=max(width, theme.px(_SHORTEST_LINE)))
            width = round(width * (self._lines - _LOST_BY_BREAKS))
        self.configure(text=theme.elide(self.words, self._face, width))


class Sign(tk.Label):
    """An icon that stands by itself and follows the mode. `size` in pixels of the design."""

    def __init__(self, parent: tk.Misc, icon: str, *, size: int = 16, ink: Role = "text2") -> None:
        self._ground, self._icon, self._size, self._ink = ground_of(parent), icon, size, ink
        super().__init__(parent, bd=0, padx=0, pady=0)
        self._recolour()
        theme.on_change(self._recolour)

    def _recolour(self) -> None:
        # The reference keeps the picture alive: Tk shows nothing for one that Python forgot.
        if self._icon == "logo":
            self._picture = icons.logo(self._size)
        else:
            self._picture = icons.icon(self._icon, self._size, self._ink, self._ground)
        self.configure(bg=theme.palette[self._ground], image=self._picture)


class Drawing(Painting):
    """A small picture drawn by `draw(painting)`, again whenever the mode changes. `width` and `height` in design px."""

    def __init__(self, parent: tk.Misc, draw: Callable[[Painting], None], *, width: int, height: int) -> None:
        self._draw = draw
        super().__init__(parent, "surface", width=theme.px(width), height=theme.px(height))
        self.refresh()
        theme.on_change(self.refresh)

    def refresh(self) -> None:
        """Draw again: something else is to be seen."""
        self.clear()
        self._draw(self)


class Painted(Painting, Scaled):
    """A control drawn by us. Subclasses give `draw` and `act`; sizes are in screen pixels without the ring.

    The ring shows when the focus came by keyboard; a click alone does not draw it.
    """

    def __init__(self, parent: tk.Misc, *, width: int, height: int, ground: Role | None = None) -> None:
        self.enabled = True
        self.hover = self.down = self.ring = False
        self._clicked, self._help, self._why = False, "", ""
        self._size = (0, 0)
        self.margin = theme.px(RING)
        self._design = (width / theme.scale(), height / theme.scale())
        width, height = width + 2 * self.margin, height + 2 * self.margin
        super().__init__(
            parent, ground or ground_of(parent), width=width, height=height, takefocus=True, cursor="hand2"
        )
        self._answer_events()
        theme.on_change(self.repaint)

    def _answer_events(self) -> None:
        # Bound once for all controls: eleven bindings for each of a hundred take longer than to draw them.
        tag = f"{_TAG}{theme.generation()}"
        own, *others = self.bindtags()
        self.bindtags((own, tag, *others))
        if self.bind_class(tag):
            return
        for event, answer in (
            ("<Configure>", "_resized"),
            ("<Enter>", "_entered"),
            ("<Leave>", "_left"),
            ("<ButtonPress-1>", "_pressed"),
            ("<ButtonRelease-1>", "_released"),
            ("<FocusIn>", "_focused"),
            ("<FocusOut>", "_unfocused"),
            ("<Key>", "_key"),
            ("<space>", "_keyed"),
            ("<Return>", "_keyed"),
            ("<KP_Enter>", "_keyed"),
        ):
            self.bind_class(tag, event, partial(_answered, answer))

    def draw(self, width: int, height: int) -> None:
        """Draw the present state into the canvas; the margin for the ring is already taken off the sizes."""
        raise NotImplementedError

    def act(self) -> None:
        """Do what the control is for."""
        raise NotImplementedError

    def invoke(self) -> None:
        """Act as if the user had pressed it; nothing happens while it is disabled."""
        if self.enabled:
            self.act()

    def enable(self, on: bool, why: str = "") -> None:
        """Switch the control on or off; `why` is the sentence shown when someone points at the disabled control."""
        why = "" if on else why
        if (on, why) == (self.enabled, self._why):
            return
        if self.enabled and not on:
            self._help = explanation(self)
        self.enabled, self._why = on, why
        self.configure(takefocus=on, cursor="hand2" if on else "arrow")
        tip(self, self._help if on else why or self._help)
        self.repaint()

    def remeasure(self) -> None:
        """Take the room that the present scale asks for; a control as wide as its words measures them here."""
        self.margin = theme.px(RING)
        width, height = (theme.px(length) + 2 * self.margin for length in self._design)
        self.configure(width=width, height=height)

    def repaint(self) -> None:
        """Draw again, once the control has a size."""
        width, height = self._size
        if width > 2 * self.margin:
            self.clear()
            self.draw(width - 2 * self.margin, height - 2 * self.margin)

    def _resized(self, event: tk.Event[tk.Misc]) -> None:
        if (event.width, event.height) != self._size:
            self._size = (event.width, event.height)
            self.repaint()

    def _entered(self, _event: tk.Event[tk.Misc]) -> None:
        self.hover = self.enabled
        self.repaint()

    def _left(self, _event: tk.Event[tk.Misc]) -> None:
        self.hover = self.down = False
        self.repaint()

    def _pressed(self, _event: tk.Event[tk.Misc]) -> None:
        self._clicked, self.down = True, self.enabled
        self.repaint()

    def _released(self, event: tk.Event[tk.Misc]) -> None:
        was_down, self.down = self.down, False
        self.repaint()
        if was_down and 0 <= event.x < self._size[0] and 0 <= event.y < self._size[1]:
            self.invoke()

    def _focused(self, _event: tk.Event[tk.Misc]) -> None:
        self.ring = not self._clicked
        self.repaint()

    def _unfocused(self, _event: tk.Event[tk.Misc]) -> None:
        self.ring = self._clicked = False
        self.repaint()

    def _key(self, _event: tk.Event[tk.Misc]) -> None:
        if not self.ring:
            self.ring = True
            self.repaint()

    def _keyed(self, event: tk.Event[tk.Misc]) -> str:
        # Tk answers Ctrl+Return with this binding too, but it means "run" and belongs to the page.
        if int(event.state) & _CONTROL:
            return ""
        self._key(event)
        self.invoke()
        return "break"


_CONTROL = 0x4
_TAG = "StableNewControl"


def _answered(name: str, event: tk.Event[tk.Misc]) -> object:
    return getattr(event.widget, name)(event)


Kind = Literal["main", "plain", "outline", "quiet", "link", "chip"]
# kind: fill and outline (None = the ground), ink, then fill and outline under the pointer, fill while pressed.
_BUTTONS: dict[Kind, tuple[Role | None, Role | None, Role, Role, Role, Role]] = {
    "main": ("accent", "accent", "accent_ink", "accent_hover", "accent_hover", "accent_pressed"),
    "plain": ("raised2", "raised2", "text", "raised2", "edge_hover", "edge"),
    "outline": (None, "edge", "text", "raised", "edge_hover", "edge"),
    "quiet": (None, None, "text2", "raised", "raised", "edge"),
    "link": (None, None, "accent_text", "raised", "raised", "edge"),
    "chip": ("raised", "line", "text2", "raised", "edge_hover", "raised2"),
}


class Button(Painted):
    """A button. One "main" per page. `note` is shown smaller behind the words, `key` before them (for chips),
    `busy_text` ("Checking...") instead of them while busy; its room is kept from the start. `steady`: with
    shorter words it stays as wide as it was, so that nothing beside it moves.
    """

    def __init__(
        self,
        parent: tk.Misc,
        text: str,
        command: Callable[[], object],
        *,
        kind: Kind = "plain",
        icon: str = "",
        height: int = theme.CONTROL,
        width: int = 0,
        note: str = "",
        key: str = "",
        busy_text: str = "",
        steady: bool = False,
        ground: Role | None = None,
    ) -> None:
        self.text, self.note, self._key_name, self._icon = text, note, key, icon
        self._steady = steady
        self._kind, self._command, self.selected, self._is_busy = kind, command, False, False
        self._busy_text = busy_text
        self._width, self._inset = width, {24: 8, 28: 11, 32: 14}.get(height, 18) if text or note else 6
        self._font = theme.font(12 if height <= theme.SMALL else 13, kind == "main")
        self._small, self._smaller = theme.font(12), theme.font(11)
        self._measure()
        self._least = self._natural()
        super().__init__(parent, width=self._fixed or self._least, height=theme.px(height), ground=ground)

    def _measure(self) -> None:
        self._fixed, self._pad = theme.px(self._width), theme.px(self._inset)
        self._gap, self._sign = theme.px(8), theme.px(16)

    def remeasure(self) -> None:
        super().remeasure()
        self._least = 0
        self._measure()
        self._resize()

    def act(self) -> None:
        self._command()

    def set_text(self, text: str, note: str = "", *, icon: str | None = None) -> None:
        """Change the words (and the icon); without a fixed width the button grows or shrinks with them."""
        shown = text, note, self._icon if icon is None else icon
        if shown != (self.text, self.note, self._icon):
            self.text, self.note, self._icon = shown
            self._resize()

    def select(self, on: bool) -> None:
        """Show the button as chosen (a chip that is on)."""
        if on != self.selected:
            self.selected = on
            self.repaint()

    @property
    def is_main(self) -> bool:
        """Whether it is in sight, can be pressed, and is the main action: what Ctrl+Enter presses."""
        return self._kind == "main" and self.enabled and bool(self.winfo_ismapped())

    def be(self, kind: Kind) -> None:
        """Become the main action, or give that part up."""
        if kind != self._kind:
            self._kind, self._font = kind, theme.font(13, kind == "main")
            self._resize()

    def busy(self, on: bool = True) -> None:
        """Say `busy_text` at the same width and disabled while work is going on."""
        self._is_busy = on
        self.enable(not on)
        self.repaint()

    def draw(self, width: int, height: int) -> None:
        fill, outline, ink = self._inks()
        m, middle = self.margin, self.margin + height // 2
        shape = {"margin": RING, "ring": int(self.ring)}
        self.picture(0, 0, icons.box(width, height, fill=fill, outline=outline, ground=self.ground, **shape))
        text = self._busy_text if self._is_busy and self._busy_text else self.text
        x = m + max(self._gap // 2, (width - self._natural(text) + 2 * self._pad) // 2)
        if self._icon:
            self.picture(x, middle, icons.icon(self._icon, 16, ink, fill), "w")
            x += self._sign + (self._gap if self.text else 0)
        if self._key_name:
            x += self.words(x, middle, self._key_name, size=11, ink="text3") + self._gap
        text = theme.elide(text, self._font, m + width - x) if self._fixed else text
        self.create_text(x, middle, text=text, font=self._font, fill=theme.palette[ink], anchor="w")
        if self.note:
            x += self._font.measure(text) + self._gap
            note_ink: Role = ink if self._kind == "main" else "text3"
            cut = width < self._natural(text)
            self.words(x, middle, self.note, size=12, ink=note_ink, room=m + width - x - self._gap if cut else None)

    def _resize(self) -> None:
        if not self._fixed:
            self._least = max(self._least, self._natural()) if self._steady else self._natural()
            self.configure(width=self._least + 2 * self.margin)
        self.repaint()

    def _inks(self) -> tuple[Role, Role, Role]:
        fill, outline, ink, hover_fill, hover_outline, pressed = _BUTTONS[self._kind]
        if not self.enabled:
            bare = self._kind in ("quiet", "link")
            return self.ground, self.ground if bare else "line", "disabled"
        if self.down:
            return pressed, pressed, "accent_ink" if self._kind == "main" else "text"
        if self.selected:
            return "selection", "accent_text", "text"
        if self.hover:
            return hover_fill, hover_outline, "text" if self._kind == "quiet" else ink
        return fill or self.ground, outline or self.ground, ink

    def _natural(self, text: str = "") -> int:
        words = (text,) if text else (self.text, self._busy_text)
        width = max(self._font.measure(each) for each in words) + 2 * self._pad
        if self._icon:
            width += self._sign + (self._gap if self.text else 0)
        if self._key_name:
            width += self._smaller.measure(self._key_name) + self._gap
        return width + (self._small.measure(self.note) + self._gap if self.note else 0)
