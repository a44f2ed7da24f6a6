"""`RatingSession`: state of rating one Learning Run: cells of the matrix, the current cell, stars that are being saved.

The views of Learn show the state of the session and call its methods; they do not know each other. Main thread.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from statistics import median

from msgspec.structs import replace

from ...domain.insights.blinding import BlindCell, BlindMatrix, blind_matrix, row_of
from ...domain.insights.matrix import Board, board
from ...domain.insights.matrix_text import key_hint
from ...domain.insights.report import Report
from ...domain.journal.record import Feedback, JournalLine, LearningRecord
from ...domain.runs.plan import LearningPlan, LearningRunResult, LearningRunStep
from ..controller import Controller
from ..feedback import PictureFeedback, State, change
from ..nodes.running import Running

# Longer pauses are not rating but something else.
_LONGEST_PAUSE_S, _PAUSES, _LEAST_PAUSES = 60.0, 20, 3


class MatrixCursor:
    """Where the user is in a matrix.

    `current` is the number of the place keys are about, −1 for none; `marked` are places chosen to compare.
    `just_rated` is the `BlindCell.key` of the picture that stars went on from by themselves: tags go to it until the
    user moves, clicks or rates another; −1 for none. `moved()` is called by a verb that makes a place current,
    `marks_changed()` by one that changes only marks or where tags go.
    """

    def __init__(self) -> None:
        self.matrix: BlindMatrix | None = None
        self.current = -1
        self.marked: set[int] = set()
        self.just_rated = -1
        self.moved: Callable[[], None] = lambda: None
        self.marks_changed: Callable[[], None] = lambda: None

    @property
    def cells(self) -> tuple[BlindCell, ...]:
        """All places."""
        return self.matrix.cells if self.matrix is not None else ()

    @property
    def cell(self) -> BlindCell | None:
        """The place keys are about."""
        return self.cells[self.current] if 0 <= self.current < len(self.cells) else None

    def find(self, key: int) -> BlindCell | None:
        """The place of a picture by its `BlindCell.key`."""
        return next((cell for cell in self.cells if key != -1 and cell.key == key), None)

    def place(self, matrix: BlindMatrix) -> None:
        """Take in a newer matrix. The current picture stays current as long as it is the same plan."""
        before, self.matrix = self.matrix, matrix
        if before is None or before.board.plan.plan_id != matrix.board.plan.plan_id:
            self.current, self.marked, self.just_rated = -1, set(), -1
        else:
            if self.just_rated < -1 and self.find(self.just_rated) is None:
                # What was shown once more stands only at its first place when the values are revealed.
                self.just_rated = row_of(self.just_rated)
            self.current = _same_place(before, matrix, self.current)
            self.marked = {n for old in self.marked if (n := _same_place(before, matrix, old)) >= 0}

    def go_to(self, number: int, *, mark: bool = False, just_rated: int = -1) -> None:
        """Make a place current; with `mark` it and the one left are chosen to compare. `just_rated` is given when it
        is not the user who goes there.
        """
        if self.cells:
            number = min(max(number, 0), len(self.cells) - 1)
            chosen = {*self.marked, number, self.current} - {-1} if mark else set()
            self.marked = {place for place in chosen if self.cells[place].facts is not None}
            self.current, self.just_rated = number, just_rated
            self.moved()

    def move(self, how: str, *, page: int = 1, mark: bool = False) -> None:
        """Move by a key: left, right, up, down, home, end, page_up, page_down. `page` is the lines of a page."""
        cell, matrix = self.cell, self.matrix
        if cell is None or matrix is None:
            self.go_to(0)
            return
        lines = {"up": -1, "down": 1, "page_up": -page, "page_down": page}
        if how in lines:
            line = min(max(cell.line + lines[how], 0), len(matrix.lines) - 1)
            number = min(matrix.lines[line].cells, key=lambda other: abs(other.column - cell.column)).number
        else:
            last = len(matrix.cells) - 1
            number = {"left": cell.number - 1, "right": cell.number + 1, "home": 0, "end": last}[how]
        self.go_to(number, mark=mark)

    def toggle_mark(self, number: int) -> None:
        """Choose a place to compare, or no longer."""
        self.marked ^= {number} if self.cells[number].facts is not None else set()
        self.stay()

    def stay(self, just_rated: int = -1) -> None:
        """The current place stays; tags go to it, or to the picture just rated."""
        self.just_rated = just_rated
        self.marks_changed()

    def unmark(self) -> bool:
        """Choose nothing to compare any more; False when nothing was chosen."""
        had, self.marked = bool(self.marked), set()
        if had:
            self.marks_changed()
        return had


def _same_place(before: BlindMatrix, now: BlindMatrix, number: int) -> int:
    """Where a picture has gone, or else who took its place; −1 for none."""
    if not 0 <= number < len(before.cells):
        return -1
    key = before.cells[number].key
    moved = next((cell.number for cell in now.cells if key != -1 and cell.key == key), -1)
    return moved if moved >= 0 else min(number, len(now.cells) - 1)


class Pace:
    """How quickly pictures are rated."""

    def __init__(self) -> None:
        self._last_at = 0.0
        self._pauses_s: deque[float] = deque(maxlen=_PAUSES)

    @property
    def seconds(self) -> float | None:
        """Seconds the user takes for a picture; None while there are too few to tell."""
        return median(self._pauses_s) if len(self._pauses_s) >= _LEAST_PAUSES else None

    def begin(self) -> None:
        """The next picture is the first after a break."""
        self._last_at = 0.0

    def rated(self) -> None:
        """A picture got its stars now."""
        now = time.monotonic()
        if self._last_at and now - self._last_at <= _LONGEST_PAUSE_S:
            self._pauses_s.append(now - self._last_at)
        self._last_at = now


class RatingSession:
    """The plan in sight. `changed()` is called when feedback on its pictures is on its way or on disk.

    `last` is the `BlindCell.key` of the picture rated last, −1 = none; `rated_here`: something was rated since it was
    set to False; `report` is the newest verdict, None while there is none.
    """

    def __init__(self, controller: Controller, changed: Callable[[], None] = lambda: None) -> None:
        self._controller = controller
        self.feedback = PictureFeedback(controller, lambda _rows: changed())
        self.cursor = MatrixCursor()
        self.pace = Pace()
        self.plan_id = ""
        self.report: Report | None = None
        self.last, self.rated_here = -1, False
        # Stars on their way to the disk, by key. Keys hold across plans: what is not saved yet stays known.
        self._given: dict[int, int] = {}
        self._waits_at = -1

    @property
    def matrix(self) -> BlindMatrix | None:
        """Which picture stands where; None before a plan was opened."""
        return self.cursor.matrix

    @property
    def hidden(self) -> bool:
        """Whether no value may be told."""
        return self.matrix is None or self.matrix.hidden

    @property
    def goes_on(self) -> bool:
        """Whether the next picture follows by itself after stars."""
        return self._controller.settings.go_on_after_rating

    @property
    def progress(self) -> float | None:
        """Share of the picture of this plan that is being made; None when none is."""
        running = self._making
        return running.done if running is not None else None

    @property
    def _making(self) -> Running | None:
        """The job of this plan that is being made; of several the one that was begun first."""
        working = self._controller.nodes.working
        return next((one for one in working if one.job.learning.plan_id == self.plan_id), None)

    @property
    def to_make(self) -> int:
        """Places without a picture while no job of the plan is queued or running."""
        if self.matrix is None or self._controller.learning.pending(self.plan_id):
            return 0
        return sum(not cell.images for cell in self.matrix.board.cells)

    def open(self, plan_id: str) -> bool:
        """Turn to a plan; `refresh` takes its matrix in. False when the journal does not know it."""
        if self._board(plan_id) is None:
            return False
        self.pace.begin()
        self._waits_at = -1
        if plan_id != self.plan_id:
            self.plan_id, self.report, self.last, self.rated_here = plan_id, None, -1, False
        return True

    def refresh(self) -> None:
        """Work out anew which picture stands where."""
        held, running = self._board(self.plan_id), self._making
        if held is not None:
            making = running.job.learning.step_id if running is not None else ""
            self.cursor.place(blind_matrix(held, making))
        self._given = {key: stars for key, stars in self._given.items() if self.feedback.state(row_of(key))}

    def next_asked(self, after: int) -> int:
        """Number of the next place that wants stars and has not been given any; −1 for none."""
        given = {cell.number for cell in self.cursor.cells if cell.key in self._given}
        return self.matrix.next_asked(after, given) if self.matrix is not None else -1

    def saving(self, cell: BlindCell) -> State:
        """Whether stars given at a place are on their way to the disk."""
        return self.feedback.state(row_of(cell.key)) if cell.key in self._given else ""

    @property
    def all_saved(self) -> bool:
        """Whether all stars of this plan are on disk."""
        return not any(cell.key in self._given for cell in self.cursor.cells)

    # ---- actions

    def rate(self, cell: BlindCell | None, stars: int) -> str:
        """Give 1 to 5 stars, or clear with 0. Returns why nothing was rated, "" if it was."""
        if cell is None:
            return "There is nothing to rate yet."
        if cell.facts is None or cell.facts.suspect:
            return key_hint(cell, goes_on=self.goes_on)
        if cell.again and (cell.stars or not stars):
            return "What was shown once more keeps its stars; Ctrl Z takes them back." if cell.stars else ""
        if stars != cell.stars or cell.key in self._given:
            self.pace.rated()
            self.rated_here, self.last = True, cell.key
            self._given |= {equal.key: stars for equal in self._equals(cell)}
            self.tell(cell.facts.row, replace(change(stars=stars), repeat=cell.again))
        return ""

    def tell(self, row: int, what: Feedback) -> None:
        """Record something about a picture, and the same about its equals, marked as blind while values are hidden."""
        cell = None if what.repeat else self.cursor.find(row)
        rows = [row_of(equal.key) for equal in self._equals(cell)] if cell is not None else [row]
        self.feedback.give(rows, replace(what, blind=self.hidden))

    def _equals(self, cell: BlindCell) -> tuple[BlindCell, ...]:
        return self.matrix.equals(cell) if self.matrix is not None else (cell,)

    def go_on(self, cell: BlindCell) -> None:
        """Go to the next picture without stars; after the last one wait for a row to open."""
        number = self.next_asked(cell.number)
        self._waits_at = cell.key if number < 0 else -1
        if number >= 0:
            self.cursor.go_to(number, just_rated=cell.key)
        else:
            self.cursor.just_rated = cell.key  # for when a row opens, or the values are revealed

    def go_on_in_opened_row(self) -> None:
        """A row may have opened: go there, if the user still is at the last picture that could be rated."""
        cell = self.cursor.cell
        if cell is not None and self._waits_at != -1 and cell.key == self._waits_at:
            self.go_on(cell)

    def bring_back(self, rows: set[int]) -> BlindCell | None:
        """After an undo: the place of its picture, first where it wants stars again. It becomes the last one rated."""
        found = [cell for cell in self.cursor.cells if cell.facts is not None and cell.facts.row in rows]
        if not found:
            return None
        cell = next((cell for cell in reversed(found) if cell.asks), found[0])
        self.last = cell.key
        return cell

    def _board(self, plan_id: str) -> Board | None:
        history = self._controller.history
        return board(history, plan_id) if history is not None else None


def plan_of(line: JournalLine) -> str:
    """The plan a line of the journal is about; "" for other lines. Of ratings HistoryChanged tells."""
    if isinstance(line, LearningRecord):
        return line.learning.plan_id
    return line.plan_id if isinstance(line, LearningPlan | LearningRunStep | LearningRunResult) else ""
