"""`PictureFeedback`: recorded facts of pictures for the views, and the state of feedback that is being saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from ..domain.journal.image_facts import ImageFacts
from ..domain.journal.record import Feedback
from ..pipeline.messages.base import Event
from ..pipeline.messages.journal import HistoryChanged, HistoryLoaded, LineNotSaved, LineSaved
from .controller import Controller

if TYPE_CHECKING:
    from ..domain.journal.history import History

State = Literal["", "saving", "unsaved"]
_KEPT = 1024  # pictures whose facts are remembered


def change(
    *,
    stars: int | None = None,
    added: Iterable[str] = (),
    removed: Iterable[str] = (),
    note: str | None = None,
    rejected: bool | None = None,
) -> Feedback:
    """Feedback before the controller adds picture and time. None = unchanged, 0 stars = cleared."""
    return Feedback(
        image_id="",
        rating=stars,
        tags_added=tuple(added),
        tags_removed=tuple(removed),
        note=note,
        rejected=rejected,
    )


def text_for_stars(facts: ImageFacts, state: State) -> str:
    """Text in place of a picture's stars while they are being saved; "" when the stars may be shown."""
    if state:
        return "saving…" if state == "saving" else "not saved yet"
    if facts.rejected:
        return "rejected"
    if facts.rating:
        return ""
    return "unrated" if facts.final else f"unrated · {facts.stage}"


class PictureFeedback:
    """Passes feedback to the controller. Calls `changed(rows)` when the state of pictures changes. Main thread."""

    def __init__(self, controller: Controller, changed: Callable[[set[int]], None]) -> None:
        self._controller = controller
        self._changed = changed
        self._image_of: dict[str, str] = {}
        self._row_of: dict[str, int] = {}
        self._open: dict[int, set[str]] = {}
        self._refused: set[str] = set()
        self._facts: dict[int, ImageFacts] = {}

    def give(self, rows: Sequence[int], what: Feedback) -> None:
        """Record the same feedback on all pictures in these rows of the history."""
        history = self._controller.history
        if history is None or not rows:
            return
        images = [history.image_id(row) for row in rows]
        events = self._controller.rate(images, what)
        for row, image_id, event_id in zip(rows, images, events, strict=True):
            self._image_of[event_id], self._row_of[event_id] = image_id, row
            self._open.setdefault(row, set()).add(event_id)
        self._changed(set(rows))

    def facts(self, row: int) -> ImageFacts:
        """The recorded facts of a picture, cached until something about the picture changes."""
        known = self._facts.get(row)
        if known is None:
            history = self._controller.history
            assert history is not None, "rows are shown only after the history was loaded"
            if len(self._facts) >= _KEPT:
                self._facts.clear()
            known = self._facts[row] = history.visible().facts(row)
        return known

    def state(self, row: int) -> State:
        """State of the feedback on a picture; "" when all of it is on disk."""
        waiting = self._open.get(row)
        if not waiting:
            return ""
        return "unsaved" if waiting & self._refused else "saving"

    def known(self, row: int) -> tuple[ImageFacts, State]:
        """Facts and state of a picture."""
        return self.facts(row), self.state(row)

    @property
    def unsaved(self) -> int:
        """How many feedback lines given here could not be written so far."""
        return len(self._refused)

    def on_event(self, event: Event) -> None:
        """Update facts and states from an event of the journal."""
        if isinstance(event, LineSaved):
            if not isinstance(event.line, Feedback):
                # The result of a Learning Run, for one, may change what can be known of its pictures.
                self._facts.clear()
            self._settled(event.line.event_id)
        elif isinstance(event, LineNotSaved) and event.for_good:
            self._settled(event.line.event_id)
        elif isinstance(event, LineNotSaved) and event.line.event_id in self._image_of:
            self._refused.add(event.line.event_id)
            row = self._row_of.get(event.line.event_id)
            self._changed(set() if row is None else {row})
        elif isinstance(event, HistoryChanged):
            for row in event.rows:
                self._facts.pop(row, None)
        elif isinstance(event, HistoryLoaded):
            self._renumber(event.history)

    def _renumber(self, history: History) -> None:
        """Find the pictures of what is on its way: in another history their rows are others, or they are gone."""
        self._facts.clear()
        self._row_of.clear()
        self._open.clear()
        for event_id, image_id in self._image_of.items():
            row = history.row_of(image_id)
            if row is not None:
                self._row_of[event_id] = row
                self._open.setdefault(row, set()).add(event_id)

    def _settled(self, event_id: str) -> None:
        self._image_of.pop(event_id, None)
        row = self._row_of.pop(event_id, None)
        self._refused.discard(event_id)
        if row is None:
            return
        self._facts.pop(row, None)
        waiting = self._open.get(row, set())
        waiting.discard(event_id)
        if not waiting:
            self._open.pop(row, None)
        self._changed({row})
