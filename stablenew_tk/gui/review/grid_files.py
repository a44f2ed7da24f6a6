"""What the Review page does with the files of its pictures: trash and back, copies, looking for what was moved."""

from __future__ import annotations

from ...app.controller import Controller
from ...app.feedback import PictureFeedback
from ...app.picture_files import PictureKeeper, told
from ...domain.base.wording import counted
from ...domain.journal.history import ImageFacts
from ...domain.journal.query import rejected_among
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.picture_files import (
    PictureOrder,
    PicturesBack,
    PicturesExported,
    PicturesFound,
    PicturesTrashed,
)
from ..widgets.modal import Decision, QuestionBox, nothing
from ..widgets.picture_grid import ThumbnailGrid
from ..widgets.picture_viewer import Viewer
from .selection_bar import ActionBar

_DONE = (PicturesTrashed, PicturesBack, PicturesExported, PicturesFound)


class GridFiles:
    """Acts on what is selected in the grid, or on the picture in the viewer. What was done is told in the bar."""

    def __init__(
        self,
        controller: Controller,
        feedback: PictureFeedback,
        grid: ThumbnailGrid,
        viewer: Viewer,
        bar: ActionBar,
    ) -> None:
        self._controller, self._feedback = controller, feedback
        self._grid, self._viewer, self._bar = grid, viewer, bar

    @property
    def _keeper(self) -> PictureKeeper:
        return self._controller.pictures

    @property
    def chosen(self) -> list[ImageFacts]:
        """The pictures that the next action is about."""
        rows = [self._viewer.current] if self._viewer.is_open else self._grid.picked.selected_in_order()
        return [self._feedback.facts(row) for row in rows]

    def trash_selected(self) -> None:
        """Del: move what is selected to the trash, or bring back what is in it, and go on."""
        if not self._viewer.is_open and len(self._grid.picked.selected) == 1:
            place = self._grid.picked.current
            if not self._grid.in_sight(place):
                self._grid.go_to(place)
                self._bar.say("This is the selected picture. Press the key again.")
                return
        pictures = self.chosen
        wanted = [one for one in pictures if not one.file.trashed]
        if not wanted and pictures:
            self._keeper.bring_back([one.image_id for one in pictures])
        elif wanted:
            self._ask_first(wanted, "selected")

    def trash_rejected(self) -> None:
        """Move every rejected picture that is shown to the trash, after a question: they need not be in sight."""
        history, rows = self._controller.history, self._grid.picked.rows
        if history is None:
            return
        wanted = [self._feedback.facts(row) for row in rejected_among(history.visible().columns(), rows)]
        wanted = [one for one in wanted if not one.file.trashed]
        if wanted:
            self._question(wanted, "rejected")
        else:
            self._bar.say("No rejected picture is shown. “Rejected” above the pictures shows them.")

    def on_event(self, event: Event) -> None:
        """Tell what was done."""
        if isinstance(event, _DONE):
            self._bar.tell(told(event), undo=isinstance(event, PicturesTrashed) and bool(event.done))
        elif isinstance(event, OrderFailed) and isinstance(event.order, PictureOrder):
            self._bar.tell(event.message)

    def _ask_first(self, wanted: list[ImageFacts], kind: str) -> None:
        # What can be undone needs no question, unless there is more of it than is in sight.
        in_sight = len(wanted) == 1 or all(map(self._in_sight, wanted))
        if self._keeper.can_bring_back and in_sight:
            self._trash(wanted)
        else:
            self._question(wanted, kind)

    def _question(self, wanted: list[ImageFacts], kind: str) -> None:
        what = counted(len(wanted), f"{kind} picture")
        undo = (
            "Undo brings the files back."
            if self._keeper.can_bring_back
            else "StableNew cannot bring them back on this system: open the trash there and restore them yourself."
        )
        QuestionBox(
            self._grid,
            f"Move {what} to the trash?",
            f"Their records and stars stay, so what they taught you stays, too. {undo}",
            (
                Decision(f"Move {len(wanted):,} to the trash", lambda: self._trash(wanted), main=True),
                Decision("Keep them", nothing),
            ),
        )

    def _in_sight(self, facts: ImageFacts) -> bool:
        return self._viewer.is_open or self._grid.in_sight(self._grid.picked.place_of(facts.row))

    def _trash(self, wanted: list[ImageFacts]) -> None:
        self._keeper.trash(wanted)
        self._bar.tell(f"Moving {counted(len(wanted), 'picture')} to the trash…")
        if len(wanted) == 1 and self._controller.settings.go_on_after_rating:
            if self._viewer.is_open:
                self._viewer.advance()
            else:
                self._grid.go_to(self._grid.picked.place_of(wanted[0].row) + 1)
