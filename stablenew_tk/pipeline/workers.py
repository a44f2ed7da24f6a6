"""The threads: `Node` (one thread makes jobs, one polls their progress) and `Desk` (a thread that carries out orders).

No thread touches the window or the controller. They put frozen events into one queue, the inbox, and the main thread
drains it. Every thread has a name and can be stopped within seconds.
"""

from __future__ import annotations

import itertools
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from ..backends.base import Backend, MayGoAway
from ..domain.base.errors import AccessDenied, BackendError, StableNewError
from ..domain.runs.job import Job
from .late import Late
from .messages.base import Event, Order
from .messages.jobs import GRACE_S, JobEnded, NodeLooked, NodeWaiting, StageProgressed, StageStarted

if TYPE_CHECKING:
    from .runner import JobContext

log = logging.getLogger(__name__)

PULSE_S = 0.5
# A server that was there a moment ago is usually back soon; later there is no hurry.
PROBE_DELAYS_S = (1.0, 2.0, 4.0, 8.0, 15.0)
# Between two looks whether an idle machine is still there.
IDLE_LOOK_S = 30.0
# Servers lock out whoever comes with a wrong password too often.
LOGIN_DELAY_S = 60.0

ENDING_S = 0.4

Perform = Callable[[Order], Event | None]


# Not SimpleQueue: a signal that comes as its timeout ends makes it wait for ever (CPython 3.11).
class Inbox(queue.Queue[Event]):
    """What the threads tell the main thread. `put_noticed` is called after each event, on the thread that put it."""

    put_noticed: Callable[[], object] | None = None

    def put(self, item: Event, block: bool = True, timeout: float | None = None) -> None:
        """Any thread."""
        super().put(item, block, timeout)
        if (noticed := self.put_noticed) is not None:
            noticed()


class _Assignment(NamedTuple):
    job: Job
    names: Mapping[str, str]


class Node:
    """One backend with its threads. Makes one job at a time.

    All methods are called on the main thread and return at once, except `close`. A `patient` node waits for a backend
    that does not answer or wants a login until the job is cancelled; otherwise the job fails.
    """

    def __init__(self, backend: Backend, context: JobContext, inbox: Inbox, *, patient: bool) -> None:
        # Here, because no window needs it before its first job.
        from .runner import PipelineRunner

        self.backend = backend
        self.name = context.node
        self._inbox = inbox
        self._orders: queue.SimpleQueue[_Assignment | Literal["look", "stop"]] = queue.SimpleQueue()
        self._looks = 0  # in vain, one after the other
        self._is_to_look = False
        self._look_in_s: float | None = None
        self._job_id = ""
        self._stage = ""
        self._cancel = threading.Event()
        self._cancelled_at = 0.0
        self._withdrawn = self._gives_up = False
        self._nudge = threading.Event()
        self._wake = threading.Event()
        self._stop = threading.Event()
        waits = self._wait_for_backend if patient else context.patience
        own = msgspec.structs.replace(
            context,
            emit=self._emit,
            patience=waits,
            withdrawn=lambda: self._withdrawn,
        )
        self._runner = PipelineRunner(backend, own)
        self._threads = [
            threading.Thread(target=self._work, name=f"node-{context.node}"),
            threading.Thread(target=self._watch, name=f"pulse-{context.node}"),
        ]
        for thread in self._threads:
            thread.start()

    def start(self, job: Job, names: Mapping[str, str] | None = None) -> None:
        """Start the next job. The node ends it with exactly one JobEnded. `names`: see `PipelineRunner.run`."""
        self._withdrawn = self._gives_up = False
        self._cancel.clear()
        self._nudge.clear()
        self._orders.put(_Assignment(job, names or {}))

    def look(self) -> None:
        """Ask the backend what it offers as soon as no job runs; NodeLooked answers, also later on by itself, until it
        can be used.
        """
        if not self._is_to_look:
            self._is_to_look = True
            self._orders.put("look")

    def cancel(self, *, withdraw: bool = False) -> None:
        """Cancel the running job; the pulse thread interrupts the backend. `withdraw`: another node makes it, so when
        nothing was made yet it leaves no record.
        """
        if not self._cancel.is_set():
            self._cancelled_at = time.monotonic()
            self._withdrawn = withdraw
        self._cancel.set()
        self._nudge.set()
        self._wake.set()

    def stop_waiting(self) -> None:
        """Let a job that waits for the backend fail, although the node is patient."""
        self._gives_up = True
        self._nudge.set()

    def close(self, timeout_s: float = ENDING_S) -> bool:
        """As `close_nodes`, for this one."""
        return close_nodes([self], timeout_s)

    # ---- the end, step by step

    def ask_to_end(self) -> None:
        """Cancel, and let both threads end."""
        self._stop.set()
        self.cancel()
        self._orders.put("stop")

    def join(self, timeout_s: float = 0.0, *, grace: bool = False) -> bool:
        """Wait for the node thread; `grace`: until its engine had GRACE_S to answer. True when it has ended."""
        rest = self._cancelled_at + GRACE_S - time.monotonic() if grace else timeout_s
        self._threads[0].join(max(0.0, rest))
        return not self._threads[0].is_alive()

    def give_up(self) -> None:
        """End the job here: its thread does not come back."""
        self._runner.give_up()

    def join_all(self, timeout_s: float) -> bool:
        """Wait for both threads; True when they have ended."""
        # The pulse may be waiting for its next turn.
        self._wake.set()
        for thread in self._threads:
            thread.join(timeout_s)
        return not any(thread.is_alive() for thread in self._threads)

    # ---- node thread

    def _work(self) -> None:
        while (order := self._next()) != "stop":
            if order == "look":
                self._look()
                continue
            self._job_id = order.job.job_id
            try:
                self._make(order.job, order.names)
            except Exception:
                # Ending the job failed too. JobEnded was emitted, so the thread must go on with the next job.
                log.exception("giving up job %s failed", order.job.job_id)
            finally:
                self._stage = ""
        self.backend.close()

    def _next(self) -> _Assignment | Literal["look", "stop"]:
        while True:
            try:
                return self._orders.get(timeout=self._look_in_s)
            except queue.Empty:
                # One that answered is asked no more than whether it is there.
                if self._looks or not (isinstance(self.backend, MayGoAway) and self.backend.is_there()):
                    return "look"

    def _look(self) -> None:
        """Ask the backend; where that is in vain, again after a while that grows."""
        self._is_to_look = False
        try:
            found = self.backend.check()
        except StableNewError as error:
            brief = error.brief if isinstance(error, BackendError) else "failed"
            self._looks += 1
            self._look_in_s = _delay_after(error, self._looks)
            self._inbox.put(NodeLooked(node=self.name, capabilities=None, problem=str(error), brief=brief))
        except Exception as error:
            log.exception("looking at %s failed", self.name)
            self._looks += 1
            self._look_in_s = PROBE_DELAYS_S[-1]
            words = f"StableNew itself made a mistake ({type(error).__name__}: {error})."
            self._inbox.put(NodeLooked(node=self.name, capabilities=None, problem=words, brief="failed"))
        else:
            self._looks, self._look_in_s = 0, IDLE_LOOK_S if isinstance(self.backend, MayGoAway) else None
            self._inbox.put(NodeLooked(node=self.name, capabilities=found))

    def _make(self, job: Job, names: Mapping[str, str]) -> None:
        try:
            if self._cancel.is_set():
                self._runner.skip(job)
            else:
                self._runner.run(job, self._cancel.is_set, names)
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
        delay = _delay_after(error, tries)
        self._inbox.put(
            NodeWaiting(job_id=job.job_id, message=str(error), brief=error.brief, retry_in_s=delay, tries=tries)
        )
        self._nudge.wait(delay)
        return not (self._cancel.is_set() or self._gives_up)

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


