"""Blind rating of a Learning Run: shuffled order of the pictures in each row, hidden values, next picture to rate.

Nothing shown may reveal which value made a picture. Every row is shuffled separately and opens only when all of its
pictures are made. Until then its cells show progress from left to right, whatever value is being made: values are made
in a known order, so a cell that filled up at its final place would reveal its value. Single pictures that are asked for
later open when their whole batch is made. They stand behind what their row has already, shuffled among themselves, so
nothing that is in sight moves, and the order of asking, best guess first, is not told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from itertools import count
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ..journal.image_facts import ImageFacts
from ..runs.value_order import columns_by_value
from .matrix import BlindRound, Board, BoardCell
from .standing import Standing, standing

# waiting, making, made: in a row that is not open yet; later: will be shown again when all others are rated.
PlaceState = Literal["shown", "made", "making", "waiting", "missing", "later"]
_PROGRESS: tuple[PlaceState, ...] = ("made", "missing", "making", "waiting")
AGAIN = -1  # row number of the line whose pictures are shown a second time
ROUND = -2  # row number of a line of pictures made after the values were revealed
_TWICE_FROM = 8  # pictures; with fewer, a picture shown again would be remembered


class BlindCell(Struct, frozen=True, kw_only=True):
    """One cell of the matrix. `facts` is None where the picture may not be shown; `variant` is the number of its value,
    −1 while that is hidden. `stars` are those given in this cell; `again`: the picture is shown here a second time.
    `picture` is an id that equal pictures of a row have in common; `equal`: an earlier cell of the row shows the same.
    """

    number: int
    line: int
    column: int
    state: PlaceState
    variant: int = -1
    facts: ImageFacts | None = None
    again: bool = False
    stars: int = 0
    picture: str = ""
    equal: bool = False

    @property
    def asks(self) -> bool:
        """Whether this cell can be rated now and has no stars yet. Suspect pictures are never asked for, and of equal
        pictures only the first.
        """
        return self.facts is not None and not self.facts.suspect and not self.stars and not self.equal

    @property
    def key(self) -> int:
        """A number for the picture that holds while places change: its row in the history, below −1 when it is shown
        again; −1 without a picture.
        """
        if self.facts is None:
            return -1
        return -2 - self.facts.row if self.again else self.facts.row

    def facts_here(self) -> ImageFacts:
        """The picture with the stars given in this cell. Call it only when `facts` is not None."""
        assert self.facts is not None, "asked only for places that show a picture"
        return replace(self.facts, rating=self.stars) if self.again else self.facts


def row_of(key: int) -> int:
    """The row in the history of the picture with this `BlindCell.key`."""
    return key if key >= 0 else -2 - key


class MatrixRow(Struct, frozen=True):
    """One line of the matrix: its cells, and the number of the seed row (AGAIN for pictures shown a second time)."""

    row: int
    cells: tuple[BlindCell, ...]
    open: bool


class BlindMatrix(Struct, frozen=True):
    """The whole matrix. `hidden`: values are not shown. `columns` are numbers of values, one per column; () if hidden,
    and for pairs of values.

    `covered`: pictures are being shown again, so the stars they got the first time must not be in sight. `round`: it
    has only pictures made after the values were revealed, mixed with some that are known.
    """

    board: Board
    standing: Standing
    hidden: bool
    lines: tuple[MatrixRow, ...]
    cells: tuple[BlindCell, ...]
    columns: tuple[int, ...] = ()
    covered: bool = False
    round: bool = False

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.columns) or max((len(line.cells) for line in self.lines), default=0)

    @property
    def wanted(self) -> int:
        """Number of cells to be rated in total: pictures that can be rated, and those shown a second time."""
        if self.round:
            return sum(cell.asks or bool(cell.stars) for cell in self.cells if not cell.equal)
        return self.standing.wanted + sum(cell.again for cell in self.cells)

    @property
    def rated(self) -> int:
        """How many of the `wanted` cells have stars."""
        if self.round:
            return sum(bool(cell.stars) for cell in self.cells if not cell.equal)
        return self.standing.rated + sum(cell.again and bool(cell.stars) for cell in self.cells)

    @property
    def done(self) -> bool:
        """Whether every picture is made and rated."""
        return bool(self.rated) and all(cell.state in ("shown", "missing") and not cell.asks for cell in self.cells)

    def equals(self, cell: BlindCell) -> tuple[BlindCell, ...]:
        """The cells whose picture gets the same feedback as that of `cell`: itself, and those with equal pictures."""
        if cell.again or not cell.picture:
            return (cell,)
        return tuple(other for other in self.lines[cell.line].cells if other.picture == cell.picture)

    @property
    def closed(self) -> bool:
        """Whether some rows are not open yet."""
        return not all(line.open for line in self.lines if line.row >= 0)

    def stars_in_sight(self, cell: BlindCell) -> int:
        """The stars of a cell that may be shown now; 0 when there are none or they must stay hidden."""
        return 0 if self.covered and not cell.again else cell.stars

    def next_asked(self, after: int, given: Collection[int] = ()) -> int:
        """Number of the next cell to rate after cell number `after`, wrapping around at the end; −1 for none.

        `given` are cells whose stars are being written to disk.
        """
        asked = [cell.number for cell in self.cells if cell.asks and cell.number not in given]
        return next((number for number in asked if number > after), asked[0] if asked else -1)


def blind_matrix(board: Board, making: str = "") -> BlindMatrix:
    """Arrange the pictures of a board for rating. `making` is the id of the step that is running, "" for none.

    Pictures that came after the values were revealed are rated by themselves before they join the others.
    """
    if ready := [one for one in board.rounds if one.ready]:
        return _rounds(board, ready)
    hidden, veiled = not board.revealed, board.veiled
    in_order = tuple(columns_by_value(board.plan))
    # Of pairs a row shows only some: a column for each would be empty for the most part.
    columns = () if hidden or board.plan.second_parameter else in_order
    rows: dict[int, list[BoardCell]] = {}
    for made in board.cells:
        rows.setdefault(made.cell.row, []).append(made)
    open_cells, lines, start = board.open_cells(), [], 0
    orders = shuffles(board)
    for number, row in enumerate(sorted(rows)):
        by_variant = {made.cell.variant: made for made in rows[row]}
        order = orders[row] if hidden else [variant for variant in in_order if variant in by_variant]
        places = [by_variant[variant].cell for variant in order]
        opened = [cell in open_cells if hidden else cell not in veiled for cell in places]
        cells = [
            _blind_cell(by_variant[variant], making, is_open) for variant, is_open in zip(order, opened, strict=True)
        ]
        closed = [cell for cell, is_open in zip(cells, opened, strict=True) if not is_open]
        shown = [cell for cell, is_open in zip(cells, opened, strict=True) if is_open]
        if hidden:
            cells = [*shown, *sorted(closed, key=lambda cell: _PROGRESS.index(cell.state))]
        at = [columns.index(variant) for variant in order] if columns else range(len(cells))
        lines.append(MatrixRow(row, _placed(cells, start, number, at), not closed))
        start += len(cells)
    again = _again(board, lines) if hidden else ()
    covered = any(cell.state == "shown" for cell in again) and any(not cell.stars for cell in again)
    if again:
        placed = _placed(again, start, len(lines), range(len(again)))
        lines.append(MatrixRow(AGAIN, placed, again[0].state == "shown"))
    return BlindMatrix(
        board,
        standing(board),
        hidden,
        tuple(lines),
        tuple(cell for line in lines for cell in line.cells),
        columns,
        covered,
    )


def _rounds(board: Board, rounds: Sequence[BlindRound]) -> BlindMatrix:
    """Only the pictures of these rounds, each shuffled in a line of its own."""
    by_cell, lines, start = {made.cell: made for made in board.cells}, [], 0
    for number, one in enumerate(rounds):
        fresh = [_blind_cell(by_cell[cell], "", is_open=True) for cell in one.fresh]
        known = [
            BlindCell(number=0, line=0, column=0, state="shown", facts=shown.facts, again=True, stars=stars)
            for shown, stars in one.again
        ]
        name = f"{board.plan.plan_id}/round {one.batch}/{one.row}"
        dealt = sorted((*fresh, *known), key=lambda cell: _chance(f"{name}/{cell.key}"))
        placed = _placed(dealt, start, number, range(len(dealt)))
        lines.append(MatrixRow(ROUND, placed, True))
        start += len(placed)
    cells = tuple(cell for line in lines for cell in line.cells)
    return BlindMatrix(board, standing(board), True, tuple(lines), cells, round=True)


def _blind_cell(made: BoardCell, making: str, is_open: bool) -> BlindCell:
    first = made.images[0] if made.images else None
    shown = first.facts if first is not None else None
    state: PlaceState
    if made.step_id == making and shown is None:
        state = "making"
    elif made.state == "waiting":
        state = "waiting"
    elif shown is None:
        # Also a picture whose record was taken back.
        state = "missing"
    else:
        state = "shown" if is_open else "made"
    if state != "shown" or first is None or shown is None:
        return BlindCell(number=0, line=0, column=0, state=state, variant=made.cell.variant if is_open else -1)
    return BlindCell(
        number=0,
        line=0,
        column=0,
        state=state,
        variant=made.cell.variant,
        facts=shown,
        stars=shown.rating,
        picture=first.picture,
    )


def _placed(cells: Sequence[BlindCell], start: int, line: int, columns: Sequence[int]) -> tuple[BlindCell, ...]:
    places = enumerate(zip(cells, columns, strict=True))
    before = [{cell.picture for cell in cells[:place]} - {""} for place in range(len(cells))]
    return tuple(
        replace(cell, number=start + place, line=line, column=column, equal=cell.picture in before[place])
        for place, (cell, column) in places
    )


# ---- shuffling


def shuffles(board: Board) -> dict[int, tuple[int, ...]]:
    """The shuffled order of the values in every row. Random, but always the same for the same plan.

    Every batch of a row is shuffled alone and stands behind the earlier ones. The natural order of the values, and the
    order of the row before, are drawn again where there are enough other orders, because the rater might take either
    for a pattern.
    """
    batches = board.plan.batch_numbers()
    groups: dict[tuple[int, int], set[int]] = {}
    for made in board.cells:
        groups.setdefault((made.cell.row, batches.get(made.cell, 0)), set()).add(made.cell.variant)
    orders: dict[int, tuple[int, ...]] = {}
    by_value = tuple(columns_by_value(board.plan))
    before: tuple[int, ...] = ()
    for row, batch in sorted(groups):
        rising = tuple(variant for variant in by_value if variant in groups[row, batch])
        telling = {rising, rising[::-1], tuple(sorted(rising)), before} if len(rising) > 2 else set()
        place = f"{board.plan.plan_id}/{row}+{batch}" if batch else f"{board.plan.plan_id}/{row}"
        before = next(order for turn in count() if (order := _drawn(place, rising, turn)) not in telling)
        orders[row] = (*orders.get(row, ()), *before)
    return orders


def _drawn(place: str, variants: Sequence[int], turn: int) -> tuple[int, ...]:
    return tuple(sorted(variants, key=lambda variant: _chance(f"{place}/{variant}/{turn}")))


def _chance(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


# ---- showing some twice


def _again(board: Board, lines: Sequence[MatrixRow]) -> tuple[BlindCell, ...]:
    """Cells for the pictures that are shown a second time at the end; which ones stays hidden until then."""
    number = round(len(board.cells) / 10) or 1
    if not board.plan.show_twice or len(board.cells) < _TWICE_FROM:
        return ()
    later = BlindCell(number=0, line=0, column=0, state="later", again=True)
    cells = [cell for line in lines for cell in line.cells]
    if any(cell.asks or cell.state not in ("shown", "missing") for cell in cells):
        return (later,) * number
    repeats = {shown.facts.image_id: shown.repeats for cell in board.cells for shown in cell.images}
    sound = [
        cell.facts
        for cell in cells
        if cell.facts is not None and cell.stars and not cell.facts.suspect and not cell.equal
    ]
    # Pictures that were already shown again stay chosen, whatever was made or failed since.
    chosen = sorted(sound, key=lambda facts: (not repeats[facts.image_id], _chance(f"again {facts.image_id}")))
    shuffled = sorted(chosen[:number], key=lambda facts: _chance(f"order {facts.image_id}"))
    stars = {facts.image_id: (repeats[facts.image_id] or (0,))[-1] for facts in shuffled}
    return tuple(replace(later, state="shown", facts=facts, stars=stars[facts.image_id]) for facts in shuffled)
