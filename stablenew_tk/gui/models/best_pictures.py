"""The best pictures of a model with their stars, in a row."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ...domain.base.wording import counted
from ...domain.journal.image_facts import ImageFacts
from ...domain.journal.seen import MOST_BEST
from ...pipeline.messages.pictures import MakeThumbnail
from ..widgets import marks, theme
from ..widgets.basics import Box, Button, Label
from ..widgets.flow import pack_if
from ..widgets.painting import Painting
from ..widgets.thumbnails import ThumbnailRequest, Thumbs

_HEIGHT, _GAP, _FOOT, _STAR = 112, 8, 20, 11


class BestPictures(Box):
    """The row. `ask` orders thumbnails; `thumbs.ready` takes the answers. `review()` shows all pictures in Review."""

    def __init__(self, parent: tk.Misc, ask: Callable[[MakeThumbnail], None], review: Callable[[], object]) -> None:
        super().__init__(parent, "surface")
        self.images: Sequence[ImageFacts] = ()
        self.canvas = Painting(self, "surface", height=theme.px(_HEIGHT + _FOOT), draw=self.refresh)
        self.thumbs = Thumbs(self.canvas, ask, self._arrived)
        foot = Box(self)
        foot.pack(side="bottom", fill="x", pady=(theme.px(2), theme.px(8)))
        self.all = Button(foot, "All in Review", review, kind="link", height=24)
        self.all.pack(side="right")
        self.caption = Label(foot, size=12, ink="text2", wrap=True)
        self.caption.pack(side="left", fill="x", expand=True)

    def show(self, images: Sequence[ImageFacts], rated: int) -> None:
        """Show these pictures of so many with stars; () takes the row away."""
        pack_if(images, self.canvas, fill="x")
        of_all = f"Your best of {counted(rated, 'rated picture')}" if rated > len(images) else "All that you rated"
        self.caption.show(of_all if images else "")
        if tuple(images) != tuple(self.images):
            self.images = tuple(images)
            self.refresh()

    def refresh(self) -> None:
        """Draw again."""
        canvas = self.canvas
        canvas.clear()
        gap = theme.px(_GAP)
        width, height = (canvas.winfo_width() + gap) // MOST_BEST - gap, theme.px(_HEIGHT)
        if width < theme.px(24):
            return
        self.thumbs.set_box((width, height))
        for place, facts in enumerate(self.images):
            x = place * (width + gap)
            middle = x + width // 2
            self._draw_picture(facts.image_id, (x, middle, width))
            stars = marks.star_row(facts.rating, min(_STAR, round(width / theme.px(1) / 7)), "surface")
            canvas.picture(middle, height + theme.px(_FOOT) // 2 + theme.px(2), stars, "center")
        self.thumbs.want([ThumbnailRequest(one.image_id, one.position, one.output_index) for one in self.images])

    def _draw_picture(self, image_id: str, place: tuple[int, int, int]) -> None:
        """A picture in its own shape, on its stars; a plain field until it is there."""
        canvas, (x, middle, width), height = self.canvas, place, theme.px(_HEIGHT)
        if (photo := self.thumbs.photo(image_id)) is not None:
            canvas.picture(middle, height - photo.height() // 2, photo, "center")
            return
        canvas.fill(x, 0, x + width, height, "image_ground")
        if self.thumbs.problem(image_id):
            note = "The file is missing."
            canvas.words(middle, height // 2, note, size=11, ink="text3", anchor="center", width=width - theme.px(6))

    def _arrived(self, image_id: str) -> None:
        if any(one.image_id == image_id for one in self.images):
            self.refresh()
