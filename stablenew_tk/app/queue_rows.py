"""The rows of the queue's list: what runs, what waits, what is left of last time, and from where each of it comes.

Rows are worked out one by one when they come into sight, so ten thousand jobs open like ten.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, groupby
from typing import Literal

from msgspec import Struct

from ..domain.base.wording import counted, pack_title
from ..domain.runs.job import Job
from .controller import Controller
from .nodes.running import Running
from .runs.job_queue import QueueBlock

RowKind = Literal["running", "run", "job", "left"]


class QueueRow(Struct, frozen=True):
    """One row. `places` are those of its jobs in the queue; empty for what runs and for what is left of last time.

    `key` stays the same while the queue moves. `is_open` is None where there is nothing to unfold.
    """

    kind: RowKind
    key: str
    job: Job
    count: int = 1
    places: range = range(0)
    is_open: bool | None = None
    title: str = ""
    note: str = ""


class QueueRows:
    """The rows as they are now. Call `refresh` after every change; runs of several jobs are folded until `turn`."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._unfolded: set[str] = set()
        self._heads: list[QueueRow] = []
        self._starts: list[int] = []
        self._waiting: tuple[Job, ...] = ()
        self.count = 0

    def refresh(self) -> None:
        """Take in the present queue."""
        # A copy: rows may be asked for after the queue has moved on, and before the next refresh.
        self._waiting = tuple(self._controller.queue)
        heads = [self._running(one) for one in self._controller.nodes.working]
        begun = len(heads)
        # A run may be torn apart. Counted from the end: the first part is made first, and then gone.
        parts: Counter[str] = Counter()
        for block in reversed(self._controller.jobs.blocks()):
            parts[block.job.run_id] += 1
            heads.insert(begun, self._block(block, parts[block.job.run_id]))
        heads += self._left(self._controller.leftover)
        self._heads = heads
        sizes = [1 + (head.count if head.is_open else 0) for head in heads]
        self._starts = [0, *accumulate(sizes)][:-1]
        self.count = sum(sizes)

    def row(self, index: int) -> QueueRow:
        """One row, counted from 0."""
        at = bisect_right(self._starts, index) - 1
        head, inside = self._heads[at], index - self._starts[at]
        return head if inside == 0 else self._job(head.places.start + inside - 1)

    def index(self, key: str) -> int:
        """Where the row with this key is, -1 where there is none."""
        for start, head in zip(self._starts, self._heads, strict=True):
            if head.key == key:
                return start
            if head.is_open:
                jobs = self._waiting[head.places.start : head.places.stop]
                found = next((n for n, job in enumerate(jobs) if job.job_id == key), None)
                if found is not None:
                    return start + 1 + found
        return -1

    def turn(self, row: QueueRow, *, unfold: bool) -> None:
        """Show the jobs of a run, or hide them."""
        if row.kind == "run" and row.count > 1:
            (self._unfolded.add if unfold else self._unfolded.discard)(row.key)
            self.refresh()

    def head_of(self, row: QueueRow) -> QueueRow:
        """The row of the run that a job stands under; the row itself for any other."""
        inside = (head for head in self._heads if row.kind == "job" and row.places.start in head.places)
        return next(inside, row)

    def _running(self, running: Running) -> QueueRow:
        job, where = running.job, "" if self._controller.nodes.is_alone else f" on {running.node}"
        what = f"Stopping{where}" if running.stopped else f"Running now{where}"
        return QueueRow("running", job.job_id, job, title=self._title(job), note=f"{what} · {_place(job)}")

    def _block(self, block: QueueBlock, part: int) -> QueueRow:
        key = f"{block.job.run_id} {part}"
        is_open = (key in self._unfolded) if block.count > 1 else None
        note = f"{counted(block.count, 'job')} · {_when(block.job)}" if block.count > 1 else _place(block.job)
        return QueueRow(
            "run", key, block.job, block.count, block.places, is_open, title=self._title(block.job), note=note
        )

    def _job(self, place: int) -> QueueRow:
        job = self._waiting[place]
        return QueueRow(
            "job", job.job_id, job, 1, range(place, place + 1), title=_name(job), note=_seed_and_stages(job)
        )

    def _left(self, jobs: Sequence[Job]) -> list[QueueRow]:
        rows = []
        for run_id, group in groupby(jobs, key=lambda job: job.run_id):
            first, *more = group
            note = f"{counted(1 + len(more), 'job')} of last time · {_when(first)}"
            rows.append(QueueRow("left", f"left {run_id}", first, 1 + len(more), title=self._title(first), note=note))
        return rows

    def _title(self, job: Job) -> str:
        plan_id, history = job.learning.plan_id, self._controller.history
        plan = history.plans.plan(plan_id) if plan_id and history is not None else None
        if not plan_id:
            return pack_title(job.pack_id)
        return f"Learning Run · {plan.name if plan is not None and plan.name else pack_title(job.pack_id)}"


def _name(job: Job) -> str:
    # No value and no seed: in blind rating they would tell which picture is which.
    return f"Row {job.learning.row + 1}" if job.learning.plan_id else job.prompt_id


def _seed_and_stages(job: Job) -> str:
    stages = " · ".join(job.stages)
    return stages if job.learning.plan_id else f"seed {job.seed} · {stages}"


def _place(job: Job) -> str:
    return f"{_name(job)} · {_seed_and_stages(job)}"


def _when(job: Job) -> str:
    """When its run was started, as the name of the run tells it: "143005-boats" was at 14:30."""
    clock = job.run_name[:6]
    return f"started at {clock[:2]}:{clock[2:4]}" if len(clock) == 6 and clock.isdecimal() else job.run_name
