"""What stands left of the matrix's lines and above its columns: it stays in place while the pictures move."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from msgspec import Struct

from ...widgets import theme

_GAP = 4


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

    def __init__(self, canvas: tk.Canvas) -> None:
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
        self._canvas.create_rectangle(
            at,
            bottom - theme.px(6),
            at + room * margins.width // margins.whole,
            bottom - theme.px(2),
            fill=theme.colour("edge"),
            width=0,
            tags="words",
        )

    def _cover(self, x: int, y: int, width: int, height: int) -> None:
        self._canvas.create_rectangle(x, y, x + width, y + height, fill=theme.colour("bg"), width=0, tags="words")

    def _put(self, words: HeaderText) -> None:
        bold = theme.font(13, True)
        self._canvas.create_text(
            words.x,
            words.y,
            text=theme.elide(words.title, bold, words.room),
            anchor="nw",
            font=bold,
            fill=theme.colour("accent_text" if words.best else "text"),
            tags="words",
        )
        self._canvas.create_text(
            words.x,
            words.y + theme.px(20),
            text=words.note,
            anchor="nw",
            font=theme.font(11),
            fill=theme.colour("text3"),
            width=words.room,
            tags="words",
        )
