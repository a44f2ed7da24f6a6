"""Heads of the groups of a grid: each above its cells, that of the uppermost group for as long as it is in sight."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from itertools import count

from msgspec import Struct

from ...domain.base.colour_roles import Role
from ...domain.base.grid_layout import GridLayout
from . import icons, theme
from .cell_items import CellItems

_BELOW = 4  # between a head and the cells
_NUMBERS = count()


class HeadContent(Struct, frozen=True):
    """What a head says: title, a note beside it, and at the right the words of what it offers, "" = nothing."""

    title: str
    note: str = ""
    offer: str = ""


class GroupHead:
    """The head of a group: one line over the whole width. `tag` is that of all heads: they lie above the cells."""

    TAG = "head"
    _LAYERS = ("ground", "title", "note", "sign", "offer", "line")

    def __init__(self, canvas: tk.Canvas) -> None:
        self._items = CellItems(canvas, self._LAYERS, self.TAG, f"head {next(_NUMBERS)}")
        self._drawn: tuple[object, ...] | None = None
        self._y = 0
        self._texts: tuple[object, ...] = ()
        self._cut = ("", "")
        self.offer = range(0)  # the pixels across that the offer takes

    def draw(self, left: int, right: int, y: int, height: int, content: HeadContent, *, stuck: bool, lit: bool) -> None:
        """Show it from `left` to `right` at `y`; `stuck`: cells are below it, `lit`: the pointer is on the offer."""
        now = (left, right, height, content, stuck, lit)
        if now == self._drawn:
            if y != self._y:
                self._items.shift(y - self._y)
                self._y = y
            return
        self._drawn, self._y, items, middle = now, y, self._items, y + height // 2
        bold, plain, small = theme.font(13, True), theme.font(12), theme.font(12)
        if (left, right, content) != self._texts:
            self._texts = (left, right, content)
            wide = small.measure(content.offer) + theme.px(24) if content.offer else 0
            self.offer = range(right - wide - theme.px(8), right) if wide else range(0)
            room = right - left - wide - theme.px(24)
            title = theme.elide(content.title, bold, room)
            rest = room - bold.measure(title) - theme.px(8)
            self._cut = title, theme.elide(content.note, plain, rest) if rest > theme.px(40) else ""
        title, note = self._cut
        items.begin()
        # At rest nothing is below it, and it leaves room for the ring round a cell just above it.
        items.box("ground", (0, y + (0 if stuck else theme.px(theme.RING)), right + left, y + height), "bg")
        items.words("title", left, middle, title, "text", size=13, bold=True, anchor="w")
        if note:
            x = left + bold.measure(title) + theme.px(8)
            items.words("note", x, middle, note, "text3", size=12, anchor="w")
        if content.offer:
            ink: Role = "text" if lit else "accent_text"
            items.words("offer", right, middle, content.offer, ink, size=12, anchor="e")
            sign = icons.icon("learn", 14, ink, "bg")
            items.picture("sign", self.offer.start + theme.px(8), middle, sign, "w")
        if stuck:
            items.box("line", (0, y + height - 1, right + left, y + height), "line")
        items.end()

    def hide(self) -> None:
        """Take it out of sight."""
        if self._drawn is not None:
            self._drawn = None
            self._items.begin()
            self._items.end()

    def forget(self) -> None:
        """Draw everything anew next time: the colours have changed."""
        self._drawn, self._texts = None, ()


class GroupHeads:
    """The heads in sight. `content(group)` tells what one says; it is asked once for each layout."""

    def __init__(self, canvas: tk.Canvas, content: Callable[[int], HeadContent]) -> None:
        self._canvas, self._content = canvas, content
        self._shown: dict[int, GroupHead] = {}
        self._spare: list[GroupHead] = []
        self._places: dict[int, int] = {}
        self._words: dict[int, HeadContent] = {}
        self._height = 0
        self._last: tuple[GridLayout, int, int, int] | None = None
        self._lit = -1

    def show(self, layout: GridLayout, top: int, left: int, right: int) -> None:
        """Draw them for a canvas that is scrolled to `top`, between `left` and `right`."""
        if self._last is None or self._last[0] is not layout:
            self._words.clear()
        self._last, self._height = (layout, top, left, right), layout.size.head - theme.px(_BELOW)
        groups = layout.groups(top, top + self._canvas.winfo_height())
        for group in [group for group in self._shown if group not in groups]:
            head = self._shown.pop(group)
            head.hide()
            self._spare.append(head)
        self._places = {}
        for group in groups:
            home = layout.head_y(group)
            y = self._places[group] = max(home, min(top, layout.end_y(group) - self._height))
            head = self._shown.get(group) or (self._spare.pop() if self._spare else GroupHead(self._canvas))
            self._shown[group] = head
            head.draw(left, right, y, self._height, self._said(group), stuck=y > home, lit=group == self._lit)

    def _said(self, group: int) -> HeadContent:
        words = self._words.get(group)
        if words is None:
            words = self._words[group] = self._content(group)
        return words

    def at(self, y: float) -> int:
        """The group whose head lies at `y`, −1 for none."""
        return next((group for group, top in self._places.items() if top <= y < top + self._height), -1)

    def offer_at(self, x: int, y: float) -> int:
        """The group whose offer lies at a point, −1 for none."""
        group = self.at(y)
        return group if group >= 0 and x in self._shown[group].offer else -1

    def light(self, group: int) -> None:
        """The pointer is on the offer of this group; −1 = of none."""
        if group != self._lit and self._last is not None:
            self._lit = group
            self.show(*self._last)

    def forget(self) -> None:
        """Draw everything anew next time: the colours have changed."""
        for head in (*self._shown.values(), *self._spare):
            head.forget()
