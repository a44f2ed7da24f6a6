"""`Session`: runs jobs for a terminal command: controller, history, backend, progress bar, Ctrl+C, clean shutdown."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from ..app.controller import Controller
from ..domain.base.errors import StorageError
from ..domain.journal.history import History
from ..domain.journal.record import LearningRecord
from ..pipeline.messages.base import Event, OrderFailed
from ..pipeline.messages.jobs import BackendChecked, JobEnded, StageProgressed
from ..pipeline.messages.journal import LineNotSaved, LoadHistory
from .terminal import err, interruptions


class Session:
    """A controller for a terminal command; a context manager. Runs on the caller's thread. Leaving the context writes
    all lines and stops the threads.

    `records` are those of the jobs that ended here. `unsaved`, known after leaving: lines that are not on disk, those
    that the disk refused and records that cannot be written at all. `is_first`: nothing was ever recorded or set, and
    nobody was told that runs are recorded.
    """

    def __init__(self, controller: Controller, *, quiet: bool) -> None:
        self.controller = controller
        self.records: list[LearningRecord] = []
        self.unsaved = 0
        self._unrecorded = 0
        self.is_first = False
        self._quiet = quiet
        self._checks: list[BackendChecked] = []
        self._faults: list[OrderFailed] = []
        self._refusals: list[str] = []
        self._stop = False
        self._show: Callable[[float], None] = lambda _done: None
        controller.subscribe(self._note)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.unsaved = self.controller.close() + self._unrecorded

    def history(self) -> History:
        """What is recorded, read at the first call. Raises StorageError when it cannot be read."""
        if self.controller.history is None:
            self.controller.ask(LoadHistory())
        while self.controller.history is None:
            self.controller.pump(wait_s=1.0)
            if failed := [fault for fault in self._faults if isinstance(fault.order, LoadHistory)]:
                raise StorageError(failed[0].message)
        return self.controller.history

    def check(self) -> BackendChecked:
        """Ask the backend what it offers and wait for the answer; its `problem` is also kept for `errors`."""
        if not self._checks:
            self.controller.check_backend()
        while not self._checks:
            self.controller.pump(wait_s=1.0)
        return self._checks[0]

    def work(self, title: str, count: int) -> None:
        """Wait for the queued jobs, `count` of them. Ctrl+C stops them and keeps what is finished; a second one gives
        up at once.
        """
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=err, transient=True, disable=self._quiet or not err.is_terminal) as shown:
            bar = shown.add_task(title, total=count)
            self._show = lambda done: shown.update(bar, completed=done)
            with interruptions(self._note_stop):
                while self.controller.running is not None or self.controller.queue:
                    self.controller.pump(wait_s=0.5)
                    self._heed()

    def errors(self) -> tuple[str, ...]:
        """Sentences about everything that went wrong, each once."""
        sentences = [check.problem for check in self._checks if check.problem]
        sentences += [record.error.message for record in self.records if record.error is not None]
        sentences += [fault.message for fault in self._faults]
        sentences += self._refusals if self.unsaved else []
        return tuple(dict.fromkeys(sentences))

    def notes(self) -> tuple[str, ...]:
        """What the backend told about pictures that came, each sentence once."""
        told = (note for record in self.records for stage in record.stage_results for note in stage.notes)
        return tuple(dict.fromkeys(told))

    def _heed(self) -> None:
        if self._stop:
            self._stop = False
            err.print("Stopping; what is finished stays.")
            self.controller.cancel()
        elif self.controller.paused and self.controller.running is None:
            # A job that cannot start holds the queue, and in a terminal command nobody can fix the cause.
            self.controller.cancel()

    def _note_stop(self) -> None:
        self._stop = True

    def _note(self, event: Event) -> None:
        if isinstance(event, BackendChecked):
            self._checks.append(event)
        elif isinstance(event, JobEnded):
            self.records.append(event.record)
            self._unrecorded += bool(event.refused)
            self._show(len(self.records))
        elif isinstance(event, LineNotSaved):
            self._refusals.append(event.message)
        elif isinstance(event, OrderFailed):
            self._faults.append(event)
        elif isinstance(event, StageProgressed) and self.controller.running is not None:
            self._show(len(self.records) + self.controller.running.done)
