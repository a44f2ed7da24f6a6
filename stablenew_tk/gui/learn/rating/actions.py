"""The rules of rating a Learning Run: what a key is about, when it goes on, what a second look may change."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from statistics import median

from msgspec.structs import replace

from ....app.controller import Controller
from ....app.feedback import Rating, change
from ....domain.insights.blinding import BlindCell
from ....domain.journal.record import Feedback
from .full_screen import RatingLarge
from .matrix import Matrix
from .session import SeatWords, key_of

# Longer pauses are not rating but something else.
_LONGEST_PAUSE_S, _PACES, _LEAST_PACES = 60.0, 20, 3


class RatingRules:
    """What the keys do to pictures. `last` is the picture spoken of last, by `key_of`; −1 = none.

    `rated_here`: something was rated since it was set to False. `say` shows a sentence, "" none.
    """

    def __init__(
        self, controller: Controller, rating: Rating, words: SeatWords, matrix: Matrix, large: RatingLarge
    ) -> None:
        self._controller, self._rating, self._words = controller, rating, words
        self._matrix, self._large = matrix, large
        self.say: Callable[[str], None] = lambda _sentence: None
        self.last, self.rated_here = -1, False
        self._waits_at = -1
        self._last_at = 0.0
        self._paces: deque[float] = deque(maxlen=_PACES)

    @property
    def pace_s(self) -> float | None:
        """Seconds the user takes for a picture; None while there are too few to tell."""
        return median(self._paces) if len(self._paces) >= _LEAST_PACES else None

    def begin(self, *, other_plan: bool) -> None:
        """Rating begins or goes on after a break."""
        self._last_at, self._waits_at = 0.0, -1
        if other_plan:
            self.last, self.rated_here = -1, False

    def rate(self, stars: int) -> None:
        """Give 1 to 5 stars and go on to the next picture without any, or clear with 0."""
        seat = self._large.target()
        if seat is None or seat.facts is None or seat.facts.suspect:
            self.say(self._words.press(seat) if seat is not None else "There is nothing to rate yet.")
            return
        if seat.again and (seat.stars or not stars):
            self.say("What was shown once more keeps its stars; Ctrl Z takes them back." if seat.stars else "")
            return
        self.say("")
        key = key_of(seat)
        if stars != seat.stars or key in self._words.given:
            self._note_pace()
            self.rated_here, self.last = True, key
            self._words.given[key] = stars
            self._tell(seat, replace(change(stars=stars), repeat=seat.again))
        if stars and self._controller.settings.go_on_after_rating:
            self._go_on(seat)

    def toggle_tag(self, words: str) -> None:
        """Add a tag, or take it away."""
        seat, history = self._large.target(), self._controller.history
        if seat is not None and seat.facts is not None and history is not None:
            # Keys may come faster than the places are worked out anew.
            held = words in history.unblinded().feedback(seat.facts.row).tags
            self._tell(seat, change(removed=(words,)) if held else change(added=(words,)))

    def note(self, text: str) -> None:
        """Write a note on the current picture."""
        seat = self._matrix.seat
        if seat is not None:
            self._tell(seat, change(note=text))

    def undo(self, *, redo: bool = False) -> None:
        """Take the last word back, or bring it back."""
        if not self._controller.undo(redo=redo):
            self.say("Nothing to redo." if redo else "Nothing to undo.")

    def bring_back(self, rows: set[int]) -> None:
        """After an undo: go to its picture, first to where it is shown again and wants stars."""
        found = [seat for seat in self._words.seats if seat.facts is not None and seat.facts.row in rows]
        if found:
            seat = next((seat for seat in reversed(found) if seat.asks), found[0])
            self.last = key_of(seat)
            self._large.turn_to(seat)
            self._matrix.go_to(seat.number)

    def look(self) -> None:
        """A row may have opened: go on to it, if the user still stands at the last picture that could be rated."""
        seat = self._matrix.seat
        if seat is None or self._waits_at == -1 or key_of(seat) != self._waits_at:
            return
        number = self._words.next_asked(seat.number)
        if number >= 0:
            self._waits_at = -1
            self.say("")
            self._matrix.go_to(number)

    def next_unrated(self) -> None:
        """Go to the next picture without stars."""
        number = self._words.next_asked(self._matrix.current)
        if number < 0:
            self.say("Everything shown is rated.")
        else:
            self._matrix.go_to(number)

    def _tell(self, seat: BlindCell, what: Feedback) -> None:
        if seat.facts is not None:
            self._rating.say([seat.facts.row], replace(what, blind=self._words.hidden))

    def _go_on(self, seat: BlindCell) -> None:
        if self._large.viewer.comparing:
            self._large.viewer.advance()
            return
        number = self._words.next_asked(seat.number)
        self._waits_at = key_of(seat) if number < 0 else -1
        if number >= 0:
            self._matrix.go_to(number)

    def _note_pace(self) -> None:
        now = time.monotonic()
        if self._last_at and now - self._last_at <= _LONGEST_PAUSE_S:
            self._paces.append(now - self._last_at)
        self._last_at = now
