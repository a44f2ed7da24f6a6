"""What the rating keys do to the pictures of a Learning Run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ....app.controller import Controller
from ....app.feedback import change
from ....app.learn.rating_session import RatingSession
from ....domain.base.colour_roles import Role
from .full_screen import RatingFullScreen


class MatrixTarget:
    """A `RatingTarget`: the current place of the matrix, or the picture in the viewer."""

    def __init__(
        self,
        controller: Controller,
        session: RatingSession,
        full_screen: RatingFullScreen,
        *,
        move: Callable[[str, bool], None],
        say: Callable[[str, Role], None],
    ) -> None:
        self._controller, self._session, self._full_screen = controller, session, full_screen
        self._move, self._say = move, say

    def rate(self, stars: int) -> None:
        """Give stars and go on to the next picture without any, in the viewer to the next of those side by side."""
        cell, viewer = self._full_screen.target(), self._full_screen.viewer
        problem = self._session.rate(cell, stars)
        self.say(problem)
        if cell is None or problem:
            return
        if not stars or not self._session.goes_on:
            self._session.cursor.stay()
        elif viewer.comparing:
            viewer.advance()
            self._session.cursor.stay(cell.key)
        else:
            self._session.go_on(cell)

    def rows(self) -> list[int]:
        """The picture just rated, else the one that stars would be for, suspect or not."""
        cell = self._full_screen.tagged() or self._full_screen.target()
        return [cell.facts.row] if cell is not None and cell.facts is not None else []

    def tags_of(self, row: int) -> Sequence[str]:
        """Asked of the history, because keys may come faster than the places are worked out anew."""
        history = self._controller.history
        return history.unblinded().feedback(row).tags if history is not None else ()

    def tell(
        self, rows: list[int], *, added: Iterable[str] = (), removed: Iterable[str] = (), note: str | None = None
    ) -> None:
        """Record a tag or a note."""
        for row in rows:
            self._session.tell(row, change(added=added, removed=removed, note=note))

    def next_unrated(self) -> bool:
        """Go to the next picture without stars."""
        number = self._session.next_asked(self._session.cursor.current)
        if number >= 0:
            self._session.cursor.go_to(number)
        return number >= 0

    def move(self, how: str, *, extend: bool) -> bool:
        """Move in the matrix; while the viewer is open the keys are its own."""
        if self._full_screen.viewer.is_open:
            return False
        self._move(how, extend)
        return True

    def undo(self, *, redo: bool) -> bool:
        """Take back or bring back."""
        return self._controller.undo(redo=redo)

    def say(self, sentence: str, ink: Role = "text2") -> None:
        """Show a sentence in place of the key hints."""
        self._say(sentence, ink)
