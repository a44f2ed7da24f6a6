"""Full size and side by side while a Learning Run is rated: the way from the matrix to large pictures and back."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ....app.controller import Controller
from ....domain.insights.blinding import BlindCell
from ....domain.journal.history import ImageFacts
from ...widgets.picture_viewer import ViewerActions
from .matrix import Matrix
from .picture_panel import SideBySide
from .session import SeatWords, facts_of, key_of


class RatingLarge:
    """Owns the viewer. Its pictures are named by `key_of`; moving in it moves the current place of the matrix."""

    def __init__(
        self, page: tk.Misc, controller: Controller, matrix: Matrix, words: SeatWords, left: Callable[[], None]
    ) -> None:
        self._matrix, self._words = matrix, words
        stage = ViewerActions(
            ask=controller.ask,
            facts=self._facts,
            caption=self._caption,
            nearby=self._around,
            neighbour=lambda step: self._walk(step, 0),
            left=left,
        )
        self.viewer = SideBySide(page, stage, self._walk)

    def target(self) -> BlindCell | None:
        """The place that keys are about: the picture in the viewer, else the current one of the matrix."""
        return self._words.find(self.viewer.current) if self.viewer.is_open else self._matrix.seat

    def open(self) -> None:
        """Show the current picture large."""
        seat = self._matrix.seat
        if seat is not None and seat.facts is not None:
            self.viewer.open((key_of(seat),))

    def compare(self) -> bool:
        """Side by side: the marked pictures, else those of the current row; again: back. False without two pictures."""
        seat, seating = self._matrix.seat, self._words.seating
        if self.viewer.comparing:
            self.viewer.close()
            return True
        if seat is None or seating is None:
            return False
        marked = [seating.seats[number] for number in sorted(self._matrix.marked)]
        chosen = marked if len(marked) > 1 else seating.lines[seat.line].seats
        keys = [key_of(one) for one in chosen if one.facts is not None]
        if len(keys) > 1:
            self.viewer.open(keys, keys.index(key_of(seat)) if key_of(seat) in keys else 0)
        return len(keys) > 1

    def turn_to(self, seat: BlindCell) -> None:
        """Show another place's picture, if the viewer is open."""
        if self.viewer.comparing and key_of(seat) not in self.viewer.rows:
            self.viewer.close()
        elif self.viewer.is_open and seat.facts is not None:
            self.viewer.turn_to(key_of(seat))

    def refresh(self) -> None:
        """Draw the captions again; pictures that have gone close the viewer."""
        if self.viewer.is_open and all(self._words.find(key) is not None for key in self.viewer.rows):
            self.viewer.refresh()
        else:
            self.viewer.close()

    def _facts(self, key: int) -> ImageFacts:
        seat = self._words.find(key)
        assert seat is not None, "the viewer shows only what has a place"
        return facts_of(seat)

    def _caption(self, key: int) -> tuple[str, str]:
        seat = self._words.find(key)
        assert seat is not None, "the viewer shows only what has a place"
        name = self._words.name(seat)
        # Side by side in one row the seed is the same, and there is little room.
        if self.viewer.comparing and len({one.line for one in map(self._words.find, self.viewer.rows) if one}) == 1:
            name = name.split(", ", 1)[-1]
            name = name[:1].upper() + name[1:]
        return name, ", ".join(self._facts(key).tags)

    def _around(self) -> list[int]:
        seats, at = self._words.seats, self._matrix.current
        return [key_of(seats[n]) for n in (at + 1, at - 1) if 0 <= n < len(seats) and seats[n].facts is not None]

    def _walk(self, across: int, down: int) -> None:
        """On to the next picture, over places that have none."""
        matrix, start = self._matrix, self._matrix.current
        step = "right" if across > 0 else "left" if across else "down" if down > 0 else "up"
        matrix.move(step)
        while matrix.seat is not None and matrix.seat.facts is None:
            before = matrix.current
            matrix.move(step)
            if matrix.current == before:
                matrix.go_to(start)
                return
