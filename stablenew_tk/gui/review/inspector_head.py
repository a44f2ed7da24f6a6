"""The head of the inspector: a preview, what the picture is, and large stars to click."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from PIL import ImageTk

from ...app import wording as phrases
from ...app.feedback import State
from ...domain.journal.history import ImageFacts
from ...domain.journal.record import LearningRecord, Output
from ...pipeline.messages.pictures import ThumbnailReady
from ..widgets import marks, theme
from ..widgets.basics import Box, Label
from ..widgets.thumbnails import edge_for, fitted

_SIZE = (112, 164)
_STAR = 20


class InspectorHead(Box):
    """Preview at the left, name, facts and stars at the right. `rate(stars)` is called by a click on a star."""

    def __init__(self, parent: tk.Misc, rate: Callable[[int], None]) -> None:
        super().__init__(parent)
        self._rate = rate
        self._facts: ImageFacts | None = None
        self._photo: ImageTk.PhotoImage | None = None
        self._row: ImageTk.PhotoImage | None = None
        width, height = theme.px(_SIZE[0]), theme.px(_SIZE[1])
        self._picture = tk.Canvas(self, width=width, height=height, bd=0, highlightthickness=0, takefocus=0)
        self._picture.pack(side="left")
        side = Box(self)
        side.pack(side="left", fill="both", expand=True, padx=(theme.px(12), 0))
        self._name = Label(side, size=13, bold=True)
        self._name.pack(fill="x")
        self._lines = [Label(side, size=12, ink="text3") for _ in range(3)]
        for line in self._lines:
            line.pack(fill="x", pady=(theme.px(4), 0))
        self._rated = Label(side, size=11, ink="text3")
        self._rated.pack(side="bottom", fill="x")
        self._stars = tk.Label(side, bd=0, padx=0, pady=0, anchor="w", cursor="hand2")
        self._stars.pack(side="bottom", anchor="w", pady=(0, theme.px(4)))
        self._stars.bind("<Button-1>", self._clicked)
        self._paint()

    @staticmethod
    def edge() -> int:
        """The thumbnail size to ask for."""
        return edge_for((theme.px(_SIZE[0]), theme.px(_SIZE[1])))

    def show(self, facts: ImageFacts | None, state: State) -> None:
        """What is known without the record."""
        before, self._facts = self._facts, facts
        if facts is None or before is None or before.image_id != facts.image_id:
            self._photo = None
            self._name.show("" if facts is not None else "Nothing selected")
            for line in self._lines:
                line.show("")
            if facts is not None:
                self._say(self._lines[0], facts.pack_id, 12, tail=f" · {phrases.moment(facts.time_ms)}")
        self._paint()
        if facts is None:
            self._rated.show("")
        elif state == "unsaved":
            self._rated.show("not saved yet, trying again", "danger")
        elif state == "saving":
            self._rated.show("saving…", "text3")
        else:
            self._rated.show(f"{facts.rating} of 5 · rated" if facts.rating else "unrated", "text3")

    def details(self, record: LearningRecord, output: Output) -> None:
        """What only the record knows."""
        self._say(self._name, record.prompt_id, 13, bold=True)
        self._lines[1].show(f"seed {output.seed}")
        stage = f" · {output.stage}" if len(record.stages) > 1 else ""
        self._lines[2].show(f"{output.width} × {output.height}{stage} · {phrases.seconds(record.seconds)}")

    def preview(self, event: ThumbnailReady) -> None:
        """Take the small picture, whoever asked for it, as long as it is large enough."""
        if self._photo is not None or not event.jpeg or event.edge < self.edge():
            return
        try:
            self._photo = fitted(event.jpeg, (theme.px(_SIZE[0]), theme.px(_SIZE[1])))
        except OSError as error:
            self._rated.show(f"No preview: {error}", "warn")
        self._paint()

    def _say(self, line: Label, text: str, size: int, *, bold: bool = False, tail: str = "") -> None:
        """Cut the text, not its tail, to the room there is."""
        face = theme.font(size, bold)
        room = self.winfo_width() - theme.px(_SIZE[0] + 12) - face.measure(tail)
        line.show((theme.elide(text, face, room) if room > 0 else text) + tail)

    def _clicked(self, event: tk.Event[tk.Misc]) -> None:
        if self._facts is not None:
            self._rate(marks.star_at(event.x, _STAR))

    def _recolour(self) -> None:
        super()._recolour()
        self._paint()

    def _paint(self) -> None:
        self._row = marks.star_row(self._facts.rating if self._facts is not None else 0, _STAR, "surface")
        self._stars.configure(image=self._row, bg=theme.colour("surface"))
        self._picture.configure(bg=theme.colour("image_ground"))
        self._picture.delete("all")
        if self._photo is not None:
            self._picture.create_image(theme.px(_SIZE[0]) // 2, theme.px(_SIZE[1]) // 2, image=self._photo)
