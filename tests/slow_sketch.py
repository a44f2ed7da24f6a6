"""Sketch engines that are at work for as long as a test looks at them, however late it comes to look."""

from __future__ import annotations

import itertools

import pytest

from stablenew_tk.backends.sketch.backend import Sketch

# Pictures with fewer steps are made at once.
SHORT = 5
SOON_S, LATER_S, NEVER_S = 0.01, 0.4, 600.0


class Pace:
    """The seconds of each step, for every sketch engine: the first few come soon, each later one takes a while.

    Only the first `whole` pictures are made so; those that come after them take for ever, until they are stopped.
    `hurry` makes an end of all slowness.
    """

    def __init__(self, whole: float = float("inf")) -> None:
        self.whole = whole
        self._is_hurried = False
        self._begun = itertools.count(1)
        self._endless: set[Sketch] = set()

    def hurry(self) -> None:
        self._is_hurried = True

    def __get__(self, sketch: Sketch, _kind: type[Sketch]) -> float:
        seen = sketch.progress()
        step = seen.step if seen is not None else 0
        if step == 0:
            is_endless = next(self._begun) > self.whole
            (self._endless.add if is_endless else self._endless.discard)(sketch)
        if self._is_hurried:
            return 0.0
        if sketch in self._endless:
            return NEVER_S
        return SOON_S if step < SHORT else LATER_S

    def __set__(self, _sketch: Sketch, _pace_s: float) -> None:
        """What an engine is made with does not count."""


def slow_sketch(monkeypatch: pytest.MonkeyPatch) -> Pace:
    """Make all sketch engines slow; the pace is given, so that a test can hurry them."""
    pace = Pace()
    monkeypatch.setattr(Sketch, "pace_s", pace, raising=False)
    return pace
