"""A record as a journal line can hold it: what a server said beyond all bounds is replaced by a marked remainder.

A picture that was made and paid for must not lose its record because the text inside it is megabytes long, or because
a server reported a number that JSON does not have.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from ...domain.journal.record import LearningRecord

# Longest text in characters, tried one after the other. No path or id is as long as the last one.
_LIMITS = (64 << 10, 16 << 10, 5 << 10)
# Members whose values may be text as well as numbers.
_ANY_VALUE = ("asked", "applied", "value")


def reduced(record: LearningRecord) -> Iterator[LearningRecord]:
    """Ever shorter versions of a record that cannot be written as it is, to try until one fits a line.

    Texts are cut with the number of characters left out; a number that is not finite becomes a text that says so, and 0
    where only a number may stand.
    """
    plain = msgspec.to_builtins(record)
    for limit in _LIMITS:
        yield msgspec.convert(_within(plain, limit), LearningRecord)


def _within(value: object, limit: int, *, where: str = "") -> object:
    """The same value with each text within `limit`, each number finite. `where`: the member it stands in."""
    if isinstance(value, str):
        left_out = len(value) - limit
        return value if left_out <= 0 else f"{value[:limit]} […{left_out:,} more characters were not recorded]"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} (not a number)" if where in _ANY_VALUE else 0.0
    if isinstance(value, dict):
        return {key: _within(item, limit, where=where if where in _ANY_VALUE else key) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_within(item, limit, where=where) for item in value]
    return value
