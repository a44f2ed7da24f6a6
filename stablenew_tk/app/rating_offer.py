"""What the window offers by itself: to rate what a run has made, to go on with jobs of last time."""

from __future__ import annotations

from ..domain.base.wording import counted
from ..pipeline.messages.jobs import JobEnded
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


def damaged_text(count: int) -> str:
    """That so many lines of the journal cannot be read."""
    return (
        f"{count} line{'s' if count > 1 else ''} of the journal are damaged and were skipped; "
        "all others are here. In a terminal, stablenew records verify shows them."
    )
