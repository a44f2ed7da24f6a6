"""Which pictures of a Learning Run would tell most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from ..runs.plan import ValueInsight
from .model.rated_images import Table
from .verdict_text import SuggestedCell

QUARTER = 0.25
# From here on the pictures are asked for that would tell whether there is a difference at all.
NEARLY_LEVEL = 0.6


def suggested(
    table: Table,
    values: Sequence[ValueInsight],
    sample: Sequence[Sequence[float]],
    *,
    leader: int,
    level: float,
    ordered: bool,
) -> tuple[SuggestedCell, ...]:
    """The three pictures that would tell most, the most useful first. `values` and `sample` are in the order of the
    table, `leader` is the place of the value to take.

    Until two rows are complete (three on an axis: a curve is found sooner by its whole length than by its top) the
    missing cells of the fullest rows. Then the value to take is compared with the one or two that are most likely more
    than a quarter star better. As soon as there may be no difference at all, the two values that reach highest are
    compared with the one that reaches lowest instead.
    """
    ranked = sorted(range(len(values)), key=lambda v: (-values[v].high, -values[v].mean))
    complete = table.complete()
    if level >= NEARLY_LEVEL and complete >= 2:
        lowest = min(ranked, key=lambda v: (values[v].low, values[v].mean))
        contenders = list(dict.fromkeys((*ranked[:2], lowest)))
        begin = contenders
    else:
        contenders = rivals(sample, leader)
        begin = contenders[:2]
    cells = _cells(table, begin, contenders, whole=[] if complete >= 2 + ordered else ranked, rows=2 + ordered)
    return tuple(SuggestedCell(values[v].value, row) for v, row in islice(cells, 3))


def rivals(sample: Sequence[Sequence[float]], leader: int) -> list[int]:
    """Places of the value to take and of those that may be more than a quarter star better, the likeliest first.

    The third is named only if it is at least half as likely as the second.
    """
    others = [v for v in range(len(sample[0])) if v != leader]
    better = {v: sum([draw[v] - draw[leader] > QUARTER for draw in sample]) for v in others}
    by_chance = sorted(others, key=lambda v: -better[v])
    return [leader, *by_chance[:1], *(v for v in by_chance[1:2] if better[v] > 0.5 * better[by_chance[0]])]


def _cells(
    table: Table, begin: Sequence[int], contenders: Sequence[int], *, whole: Sequence[int], rows: int
) -> Iterator[tuple[int, int]]:
    """Yield cells without a picture (index of the value, number of the row), each once, without an end.

    First those of the values `whole` in the `rows` fullest rows, then those of `begin` in all rows, then new rows of
    the `contenders`: on the same seeds they are compared with the same luck.
    """
    known, filled = list(table.rows), table.filled()
    done: set[tuple[int, int]] = set()

    def holes(places: Sequence[int], row: int) -> Iterator[tuple[int, int]]:
        at = known.index(row) if row in known else -1
        for v in places:
            if (v, at) not in filled and (v, row) not in done:
                done.add((v, row))
                yield v, row

    fresh = known[-1] + 1
    if whole:
        fullest = sorted(known, key=lambda row: -sum((v, known.index(row)) in filled for v in whole))
        for row in [*fullest, *range(fresh, fresh + rows)][:rows]:
            yield from holes(whole, row)
    for row in known:
        yield from holes(begin, row)
    while True:
        yield from holes(contenders, fresh)
        fresh += 1
