"""`Placement`: decides which node makes which job. A state machine: events go in, decisions come out.

It knows no thread, no clock and no server, so that its promises can be tried with any course of events:

- a job is given only to a node that is ready and has all that the job needs;
- a seed row of a Learning Run stays on one node while that node lives;
- one Learning Run is made with one fingerprint, unless its plan allows several;
- a job is never given twice, unless its node is gone or has surely not begun it; what comes late then is dropped;
- a slow node takes no job that the others would have made before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import singledispatchmethod

from .events import (
    Decision,
    DropAnswer,
    JobDone,
    JobWaits,
    Leave,
    NodeCame,
    NodeDraining,
    NodeEvent,
    NodeGone,
    NodeLost,
    NodeOffered,
    NodePaused,
    PutBack,
    RowKnown,
    Start,
    TakeBack,
    Task,
)
from .offer import Need, NodeOffer

# After so many doubtful jobs in a row a node gets no more while another one can make them.
MOST_DOUBTFUL = 3
# A row moves to another node only after its own did not answer for so many tries; a single job moves at once.
ROW_PATIENCE = 3
# Jobs of which the pace of a node is the middle.
_PACES = 7

Row = tuple[str, int]


class _Member:
    """What is known of one node."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.offer: NodeOffer | None = None
        self.fingerprint = ""  # as its pictures tell it
        self.is_lost = self.waits = self.paused = self.draining = False
        self.task: Task | None = None
        self.is_taken_back = False
        self.doubtful = 0
        self.paces: deque[float] = deque(maxlen=_PACES)
        self.fits: dict[Need, bool] = {}

    @property
    def lives(self) -> bool:
        """Whether it answers, as far as anybody knows."""
        return self.offer is not None and not self.is_lost

    @property
    def is_free(self) -> bool:
        return self.lives and not self.paused and self.task is None

    @property
    def pace(self) -> float:
        """Seconds for each unit of work; 0 = not known yet."""
        from statistics import median

        return median(self.paces) if self.paces else 0.0

    def has(self, need: Need) -> bool:
        if self.offer is None:
            return False
        known = self.fits.get(need)
        if known is None:
            known = self.fits[need] = not self.offer.lacks(need)
        return known


