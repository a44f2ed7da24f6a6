"""Balanced samples: every value as often as its weight says, and no combination too often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from ..base.random_numbers import RandomNumbers
from .expansion import ExpansionNode

TRIES = 40
_ROUNDS = 20

_Row = TypeVar("_Row")


def spread_duplicates(
    rows: list[_Row],
    rank_of: Callable[[_Row], int],
    exchanged: Callable[[_Row, _Row, RandomNumbers], tuple[_Row, _Row]],
    copies: int,
    rng: RandomNumbers,
) -> list[int]:
    """Exchange values between rows until no rank occurs more than `copies` times, and return the ranks.

    The frequency of every value stays. Duplicates that remain after some rounds are left.
    """
    ranks = [rank_of(row) for row in rows]
    seen = Counter(ranks)
    for _ in range(_ROUNDS if len(rows) > 1 else 0):
        alike = [place for place, rank in enumerate(ranks) if seen[rank] > copies]
        if not alike:
            break
        for place in alike:
            for _ in range(TRIES):
                if seen[ranks[place]] <= copies:
                    break
                other = (place + 1 + rng.below(len(rows) - 1)) % len(rows)
                mine, theirs = exchanged(rows[place], rows[other], rng)
                old, new = (ranks[place], ranks[other]), (rank_of(mine), rank_of(theirs))
                if _moved(seen, old, new, copies):
                    rows[place], rows[other] = mine, theirs
                    ranks[place], ranks[other] = new
    return ranks


def _moved(seen: Counter[int], old: tuple[int, int], new: tuple[int, int], copies: int) -> bool:
    """Count the new ranks in place of the old ones, unless that makes more duplicates."""
    touched = {*old, *new}
    before = sum(max(seen[rank] - copies, 0) for rank in touched)
    seen.subtract(old)
    seen.update(new)
    if sum(max(seen[rank] - copies, 0) for rank in touched) <= before:
        return True
    seen.subtract(new)
    seen.update(old)
    return False


def replace_duplicates(copies: int, ranks: list[int], node: ExpansionNode, rng: RandomNumbers) -> None:
    """Replace ranks that occur more than `copies` times: by others drawn, else by the next free ones."""
    seen = Counter(ranks)
    for place, rank in enumerate(ranks):
        if seen[rank] > copies:
            for _ in range(TRIES):
                fresh = node.draw(rng)
                if seen[fresh] < copies:
                    break
            while seen[fresh] >= copies:
                fresh = (fresh + 1) % node.count
            seen[rank] -= 1
            seen[fresh] += 1
            ranks[place] = fresh
