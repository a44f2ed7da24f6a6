"""The pictures of one value with their stars, so that a number can be checked with the eyes: in a row, or upright."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ...domain.journal.image_facts import ImageFacts
from ...pipeline.messages.pictures import MakeThumbnail
from ..widgets import icons, marks, theme
from ..widgets.basics import Box, Button, Card, Label, ShortLabel
from ..widgets.flow import pack_if
from ..widgets.painting import Painting
from ..widgets.thumbnails import ThumbnailRequest, Thumbs

_WIDTH, _GAP, _FOOT, _STAR = 74, 10, 24, 10
_HIGH, _HIGHER, _WIDEST = 116, 172, 114
_ROOMY = 560  # design pixels from which pictures are shown larger
_UPRIGHT = 180  # design pixels that a picture has at least where they stand in a column
_UPRIGHT_MOST = 6  # so many pictures, more are in Review
_SHAPES = 0.6, 1.6  # height by width, the flattest and the tallest place


class Filmstrip(Card):
    """The card. `ask` orders thumbnails, `opened()` shows all pictures in Review."""

    def __init__(self, parent: tk.Misc, *, ask: Callable[[MakeThumbnail], None], opened: Callable[[], object]) -> None:
        super().__init__(parent)
        self._opened = opened
        self._images: Sequence[ImageFacts] = ()
        self._upright, self._shape = False, 1.0
        pad = theme.px(theme.CARD_PAD)
        head = Box(self)
        head.pack(fill="x", padx=(pad, pad - theme.px(8)), pady=(theme.px(3), 0))
        self.title = ShortLabel(head, "", size=13, bold=True, lines=2)
        self.review = Button(head, "Open in Review", opened, kind="link", height=24)
        self.review.pack(side="right")
        self.title.pack(side="left", fill="x", expand=True)
        self.words = Label(self, "", size=12, ink="text2")
        self.fit(0)
        self.canvas = Painting(self, "surface", draw=self.refresh)
        self.canvas.pack(fill="x", padx=pad, pady=(theme.px(2), theme.px(8)))
        self.thumbs = Thumbs(self.canvas, ask, self._arrived)
        self._resize()
        self.canvas.bind("<ButtonRelease-1>", self._released)

    def stand(self, *, upright: bool) -> None:
        """In a row, or in as many rows as it takes, as large as the width allows."""
        if upright != self._upright:
            self._upright = upright
            self.refresh()

    def show(self, title: str, images: Sequence[ImageFacts], words: str = "", *, shape: float = 1.0) -> None:
        """Show these pictures, from the left in row order, below the whole `words` of a wording. `shape` is the usual
        height by width.
        """
        self.title.show(title)
        self.words.show(words)
        pack_if(words, self.words, fill="x", padx=theme.px(theme.CARD_PAD), before=self.canvas)
        self._images, self._shape = images, min(max(shape, _SHAPES[0]), _SHAPES[1])
        self.review.enable(bool(images), "" if images else "No picture was made at this value.")
        self.canvas.configure(cursor="hand2" if images else "arrow")
        self.refresh()

    def fit(self, width: int) -> None:
        """Break the lines of the words for a card so wide, in screen pixels: they must never make it wider."""
        room = max(theme.px(200), width - 2 * theme.px(theme.CARD_PAD) - theme.px(16))
        self.words.configure(wraplength=room, justify="left", anchor="w")

    def refresh(self) -> None:
        """Draw again."""
        canvas = self.canvas
        self._resize()
        canvas.clear()
        if canvas.winfo_width() < theme.px(_WIDTH):
            return
        if not self._images:
            words = "No picture was made at this value yet."
            canvas.words(0, theme.px(24), words, size=12, ink="text3", anchor="nw", width=canvas.winfo_width())
            return
        columns, box = self._columns, self._box
        count = max(columns, _UPRIGHT_MOST) if self._upright else columns
        hidden = len(self._images) - count if len(self._images) > count else 0
        shown = self._images[: count - 1] if hidden else self._images
        self.thumbs.set_box(box)
        across, down = box[0] + theme.px(_GAP), box[1] + theme.px(_FOOT)
        for place, facts in enumerate(shown):
            self._paint(facts, (place % columns * across, place // columns * down), box)
        if hidden:
            x, y = len(shown) % columns * across, len(shown) // columns * down
            self._note(x + box[0] // 2, y + box[1] // 2, box[0], f"{hidden + 1} more\nin Review")
        self.thumbs.want([ThumbnailRequest(facts.image_id, facts.position, facts.output_index) for facts in shown])

    # ---- drawing

    @property
    def _columns(self) -> int:
        """How many pictures stand side by side."""
        gap, least = theme.px(_GAP), theme.px(_UPRIGHT if self._upright else _WIDTH)
        return max(1, (self.canvas.winfo_width() + gap) // (least + gap))

    @property
    def _box(self) -> tuple[int, int]:
        """Size of a picture's place: the pictures share the width, and none becomes larger than it needs to be."""
        count = max(1, min(self._columns, len(self._images)))
        width = (self.canvas.winfo_width() + theme.px(_GAP)) // count - theme.px(_GAP)
        if self._upright:
            return width, round(width * self._shape)
        width = max(theme.px(_WIDTH) - 2, min(width, theme.px(_WIDEST)))
        roomy = self.canvas.winfo_width() >= theme.px(_ROOMY)
        return width, max(theme.px(_HIGH), min(theme.px(_HIGHER), round(width * 1.5)) if roomy else 0)

    def _resize(self) -> None:
        rows = -(-min(len(self._images), _UPRIGHT_MOST) // self._columns) if self._upright else 1
        height = max(rows, 1) * (self._box[1] + theme.px(_FOOT))
        if int(self.canvas.cget("height")) != height:
            self.canvas.configure(height=height)

    def _paint(self, facts: ImageFacts, corner: tuple[int, int], box: tuple[int, int]) -> None:
        canvas, (width, height), (x, y) = self.canvas, box, corner
        photo, problem = self.thumbs.photo(facts.image_id), self.thumbs.problem(facts.image_id)
        middle = x + width // 2
        if photo is not None:
            # In its own shape, on its stars.
            canvas.picture(middle, y + height - photo.height() // 2, photo, "center")
        else:
            canvas.fill(x, y, x + width, y + height, "image_ground")
        if problem:
            self._note(middle, y + height // 2, width - theme.px(8), "The file is missing.")
        foot = y + height + theme.px(_FOOT) // 2
        if facts.suspect:
            side, right = theme.px(20), x + width
            canvas.fill(right - side, y, right, y + side, "badge")
            canvas.picture(right - side // 2, y + side // 2, icons.icon("warning", 12, "badge_ink", "badge"), "center")
            self._note(middle, foot, width, "left out")
        elif facts.rating:
            stars = marks.star_row(facts.rating, min(_STAR, round(width / theme.px(1) / 7)), "surface")
            canvas.picture(middle, foot, stars, "center")
        else:
            self._note(middle, foot, width, "not rated")

    def _note(self, x: int, y: int, width: int, text: str) -> None:
        self.canvas.words(x, y, text, size=12, ink="text3", anchor="center", width=width)

    def _arrived(self, image_id: str) -> None:
        if any(one.image_id == image_id for one in self._images):
            self.refresh()

    def _released(self, event: tk.Event[tk.Misc]) -> None:
        inside = 0 <= event.x < self.canvas.winfo_width() and 0 <= event.y < self.canvas.winfo_height()
        if inside and self._images:
            self._opened()