class Placement:
    """The nodes, what each has to do, and where rows and plans are at home. One thread.

    Feed it with `handle`, ask with `decide` afterwards.
    """

    def __init__(self) -> None:
        self._members: dict[str, _Member] = {}
        self._rows: dict[Row, str] = {}
        # By plan: what the first of its nodes offered, and the fingerprint that its first picture told.
        self._begun_on: dict[str, NodeOffer] = {}
        self._prints: dict[str, str] = {}

    # ---- what there is

    @property
    def nodes(self) -> tuple[str, ...]:
        """All nodes, in the order in which they came."""
        return tuple(self._members)

    def job_of(self, node: str) -> str:
        """The job that a node has, "" for none."""
        member = self._members.get(node)
        return member.task.job_id if member is not None and member.task is not None else ""

    def home_of(self, plan_id: str, row: int) -> str:
        """The node where a row is made, "" while it is nowhere."""
        return self._rows.get((plan_id, row), "")

    def able(self, task: Task) -> tuple[str, ...]:
        """The living nodes that could make a job some time, paused ones too."""
        return tuple(one.name for one in self._members.values() if one.lives and self._suits(one, task))

    def may_move(self, node: str, job_id: str) -> bool:
        """Whether another node can make the job of a node that does not answer, now or after some more tries."""
        member = self._holder(node, job_id)
        if member is None or member.task is None:
            return False
        task = member.task
        return any(self._could_take_over(one, task) for one in self._members.values() if one is not member)

    def why_waiting(self, task: Task) -> str:
        """Why no node can make a job now, as a sentence; "" when one can or will be able to."""
        able = self.able(task)
        if any(not self._members[name].paused for name in able):
            return ""
        if able:
            return f"{able[0]} is paused, and no other machine can make this job. Let it go on."
        living = [one for one in self._members.values() if one.lives]
        if not living:
            return "No machine answers."
        if any(one.has(task.need) for one in living):
            return (
                "No machine has the engine, version and graphics card with which this Learning Run was begun. "
                "Allow several machines for it, or wait for the one it began on."
            )
        lacks = "; ".join(f"{one.name} lacks {one.offer.lacks(task.need)}" for one in living if one.offer is not None)
        return f"No machine can make this job: {lacks}."

    # ---- events

    @singledispatchmethod
    def handle(self, event: NodeEvent) -> tuple[Decision, ...]:
        """Take an event in. Decisions about free nodes are not among the answers: `decide` makes them."""
        raise TypeError(f"{type(event).__name__} is no event of a node")

    @handle.register
    def _(self, event: NodeCame) -> tuple[Decision, ...]:
        self._members.setdefault(event.node, _Member(event.node))
        return ()

    @handle.register
    def _(self, event: NodeOffered) -> tuple[Decision, ...]:
        if (member := self._members.get(event.node)) is not None:
            member.is_lost, member.waits, member.doubtful = False, False, 0
            if member.offer != event.offer:
                member.offer = event.offer
                member.fingerprint = ""
                member.fits.clear()
        return ()

    @handle.register
    def _(self, event: NodeLost) -> tuple[Decision, ...]:
        if (member := self._members.get(event.node)) is not None:
            member.is_lost = True
        return ()

    @handle.register
    def _(self, event: NodeGone) -> tuple[Decision, ...]:
        member = self._members.pop(event.node, None)
        self._forget_rows(event.node)
        return (PutBack(member.task.job_id),) if member is not None and member.task is not None else ()

    @handle.register
    def _(self, event: NodePaused) -> tuple[Decision, ...]:
        if (member := self._members.get(event.node)) is not None:
            member.paused = event.paused
        return ()

    @handle.register
    def _(self, event: NodeDraining) -> tuple[Decision, ...]:
        if (member := self._members.get(event.node)) is not None:
            member.draining = event.on
        return ()

    @handle.register
    def _(self, event: JobWaits) -> tuple[Decision, ...]:
        member = self._holder(event.node, event.job_id)
        if member is None or member.task is None:
            return ()
        member.waits, task = True, member.task
        if event.tries < (ROW_PATIENCE if task.plan_id else 1):
            return ()
        member.is_lost = True
        if member.is_taken_back or not self.may_move(event.node, event.job_id):
            return ()
        member.is_taken_back = True
        return (TakeBack(event.node, event.job_id),)

    @handle.register
    def _(self, event: JobDone) -> tuple[Decision, ...]:
        member = self._holder(event.node, event.job_id)
        if member is None or member.task is None:
            return (DropAnswer(event.node, event.job_id),)
        task, member.task = member.task, None
        if event.again and member.is_taken_back:
            self._forget_rows(member.name)
        elif not event.again:
            self._learn_print(member, task, event.fingerprint)
            member.is_lost = member.waits = event.lost
            member.doubtful = member.doubtful + 1 if event.doubtful else 0
            if event.seconds > 0 and not event.doubtful:
                member.paces.append(event.seconds / task.work)
        member.is_taken_back = False
        return ()

    @handle.register
    def _(self, event: RowKnown) -> tuple[Decision, ...]:
        if event.fingerprint:
            self._prints.setdefault(event.plan_id, event.fingerprint)
        self._rows.setdefault((event.plan_id, event.row), event.node)
        return ()

    def _holder(self, node: str, job_id: str) -> _Member | None:
        member = self._members.get(node)
        return member if member is not None and member.task is not None and member.task.job_id == job_id else None

    # ---- decisions

    def decide(self, waiting: Callable[[], Iterable[Task]]) -> tuple[Decision, ...]:
        """Give jobs to free nodes. `waiting()` gives the waiting jobs, the next one first; it may be asked twice."""
        if len(self._members) == 1:
            return self._all_to_one(next(iter(self._members.values())), waiting)
        free = [one for one in self._members.values() if one.is_free]
        made: list[Decision] = []
        given: set[str] = set()
        stuck: set[tuple[Need, str, int]] = set()
        for task in waiting() if free else ():
            mark = (task.need, task.plan_id, task.row)
            if mark in stuck:
                continue
            member = self._best(free, task, waiting, given)
            if member is None:
                stuck.add(mark)
                continue
            self._give(member, task)
            given.add(task.job_id)
            free.remove(member)
            made.append(Start(member.name, task.job_id, self._names(member, task)))
            if not free:
                break
        made += [Leave(one.name) for one in free if one.draining]
        return tuple(made)

    def _all_to_one(self, member: _Member, waiting: Callable[[], Iterable[Task]]) -> tuple[Decision, ...]:
        """The only node there is makes everything in order, and says itself what it lacks."""
        task = next(iter(waiting()), None)
        if member.task is not None or member.paused:
            return ()
        if task is None or member.draining:
            return (Leave(member.name),) if member.draining else ()
        member.task, member.is_taken_back = task, False
        return (Start(member.name, task.job_id),)

    def _give(self, member: _Member, task: Task) -> None:
        assert member.offer is not None
        member.task, member.is_taken_back = task, False
        if task.plan_id:
            self._begun_on.setdefault(task.plan_id, member.offer)
            self._rows[task.plan_id, task.row] = member.name

    def _names(self, member: _Member, task: Task) -> dict[str, str]:
        assert member.offer is not None
        named = {name: member.offer.name_of(name, digits) for name, digits in task.need.checkpoints}
        return {name: own for name, own in named.items() if own != name}

    def _best(
        self, free: list[_Member], task: Task, waiting: Callable[[], Iterable[Task]], given: set[str]
    ) -> _Member | None:
        """The free node that should make a job, None when it is better to wait for another one."""
        home = self._living_home(task)
        fit = [one for one in free if self._may_take(one, task, home)]
        if not fit:
            return None
        # Those whose pace nobody knows come first: it is known after one job.
        chosen = min(fit, key=lambda one: one.pace)
        return chosen if home or self._is_worth_it(chosen, task, waiting, given) else None

    def _may_take(self, member: _Member, task: Task, home: _Member | None) -> bool:
        if home is not None and home is not member:
            return False
        if not self._suits(member, task) or (member.draining and home is not member):
            return False
        return self._is_trusted(member, task)

    def _is_trusted(self, member: _Member, task: Task) -> bool:
        """Whether its last pictures were good, or nobody else can make the job."""
        if member.doubtful < MOST_DOUBTFUL:
            return True
        others = (one for one in self._members.values() if one is not member)
        return not any(self._could_take_over(one, task) and one.doubtful < MOST_DOUBTFUL for one in others)

    def _suits(self, member: _Member, task: Task) -> bool:
        """Whether it has all that the job needs, and the fingerprint of its plan."""
        if member.offer is None or not member.has(task.need):
            return False
        if not task.plan_id or task.mixed:
            return True
        told, begun_on = self._prints.get(task.plan_id, ""), self._begun_on.get(task.plan_id)
        if told and member.fingerprint:
            return told == member.fingerprint
        if begun_on is None:
            return not told or member.offer.fingerprint in ("", told)
        unsure = "" in (begun_on.fingerprint, member.offer.fingerprint)
        if unsure:
            return begun_on.likeness == member.offer.likeness
        return begun_on.fingerprint == member.offer.fingerprint

    def _learn_print(self, member: _Member, task: Task, told: str) -> None:
        """A picture tells the version, and with it whether the node may go on with a plan."""
        if told:
            member.fingerprint = told
            if task.plan_id:
                self._prints.setdefault(task.plan_id, told)

    def _could_take_over(self, member: _Member, task: Task) -> bool:
        is_there = member.lives and not member.waits and not member.paused and not member.draining
        return is_there and self._suits(member, task)

    def _living_home(self, task: Task) -> _Member | None:
        home = self._members.get(self._rows.get((task.plan_id, task.row), "")) if task.plan_id else None
        if home is None or not home.lives or not self._suits(home, task):
            return None
        return home if self._is_trusted(home, task) else None

    def _forget_rows(self, node: str) -> None:
        self._rows = {row: home for row, home in self._rows.items() if home != node}

    def _is_worth_it(self, member: _Member, task: Task, waiting: Callable[[], Iterable[Task]], given: set[str]) -> bool:
        """False when the others, being faster, would have made all that waits before this node had made this job, or
        the rest of its row, which would stay here.
        """
        mine = member.pace
        others = [
            one
            for one in self._members.values()
            # One that is not trusted any more gets nothing: whoever waits for it waits for ever.
            if one is not member and one.pace and self._could_take_over(one, task) and self._is_trusted(one, task)
        ]
        if not mine or not any(one.pace < mine for one in others):
            return True
        speed = sum(1 / one.pace for one in others)
        row = 0.0
        rest = sum(one.task.work for one in others if one.task is not None)
        for one in waiting():
            if one.job_id in given:
                continue
            rest += one.work
            row += one.work if (one.plan_id, one.row) == (task.plan_id, task.row) or one is task else 0.0
            if not task.plan_id and rest / speed > mine * task.work:
                return True
        return rest / speed > mine * (row if task.plan_id else task.work)


def tasks_in_order(tasks: Iterable[Task]) -> Callable[[], Iterator[Task]]:
    """A list of tasks in the form that `decide` asks for."""
    kept = tuple(tasks)
    return lambda: iter(kept)
