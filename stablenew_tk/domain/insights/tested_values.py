"""The tested values of a Learning Run with their cells, ratings and times, and the cells to make or rate next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain, islice
from statistics import median

from msgspec import Struct
from msgspec.structs import replace

from ..config.catalogue import Value
from ..journal.image_facts import ImageFacts
from ..runs.plan import PlanCell, ValueInsight
from ..runs.value_order import columns_by_value
from .analysis import Insight
from .matrix import Board, BoardCell, Evidence, axis_value
from .model.rated_images import key_of
from .verdict_text import Verdict

# Smallest saving of time for a picture that counts as faster; less may be chance.
NOTICEABLE_S = 0.1


class TestedValue(Struct, frozen=True, kw_only=True):
    """One value of a plan: its cells in row order, and in `sound` its pictures that are evidence, with their rows."""

    variant: int
    value: Value
    cells: tuple[BoardCell, ...]
    sound: tuple[tuple[int, ImageFacts], ...]

    @property
    def rated(self) -> list[tuple[int, ImageFacts]]:
        """Row and picture of each picture with stars."""
        return [(row, facts) for row, facts in self.sound if facts.rating]

    @property
    def looked_at(self) -> list[ImageFacts]:
        """Pictures with stars or tags. Only for these does a missing tag mean anything."""
        return [facts for _, facts in self.sound if facts.rating or facts.tags]

    @property
    def times(self) -> list[float]:
        """Seconds that each picture took, ascending."""
        return sorted(
            cell.seconds / len(cell.images)
            for cell in self.cells
            if cell.images and cell.seconds > 0 and not any(shown.facts.suspect for shown in cell.images)
        )

    @property
    def seconds(self) -> float | None:
        """Median of `times`, because one picture may include the loading time of the engine. None without pictures."""
        spent = self.times
        return median(spent) if spent else None

    def is_faster_than(self, other: TestedValue) -> bool:
        """Whether all its pictures took noticeably less time, not counting the slowest picture of each value."""
        mine, its = (spent[:-1] if len(spent) > 2 else spent for spent in (self.times, other.times))
        return bool(mine and its) and its[0] - mine[-1] >= NOTICEABLE_S


def tested_values(board: Board, known: Evidence) -> tuple[TestedValue, ...]:
    """All values of the plan in the order to show. `known` is the `evidence` of the board."""
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
        value = board.plan.tested[variant]
        found.append(TestedValue(variant=variant, value=value, cells=tuple(cells), sound=sound))
    return tuple(found)


def clear_times(values: Sequence[TestedValue]) -> dict[float | str, float]:
    """Seconds for a picture by value; {} when the times overlap, because then they are no reason to choose."""
    timed = sorted((one for one in values if one.seconds is not None), key=lambda one: one.seconds or 0.0)
    if not (timed and timed[0].is_faster_than(timed[-1])):
        return {}
    return {axis_value(one.value): one.seconds for one in values if one.seconds is not None}


def insight_at(insight: Insight, value: Value) -> ValueInsight | None:
    """The analysed figures of a value of the plan, None when no picture of it is rated."""
    wanted = key_of(axis_value(value))
    return next((found for found in insight.values if key_of(found.value) == wanted), None)


def held_back(insight: Insight, values: Sequence[TestedValue]) -> Insight:
    """Set the verdict to "too_early" while a value has pictures but no stars, because it might be the best one."""
    if all(value.rated or not value.sound for value in values):
        return insight
    return replace(insight, verdict=Verdict("too_early", None, 0.0))


def most_useful(board: Board, insight: Insight, values: Sequence[TestedValue]) -> tuple[PlanCell, ...]:
    """The three cells whose ratings would tell most; their pictures may already be made.

    Cells with a rated or suspect picture, and those that failed twice, are left out. Rows from `len(plan.seeds)` on are
    new seeds. Empty while nothing is rated.
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
        if board.plan.second_parameter:
            # Of pairs a row shows only some.
            asked = frozenset(board.plan.cells())
            first = [cell for cell in first if cell in asked]
    else:
        # Values that only other plans have cannot be made here, and a part of a row that another kind of machine made
        # cannot be filled up.
        known = (cell for cell in insight.next if key_of(cell.value) in variant and cell.row >= 0)
        first = [PlanCell(variant[key_of(cell.value)], cell.row) for cell in known]
    mine = [one for one in insight.values if key_of(one.value) in variant]
    ranked = sorted(mine, key=lambda one: (-one.p_best, -one.mean))
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
        # Its stars come with those of the equal picture.
        or any(shown.same_as for shown in one.images)
    }
