"""`Session`: runs jobs for a terminal command: controller, history, backend, progress bar, Ctrl+C, clean shutdown."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from types import TracebackType

from msgspec.structs import replace

from ..app.controller import Controller
from ..app.runs.outbox import LeftBehind
from ..app.stop_signals import StopSignals
from ..domain.base.errors import StorageError
from ..domain.journal.history import History
from ..domain.journal.record import LearningRecord
from ..pipeline.messages.base import Event, OrderFailed
from ..pipeline.messages.jobs import GRACE_S, BackendChecked, JobEnded, StageProgressed
from ..pipeline.messages.journal import LineNotSaved, LoadHistory, TakeInUnsaved, UnsavedTakenIn
from .progress import progress
from .terminal import err, tell_taken_in

# Between two looks whether Ctrl+C was pressed.
_LOOK_S = 0.2


class Session:
    """A controller for a terminal command; a context manager. Runs on the caller's thread. Leaving the context writes
    all lines and stops the threads.

    `records` are those of the jobs that ended here; `is_first`: nothing was ever recorded or set, and nobody was told
    that runs are recorded. Known after leaving: `unsaved`, lines that are not in the journal, those that the disk
    refused and records that cannot be written at all; `left`, what is kept of them.

    Ctrl+C and other signals that ask for an end are heeded between two events, so that none of these is lost.
    """

    def __init__(self, controller: Controller, *, quiet: bool) -> None:
        self.controller = controller
        self.records: list[LearningRecord] = []
        self.unsaved = 0
        self.left = LeftBehind()
        self._unrecorded = 0
        self.is_first = False
        self._quiet = quiet
        self._checks: list[BackendChecked] = []
        self._faults: list[OrderFailed] = []
        self._refusals: list[str] = []
        self._signals = StopSignals()
        self._heeded = 0
        self._until = math.inf
        self._show: Callable[[float], None] = lambda _done: None
        controller.subscribe(self._note)

    def __enter__(self) -> Session:
        self._signals.__enter__()
        self.controller.ask(TakeInUnsaved())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._signals.quietly():
            try:
                self.left = self.controller.close()
            finally:
                self._signals.__exit__(kind, error, trace)
        self.unsaved = len(self.left) + self._unrecorded

    def history(self) -> History:
        """What is recorded, read at the first call. Raises StorageError when it cannot be read."""
        if self.controller.history is None:
            self.controller.ask(LoadHistory())
        while self.controller.history is None:
            self._pump()
            if failed := [fault for fault in self._faults if isinstance(fault.order, LoadHistory)]:
                raise StorageError(failed[0].message)
        return self.controller.history

    def check(self) -> BackendChecked:
        """Ask the backend what it offers and wait for the answer; its `problem` is also kept for `errors`."""
        if not self._checks:
            self.controller.check_backend()
        while not (self._checks and (self.controller.nodes.is_alone or self.controller.nodes.all_asked)):
            self._pump()
        return self._leading(self._checks[0])

    def _leading(self, first: BackendChecked) -> BackendChecked:
        """The answer of the first machine; where it does not answer, that of the next one."""
        found = self.controller.capabilities
        return first if first.capabilities is not None else replace(first, capabilities=found)

    def work(self, title: str, count: int) -> None:
        """Wait for the queued jobs, `count` of them. Ctrl+C stops them and keeps what is finished; the running one has
        a moment to end, with a second Ctrl+C none.
        """
        with progress(title, quiet=self._quiet) as tell:
            self._show = lambda done: tell(done, count)
            self._show(0)
            with self._signals.quietly():
                while self.controller.running is not None or self.controller.queue:
                    self.controller.pump(wait_s=_LOOK_S)
                    self._heed()
                    if time.monotonic() > self._until:
                        # The server does not end the job. Leaving the session ends it.
                        break

    def errors(self) -> tuple[str, ...]:
        """Sentences about everything that went wrong, each once."""
        sentences = [check.problem for check in self._checks if check.problem]
        sentences += [one.problem for one in self.controller.nodes.states if one.problem]
        sentences += [record.error.message for record in self.records if record.error is not None]
        sentences += [fault.message for fault in self._faults]
        sentences += [*self._refusals, *filter(None, [self.left.words])] if self.unsaved else []
        return tuple(dict.fromkeys(sentences))

    def notes(self) -> tuple[str, ...]:
        """What the backend told about pictures that came, each sentence once."""
        told = (note for record in self.records for stage in record.stage_results for note in stage.notes)
        return tuple(dict.fromkeys(told))

    def _heed(self) -> None:
        if self._signals.count > self._heeded:
            self._until = time.monotonic() + (0.0 if self._heeded else GRACE_S)
            self._heeded = self._signals.count
            self.controller.cancel()
            err.print("Stopping; what is finished stays.")
        elif self.controller.paused and self.controller.running is None:
            # A job that cannot start holds the queue, and in a terminal command nobody can fix the cause.
            self.controller.cancel()

    def _pump(self) -> None:
        with self._signals.quietly():
            self.controller.pump(wait_s=_LOOK_S)
        self._signals.raise_if_any()

    def _note(self, event: Event) -> None:
        if isinstance(event, BackendChecked):
            self._checks.append(event)
        elif isinstance(event, JobEnded):
            self.records.append(event.record)
            self._unrecorded += bool(event.refused)
            self._show(len(self.records))
        elif isinstance(event, LineNotSaved):
            self._refusals.append(event.message)
        elif isinstance(event, UnsavedTakenIn):
            tell_taken_in(event.saved, event.damaged, event.problem)
        elif isinstance(event, OrderFailed):
            self._faults.append(event)
        elif isinstance(event, StageProgressed):
            self._show(len(self.records) + sum(one.done for one in self.controller.nodes.working))
