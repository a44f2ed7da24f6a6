"""`Controller`: the application object. It gives orders to the worker threads and folds their events into state.

It runs on the main thread only, never blocks, knows no window and holds no lock. `pump` takes in the events of the
threads. Every event is passed once to all subscribers, which refresh themselves.
"""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import singledispatchmethod
from pathlib import Path

import msgspec

from ..backends.base import Backend, Capabilities
from ..backends.remote.backend import Remote
from ..backends.sketch.backend import Sketch
from ..domain.base.errors import InvalidInput
from ..domain.config.engines import SD_SERVER
from ..domain.config.learning_mode import mode_for
from ..domain.config.pipeline_config import PipelineConfig
from ..domain.config.user_settings import Settings, without_login
from ..domain.journal.estimate import forecast_s, seconds_per_work
from ..domain.journal.history import History
from ..domain.journal.query import Query
from ..domain.journal.record import Feedback, LearningRecord, Void
from ..domain.runs.job import Job, RunRequest, make_jobs
from ..pipeline.desk import DeskWork, output_root
from ..pipeline.ids_and_times import as_line, draw_seed, new_id
from ..pipeline.messages.base import Event, Order, OrderFailed
from ..pipeline.messages.jobs import (
    BackendChecked,
    CheckBackend,
    JobEnded,
    KeepWaiting,
    NodeWaiting,
    QueueChanged,
    StageProgressed,
    StageStarted,
    backend_order,
)
from ..pipeline.messages.journal import (
    AppendLine,
    HistoryChanged,
    HistoryLoaded,
    LineNotSaved,
    LineSaved,
    LoadHistory,
    SaveSnapshot,
    UnsavedChanged,
)
from ..pipeline.messages.models import ModelOrder
from ..pipeline.messages.packs import PackOrder
from ..pipeline.messages.pictures import FindImages
from ..pipeline.messages.settings import SaveSettings, SettingsChanged
from ..pipeline.runner import JobContext
from ..pipeline.workers import Desk, Inbox, Node, drain
from ..storage.disk.places import Places, find_places
from ..storage.journal.writer import LearningRecordWriter
from ..storage.pictures.images import open_for_start
from .job_progress import Running
from .known_layer import KnownContext, KnownLayer
from .learning_runs import LearningContext, LearningRunner
from .model_library import ModelContext, ModelEvent, Models
from .outbox import Outbox
from .own_engine import own_engine
from .pack_library import PackEvent, Packs

PACE_SAMPLES = 20
Subscriber = Callable[[Event], None]


def make_backend(order: CheckBackend) -> Backend:
    """The backend for an address: "sketch", "sd-server" or a URL. Raises InvalidInput for anything else."""
    if order.address == "sketch":
        return Sketch()
    if order.address == SD_SERVER:
        return own_engine(order.engine)
    if not order.address.lower().startswith(("http://", "https://")):
        raise InvalidInput(
            f"{without_login(order.address)!r} is not an address. Write sketch, sd-server or http://…", "backend"
        )
    return Remote(order.address, user=order.user, password=order.password)


def open_places(data_dir: str) -> Places:
    """The `Places` of a data folder."""
    return find_places(data_dir, {}, None)


