"""The threads: `Node` (one thread makes jobs, one polls their progress) and `Desk` (a thread that carries out orders).

No thread touches the window or the controller. They put frozen events into one queue, the inbox, and the main thread
drains it. Every thread has a name and can be stopped within seconds.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from ..backends.base import Backend
from ..domain.base.errors import AccessDenied, BackendError, StableNewError
from ..domain.runs.job import Job
from .messages.base import Event, Order
from .messages.jobs import GRACE_S, JobEnded, NodeWaiting, StageProgressed, StageStarted
from .runner import JobContext, PipelineRunner

log = logging.getLogger(__name__)

PULSE_S = 0.5
# A server that was there a moment ago is usually back soon; later there is no hurry.
PROBE_DELAYS_S = (1.0, 2.0, 4.0, 8.0, 15.0)
# Servers lock out whoever comes with a wrong password too often.
LOGIN_DELAY_S = 60.0

ENDING_S = 0.4

Inbox = queue.SimpleQueue[Event]


class Node:
    """One backend with its threads. Makes one job at a time.

    All methods are called on the main thread and return at once, except `close`. A `patient` node waits for a backend
    that does not answer or wants a login until the job is cancelled; otherwise the job fails.
    """

    def __init__(self, backend: Backend, context: JobContext, inbox: Inbox, *, patient: bool) -> None:
        self.backend = backend
        self._inbox = inbox
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._job_id = ""
        self._stage = ""
        self._cancel = threading.Event()
        self._cancelled_at = 0.0
        self._wake = threading.Event()
        self._stop = threading.Event()
        waits = self._wait_for_backend if patient else context.patience
        self._runner = PipelineRunner(backend, msgspec.structs.replace(context, emit=self._emit, patience=waits))
        self._threads = [
            threading.Thread(target=self._work, name=f"node-{context.node}"),
            threading.Thread(target=self._watch, name=f"pulse-{context.node}"),
        ]
        for thread in self._threads:
            thread.start()

    def start(self, job: Job) -> None:
        """Start the next job. The node ends it with exactly one JobEnded."""
        self._cancel.clear()
        self._jobs.put(job)

    def cancel(self) -> None:
        """Cancel the running job; the pulse thread interrupts the backend."""
        if not self._cancel.is_set():
            self._cancelled_at = time.monotonic()
        self._cancel.set()
        self._wake.set()

    def close(self, timeout_s: float = ENDING_S) -> bool:
        """Cancel, stop both threads and wait for them. False when one did not end in time.

        An engine has GRACE_S after the first `cancel` to answer. Then its connections are closed, which ends whatever
        waits for it. Where even that does not help within `timeout_s`, the job is ended here.
        """
        self._stop.set()
        self.cancel()
        self._jobs.put(None)
        node = self._threads[0]
        node.join(max(0.0, self._cancelled_at + GRACE_S - time.monotonic()))
        if node.is_alive():
            self.backend.close()
            node.join(timeout_s)
        if node.is_alive():
            self._runner.give_up()
        # The pulse may be waiting for its next turn.
        self._wake.set()
        for thread in self._threads:
            thread.join(timeout_s)
        return not any(thread.is_alive() for thread in self._threads)

    # ---- node thread

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._job_id = job.job_id
            try:
                self._make(job)
            except Exception:
                # Ending the job failed too. JobEnded was emitted, so the thread must go on with the next job.
                log.exception("giving up job %s failed", job.job_id)
            finally:
                self._stage = ""
        self.backend.close()

    def _make(self, job: Job) -> None:
        try:
            if self._cancel.is_set():
                self._runner.skip(job)
            else:
                self._runner.run(job, self._cancel.is_set)
        except Exception as error:
            log.exception("job %s ended by an unexpected error", job.job_id)
            self._runner.broken(job, error)

    def _emit(self, event: Event) -> None:
        if isinstance(event, StageStarted):
            self._stage = event.stage
            self._wake.set()
        elif isinstance(event, JobEnded):
            self._stage = ""
        self._inbox.put(event)

    def _wait_for_backend(self, job: Job, error: BackendError, tries: int) -> bool:
        wants_login = isinstance(error, AccessDenied)
        delay = LOGIN_DELAY_S if wants_login else PROBE_DELAYS_S[min(tries, len(PROBE_DELAYS_S)) - 1]
        self._inbox.put(NodeWaiting(job_id=job.job_id, message=str(error), brief=error.brief, retry_in_s=delay))
        return not self._cancel.wait(delay)

    # ---- pulse thread

    def _watch(self) -> None:
        interrupts = 0
        while not self._stop.is_set() or self._stage:
            self._wake.wait(PULSE_S if self._stage else None)
            self._wake.clear()
            if not self._stage:
                continue
            # An interrupt sent just before the engine begins is lost, so it is sent again every fourth pulse.
            interrupts = interrupts + 1 if self._cancel.is_set() else 0
            try:
                self._pulse(interrupt=interrupts % 4 == 1)
            except Exception:
                log.exception("watching the running stage failed")

    def _pulse(self, *, interrupt: bool) -> None:
        job_id, stage = self._job_id, self._stage
        if interrupt:
            self.backend.interrupt()
        progress = self.backend.progress()
        if progress is not None and stage and stage == self._stage and job_id == self._job_id:
            self._inbox.put(StageProgressed(job_id=job_id, stage=stage, progress=progress))


class Desk:
    """A thread with a priority queue of orders, which it passes to a function one by one.

    `ask` queues an order and returns at once. Journal lines go before reads, reads before thumbnails. Among thumbnails
    the latest order goes first, because that picture is visible now.
    """

    FIRST, SOON, LAST = 0, 1, 2

    def __init__(self, perform: Callable[[Order], Event | None], inbox: Inbox, *, name: str = "desk") -> None:
        self._perform = perform
        self._inbox = inbox
        self._count = itertools.count(1)
        self._orders: queue.PriorityQueue[tuple[int, int, Order | None]] = queue.PriorityQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name)
        self._thread.start()

    def ask(self, order: Order, urgency: int = SOON) -> None:
        """Queue an order with priority FIRST, SOON or LAST. Its answer arrives in the inbox."""
        number = next(self._count)
        self._orders.put((urgency, -number if urgency == self.LAST else number, order))

    def close(self, timeout_s: float = 10.0) -> bool:
        """Finish the orders that write, drop thumbnails, stop. False when the thread did not end in time."""
        self._closing.set()
        self._orders.put((self.LAST, 0, None))
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def is_closing(self) -> bool:
        """Whether `close` was called."""
        return self._closing.is_set()

    def _work(self) -> None:
        while True:
            urgency, _, order = self._orders.get()
            if order is None:
                return
            if urgency == self.LAST and self.is_closing:
                continue
            try:
                answer = self._perform(order)
            except StableNewError as error:
                answer = order.failed(str(error))
            except Exception as error:
                log.exception("an order failed: %s", type(order).__name__)
                message = f"StableNew itself made a mistake ({type(error).__name__}: {error})."
                answer = order.failed(message)
            if answer is not None:
                self._inbox.put(answer)


def drain(inbox: Inbox, *, wait_s: float = 0.0, limit: int = 500) -> list[Event]:
    """Take up to `limit` events from the inbox, oldest first. `wait_s` > 0 waits that long for the first one."""
    events: list[Event] = []
    with suppress(queue.Empty):
        if wait_s > 0:
            events.append(inbox.get(timeout=wait_s))
        while len(events) < limit:
            events.append(inbox.get_nowait())
    return events
