"""`JobQueue`: order and removal of waiting jobs, and what became of the jobs since the queue was last empty."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from ...domain.base.wording import counted
from ...domain.journal.record import LearningRecord
from ...domain.runs.job import Job


class QueueBlock(Struct, frozen=True):
    """Waiting jobs of one run that follow each other: `count` of them from place `first` on. `job` is the first one."""

    first: int
    count: int
    job: Job

    @property
    def places(self) -> range:
        """Their places in the queue."""
        return range(self.first, self.first + self.count)


class QueueTally(Struct, frozen=True):
    """Numbers since the queue was last empty. `ended` jobs ran; `dropped` ones were removed before their turn, and
    `unneeded` ones belonged to a Learning Run whose answer was clear without them.
    """

    ended: int = 0
    pictures: int = 0
    failed: int = 0
    stopped: int = 0
    dropped: int = 0
    unneeded: int = 0

    @property
    def words(self) -> str:
        """What came of them: "39 pictures made, 1,947 jobs dropped"; "" before anything has ended."""
        parts = [f"{counted(self.pictures, 'picture')} made"] if self.pictures else []
        told = (
            (self.failed, "failed"),
            (self.stopped, "stopped"),
            (self.dropped, "dropped"),
            (self.unneeded, "not needed"),
        )
        parts += [f"{counted(number, 'job')} {what}" for number, what in told if number]
        return ", ".join(parts)


class JobQueue:
    """The `waiting` jobs, first one next. Main thread. `changed()` is called after every change made here."""

    def __init__(self, changed: Callable[[], object], still_missing: Callable[[Iterable[Job]], Sequence[Job]]) -> None:
        self.waiting: list[Job] = []
        self.tally = QueueTally()
        self._changed, self._still_missing = changed, still_missing
        self._removed: list[list[tuple[int, Job]]] = []
        self._blocks: tuple[QueueBlock, ...] | None = None

    # ---- what there is

    def blocks(self) -> tuple[QueueBlock, ...]:
        """The queue in parts that belong to one run each, in order."""
        if self._blocks is None:
            found: list[QueueBlock] = []
            for _, jobs in groupby(self.waiting, key=lambda job: job.run_id):
                first, *more = jobs
                at = found[-1].places.stop if found else 0
                found.append(QueueBlock(at, 1 + len(more), first))
            self._blocks = tuple(found)
        return self._blocks

    @property
    def removed(self) -> int:
        """How many jobs `restore` would bring back."""
        return len(self._removed[-1]) if self._removed else 0

    # ---- what the user does

    def shift(self, places: range, way: int) -> range:
        """Move neighbouring jobs up (-1) or down (1). Gives their new places.

        Within their run by one place; past the jobs of another run at once, which are not torn apart.
        """
        if not places:
            return places
        if way < 0:
            if places.start == 0:
                return places
            return self.move(places, self._beside(places, places.start - 1).start)
        if places.stop >= len(self.waiting):
            return places
        return self.move(places, self._beside(places, places.stop).stop)

    def move(self, places: range, to: int) -> range:
        """Move neighbouring jobs in front of the job that stands at place `to`. Gives their new places."""
        to = min(max(to, 0), len(self.waiting))
        if not places or places.start <= to <= places.stop:
            return places
        jobs = self.waiting[places.start : places.stop]
        del self.waiting[places.start : places.stop]
        at = to if to < places.start else to - len(jobs)
        self.waiting[at:at] = jobs
        self._tell()
        return range(at, at + len(jobs))

    def remove(self, places: Collection[int]) -> int:
        """Drop the jobs at these places. Returns how many; `restore` brings them back."""
        gone = set(places)
        dropped = [(at, job) for at, job in enumerate(self.waiting) if at in gone]
        if dropped:
            self.waiting[:] = [job for at, job in enumerate(self.waiting) if at not in gone]
            self._removed.append(dropped)
            self.tally = replace(self.tally, dropped=self.tally.dropped + len(dropped))
            self._tell()
        return len(dropped)

    def remove_run(self, run_id: str) -> int:
        """Drop all waiting jobs of a run."""
        return self.remove([at for at, job in enumerate(self.waiting) if job.run_id == run_id])

    def restore(self) -> int:
        """Bring back the jobs that were removed last, to their places, unless they were made meanwhile."""
        if not self._removed:
            return 0
        removed = self._removed.pop()
        wanted = {job.job_id for job in self._still_missing(job for _, job in removed)}
        back = [(at, job) for at, job in removed if job.job_id in wanted]
        for at, job in back:
            self.waiting.insert(min(at, len(self.waiting)), job)
        self.tally = replace(self.tally, dropped=max(0, self.tally.dropped - len(removed)))
        self._tell()
        return len(back)

    # ---- for the controller

    def add(self, jobs: Sequence[Job], *, is_idle: bool) -> None:
        """Put jobs at the end. `is_idle`: nothing runs; then counting begins anew."""
        if jobs and is_idle and not self.waiting:
            self.tally = QueueTally()
            self._removed.clear()
        self.waiting += jobs
        self._blocks = None

    def put_back(self, job: Job) -> None:
        """Let a job be the next one."""
        self.waiting.insert(0, job)
        self._blocks = None

    def waiting_job(self, job_id: str) -> Job:
        """A waiting job by id. Raises StopIteration when it does not wait."""
        return next(job for job in self.waiting if job.job_id == job_id)

    def take(self, job: Job | None = None) -> Job:
        """Remove a job, because it is begun or made: the first one unless another is named."""
        self._blocks = None
        return self.waiting.pop(0 if job is None else self.waiting.index(job))

    def drop_unneeded(self, plan_id: str) -> None:
        """Remove the jobs of a Learning Run whose answer is clear."""
        before = len(self.waiting)
        self.waiting[:] = [job for job in self.waiting if job.learning.plan_id != plan_id]
        self._blocks = None
        self.tally = replace(self.tally, unneeded=self.tally.unneeded + before - len(self.waiting))

    def ended(self, record: LearningRecord) -> None:
        """Count a job that ran."""
        tally, status = self.tally, record.status
        finals = [one for one in record.outputs if one.stage == record.outputs[-1].stage]
        pictures = len(finals) if status in ("ok", "partial") else 0
        self.tally = replace(
            tally,
            ended=tally.ended + 1,
            pictures=tally.pictures + pictures,
            failed=tally.failed + (status in ("failed", "partial")),
            stopped=tally.stopped + (status == "cancelled"),
        )

    def _beside(self, places: range, neighbour: int) -> range:
        """What is stepped over: one job of the own run, or all neighbouring ones of another."""
        if self.waiting[neighbour].run_id == self.waiting[places.start].run_id:
            return range(neighbour, neighbour + 1)
        return next(block.places for block in self.blocks() if neighbour in block.places)

    def _tell(self) -> None:
        self._blocks = None
        self._changed()
