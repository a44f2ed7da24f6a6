"""Votes on pairs of pictures on their way to the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...domain.journal.record import Better, JournalLine, PairVote
from ...pipeline.ids_and_times import as_line


class PairVoter:
    """`put_undoable` sends lines that one undo takes back. Main thread."""

    def __init__(self, put_undoable: Callable[[Sequence[JournalLine]], object]) -> None:
        self._put_undoable = put_undoable

    def compare(self, image_id: str, other_id: str, better: Better, *, blind: bool) -> None:
        """Say which of two pictures of a row is better. HistoryChanged follows when it is on disk."""
        vote = PairVote(image_id=image_id, other_id=other_id, better=better, blind=blind)
        self._put_undoable([as_line(vote)])
