"""The map of a Learning Run that varies two settings: what is known of every pair, ready to draw."""

from __future__ import annotations

from msgspec import Struct

from ...domain.config.sweep import value_text
from ...domain.insights.naming import plan_naming
from ...domain.insights.pair_words import label_of, unimportant
from ...domain.insights.report import Report, ValueReport
from ...domain.insights.verdict_text import percent
from ...domain.runs.value_order import places_by_value

# From this number of stars on a cell gets the next deeper colour; below the first one the palest.
DEGREES = (2.0, 2.75, 3.25, 3.75, 4.25)


class MapCell(Struct, frozen=True, kw_only=True):
    """One pair. `at` is its place in `Report.values`; `row` −1: it stands beside all rows, having no second value.

    `mean` 0 = nothing is known yet; `n` rated pictures; `made`: it has pictures. `degree` 0 to 5 is how deep its colour
    is. `leader`: the pair that the verdict names.
    """

    at: int
    column: int
    row: int
    mean: float
    low: float
    high: float
    n: int
    made: bool
    near: float
    leader: bool = False

    @property
    def text(self) -> str:
        """The estimate; in brackets without a rated picture: it follows from the others."""
        if not self.mean:
            return "–"
        return f"{self.mean:.1f}" if self.n else f"({self.mean:.1f})"

    @property
    def range_text(self) -> str:
        """The 90 % range: "3.1 – 4.4"."""
        return f"{self.low:.1f} – {self.high:.1f}" if self.mean else ""

    @property
    def degree(self) -> int:
        """How deep its colour is, from 0 to 5."""
        return sum(self.mean >= step for step in DEGREES)


class PairMap(Struct, frozen=True, kw_only=True):
    """All cells. `columns` and `rows` are the values of the first and of the second setting, `corner` names both."""

    corner: str
    first: str
    second: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: tuple[MapCell, ...]

    def at(self, column: int, row: int) -> MapCell | None:
        """The cell of a column and row; one without a second value stands in the first row."""
        return next((c for c in self.cells if c.column == column and (c.row == row or (c.row < 0 and row == 0))), None)

    def moved(self, cell: MapCell, key: str) -> MapCell:
        """The cell that an arrow key leads to; the same one at the edge."""
        right, down = {"Left": (-1, 0), "Right": (1, 0), "Up": (0, -1), "Down": (0, 1)}.get(key, (0, 0))
        column, row = cell.column + right, max(0, cell.row) + down
        found = [one for one in self.cells if one.column == column and one.row in (row, -1)]
        if cell.row < 0 and down:
            return cell
        return found[0] if found else cell

    def of(self, at: int) -> MapCell:
        """The cell of a place in `Report.values`."""
        return next(cell for cell in self.cells if cell.at == at)


def pair_map(report: Report) -> PairMap:
    """The map of a report whose plan varies two settings. While it is too early it has no estimates."""
    plan = report.plan
    first, second = plan.subjects
    places = (
        places_by_value(first, plan.variant_values),
        places_by_value(second, plan.second_values),
    )
    early = report.verdict.state == "too_early"
    named = report.verdict.value if report.verdict.state in ("settled", "best") else None
    cells = []
    for at, line in enumerate(report.values):
        pair = plan.pairs[line.variant]
        row = places[1].index(pair.second) if pair.second >= 0 else -1
        cells.append(_cell(line, at, places[0].index(pair.first), row, early=early, leader=line.value == named))
    return PairMap(
        corner=f"{label_of(second)} \\ {label_of(first)}",
        first=label_of(first),
        second=label_of(second),
        columns=tuple(value_text(plan.variant_values[place], first.path) for place in places[0]),
        rows=tuple(value_text(plan.second_values[place], second.path) for place in places[1]),
        cells=tuple(cells),
    )


def _cell(line: ValueReport, at: int, column: int, row: int, *, early: bool, leader: bool) -> MapCell:
    known = line.insight
    shown = known is not None and not early
    return MapCell(
        at=at,
        column=column,
        row=row,
        mean=known.mean if known is not None and shown else 0.0,
        low=known.low if known is not None and shown else 0.0,
        high=known.high if known is not None and shown else 0.0,
        n=known.n if known is not None else 0,
        made=line.made > 0,
        near=known.p_within_quarter if known is not None and shown else 0.0,
        leader=leader,
    )


def cell_words(report: Report, cell: MapCell) -> str:
    """What is known of a pair, in a sentence: "CFG 7 and 30 steps: 4.2 stars, range 3.6 – 4.8 (90 %), 3 pictures"."""
    name = plan_naming(report.plan)(report.values[cell.at].value)
    name = name[:1].upper() + name[1:] if report.focus.kind != "str" else name
    if not cell.mean:
        return f"{name}: {'too early' if cell.n else 'no stars yet'}."
    seen = f"{cell.n} picture{'' if cell.n == 1 else 's'} rated"
    if not cell.n:
        seen = "made, not rated; it follows from the others" if cell.made else "not made; it follows from the others"
    return f"{name}: {cell.mean:.1f} stars, range {cell.range_text} (90 %), {seen}."


class MatterLine(Struct, frozen=True):
    """One line of "What matters": a setting, or the two together. `chance` 0 to 1 that it makes a difference."""

    title: str
    chance: float
    percent: str
    note: str


def matter_lines(report: Report) -> tuple[MatterLine, ...]:
    """What matters, the two settings and then both together; () while it is too early."""
    pair = report.insight.pair
    if pair is None or report.verdict.state == "too_early":
        return ()
    lines = []
    for one, subject in zip(pair.factors, report.plan.subjects, strict=True):
        note = f"{one.span:.1f} stars between its best and worst"
        if unimportant(one):
            note = f"no difference you can see beside the pair to take ({percent(one.p_level)})"
        lines.append(MatterLine(subject.caption, one.p_matters, percent(one.p_matters, short=True), note))
    together = percent(pair.p_together, short=True)
    return (*lines, MatterLine("The pair together", pair.p_together, together, "beyond what each does alone"))
