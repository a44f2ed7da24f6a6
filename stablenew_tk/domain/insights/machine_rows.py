"""Pictures of one seed are compared only where the same kind of machine made them: elsewhere the seed is another one.

A row that machines with different fingerprints share is analysed as one row for each of them. Those beside the largest
part get numbers below 0, which no row of a plan has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

# More rows than a plan can have.
_STRIDE = 1_000_000

RowPrint = tuple[int, str]


def machine_rows(pictures: Iterable[RowPrint]) -> Mapping[RowPrint, int]:
    """For each row and fingerprint of the pictures the row in which to count it."""
    counts: dict[int, Counter[str]] = {}
    for row, printed in pictures:
        counts.setdefault(row, Counter())[printed] += 1
    return {
        (row, printed): row if place == 0 else -1 - row - place * _STRIDE
        for row, prints in counts.items()
        for place, (printed, _) in enumerate(sorted(prints.items(), key=lambda one: (-one[1], one[0])))
    }


def plan_row(row: int) -> int:
    """The row of the plan that a counted row is, or is a part of."""
    return row if row >= 0 else (-1 - row) % _STRIDE


def mixed_words(machines: Mapping[str, set[str]]) -> str:
    """What to say of a plan with several fingerprints (`machines` by fingerprint); "" for one."""
    if len(machines) < 2:
        return ""
    groups = "; ".join(", ".join(sorted(names)) for _, names in sorted(machines.items()))
    return f"made on {len(machines)} kinds of machines ({groups}), so a seed is compared only within what one kind made"
