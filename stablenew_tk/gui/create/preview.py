"""The right side of the Create page: the picture being made, and the latest pictures with their stars."""

from __future__ import annotations

import tkinter as tk
from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING

from PIL import Image, ImageTk

from ...app.controller import Controller
from ...app.create.preview_text import BLIND, PreviewText, ended_text, is_blind, progress_text
from ...pipeline.messages.base import Event
from ...pipeline.messages.jobs import ImageSaved, JobEnded, StageProgressed, StageStarted
from ...pipeline.messages.journal import HistoryChanged, HistoryLoaded
from ...pipeline.messages.pictures import FitFile, FitPicture, PictureReady, ThumbnailReady
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.controls import ProgressBar
from ..widgets.painting import Painting

if TYPE_CHECKING:
    from ..widgets.picture_cell import CellContent
    from ..widgets.picture_grid import ThumbnailGrid

_WIDTH = 324  # px, until the page knows its own
# The picture grows with its panel, a little higher than wide, and leaves two rows of the latest in sight.
_LEAST_HIGH, _SHAPE, _BELOW = 318, 1.09, 400
LATEST = 24
LIVE = "live"


class PreviewPanel(Box):
    """Shows what arrives; `go_review()` is called by the link and by opening a picture."""

    FOLLOWS = (
        *(StageStarted, StageProgressed, ImageSaved, PictureReady, ThumbnailReady),
        *(HistoryLoaded, HistoryChanged, JobEnded),
    )

    def __init__(self, parent: tk.Misc, controller: Controller, *, go_review: Callable[[], None]) -> None:
        super().__init__(parent, "surface", width=theme.px(_WIDTH))
        self.pack_propagate(False)
        self._controller = controller
        self._asked: tuple[str, str] = ("", "")
        self._photo: ImageTk.PhotoImage | None = None
        self._busy_live = False
        head = Box(self)
        head.pack(fill="x", padx=theme.px(16), pady=(theme.px(12), theme.px(6)))
        Label(head, "Preview", size=13, bold=True).pack(side="left")
        self._what = Label(head, "", size=12, ink="text3")
        self._what.pack(side="right")
        self._canvas = Painting(self, "image_ground", height=theme.px(_LEAST_HIGH))
        self._canvas.pack(fill="x", padx=theme.px(16))
        self._bar = ProgressBar(self, width=_WIDTH - 32, height=4)
        self._bar.pack(fill="x", padx=theme.px(16))
        foot = Box(self)
        foot.pack(fill="x", padx=theme.px(16), pady=(theme.px(6), theme.px(8)))
        self._state = Label(foot, "", size=12, ink="text2")
        self._state.pack(side="left")
        self._seed = Label(foot, "", size=12, ink="text3")
        self._seed.pack(side="right")
        Separator(self).pack(fill="x")
        self._build_latest(go_review)
        self._canvas.bind("<Configure>", lambda _event: self._draw())
        self.bind("<Configure>", lambda event: self._grow(event.width, event.height))
        theme.on_change(self._draw)
        self._draw()
        self._show_latest()

    def _grow(self, width: int, height: int) -> None:
        least = theme.px(_LEAST_HIGH)
        high = max(least, min(round((width - theme.px(32)) * _SHAPE), height - theme.px(_BELOW)))
        if high != int(self._canvas.cget("height")):
            self._canvas.configure(height=high)

    def _build_latest(self, go_review: Callable[[], None]) -> None:
        head = Box(self)
        head.pack(fill="x", padx=(theme.px(16), theme.px(8)), pady=(theme.px(8), 0))
        Label(head, "Latest", size=13, bold=True).pack(side="left")
        self._rate = Button(head, "", go_review, kind="link", height=24)
        self._none = Label(self, "No pictures yet. Run a pack and they appear here.", size=12, ink="text3", wrap=True)
        self._none.pack(fill="x", padx=theme.px(16), pady=theme.px(8))
        self._go_review = go_review
        self._grid: ThumbnailGrid | None = None  # made for the first pictures, which the journal tells later

    def _grid_of_latest(self) -> ThumbnailGrid:
        if self._grid is None:
            from ..widgets.picture_grid import GridActions, ThumbnailGrid

            actions = GridActions(
                ask=lambda order: self._controller.ask(order, last=True), content=self._look, opened=self._go_review
            )
            self._grid = ThumbnailGrid(self, actions, cell_px=118)
            self._none.pack_forget()
            self._grid.pack(fill="both", expand=True)
        return self._grid

    # ---- news

    def on_event(self, event: Event) -> None:
        """Follow the running job and the journal."""
        if isinstance(event, StageStarted):
            self._busy_live = False
        elif isinstance(event, StageProgressed):
            self._progressed(event)
        elif isinstance(event, ImageSaved):
            self._saved(event)
        elif isinstance(event, PictureReady) and event.image_id == LIVE:
            self._show(event)
        elif isinstance(event, ThumbnailReady) and self._grid is not None:
            self._grid.thumbnail_ready(event)
        elif isinstance(event, (HistoryLoaded, HistoryChanged)):
            self._history_changed(event)
        elif isinstance(event, JobEnded):
            self._ended(event)

    def _box(self) -> tuple[int, int]:
        return max(64, self._canvas.winfo_width()), max(64, self._canvas.winfo_height())

    def _progressed(self, event: StageProgressed) -> None:
        running = self._controller.running
        if running is None or self._shows_blind(running.job.run_id):
            return
        self._tell(progress_text(running))
        self._bar.set(running.fraction if running.fraction else None)
        # One picture under way is enough: a slow disk or a large preview must not pile up work.
        if event.progress.preview and not self._busy_live:
            self._busy_live = True
            self._controller.ask(FitPicture(image_id=LIVE, data=event.progress.preview, box=self._box(), fill=True))

    def _saved(self, event: ImageSaved) -> None:
        self._busy_live = False
        if not self._shows_blind(event.run_id):
            self._tell(PreviewText(f"{event.output.stage}, saved", self._what.cget("text"), event.output.seed))
            self._bar.set(1.0)
            self._controller.ask(FitFile(image_id=LIVE, path=event.path, box=self._box(), fill=True))

    def _ended(self, event: JobEnded) -> None:
        self._bar.set(0.0)
        if not is_blind(self._controller, event.record.run_id):
            self._tell(ended_text(event.record))

    def _tell(self, text: PreviewText) -> None:
        state = text.state
        if text.ink == "danger":  # the server's own words may be long
            state = theme.elide(state, theme.font(12), self._canvas.winfo_width() - theme.px(8))
        self._what.show(text.what)
        self._state.show(state, text.ink)
        self._seed.show(f"seed {text.seed}" if text.seed is not None else "")

    def _shows_blind(self, run_id: str) -> bool:
        """For a blind run show nothing of it; True when it is one."""
        blind = is_blind(self._controller, run_id)
        if blind:
            self._photo = None
            self._tell(BLIND)
            self._bar.set(None)
            self._draw()
        return blind

    def _show(self, event: PictureReady) -> None:
        self._busy_live = False
        if event.rgb:
            self._photo = ImageTk.PhotoImage(Image.frombytes("RGB", (event.width, event.height), event.rgb))
            self._draw()

    def _draw(self) -> None:
        self._canvas.clear()
        x, y = (length // 2 for length in self._box())
        if self._photo is not None:
            self._canvas.picture(x, y, self._photo, "center")
        else:
            words = "The picture appears here while it is made."
            self._canvas.words(x, y, words, size=12, ink="text3", anchor="center")

    # ---- latest

    def _history_changed(self, event: HistoryLoaded | HistoryChanged) -> None:
        if isinstance(event, HistoryChanged) and not event.grown and self._grid is not None:
            self._grid.refresh(event.rows)
            self._count_unrated()
        else:
            self._show_latest()

    def _show_latest(self) -> None:
        history = self._controller.history
        rows = history.visible().latest(LATEST) if history is not None else array("I")
        if history is not None and rows:
            grid = self._grid_of_latest()
            grid.show(rows, shapes=history.visible().shapes(rows))
            grid.select_none()
        self._count_unrated()

    def _count_unrated(self) -> None:
        unrated = self._controller.history.visible().counts().unrated if self._controller.history is not None else 0
        if unrated:
            self._rate.set_text(f"Rate {unrated:,} unrated")
            self._rate.pack(side="right")
        else:
            self._rate.pack_forget()

    def _look(self, row: int) -> CellContent:
        from ..widgets.picture_cell import CellContent

        assert self._controller.history is not None  # rows come from it
        facts = self._controller.history.visible().facts(row)
        return CellContent(
            image_id=facts.image_id,
            position=facts.position,
            output_index=facts.output_index,
            rating=facts.rating,
            words="" if facts.rating else "unrated",
            badge="suspect" if facts.suspect else "",
        )
