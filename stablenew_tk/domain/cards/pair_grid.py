"""The pictures of a Learning Run that varied two settings: a column for each value of one, a row for each of the other.

A pair was made on some of the seeds only, so each shows one picture, of the same prompt where there is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from msgspec import Struct

from ..insights.matrix import Board
from ..insights.naming import naming
from ..insights.report import Report, ValueReport
from ..journal.image_facts import ImageFacts
from ..runs.plan import PlanCell
from ..runs.value_order import places_by_value
from .card_value import CardValue, few


class PairCell(Struct, frozen=True, kw_only=True):
    """One pair. `picture` None = not made; then the estimate follows from the others. `row` is that of the plan."""

    value: CardValue
    picture: ImageFacts | None = None
    row: int = -1


class PairGrid(Struct, frozen=True, kw_only=True):
    """Names of the columns and rows, and the pairs row by row; None = there is no such pair. `whole`: all are there."""

    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: tuple[tuple[PairCell | None, ...], ...]
    whole: bool

    @property
    def shown(self) -> tuple[PairCell, ...]:
        """All pairs with a picture, row by row."""
        return tuple(one for line in self.cells for one in line if one is not None and one.picture is not None)


def pair_grid(
    report: Report, board: Board, value_of: Callable[[ValueReport], CardValue], most: tuple[int, int]
) -> PairGrid:
    """The grid of a report, with at most so many columns and rows: those of the best pair and what is around them."""
    plan, (first, second) = report.plan, report.plan.subjects
    pairs = plan.pairs
    lines = {
        (pairs[one.variant].first, pairs[one.variant].second): one for one in report.values if one.variant < len(pairs)
    }

    def worth(at: tuple[int, int]) -> float:
        known = lines[at].insight
        return known.mean if known is not None else 0.0

    best = next((at for at, one in lines.items() if one.value == report.verdict.value), max(lines, key=worth))
    sides = (places_by_value(first, plan.variant_values), places_by_value(second, plan.second_values))
    columns, rows = (
        few(
            places,
            most[side],
            best=best[side],
            ordered=subject.ordered,
            worth=lambda place, side=side: max((worth(at) for at in lines if at[side] == place), default=0.0),  # type: ignore[misc]  # binds the side
        )
        for side, (places, subject) in enumerate(zip(sides, (first, second), strict=True))
    )
    pictures = _pictures(report, board)

    def cell(column: int, row: int, nth: int) -> PairCell | None:
        # What has no second value stands once, at the head of its column.
        line = lines.get((column, row)) or (lines.get((column, -1)) if nth == 0 else None)
        if line is None:
            return None
        facts, made_in = pictures.get(line.variant, (None, -1))
        return PairCell(value=value_of(line), picture=facts, row=made_in)

    names = naming(first, plan.variant_values), naming(second, plan.second_values)
    return PairGrid(
        columns=tuple(names[0](plan.variant_values[one]) for one in columns),
        rows=tuple(names[1](plan.second_values[one]) for one in rows),
        cells=tuple(tuple(cell(column, row, nth) for column in columns) for nth, row in enumerate(rows)),
        whole=len(columns) == len(sides[0]) and len(rows) == len(sides[1]),
    )


def _pictures(report: Report, board: Board) -> Mapping[int, tuple[ImageFacts, int]]:
    """A picture of each pair by its number, and the row it was made in: a rated one of the prompt most pairs have."""
    sound = [(cell.cell, shown.facts) for cell in board.cells for shown in cell.sound]
    prompts = Counter(report.plan.prompt(cell.row).prompt_id for cell, _ in sound)
    usual = max(prompts, key=lambda one: prompts[one], default="")

    def rank(one: tuple[PlanCell, ImageFacts]) -> tuple[bool, bool, int]:
        cell, facts = one
        return not facts.rating, report.plan.prompt(cell.row).prompt_id != usual, cell.row

    best_last = sorted(sound, key=rank, reverse=True)
    return {cell.variant: (facts, cell.row) for cell, facts in best_last}
