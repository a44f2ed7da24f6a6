"""The tested values of a Learning Run: cells, pictures that count, and where the next picture would help most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain, islice
from statistics import median

from msgspec import Struct
from msgspec.structs import replace

from ..config.catalogue import Value
from ..journal.history import ImageFacts
from ..runs.plan import PlanCell, ValueInsight, columns_by_value
from .analysis import Insight, key_of
from .matrix import Board, BoardCell, Evidence, axis_value
from .verdict_text import Verdict

# Who saves less than this in a picture does not notice it, and it may as well be chance.
NOTICEABLE_S = 0.1


class TestedValue(Struct, frozen=True, kw_only=True):
    """One value of a plan: its cells in row order, and the pictures that count with their rows, rated or not."""

    variant: int
    value: Value
    cells: tuple[BoardCell, ...]
    sound: tuple[tuple[int, ImageFacts], ...]

    @property
    def rated(self) -> list[tuple[int, ImageFacts]]:
        """Row and picture of those with stars."""
        return [(row, facts) for row, facts in self.sound if facts.rating]

    @property
    def looked_at(self) -> list[ImageFacts]:
        """Pictures about which something was said: nobody has tagged what nobody has seen."""
        return [facts for _, facts in self.sound if facts.rating or facts.tags]

    @property
    def times(self) -> list[float]:
        """Seconds of each picture, ascending."""
        return sorted(
            cell.seconds / len(cell.images)
            for cell in self.cells
            if cell.images and cell.seconds > 0 and not any(shown.facts.suspect for shown in cell.images)
        )

    @property
    def seconds(self) -> float | None:
        """Typical seconds per picture: the median, for one of them may have waited until the engine had loaded."""
        spent = self.times
        return median(spent) if spent else None

    def is_faster_than(self, other: TestedValue) -> bool:
        """Whether all its pictures took noticeably less time; the slowest of each, which may have waited, aside."""
        mine, its = (spent[:-1] if len(spent) > 2 else spent for spent in (self.times, other.times))
        return bool(mine and its) and its[0] - mine[-1] >= NOTICEABLE_S


def tested_values(board: Board, known: Evidence) -> tuple[TestedValue, ...]:
    """All values of the plan in showing order. `known` is the board's own evidence."""
    swept = board.plan.focus_parameter == "checkpoint"
    found = []
    for variant in columns_by_value(board.plan):
        cells = sorted((c for c in board.cells if c.cell.variant == variant), key=lambda c: c.cell.row)
        sound = tuple(
            (cell.cell.row, shown.facts)
            for cell in cells
            for shown in cell.images
            if not shown.facts.suspect
            and shown.facts.sketch == known.sketch
            and (swept or shown.facts.checkpoint == known.checkpoint)
        )
        value = board.plan.variant_values[variant]
        found.append(TestedValue(variant=variant, value=value, cells=tuple(cells), sound=sound))
    return tuple(found)


def insight_at(insight: Insight, value: Value) -> ValueInsight | None:
    """What is known about a value of the plan, None when no picture of it is rated."""
    wanted = key_of(axis_value(value))
    return next((found for found in insight.values if key_of(found.value) == wanted), None)


def held_back(insight: Insight, values: Sequence[TestedValue]) -> Insight:
    """Too early as long as a value has pictures but not one star: it was tested, and it might be the best."""
    if all(value.rated or not value.sound for value in values):
        return insight
    return replace(insight, verdict=Verdict("too_early", None, 0.0, ""), complete_rows=0)


def most_useful(board: Board, insight: Insight, values: Sequence[TestedValue]) -> tuple[PlanCell, ...]:
    """The three places whose stars would tell most; their pictures may be made already.

    Nothing new can come where a picture is rated or suspect, or where two tries failed. Rows from `len(plan.seeds)` on
    are new seeds. Empty as long as nothing is rated.
    """
    if not insight.values:
        return ()
    variant = {key_of(axis_value(one.value)): one.variant for one in reversed(values)}
    spent = _spent(board, values)
    count = len(board.plan.seeds)
    # The fullest rows first: a whole row compares all values with the same luck.
    begun = Counter(row for one in values for row, _ in one.rated)
    rows = sorted(range(count), key=lambda row: (-begun[row], row))
    if insight.verdict.state == "too_early":
        first = [PlanCell(one.variant, row) for row in rows for one in values]
    else:
        first = [PlanCell(variant[key_of(cell.value)], cell.row) for cell in insight.next]
    ranked = sorted(insight.values, key=lambda one: (-one.p_best, -one.mean))
    contenders = [variant[key_of(one.value)] for one in (*ranked[:2], *(v for v in ranked[2:3] if v.p_best >= 0.1))]
    more = (PlanCell(number, row) for row in (*rows, *range(count, count + 3)) for number in contenders)
    return tuple(islice((cell for cell in dict.fromkeys(chain(first, more)) if cell not in spent), 3))


def _spent(board: Board, values: Sequence[TestedValue]) -> set[PlanCell]:
    unrated = {(one.variant, row) for one in values for row, facts in one.sound if not facts.rating}
    return {
        one.cell
        for one in board.cells
        if (one.state == "made" and (one.cell.variant, one.cell.row) not in unrated)
        or (one.state == "failed" and one.tries > 1)
    }
