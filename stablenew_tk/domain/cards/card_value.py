"""A tested value on a card, and which of many values get pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct


class CardValue(Struct, frozen=True, kw_only=True):
    """One tested value: a column of pictures and a line of the chart. `name` is its text where it stands alone:
    "CFG 7". `chosen`: the verdict takes it.

    Stars 1 to 5; `estimate` with its 90 % range `low` to `high` is None where it must not be said yet.
    """

    text: str
    name: str
    chosen: bool
    estimate: float | None = None
    low: float | None = None
    high: float | None = None


def few(
    values: Sequence[int], most: int, *, best: int, ordered: bool, worth: Callable[[int], float]
) -> tuple[int, ...]:
    """At most so many of these numbers, in their order: the best one, its neighbours and the extremes where they are
    `ordered`, then those that are worth most.
    """
    if len(values) <= most:
        return tuple(values)
    wanted = [best] if best in values else []
    if ordered:
        at = values.index(best) if best in values else 0
        wanted += [*values[max(0, at - 1) : at + 2], values[0], values[-1]]
    by_worth = sorted(values, key=lambda one: -worth(one))
    return tuple(sorted(list(dict.fromkeys([*wanted, *by_worth]))[:most], key=values.index))
