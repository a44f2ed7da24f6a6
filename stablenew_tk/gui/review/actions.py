"""What the rating keys do to the pictures of the Review page, and making a picture again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ...app.controller import Controller
from ...app.feedback import PictureFeedback, change
from ...app.review.run_again import request_again
from ...domain.base.colour_roles import Role
from ...domain.base.errors import InvalidInput
from ...domain.journal.query import judged
from ...domain.journal.record import Feedback, LearningRecord
from ..widgets.picture_grid import ThumbnailGrid
from ..widgets.picture_viewer import Viewer
from .selection_bar import ActionBar


class GridTarget:
    """A `RatingTarget`: what is selected in the grid, or the picture in the viewer.

    `touched` counts the pictures that got feedback since it was set to 0. `just_rated` is the picture that stars went
    on from by themselves: tags go to it until the user moves, clicks or rates another; −1 for none. `moved` is called
    when that picture changes without another becoming current.
    """

    def __init__(
        self,
        controller: Controller,
        feedback: PictureFeedback,
        grid: ThumbnailGrid,
        viewer: Viewer,
        bar: ActionBar,
        *,
        moved: Callable[[], None],
    ):
        self._controller, self._feedback, self._moved = controller, feedback, moved
        self._grid, self._viewer, self._bar = grid, viewer, bar
        self.touched, self.just_rated, self._leaving = 0, -1, -1

    def follow(self) -> None:
        """Another picture became current, by the user or after stars."""
        here = self._viewer.current if self._viewer.comparing else self._grid.picked.current_row
        before, self.just_rated = self.just_rated, self._leaving if self._leaving != here else -1
        self._grid.refresh({before, self.just_rated} - {-1})

    def forget(self) -> None:
        """The pictures have other rows now, or are gone."""
        self.touched, self.just_rated, self._leaving = 0, -1, -1

    def rate(self, stars: int) -> None:
        """Give 1 to 5 stars and go on to the next picture, or clear with 0. Both take a rejection back."""
        rows = self._current()
        known = self._feedback.facts
        changed = [
            row for row in rows if known(row).rating != stars or known(row).rejected or self._feedback.state(row)
        ]
        self._give(rows, changed, change(stars=stars, rejected=None if stars else False), go_on=bool(stars))

    def reject(self) -> None:
        """Reject the pictures and go on; when all of them are rejected, take that back."""
        rows = self._current()
        wanted = [row for row in rows if not self._feedback.facts(row).rejected]
        self._give(rows, wanted or rows, change(rejected=bool(wanted)), go_on=bool(wanted))

    def _give(self, rows: list[int], changed: list[int], what: Feedback, *, go_on: bool) -> None:
        # Going on first: what is then shown of the next picture need not be shown of this one before.
        if go_on and len(rows) == 1 and self._controller.settings.go_on_after_rating:
            self._leaving = rows[0]
            if self._viewer.is_open:
                self._viewer.advance()
            else:
                self._grid.go_to(self._grid.picked.place_of(rows[0]) + 1)
            self._leaving = -1
        elif rows and self.just_rated >= 0:
            self._moved()
        self.touched += len(changed)
        self._bar.tell("")  # Undo would take this back now, not what is told there
        self._feedback.give(changed, what)

    def rows(self) -> list[int]:
        """The pictures a tag is about: the one just rated, else those that stars would be for."""
        return [self.just_rated] if self.just_rated >= 0 else self._current()

    def _current(self) -> list[int]:
        """The pictures that stars are for. A single one out of sight is brought into sight first instead of being rated
        unseen; several may be out of sight: the bar below the grid says how many.
        """
        if self._viewer.is_open:
            return [self._viewer.current]
        rows = self._grid.picked.selected_in_order()
        if len(rows) == 1:
            place = self._grid.picked.place_of(rows[0])
            if not self._grid.in_sight(place):
                self._grid.go_to(place)
                self.say("This is the selected picture. Press the key again.")
                return []
        return rows

    def tags_of(self, row: int) -> Sequence[str]:
        """The tags of a picture."""
        return self._feedback.facts(row).tags

    def tell(
        self, rows: list[int], *, added: Iterable[str] = (), removed: Iterable[str] = (), note: str | None = None
    ) -> None:
        """Record the same about all these pictures."""
        self.touched += len(rows)
        self._bar.tell("")
        self._feedback.give(rows, change(added=added, removed=removed, note=note))

    def next_unrated(self) -> bool:
        """Go to the next picture neither rated nor rejected, from the start again after the last."""
        history, picked = self._controller.history, self._grid.picked
        if history is None or not picked.rows:
            return True
        # Whole columns at once: asking picture by picture would be felt with 100,000 of them.
        ratings = judged(history.visible().columns(), picked.rows)
        place = ratings.find(0, picked.current + 1)
        place = place if place >= 0 else ratings.find(0)
        if place >= 0:
            self._grid.go_to(place)
        return place >= 0

    def move(self, how: str, *, extend: bool) -> bool:
        """Move in the grid; while the viewer is open, or the grid has the keyboard, the keys are their own."""
        if self._viewer.is_open or self._grid.focus_get() is self._grid.canvas:
            return False
        self._grid.canvas.focus_set()
        self._grid.move(how, "range" if extend else "only")
        return True

    def undo(self, *, redo: bool) -> bool:
        """Take back or bring back."""
        return self._controller.undo(redo=redo)

    def say(self, sentence: str, ink: Role = "text2") -> None:
        """Show a sentence in the bar below the grid."""
        self._bar.say(sentence, ink)

    def make_again(self, record: LearningRecord) -> None:
        """Queue the job of a record once more, with the same prompt, values and seed."""
        try:
            self._controller.run(request_again(record))
        except InvalidInput as problem:
            self.say(str(problem), "danger")
        else:
            self.say("It is being made again with the same prompt, values and seed.")
