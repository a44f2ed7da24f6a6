"""Work of a fake server that a test stops in the middle: for both fakes, with the same words."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple


class _Hold(NamedTuple):
    step: int
    loading: bool
    let_go: int = 0


class HeldWork:
    """`held` is an event that says that a job stands where it is to be held."""

    def __init__(self) -> None:
        self.held = threading.Event()
        self.closing = False
        self._turn = threading.Condition()
        self._hold: _Hold | None = None

    def hold(self, step: int = 1, *, loading: bool = False) -> None:
        """Stop the next job before the given step (or while it loads the checkpoint) until `release`, or until it is
        interrupted: a model is loaded to the end all the same.
        """
        self.held.clear()
        with self._turn:
            self._hold = _Hold(0 if loading else step, loading)
            self._turn.notify_all()

    def let_one_go(self) -> None:
        """Let the job go on that is held, and hold the next one at the same place."""
        with self._turn:
            assert self._hold is not None
            self.held.clear()
            self._hold = _Hold(self._hold.step, self._hold.loading, self._hold.let_go + 1)
            self._turn.notify_all()

    def release(self) -> None:
        with self._turn:
            self._hold = None
            self._turn.notify_all()

    def stand(self, step: int, is_interrupted: Callable[[], bool], *, loading: bool = False) -> None:
        """Wait here if this is where to be held. Called by the thread that works."""
        with self._turn:
            held = self._hold
            if held is None or (held.step, held.loading) != (0 if loading else step, loading):
                return
            self.held.set()
            self._turn.wait_for(lambda: self._hold != held or self.closing or (is_interrupted() and not loading))
            if self._hold == held:
                self._hold = None
