"""What the window offers by itself: to rate what a run has made, to go on with jobs of last time."""

from __future__ import annotations

from collections.abc import Iterator

from ..domain.base.wording import counted
from ..pipeline.messages.jobs import JobEnded
from ..pipeline.messages.journal import HistoryLoaded
from .controller import Controller


class RatingOffer:
    """Counts the finished pictures that can be rated once the queue is empty."""

    def __init__(self, controller: Controller) -> None:
        self._controller, self._count = controller, 0

    def ended(self, event: JobEnded) -> str:
        """The sentence with which rating can be offered now, or "" while there is nothing to rate or more to come."""
        record, controller = event.record, self._controller
        if event.recorded and record.status == "ok":
            self._count += sum(output.stage == record.stages[-1] for output in record.outputs)
        if controller.running is not None or controller.queue or not self._count:
            return ""
        count, self._count = self._count, 0
        return f"{counted(count, 'picture')} {'are' if count > 1 else 'is'} ready to rate."


def leftover_text(count: int) -> str:
    """That so many jobs of last time are not done, or ""."""
    return f"{counted(count, 'job')} of last time {'are' if count > 1 else 'is'} not done." if count else ""


def loaded_texts(event: HistoryLoaded, before: int) -> Iterator[str]:
    """What there is to say about a history that was read; `before`: the pictures of the one that it replaces."""
    now = len(event.history)
    if now < before:
        yield (
            f"Of {counted(before, 'picture')} in the journal {'is' if now == 1 else 'are'} {now:,} left: another "
            "program has changed it. Settings, Backups, brings back what is missing."
        )
    if event.damaged:
        yield (
            f"{event.damaged} line{'s' if event.damaged > 1 else ''} of the journal are damaged and were skipped; "
            "all others are here. In a terminal, stablenew records verify shows them."
        )
    if event.waiting_problem:
        yield event.waiting_problem