class Controller:
    """State and actions of the application. Main thread only; every method returns at once, except `close`.

    `patient`: jobs wait for a backend that does not answer instead of failing. `keep_queue`: unfinished jobs are kept
    for the next start. All attributes are read-only for the views; the threads put their events into `inbox`.
    """

    def __init__(self, places: Places, settings: Settings, *, patient: bool = True, keep_queue: bool = True) -> None:
        self.places = places
        self.settings = settings
        self.capabilities: Capabilities | None = None
        self.history: History | None = None
        self.queue: list[Job] = []
        self.leftover: tuple[Job, ...] = ()
        self.running: Running | None = None
        self.paused = False
        self._paces: deque[LearningRecord] = deque(maxlen=PACE_SAMPLES)
        self._pace: dict[str, float | None] = {}  # by kind of backend, worked out of them when it is first asked for
        self._patient = patient
        self._keep_queue = keep_queue
        self._subscribers: list[Subscriber] = []
        self._early: list[LineSaved] = []
        self._closing = False
        self.inbox: Inbox = queue.SimpleQueue()
        self._writer = LearningRecordWriter(places.journal)
        self._desk_work = DeskWork(places, settings, self._writer, make_backend)
        self._desk = Desk(self._desk_work.perform, self.inbox)
        # A thread of its own, because a rating must not wait behind a server that takes seconds to time out.
        self._caller = Desk(self._desk_work.perform, self.inbox, name="caller")
        self._node: Node | None = None
        self._node_for: tuple[CheckBackend, Path] | None = None
        self._outbox = Outbox(lambda line: self._desk.ask(AppendLine(line=line), Desk.FIRST))
        self.unsaved = self._outbox.unsaved
        self.learning = LearningRunner(self._for_learning())
        self.known = KnownLayer(
            KnownContext(
                history=lambda: self.history,
                settings=lambda: self.settings,
                put_undoable=self._outbox.put_undoable,
                change_settings=self.change_settings,
            )
        )
        self.models = Models(ModelContext(places, self.inbox, lambda: self.capabilities, lambda: self.history))
        self.packs = Packs(places, self.inbox)

    # ---- actions

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` with every event and change, on the main thread. Returns a function that ends this."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def open(self) -> None:
        """Start to load the history, check the backend, and scan the folders with models and packs."""
        self.ask(LoadHistory())
        self.check_backend()
        self.models.open(self.settings.model_folders)
        self.packs.open(self.settings)

    def ask(self, order: Order, *, last: bool = False) -> None:
        """Queue an order for the desk thread; subscribers get its answer. `last`, for thumbnails: lowest priority."""
        if isinstance(order, ModelOrder):
            self.models.ask(order, last=last)
        elif isinstance(order, PackOrder):
            self.packs.ask(order, last=last)
        else:
            desk = self._caller if isinstance(order, CheckBackend) else self._desk
            desk.ask(order, Desk.LAST if last else Desk.SOON)

    def find(self, query: Query) -> None:
        """Select recorded pictures; ImagesFound answers. Does nothing before the history is loaded.

        Pictures of blind Learning Runs are left out until their values are revealed.
        """
        if self.history is not None:
            self.ask(FindImages(columns=self.history.visible().columns(), query=query))

    def check_backend(self) -> None:
        """Ask the backend in force what it offers; BackendChecked answers."""
        self.ask(backend_order(self.settings))

    def run(self, request: RunRequest) -> tuple[Job, ...]:
        """Make jobs from a request, queue them and return them. Raises InvalidInput when no job is possible."""
        name = f"{datetime.now().astimezone():%H%M%S}-{request.pack_id}"
        mode = mode_for(self.settings.learning, self.packs.learning, request.pack_id)
        asked = msgspec.structs.replace(request, record=request.record and mode.records)
        jobs = make_jobs(asked, run_name=name, new_id=new_id, draw_seed=draw_seed)
        self._enqueue(jobs)
        return jobs

    def resume(self, *, go_on: bool) -> None:
        """Queue the jobs left over from the last session, or with `go_on` False forget them."""
        jobs, self.leftover = self.leftover, ()
        self._enqueue(self.learning.missing(jobs) if go_on else ())

    def pause(self, paused: bool) -> None:
        """Pause the queue after the running job, or continue it."""
        self.paused = paused
        self._start_next()
        self._announce(QueueChanged())

    def cancel(self, *, all_jobs: bool = True) -> None:
        """Interrupt the running job and, with `all_jobs`, remove the waiting ones from the queue."""
        if all_jobs:
            self.queue.clear()
        if self.running is not None and self._node is not None:
            self.running = msgspec.structs.replace(self.running, stopped=True, again=False)
            self._node.cancel()
        self._queue_changed()

    def rate(self, image_ids: Sequence[str], change: Feedback) -> tuple[str, ...]:
        """Give the same feedback on some pictures; returns the event ids. HistoryChanged follows when it is on disk.

        Only rating, tags, note and blind of `change` are used; this adds ids and time.
        """
        return self._outbox.put_undoable([as_line(msgspec.structs.replace(change, image_id=one)) for one in image_ids])

    def undo(self, *, redo: bool = False) -> bool:
        """Undo the last rating, tag, note or preset, or redo it. False when there is nothing to undo or redo."""
        return self._outbox.undo(redo=redo)

    def change_settings(self, settings: Settings) -> None:
        """Put settings in force now and on disk soon (SettingsSaved or OrderFailed answers)."""
        moved = backend_order(settings) != backend_order(self.settings)
        self.settings = settings
        self.capabilities = None if moved else self.capabilities
        self._desk.ask(SaveSettings(settings=settings))
        self.models.follow(settings.model_folders)
        self.packs.follow(settings)
        self._announce(SettingsChanged(settings=settings))
        if moved:
            self.check_backend()
            self._take_back(only_waiting=True)

    def forecast_s(self, configs: Iterable[PipelineConfig]) -> float | None:
        """Seconds that jobs with these configs will take; None = unknown."""
        kind = self.learning.engine
        if kind not in self._pace:
            self._pace[kind] = seconds_per_work(self._paces, kind)
        pace = self._pace[kind]
        return forecast_s(pace, configs) if pace is not None else None

    def pump(self, wait_s: float = 0.0) -> None:
        """Process the events of the threads. `wait_s` > 0 waits that long for the first one (never in the window)."""
        for event in drain(self.inbox, wait_s=wait_s):
            self._fold(event)
            self._announce(event)
        if self.unsaved:
            self._outbox.retry()

    def close(self, timeout_s: float = 15.0) -> int:
        """Stop all threads and wait for them. Returns how many journal lines could not be written (0 = all saved)."""
        self._subscribers.clear()
        self._closing = True
        self._take_back()
        if self._node is not None:
            self._node.close(timeout_s)
        self._take_in_all()
        self._close_desk(timeout_s)
        return len(self.unsaved)

    # ---- folding events into state

    @singledispatchmethod
    def _fold(self, event: Event) -> None:
        """Update the state from an event. Most events change nothing here and are only passed to the views."""

    @_fold.register
    def _(self, event: HistoryLoaded) -> None:
        self.history = event.history
        self.leftover = tuple(self.learning.missing(event.waiting)) if self._keep_queue else ()
        # Newest first; what this session has already made is newer than all of them.
        made = [record for record in event.recent if record.status == "ok"]
        self._paces.extendleft(made[: PACE_SAMPLES - len(self._paces)])
        self._pace.clear()
        if self.leftover and self.running is not None:
            self._queue_changed()
        early, self._early = self._early, []
        for saved in early:
            self._fold(saved)

    @_fold.register
    def _(self, event: LineSaved) -> None:
        if self._outbox.saved(event.line):
            self._announce(UnsavedChanged(count=len(self.unsaved)))
        if self.history is None:
            self._early.append(event)
            return
        before = len(self.history)
        self.history.fold(event.line, event.position)
        self.known.follow(event.line)
        spoken_of = self.history.row_of(self._outbox.picture_of(event.line) or "")
        rows = (*range(before, len(self.history)), *(() if spoken_of is None else (spoken_of,)))
        self._announce(HistoryChanged(rows=rows, grown=len(self.history) > before, undone=isinstance(event.line, Void)))

    @_fold.register
    def _(self, event: LineNotSaved) -> None:
        self._outbox.refused(event.line)
        self._announce(UnsavedChanged(count=len(self.unsaved), message=event.message))

    @_fold.register
    def _(self, event: BackendChecked) -> None:
        if event.is_of(backend_order(self.settings)):
            self.capabilities = event.capabilities

    @_fold.register
    def _(self, event: ModelEvent | PackEvent | OrderFailed) -> None:
        self.models.fold(event)
        self.packs.fold(event)

    @_fold.register
    def _(self, event: StageStarted | StageProgressed | NodeWaiting) -> None:
        if self.running is not None:
            self.running = self.running.after(event)

    @_fold.register
    def _(self, event: JobEnded) -> None:
        if self.running is not None and self.running.again and event.record.status == "cancelled":
            # As a new job with its own record.
            self.queue.insert(0, msgspec.structs.replace(self.running.job, job_id=new_id()))
        self.running = None
        if event.record.status == "ok":
            self._paces.append(event.record)
            self._pace.clear()
        self.learning.ended(event.record)
        self._start_next()
        self._queue_changed(ended=True)

    # ---- the queue

    def _enqueue(self, jobs: Sequence[Job]) -> None:
        self.queue.extend(jobs)
        self._start_next()
        self._queue_changed()

    def _start_next(self) -> None:
        while self.queue and self.learning.is_made(self.queue[0]):
            self.queue.pop(0)
        if self.paused or self._closing or self.running is not None or not self.queue:
            return
        try:
            job = self.learning.ready(self.queue[0])
            node = self._node_in_force()
        except InvalidInput as wrong:
            # The settings hold an address that is none, or an engine that is not the plan's. The jobs wait.
            self.paused = True
            self._announce(OrderFailed(message=str(wrong)))
            return
        self.queue.pop(0)
        # Set at once: JobStarted arrives later, and nothing else may be started meanwhile.
        self.running = Running(job=job, began=time.monotonic(), stage_count=len(job.stages))
        node.start(job)

    def _take_back(self, *, only_waiting: bool = False) -> None:
        """Interrupt the running job and put it back into the queue, because the address changes or the program ends."""
        if self.running is None or self.running.stopped or self._node is None:
            return
        if self.running.waiting or not only_waiting:
            self.running = msgspec.structs.replace(self.running, again=True)
            self._node.cancel()

    def _node_in_force(self) -> Node:
        wanted = (backend_order(self.settings), output_root(self.places, self.settings))
        if self._node is None or self._node_for != wanted:
            if self._node is not None:
                self._node.close()
            context = JobContext(
                outputs=wanted[1],
                node="local",
                emit=self.inbox.put,
                new_id=new_id,
                writer=self._writer,
                read_start=open_for_start,
            )
            self._node = Node(make_backend(wanted[0]), context, self.inbox, patient=self._patient)
            self._node_for = wanted
        return self._node

    def _queue_changed(self, *, ended: bool = False) -> None:
        self._remember_queue(ended=ended)
        self._announce(QueueChanged())

    def _remember_queue(self, *, ended: bool = False) -> None:
        if self._keep_queue:
            begun = [self.running.job] if self.running and not self.running.stopped else []
            self.ask(KeepWaiting(jobs=(*begun, *self.queue, *self.leftover), ended=ended))

    def _for_learning(self) -> LearningContext:
        return LearningContext(
            history=lambda: self.history,
            settings=lambda: self.settings,
            pack_learning=lambda: self.packs.learning,
            capabilities=lambda: self.capabilities,
            put=self._outbox.put,
            put_undoable=self._outbox.put_undoable,
            unsaved=self._outbox.lines,
            begun=lambda: [*([self.running.job] if self.running and not self.running.stopped else []), *self.queue],
            enqueue=self._enqueue,
            forget=self._forget_leftover,
            drop=self._drop_queued,
        )

    def _forget_leftover(self, plan_id: str) -> None:
        self.leftover = tuple(job for job in self.leftover if job.learning.plan_id != plan_id)

    def _drop_queued(self, plan_id: str) -> None:
        self.queue[:] = [job for job in self.queue if job.learning.plan_id != plan_id]

    # ---- the end

    def _close_desk(self, timeout_s: float) -> None:
        self._outbox.retry(at_once=True)
        self._remember_queue()
        if self.history is not None:
            self.ask(SaveSnapshot(history=self.history))
        self._caller.close(timeout_s)
        self._desk.close(timeout_s)
        # Last, for a drive that does not answer must not come before the journal.
        self.models.close(timeout_s)
        self.packs.close(timeout_s)
        self._take_in_all()

    def _take_in_all(self) -> None:
        while not self.inbox.empty():
            self.pump()

    def _announce(self, event: Event) -> None:
        for subscriber in tuple(self._subscribers):
            subscriber(event)
