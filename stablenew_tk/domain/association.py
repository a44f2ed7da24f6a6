"""Hints from everyday runs: which choices go together with better stars. Hints, never proof.

In everyday runs several things change at once, so all of them are looked at together, and two that always changed
together are said to be inseparable. Whoever wants to know runs a Learning Run.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from .history import Position
from .record import LearningRecord

RatedRun = tuple[LearningRecord, int]


class RatedRecord(Struct, frozen=True):
    """A rated everyday picture and where its record stands. `stars` 1 to 5."""

    position: Position
    output_index: int
    image_id: str
    stars: int


class Association(Struct, frozen=True, kw_only=True):
    """One choice and the stars that go together with it.

    `what` is a randomizer slot as it is written in the prompt (`slot`), or a catalogue path. `n` pictures have
    `value`, `others` have something else. `effect` in stars against those others, `low` to `high` its 90 % interval.
    `sentence` is what may be said: a hint, "too early", or which settings cannot be told apart.
    """

    what: str
    slot: bool
    value: str
    n: int
    others: int
    effect: float
    low: float
    high: float
    sentence: str


def associations(rated: Sequence[RatedRun]) -> tuple[Association, ...]:
    """What goes together with better stars, the clearest first. Raises InvalidInput for pictures that do not belong
    together.
    """
    return ()
