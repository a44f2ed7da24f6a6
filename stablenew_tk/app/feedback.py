"""Saying something about pictures, and knowing which of it is not on disk yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from ..domain.journal.record import Feedback
from ..pipeline.messages.base import Event
from ..pipeline.messages.journal import LineNotSaved, LineSaved, UnsavedChanged
from .controller import Controller

State = Literal["", "saving", "unsaved"]


def change(
    *, stars: int | None = None, added: Iterable[str] = (), removed: Iterable[str] = (), note: str | None = None
) -> Feedback:
    """What to say, before the controller adds picture and time. None = unchanged, 0 stars = cleared."""
    return Feedback(image_id="", rating=stars, tags_added=tuple(added), tags_removed=tuple(removed), note=note)


class Rating:
    """Hands feedback to the controller. `changed(rows)` is called when the state of pictures changes."""

    def __init__(self, controller: Controller, changed: Callable[[set[int]], None]) -> None:
        self._controller = controller
        self._changed = changed
        self._row_of: dict[str, int] = {}
        self._open: dict[int, set[str]] = {}
        self._refused: set[str] = set()
        self.problem = ""

    def say(self, rows: Sequence[int], what: Feedback) -> None:
        """Say the same about all these pictures."""
        history = self._controller.history
        if history is None or not rows:
            return
        events = self._controller.rate([history.image_id(row) for row in rows], what)
        for row, event_id in zip(rows, events, strict=True):
            self._row_of[event_id] = row
            self._open.setdefault(row, set()).add(event_id)
        self._changed(set(rows))

    def state(self, row: int) -> State:
        """Whether all that was said about a picture is on disk ("")."""
        waiting = self._open.get(row)
        if not waiting:
            return ""
        return "unsaved" if waiting & self._refused else "saving"

    @property
    def unsaved(self) -> int:
        """How many things said here the disk has refused so far."""
        return len(self._refused)

    def on_event(self, event: Event) -> None:
        """Follow the journal."""
        if isinstance(event, LineSaved):
            self._settled(event.line.event_id)
        elif isinstance(event, LineNotSaved) and event.line.event_id in self._row_of:
            self._refused.add(event.line.event_id)
            self.problem = event.message
            self._changed({self._row_of[event.line.event_id]})
        elif isinstance(event, UnsavedChanged) and not event.count:
            self.problem = ""

    def _settled(self, event_id: str) -> None:
        row = self._row_of.pop(event_id, None)
        self._refused.discard(event_id)
        if row is None:
            return
        waiting = self._open.get(row, set())
        waiting.discard(event_id)
        if not waiting:
            self._open.pop(row, None)
        self._changed({row})