def _delay_after(error: StableNewError, tries: int) -> float:
    """Seconds until a backend is asked again that failed so many times."""
    return LOGIN_DELAY_S if isinstance(error, AccessDenied) else PROBE_DELAYS_S[min(tries, len(PROBE_DELAYS_S)) - 1]


def close_nodes(nodes: Sequence[Node], timeout_s: float = ENDING_S) -> bool:
    """Cancel what nodes do, stop their threads and wait for all of them together. False when one did not end in time.

    An engine has GRACE_S after the first `cancel` to answer. Then its connections are closed, which ends whatever waits
    for it. Where even that does not help within `timeout_s`, the job is ended here.
    """
    for node in nodes:
        node.ask_to_end()
    alive = [node for node in nodes if not node.join(grace=True)]
    for node in alive:
        node.backend.close()
    until = time.monotonic() + timeout_s
    for node in alive:
        if not node.join(until - time.monotonic()):
            node.give_up()
    until = time.monotonic() + timeout_s
    ended = [node.join_all(max(0.0, until - time.monotonic())) for node in nodes]
    return all(ended)


class Desk:
    """A thread with a priority queue of orders, which it passes to a function one by one.

    `ask` queues an order and returns at once. Journal lines go before reads, reads before thumbnails. Among thumbnails
    the latest order goes first, because that picture is visible now.
    """

    FIRST, SOON, LAST = 0, 1, 2

    def __init__(self, perform: Perform, inbox: Inbox, *, name: str = "desk") -> None:
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

    @property
    def has_more(self) -> bool:
        """Whether an order waits, besides the one that is carried out. Any thread."""
        return not self._orders.empty()

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


class LateDesk:
    """A desk whose thread begins with the first order, for what is seldom asked for. `work(is_closed)` gives the
    function that it passes orders to; it is called on that thread. Main thread.
    """

    def __init__(self, inbox: Inbox, work: Callable[[Callable[[], bool]], Perform], *, name: str) -> None:
        self._inbox, self._name, self._is_closed = inbox, name, False
        self._work = Late(lambda: work(lambda: self._is_closed))
        self._desk: Desk | None = None

    def ask(self, order: Order) -> None:
        """Queue an order; its answer arrives in the inbox."""
        if self._desk is None and not self._is_closed:
            self._desk = Desk(lambda order: self._work.now()(order), self._inbox, name=self._name)
        if self._desk is not None:
            self._desk.ask(order)

    def close(self, timeout_s: float) -> None:
        """Carry out what was asked for and stop the thread; what looks at `is_closed` ends early."""
        self._is_closed = True
        if self._desk is not None:
            self._desk.close(timeout_s)
            self._desk = None


def drain(inbox: Inbox, *, wait_s: float = 0.0, limit: int = 500, busy_s: float = math.inf) -> Iterator[Event]:
    """Take up to `limit` events from the inbox, oldest first, and no more once handling them has taken `busy_s`.
    `wait_s` > 0 waits that long for the first one.
    """
    with suppress(queue.Empty):
        event = inbox.get(timeout=wait_s) if wait_s > 0 else inbox.get_nowait()
        until = time.monotonic() + busy_s
        yield event
        while (limit := limit - 1) > 0 and time.monotonic() < until:
            yield inbox.get_nowait()
