"""Which pictures of a Learning Run are worth comparing two by two, and when that is offered."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from statistics import mean

from msgspec import Struct

from ..journal.image_facts import ImageFacts
from .matrix import Board, BoardCell, Shown

# Values whose stars lie so far below the best ones are not compared any more.
_HOPELESS = 0.75
_MOST_PAIRS = 20
# Ratings before pairs are offered, and the part of them that is at one end of the scale.
_ENOUGH, _CROWDED = 8, 0.8


class AskedPair(Struct, frozen=True):
    """Two pictures of one row as they stand side by side. `row` is from 0."""

    left: ImageFacts
    right: ImageFacts
    row: int


def pairs_to_ask(board: Board) -> tuple[AskedPair, ...]:
    """The pairs to compare, those that have a vote already included, so that the count stays: in every row the rated
    pictures of the values that may still be best, each beside the next in an order drawn for the row. n − 1 pairs tell
    all that n pictures can. Sides are dealt at random, the same whenever it is asked. Equal pictures are never a pair.
    """
    wanted = _contenders(board)
    rows: dict[int, list[tuple[str, Shown]]] = {}
    for cell in board.cells:
        shown = _picture(cell) if cell.cell.variant in wanted else None
        if shown is not None:
            rows.setdefault(cell.cell.row, []).append((_chance(shown.facts.image_id), shown))
    found = []
    for row, pictures in sorted(rows.items()):
        order = [shown for _, shown in sorted(pictures, key=lambda one: one[0])]
        for first, second in pairwise(order):
            swap = _chance(first.facts.image_id + second.facts.image_id) < "8"
            left, right = (second, first) if swap else (first, second)
            found.append(AskedPair(left.facts, right.facts, row))
    return tuple(found[:_MOST_PAIRS])


def _picture(cell: BoardCell) -> Shown | None:
    return next((one for one in cell.sound if one.facts.rating and not one.same_as), None)


def _contenders(board: Board) -> set[int]:
    stars: dict[int, list[int]] = {}
    for cell in board.cells:
        for shown in cell.sound:
            if shown.facts.rating:
                stars.setdefault(cell.cell.variant, []).append(shown.facts.rating)
    means = {variant: mean(given) for variant, given in stars.items()}
    top = sorted(means.values(), reverse=True)
    # The best two are compared whatever lies between them.
    least = min(top[0] - _HOPELESS, top[min(1, len(top) - 1)]) if top else 0.0
    return {variant for variant, value in means.items() if value >= least}


def _chance(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def crowded(stars: Sequence[int]) -> str:
    """Why pairs would tell more than stars: "31 of your last 36 here were 4 or 5"; "" as long as they would not."""
    if len(stars) < _ENOUGH:
        return ""
    used = set(stars)
    # The two highest, the two lowest, or all of one kind. Far apart, as 1 and 3, they tell the pictures well apart.
    for end in ({4, 5}, {1, 2}, *([used] if len(used) == 1 else [])):
        count = sum(star in end for star in stars)
        if count >= _CROWDED * len(stars):
            names = " or ".join(map(str, sorted(used & end)))
            return f"{count} of your last {len(stars)} here were {names}"
    return ""
