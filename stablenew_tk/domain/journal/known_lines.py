"""`KnownLines`: the known values of the journal, each as its latest line that is not undone tells it."""

from __future__ import annotations

from collections.abc import Iterable

from ..runs.known_value import KnownValue
from .feedback import Withdrawals


class KnownLines:
    """All lines about known values. Owned by the thread of the history. `withdrawn` has the undone lines."""

    def __init__(self, withdrawn: Withdrawals, lines: Iterable[KnownValue] = ()) -> None:
        self._withdrawn = withdrawn
        self.lines = list(lines)

    def add(self, line: KnownValue) -> None:
        """Take in one more line."""
        self.lines.append(line)

    def values(self) -> tuple[KnownValue, ...]:
        """The latest version of every known value, newest first; those that are switched off, too."""
        latest: dict[str, KnownValue] = {}
        for line in self.lines:
            if line.event_id not in self._withdrawn:
                latest.pop(line.known_id, None)
                latest[line.known_id] = line
        return tuple(reversed(latest.values()))

    def line(self, event_id: str) -> KnownValue | None:
        """The line with this id, also when it is undone."""
        return next((line for line in self.lines if line.event_id == event_id), None)

    def told_by(self, event_id: str) -> KnownValue | None:
        """The line that a line with this id is, or undoes, or whose undoing it undoes in turn."""
        seen = set[str]()
        while event_id not in seen and self.line(event_id) is None:
            seen.add(event_id)
            event_id = self._withdrawn.target_of.get(event_id, "")
        return self.line(event_id)
