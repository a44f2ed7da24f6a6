"""`PairVotes`: which of two pictures the user found better, from the journal."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .feedback import Withdrawals
from .record import PairVote


class PairVotes:
    """All votes. Owned by the thread of the history. `withdrawn` has the undone lines."""

    def __init__(self, withdrawn: Withdrawals, lines: Iterable[PairVote] = ()) -> None:
        self._withdrawn = withdrawn
        self.lines: list[PairVote] = []
        self._seen: set[str] = set()
        self._of: dict[str, list[PairVote]] = {}
        for line in lines:
            self.add(line)

    def add(self, line: PairVote) -> None:
        """Take in one more line; the same line twice counts once."""
        if line.event_id not in self._seen:
            self._seen.add(line.event_id)
            self.lines.append(line)
            self._of.setdefault(line.image_id, []).append(line)

    def blind(self) -> dict[frozenset[str], str]:
        """By two pictures: the better one of those that were compared blind, "" = no difference."""
        latest: dict[frozenset[str], PairVote] = {}
        for line in sorted(self.lines, key=lambda line: line.event_id):
            if line.event_id not in self._withdrawn:
                latest[frozenset((line.image_id, line.other_id))] = line
        return {
            pair: {"first": line.image_id, "second": line.other_id, "none": ""}[line.better]
            for pair, line in latest.items()
            if line.blind
        }

    def among(self, images: Collection[str]) -> tuple[PairVote, ...]:
        """The votes on two of these pictures that are not undone; of several on the same two the latest."""
        latest: dict[frozenset[str], PairVote] = {}
        lines = (line for image in images for line in self._of.get(image, ()))
        for line in sorted(lines, key=lambda line: line.event_id):
            if line.other_id in images and line.event_id not in self._withdrawn:
                latest[frozenset((line.image_id, line.other_id))] = line
        return tuple(latest.values())
