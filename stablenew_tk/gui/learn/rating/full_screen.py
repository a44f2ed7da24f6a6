"""Full size and side by side while a Learning Run is rated: the way from the matrix to large pictures and back."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ....app.controller import Controller
from ....app.learn.rating_session import RatingSession
from ....app.rating_keys import tags_go_to
from ....domain.insights.blinding import BlindCell
from ....domain.insights.matrix_text import place_name
from ...widgets.picture_viewer import ViewerActions
from .picture_panel import SideBySide


class RatingFullScreen:
    """Owns the viewer. Its pictures are named by `BlindCell.key`; moving in it moves the cursor of the session."""

    def __init__(self, page: tk.Misc, controller: Controller, session: RatingSession, left: Callable[[], None]) -> None:
        self._session, self._cursor = session, session.cursor
        stage = ViewerActions(
            ask=controller.ask,
            facts=lambda key: self._cell(key).facts_here(),
            caption=self._caption,
            nearby=self._around,
            neighbour=lambda step: self._walk(step, 0),
            left=left,
            moved=self._cursor.stay,
            notice=self.notice,
        )
        self.viewer = SideBySide(page, stage, self._walk)

    def target(self) -> BlindCell | None:
        """The place that stars are for: the picture in the viewer, else the current one of the matrix."""
        return self._cursor.find(self.viewer.current) if self.viewer.is_open else self._cursor.cell

    def tagged(self) -> BlindCell | None:
        """The place just rated, when tags go to it and it is another than `target`."""
        cell, target = self._cursor.find(self._cursor.just_rated), self.target()
        return cell if cell is not None and (target is None or cell.number != target.number) else None

    def notice(self) -> str:
        """Which picture tags go to, "" when it is the one that keys are about."""
        cell, matrix = self.tagged(), self._session.matrix
        if cell is None or matrix is None:
            return ""
        name = place_name(matrix, cell)
        return tags_go_to(f"{name[:1].lower()}{name[1:]}", matrix.stars_in_sight(cell))

    def open(self) -> None:
        """Show the current picture large."""
        cell = self._cursor.cell
        if cell is not None and cell.facts is not None:
            self.viewer.open((cell.key,))
            self._cursor.stay()

    def compare(self) -> bool:
        """Side by side: the marked pictures, else those of the current row; again: back. False without two pictures."""
        cell, matrix = self._cursor.cell, self._session.matrix
        if self.viewer.comparing:
            self.viewer.close()
            return True
        if cell is None or matrix is None:
            return False
        marked = [matrix.cells[number] for number in sorted(self._cursor.marked)]
        chosen = marked if len(marked) > 1 else matrix.lines[cell.line].cells
        keys = [one.key for one in chosen if one.facts is not None]
        if len(keys) > 1:
            self.viewer.open(keys, keys.index(cell.key) if cell.key in keys else 0)
            self._cursor.stay()
        return len(keys) > 1

    def turn_to(self, cell: BlindCell) -> None:
        """Show another place's picture, if the viewer is open."""
        if self.viewer.comparing and cell.key not in self.viewer.rows:
            self.viewer.close()
        elif self.viewer.is_open and cell.facts is not None:
            self.viewer.turn_to(cell.key)

    def refresh(self) -> None:
        """Draw the captions again; pictures that have gone close the viewer."""
        if self.viewer.is_open and all(self._cursor.find(key) is not None for key in self.viewer.rows):
            self.viewer.refresh()
        else:
            self.viewer.close()

    def _cell(self, key: int) -> BlindCell:
        cell = self._cursor.find(key)
        assert cell is not None, "the viewer shows only what has a place"
        return cell

    def _caption(self, key: int) -> tuple[str, str]:
        cell, matrix = self._cell(key), self._session.matrix
        assert matrix is not None, "a cell belongs to a matrix"
        name = place_name(matrix, cell)
        # Side by side in one row the seed is the same, and there is little room.
        if self.viewer.comparing and len({self._cell(one).line for one in self.viewer.rows}) == 1:
            name = name.split(", ", 1)[-1]
            name = name[:1].upper() + name[1:]
        return name, ", ".join(cell.facts_here().tags)

    def _around(self) -> list[int]:
        cells, at = self._cursor.cells, self._cursor.current
        return [cells[n].key for n in (at + 1, at - 1) if 0 <= n < len(cells) and cells[n].facts is not None]

    def _walk(self, across: int, down: int) -> None:
        """On to the next picture, over places that have none."""
        cursor, start = self._cursor, self._cursor.current
        step = "right" if across > 0 else "left" if across else "down" if down > 0 else "up"
        cursor.move(step)
        while cursor.cell is not None and cursor.cell.facts is None:
            before = cursor.current
            cursor.move(step)
            if cursor.current == before:
                cursor.go_to(start)
                return
