"""The rules of rating: which pictures a key is about, when it goes on to the next one, what is never rated unseen."""

from __future__ import annotations

from ...app.controller import Controller
from ...app.feedback import Rating, change
from ...domain.base.errors import InvalidInput
from ...domain.journal.history import ImageFacts
from ...domain.journal.record import LearningRecord
from ...domain.prompts.variant import Variant
from ...domain.runs.job import RunRequest
from ..widgets.picture_grid import ThumbnailGrid
from ..widgets.picture_viewer import Viewer
from .selection_bar import ActionBar


class Rules:
    """What the keys of the Review page do to pictures. `said` counts the pictures spoken of since it was set to 0."""

    def __init__(self, controller: Controller, rating: Rating, grid: ThumbnailGrid, viewer: Viewer, bar: ActionBar):
        self._controller, self._rating = controller, rating
        self._grid, self._viewer, self._bar = grid, viewer, bar
        self.said = 0

    def rate(self, stars: int) -> None:
        """Give 1 to 5 stars and go on to the next picture, or clear with 0."""
        rows = self._aim()
        changed = [row for row in rows if self._facts(row).rating != stars or self._rating.state(row)]
        self._say(changed, stars=stars)
        if stars and len(rows) == 1 and self._controller.settings.go_on_after_rating:
            if self._viewer.is_open:
                self._viewer.advance()
            else:
                self._grid.go_to(self._grid.picked.place_of(rows[0]) + 1)

    def toggle_tag(self, words: str) -> None:
        """Add a tag to all it is about; take it away when all of them have it."""
        rows = self._aim()
        without = [row for row in rows if words not in self._facts(row).tags]
        if without:
            self._say(without, added=(words,))
        else:
            self._say(rows, removed=(words,))

    def note(self, text: str) -> None:
        """Write a note on the current picture."""
        row = self._grid.picked.current_row
        if row >= 0:
            self._say([row], note=text)

    def undo(self, *, redo: bool = False) -> None:
        """Take the last word back, or bring it back."""
        if not self._controller.undo(redo=redo):
            self._bar.say("Nothing to redo." if redo else "Nothing to undo.")

    def next_unrated(self) -> None:
        """Go to the next picture without stars, from the start again after the last."""
        history, picked = self._controller.history, self._grid.picked
        if history is None or not picked.rows:
            return
        # Whole columns at once: asking picture by picture would be felt with 100,000 of them.
        ratings = bytes(map(history.columns().rating.__getitem__, picked.rows))
        place = ratings.find(0, picked.current + 1)
        place = place if place >= 0 else ratings.find(0)
        if place < 0:
            self._bar.say("Everything shown is rated.")
        else:
            self._grid.go_to(place)

    def make_again(self, record: LearningRecord) -> None:
        """Queue the job of a record once more, with the same prompt, values and seed."""
        made = record.randomizer
        variant = Variant(
            prompt_id=record.prompt_id,
            name=record.prompt_id,
            prompt=record.prompt,
            negative=record.negative,
            index=made.index,
            choices=made.choices,
        )
        request = RunRequest(
            pack_id=record.pack_id,
            variants=(variant,),
            mode=made.mode,
            count=made.count,
            config=record.config,
            origins=record.origins,
            seed=record.seed,
            start_image=record.start_image,
            stage_texts=record.stage_texts,
        )
        try:
            self._controller.run(request)
        except InvalidInput as problem:
            self._bar.say(str(problem), "danger")
        else:
            self._bar.say("It is being made again with the same prompt, values and seed.")

    def _targets(self) -> list[int]:
        """The pictures a key is about, in the order shown."""
        if self._viewer.is_open:
            return [self._viewer.current]
        return self._grid.picked.selected_in_order()

    def _aim(self) -> list[int]:
        """The same, but a single picture out of sight is brought into sight first instead of being rated unseen.

        Several may be out of sight: the bar below the grid says how many.
        """
        rows = self._targets()
        if len(rows) == 1 and not self._viewer.is_open:
            place = self._grid.picked.place_of(rows[0])
            if not self._grid.in_sight(place):
                self._grid.go_to(place)
                self._bar.say("This is the selected picture. Press the key again.")
                return []
        return rows

    def _say(
        self,
        rows: list[int],
        *,
        stars: int | None = None,
        added: tuple[str, ...] = (),
        removed: tuple[str, ...] = (),
        note: str | None = None,
    ) -> None:
        self.said += len(rows)
        self._rating.say(rows, change(stars=stars, added=added, removed=removed, note=note))

    def _facts(self, row: int) -> ImageFacts:
        history = self._controller.history
        assert history is not None, "rows are shown only after the history was loaded"
        return history.facts(row)
