"""`Controller`: the application object. It gives orders to the worker threads and folds their events into state.

It runs on the main thread only, never blocks, knows no window and holds no lock. `pump` takes in the events of the
threads. Every event is passed once to all subscribers, which refresh themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import singledispatchmethod
from typing import TYPE_CHECKING

import msgspec

from ..backends.base import Capabilities
from ..domain.base.errors import InvalidInput
from ..domain.config.learning_mode import mode_for
from ..domain.config.pipeline_config import PipelineConfig
from ..domain.config.user_settings import Settings
from ..domain.journal.query import Query
from ..domain.journal.record import Feedback, JournalLine
from ..domain.models.recommendations import FamilyFinding
from ..domain.nodes.events import Start
from ..domain.runs.job import Job, RunRequest, make_jobs
from ..pipeline.ids_and_times import as_line, draw_seed, new_id
from ..pipeline.messages.backups import BackupOrder, BackupRestored, MakeBackup
from ..pipeline.messages.base import Event, Order, OrderFailed
from ..pipeline.messages.files import ClusterChanged, FileOrder
from ..pipeline.messages.jobs import (
    BackendChecked,
    CheckBackend,
    JobEnded,
    KeepWaiting,
    ListsTold,
    NodeLooked,
    NodeWaiting,
    QueueChanged,
    StageProgressed,
    StageStarted,
    backend_order,
)
from ..pipeline.messages.journal import (
    AppendLines,
    HistoryLoaded,
    JournalTouched,
    LineNotSaved,
    LineSaved,
    LinesWritten,
    LoadHistory,
    NewsRead,
    ReadNews,
    SaveSnapshot,
    TakeInUnsaved,
)
from ..pipeline.messages.models import (
    ModelOrder,
)
from ..pipeline.messages.packs import (
    PackOrder,
)
from ..pipeline.messages.picture_files import PictureOrder, PicturesMoved, PicturesTrashed, SearchImages
from ..pipeline.messages.pictures import FindImages
from ..pipeline.messages.server import ServerChanged
from ..pipeline.messages.settings import SettingsChanged
from ..pipeline.messages.workflows import WorkflowsListed
from ..pipeline.workers import ENDING_S, Desk, Inbox, LateDesk, drain
from ..storage.disk.places import Places, find_places
from .checkpoint_family import family_in_library
from .cluster import cluster_words, with_machines_of
from .engines.backend_for import Engines
from .engines.backend_state import BackendState
from .engines.checkpoint_names import with_names
from .engines.list_news import lists_told
from .engines.seed_range import check_seeds
from .engines.started_server import OwnServer
from .known_layer import KnownContext, KnownLayer
from .model_library import ModelContext, ModelEvent, Models
from .nodes.dispatch import Dispatch, NodesContext
from .nodes.machines import InForce, Machines
from .pack_library import PackEvent, Packs
from .picture_files import PictureKeeper
from .runs.history_keeper import HistoryKeeper
from .runs.job_queue import JobQueue
from .runs.learning_runs import LearningContext, LearningRunner
from .runs.outbox import LeftBehind, Outbox, never_saved
from .runs.pace import JobPace
from .runs.pair_voter import PairVoter
from .runs.plan_boards import PlanBoards
from .runs.plan_lines import known_plan, rows_made
from .settings_keeper import SettingsContext, SettingsKeeper
from .thread_work import ThreadWork
from .workflows import WorkflowContext, Workflows
from .xmp_keeper import XmpContext, XmpKeeper

if TYPE_CHECKING:
    from ..domain.journal.history import History
    from ..storage.watcher import Touched, Watcher

# Between a job's end, or a change of the order, and writing that down: both may come thirty times a second.
KEEP_ORDER_S = 0.5
# Events are taken in for so long at once, so that keys and the pointer are never kept waiting behind them.
BUSY_S = 0.01
Subscriber = Callable[[Event], None]


def open_places(data_dir: str) -> Places:
    """The `Places` of a data folder."""
    return find_places(data_dir, {}, None)


class Controller(InForce):
    """State and actions of the application. Main thread only; every method returns at once, except `close`.

    `patient`: jobs wait for a backend that does not answer instead of failing. `keep_queue`: unfinished jobs are kept
    for the next start. All attributes are read-only for the views; the threads put their events into `inbox`.
    `families` are those of checkpoints that a terminal command read itself, by the backend's names.
    """

    def __init__(self, places: Places, settings: Settings, *, patient: bool = True, keep_queue: bool = True) -> None:
        self.places = places
        self.settings = settings
        self._capabilities: Capabilities | None = None  # of the backend in force
        self.backend = BackendState(settings)
        self.history: History | None = None
        self.leftover: tuple[Job, ...] = ()
        self.families: dict[str, FamilyFinding] = {}
        self.paused = False
        self._keep_order_at = 0.0
        self._pace = JobPace()
        self._keep_queue = keep_queue
        self._patient = patient
        self._subscribers: list[Subscriber] = []
        self._left = LeftBehind()
        self._closing = False
        self._looks_first = False  # the next job waits until the backend has said what it offers
        self.inbox: Inbox = Inbox()
        self._engines = Engines(places, self.inbox.put)
        self._work = ThreadWork(places, settings, self.inbox, self._engines)
        self._desk = Desk(self._work.perform, self.inbox)
        # A thread of its own, because a rating must not wait behind a server that takes seconds to time out.
        self._caller = Desk(self._work.perform, self.inbox, name="caller")
        saving = SettingsContext(places, self.inbox, self._desk.ask, lambda: self.settings, self.change_settings)
        self._saver = SettingsKeeper(saving, settings)
        self._outbox = Outbox(lambda lines: self._desk.ask(AppendLines(lines=lines), Desk.FIRST))
        self.unsaved = self._outbox.unsaved
        self._keeper = HistoryKeeper(self._outbox, self._announce, self._follow, self._start_next)
        self.jobs = JobQueue(self._reordered, lambda jobs: self.learning.missing(jobs))
        self.queue = self.jobs.waiting
        self.boards = PlanBoards(lambda: self.history)
        self.pairs = PairVoter(self._outbox.put_undoable)
        self.learning = LearningRunner(self._for_learning())
        putting = self._outbox.put_undoable
        self.known = KnownLayer(
            KnownContext(lambda: self.history, lambda: self.settings, putting, self.change_settings)
        )
        self.models = Models(ModelContext(places, self.inbox, lambda: self.capabilities, lambda: self.history))
        self.packs = Packs(places, self.inbox)
        self.workflows = Workflows(
            WorkflowContext(self.packs.ask, lambda: self.nodes, lambda: self.settings, self.change_settings)
        )
        self.server = OwnServer(places, self.inbox, lambda: self.settings)
        self.nodes = Machines(lambda: self._capabilities)
        self.dispatch = Dispatch(self._for_nodes(patient), self.nodes, settings)
        # A thread of its own, made when it is first needed: a dialog is open for as long as the user takes.
        self._files = LateDesk(self.inbox, self._work.on_files, name="files")
        self._picture_desk = LateDesk(self.inbox, self._work.on_pictures, name="pictures")
        self.pictures = PictureKeeper(self._picture_desk.ask, self._outbox.put_reversible, lambda: self.history)
        self.xmp = XmpKeeper(self._for_xmp())
        self._watcher: Watcher | None = None
        self._reading_news = False

    # ---- actions

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` with every event and change, on the main thread. Returns a function that ends this."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def open(self) -> None:
        """Start to load the history and follow it, check the backend, and scan the folders with models and packs."""
        self.ask(TakeInUnsaved())
        self.ask(LoadHistory())
        self.ask(MakeBackup(reason="daily"), last=True)
        self._watcher = self._work.watcher(self._journal_touched)
        self.check_backend()
        self.models.open(self.settings.model_folders)
        self.packs.open(self.settings)
        self.workflows.open()
        self.server.open()
        self._saver.open()

    def ask(self, order: Order, *, last: bool = False) -> None:
        """Queue an order for the desk thread; subscribers get its answer. `last`, for thumbnails: lowest priority."""
        if isinstance(order, ModelOrder):
            self.models.ask(order, last=last)
        elif isinstance(order, PackOrder):
            self.packs.ask(order, last=last)
        elif isinstance(order, FileOrder):
            self._files.ask(order)
        elif isinstance(order, PictureOrder):
            self._picture_desk.ask(order)
        else:
            self._desk_for(order).ask(order, Desk.LAST if last else Desk.SOON)

    def find(self, query: Query) -> None:
        """Select recorded pictures; ImagesFound answers. Does nothing before the history is loaded.

        Pictures of blind Learning Runs are left out until their values are revealed.
        """
        if self.history is not None:
            find = SearchImages if query.text else FindImages
            self.ask(find(columns=self.history.visible().columns(), query=query))

    def check_backend(self, *, rescan: bool = False) -> None:
        """Ask the backend in force what it offers; BackendChecked answers. With `rescan` it looks for new files first,
        and ListsTold says what is new.
        """
        if rescan:
            self._announce(ListsTold(message="Asking the backend for its lists…"))
        self.ask(msgspec.structs.replace(backend_order(self.settings), rescan=rescan))
        self.dispatch.look()

    def run(self, request: RunRequest) -> tuple[Job, ...]:
        """Make jobs from a request, queue them and return them. Raises InvalidInput when no job is possible, also for
        the hash of a checkpoint that the backend does not have, or a seed that it does not take.
        """
        name = f"{datetime.now().astimezone():%H%M%S}-{request.pack_id}"
        mode = mode_for(self.settings.learning, self.packs.learning, request.pack_id)
        check_seeds(self.capabilities, [request.seed])
        config = with_names(request.config, self.capabilities, self.models.find)
        asked = msgspec.structs.replace(request, config=config, record=request.record and mode.records)
        jobs = make_jobs(asked, run_name=name, new_id=new_id, draw_seed=draw_seed)
        self._enqueue(jobs)
        return jobs

    def resume(self, *, go_on: bool, run_id: str = "") -> None:
        """Queue the jobs left over from the last session (of one run), or with `go_on` False forget them."""
        jobs = tuple(job for job in self.leftover if run_id in ("", job.run_id))
        self.leftover = tuple(job for job in self.leftover if run_id not in ("", job.run_id))
        self._enqueue(self.learning.missing(jobs) if go_on else ())

    def pause(self, paused: bool) -> None:
        """Pause the queue after the running job, or continue it."""
        self.paused = paused
        self._start_next()
        self._announce(QueueChanged())

    def cancel(self, *, all_jobs: bool = True) -> None:
        """Interrupt the running job and, with `all_jobs`, remove the waiting ones from the queue."""
        if all_jobs:
            self.jobs.remove(range(len(self.queue)))
        self.dispatch.cancel()
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
        moved = self.backend.follow(settings)
        self.settings = settings
        self._capabilities = None if moved else self._capabilities
        self.dispatch.follow(settings)
        self._saver.save(settings)
        self.models.follow(settings.model_folders)
        self.packs.follow(settings)
        self._announce(SettingsChanged(settings=settings))
        if moved:
            self.check_backend()

    def forecast_s(self, configs: Iterable[PipelineConfig]) -> float | None:
        """Seconds that jobs with these configs will take on all machines together; None = unknown."""
        kind = self.learning.engine
        return self._pace.forecast_s(kind, configs, machines=self.nodes.count(kind))

    def pump(self, wait_s: float = 0.0) -> None:
        """Process the events of the threads. `wait_s` > 0 waits that long for the first one (never in the window)."""
        for event in drain(self.inbox, wait_s=wait_s, busy_s=BUSY_S):
            if self.nodes.is_about_first(event):
                self.backend.fold(event)
            self._fold(event)
            self._announce(event)
        if self.unsaved:
            self._outbox.retry()
        if self._keep_order_at and time.monotonic() >= self._keep_order_at:
            self._remember_queue()

    def close(self, timeout_s: float = 15.0) -> LeftBehind:
        """Stop all threads and wait for them. Returns the journal lines that are not in the journal: they are kept for
        the next start. A server that hangs takes less than two seconds, a disk that is slow at most `timeout_s`.
        """
        refused: list[str] = []
        self._subscribers[:] = [lambda event: refused.extend(never_saved(event))]
        if not self._closing:
            self._closing = True
            self._end_threads(timeout_s)
            self._left = self._outbox.leave(self._work.spool(), refused)
        return self._left

    # ---- folding events into state

    @singledispatchmethod
    def _fold(self, event: Event) -> None:
        """Update the state from an event. Most events change nothing here and are only passed to the views."""

    @_fold.register(HistoryLoaded)
    def _(self, event: HistoryLoaded) -> None:
        self.history = event.history
        self.boards.forget()
        self._keeper.load(event.history)
        if not event.again:
            self.leftover = tuple(self.learning.missing(event.waiting)) if self._keep_queue else ()
        self._reading_news = False
        self._pace.begin(event.recent)
        if self.leftover and self.running is not None:
            self._queue_changed()
        if self._watcher is not None:
            # What others wrote after the journal was read, and before this arrived here.
            self._fold(JournalTouched())

    @_fold.register(LineSaved)
    def _(self, event: LineSaved) -> None:
        self._keeper.take_in((event,))

    @_fold.register(LinesWritten)
    def _(self, event: LinesWritten) -> None:
        self._keeper.written(event)

    @_fold.register(LineNotSaved)
    def _(self, event: LineNotSaved) -> None:
        self._keeper.refuse(event)

    @_fold.register(JournalTouched)
    @_fold.register(BackupRestored)
    def _(self, _event: JournalTouched | BackupRestored) -> None:
        # One question at a time: a run of this program touches the journal with every picture.
        if self.history is not None and not self._reading_news and not self._closing:
            self._reading_news = True
            self.ask(ReadNews())

    @_fold.register(NewsRead)
    def _(self, event: NewsRead) -> None:
        self._reading_news = False
        if self.history is None:
            return
        self._keeper.take_in(event.lines)
        for saved in event.lines:
            self._announce(saved)
        self.history.read_to(event.end, damaged=event.damaged, newer=event.newer)
        if event.more:
            self._fold(JournalTouched())

    @_fold.register(BackendChecked)
    def _(self, event: BackendChecked) -> None:
        if event.is_of(backend_order(self.settings)):
            before, self._capabilities = self._capabilities, event.capabilities
            name = self.nodes.specs[0].name
            found, why = event.capabilities, event.problem
            self.dispatch.looked(NodeLooked(node=name, capabilities=found, problem=why, brief=event.brief))
            if event.rescanned:
                self._announce(ListsTold(message=lists_told(before, event)))
        self.workflows.fold(event)
        if self._looks_first:
            self._looks_first = False
            self._start_next()
            self._queue_changed()

    # Said here, for to read it from the annotation takes as long as to import a page.
    @_fold.register(ModelEvent | PackEvent | WorkflowsListed | OrderFailed)
    def _(self, event: ModelEvent | PackEvent | WorkflowsListed | OrderFailed) -> None:
        if isinstance(event, OrderFailed) and isinstance(event.order, ReadNews):
            self._reading_news = False
        self.models.fold(event)
        self.packs.fold(event)
        self.workflows.fold(event)
        self.server.fold(event)

    @_fold.register(PicturesTrashed | PicturesMoved)
    def _(self, event: PicturesTrashed | PicturesMoved) -> None:
        self.pictures.fold(event)

    @_fold.register(ServerChanged)
    def _(self, event: ServerChanged) -> None:
        if not self._closing and self.server.fold(event):
            self.check_backend()

    @_fold.register(StageStarted)
    @_fold.register(StageProgressed)
    @_fold.register(NodeWaiting)
    def _(self, event: StageStarted | StageProgressed | NodeWaiting) -> None:
        self.dispatch.progressed(event)

    @_fold.register(NodeLooked)
    def _(self, event: NodeLooked) -> None:
        self.dispatch.looked(event)
        self._start_next()

    @_fold.register(JobEnded)
    def _(self, event: JobEnded) -> None:
        was = self.dispatch.ended(event.record)
        if was is not None and was.again and event.record.status == "cancelled":
            # As a new job with its own record.
            self.jobs.put_back(msgspec.structs.replace(was.job, job_id=new_id()))
        else:
            self.jobs.ended(event.record)
        self._pace.made(event.record)
        self.learning.ended(event.record)
        if event.record.status == "failed" and self._answers_late and event.record.backend.kind:
            # Nobody had answered when the queue began. What is wrong with this job may be wrong with all of them.
            self._looks_first = True
            self.check_backend()
        self._reordered()
        if was is None or was.again or not was.job.record:
            self._remember_queue()  # at once, for no record tells that the job is done

    @_fold.register(ClusterChanged)
    def _(self, event: ClusterChanged) -> None:
        now = with_machines_of(self.settings, event)
        if self._patient and now != self.settings:  # a terminal has machines of its own for one run
            self.change_settings(now)
        self.check_backend()
        self._announce(ListsTold(message=cluster_words(event)))

    def _desk_for(self, order: Order) -> Desk:
        return self._caller if isinstance(order, (CheckBackend, BackupOrder)) else self._desk

    # ---- the queue

    def _enqueue(self, jobs: Sequence[Job]) -> None:
        self.jobs.add(jobs, is_idle=self.running is None)
        self._start_next()
        self._queue_changed()

    def _reordered(self) -> None:
        self._start_next()
        self._keep_order_at = self._keep_order_at or time.monotonic() + KEEP_ORDER_S
        self._announce(QueueChanged())

    def _start_next(self) -> None:
        while self.queue and self.learning.is_made(self.queue[0]):
            self.jobs.take()
        waiting = self._may_start()
        if self.paused or self._closing or self._looks_first or not waiting:
            return
        starts = self.dispatch.starts(waiting)
        while starts:
            for place, start in enumerate(starts):
                try:
                    self._start(start)
                except InvalidInput as wrong:
                    # The settings hold an address that is none, or an engine that is not the plan's. The jobs wait.
                    for one in starts[place:]:
                        self.dispatch.decline(one)
                    self._hold(str(wrong))
                    return
            starts = self.dispatch.starts(self._may_start())
        if not self._patient and self.running is None and (why := self.dispatch.why_waiting(self._may_start())):
            self._hold(why)

    def _may_start(self) -> Sequence[Job]:
        """The queue without the jobs of a Learning Run whose line is still being written: a picture that is recorded
        before it would belong to nothing after a crash. A refused line stops nobody; it is sent again.
        """
        coming = self._outbox.plans_on_their_way()
        return [job for job in self.queue if job.learning.plan_id not in coming] if coming else self.queue

    def _start(self, start: Start) -> None:
        """Begin a job where it was decided. Raises InvalidInput; the job then waits as before."""
        waiting = self.jobs.waiting_job(start.job_id)
        if self.learning.is_made(waiting):
            self.dispatch.decline(start)
        else:
            job = self.learning.ready(waiting, self.dispatch.found_at(start))
            name = job.config.checkpoint
            found = self.families.get(name) or family_in_library(self.models, name)
            self.dispatch.begin(start, msgspec.structs.replace(job, family=found.value, variant=found.variant))
        self.jobs.take(waiting)

    def _hold(self, why: str) -> None:
        self.paused = True
        self._announce(OrderFailed(message=why))

    @property
    def _answers_late(self) -> bool:
        """Whether nobody had answered when the queue began."""
        return self._capabilities is None and self.nodes.is_alone

    def _journal_touched(self, _touched: Touched) -> None:
        # On the watcher's thread.
        self.inbox.put(JournalTouched())

    def _queue_changed(self) -> None:
        self._remember_queue()
        self._announce(QueueChanged())

    def _remember_queue(self) -> None:
        self._keep_order_at = 0.0
        if self._keep_queue:
            self.ask(KeepWaiting(jobs=(*self._begun(), *self.queue, *self.leftover)))

    def _begun(self) -> list[Job]:
        """What is being made, unless the user stops it."""
        return [one.job for one in self.nodes.working if not one.stopped]

    def _machines_changed(self) -> None:
        self._start_next()
        self._announce(QueueChanged())

    def _follow(self, line: JournalLine, rows: Sequence[int]) -> None:
        self.known.follow(line)
        self.boards.follow(line, rows)

    def _for_nodes(self, patient: bool) -> NodesContext:
        return NodesContext(
            make_backend=self._engines.make,
            job_context=self._work.job_context,
            outputs=lambda: self.places.output_root(self.settings.output_folder),
            families=lambda: self.models.styles.families,
            inbox=self.inbox,
            patient=patient,
            leading=lambda: self._capabilities,
            plan_of=lambda plan_id: known_plan(plan_id, self._outbox.lines(), self.history),
            rows_of=lambda plan_id: rows_made(plan_id, self.history),
            changed=self._machines_changed,
        )

    def _for_learning(self) -> LearningContext:
        return LearningContext(
            history=lambda: self.history,
            settings=lambda: self.settings,
            capabilities=lambda: self.capabilities,
            put=self._outbox.put,
            put_undoable=self._outbox.put_undoable,
            unsaved=self._outbox.lines,
            begun=lambda: [*self._begun(), *self.queue],
            enqueue=self._enqueue,
            forget=self._forget_leftover,
            drop=self.jobs.drop_unneeded,
            whole=self.boards.whole,
        )

    def _for_xmp(self) -> XmpContext:
        return XmpContext(
            places=self.places,
            inbox=self.inbox,
            settings=lambda: self.settings,
            history=lambda: self.history,
            append=self.ask,
            put_undoable=self._outbox.put_undoable,
            announce=self._announce,
        )

    def _forget_leftover(self, plan_id: str) -> None:
        self.leftover = tuple(job for job in self.leftover if job.learning.plan_id != plan_id)

    # ---- the end

    def _end_threads(self, timeout_s: float) -> None:
        self._work.hurry()
        self.dispatch.take_back()
        self.dispatch.close()
        self._take_in_all()
        if self._watcher is not None:
            self._watcher.close(ENDING_S)
        self._outbox.retry(at_once=True)
        self._remember_queue()
        if self.history is not None:
            self.ask(SaveSnapshot(history=self.history))
        self._files.close(ENDING_S)
        self._picture_desk.close(timeout_s)
        self.xmp.close()
        self._saver.close()
        self._caller.close(ENDING_S)
        self._engines.close()
        self._desk.close(timeout_s)
        # Last, for a drive that does not answer must not come before the journal.
        self.models.close(timeout_s)
        self.packs.close(timeout_s)
        self.server.close(timeout_s)
        self._take_in_all()

    def _take_in_all(self) -> None:
        while not self.inbox.empty():
            self.pump()

    def _announce(self, event: Event) -> None:
        self.xmp.on_event(event)
        self._saver.on_event(event)
        for subscriber in tuple(self._subscribers):
            subscriber(event)
