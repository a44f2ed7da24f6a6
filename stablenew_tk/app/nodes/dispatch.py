"""`Dispatch`: all machines at work: their threads, and which waiting job each of them is given.

With one machine it is as if there were no set: it gets every job in order, and nobody asks it first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from ...backends.base import Backend, Capabilities
from ...domain.base.errors import InvalidInput
from ...domain.config.user_settings import Settings
from ...domain.journal.record import LearningRecord
from ...domain.models.families import FamilyCatalogue
from ...domain.nodes.events import (
    JobDone,
    JobWaits,
    Leave,
    NodeCame,
    NodeDraining,
    NodeGone,
    NodeLost,
    NodeOffered,
    NodePaused,
    RowKnown,
    Start,
    TakeBack,
)
from ...domain.nodes.placement import Placement
from ...domain.runs.job import Job
from ...domain.runs.plan import LearningPlan
from ...pipeline.messages.jobs import (
    CheckBackend,
    NodeLooked,
    NodeWaiting,
    StageProgressed,
    StageStarted,
)
from ...pipeline.workers import Inbox, Node, close_nodes
from .machines import SAME_SERVER, Machines
from .node_state import NodeState, is_no_answer
from .running import Running
from .specs import NodeSpec, node_specs
from .tasks import TaskBook, offer_of

if TYPE_CHECKING:
    from ...pipeline.runner import JobContext


class NodesContext(Struct, frozen=True, kw_only=True):
    """What the set needs of the controller. `job_context()` is that of every node, but for its name, its folder and the
    `families` known when it begins;
    `leading()` is what the first machine offers, as the whole program knows it; `plan_of` finds a Learning Run,
    `rows_of` tells where its rows were made so far: row, node, fingerprint. `changed()` is called after the user paused
    a machine or let it go on.
    `patient`: jobs wait for a backend that does not answer instead of failing.
    """

    make_backend: Callable[[CheckBackend], Backend]
    job_context: Callable[[], JobContext]
    outputs: Callable[[], Path]
    families: Callable[[], FamilyCatalogue]
    inbox: Inbox
    patient: bool
    leading: Callable[[], Capabilities | None]
    plan_of: Callable[[str], LearningPlan | None]
    rows_of: Callable[[str], Sequence[tuple[int, str, str]]]
    changed: Callable[[], object]


def _same_server(name: str) -> str:
    return f"It is the same server as {name}. Remove one of the two."


class Dispatch:
    """Gives jobs to the machines of the settings and keeps their states. Main thread; every method returns at once,
    except `close`.
    """

    def __init__(self, context: NodesContext, machines: Machines, settings: Settings) -> None:
        self._context, self._machines = context, machines
        self._nodes: dict[str, Node] = {}
        self._made_for: dict[str, tuple[NodeSpec, Path]] = {}
        self._ended: list[Node] = []
        self._placement = Placement()
        self._tasks = TaskBook(machines.leading, self._plan)
        self._plans: set[str] = set()
        self.follow(settings)

    def why_waiting(self, queue: Sequence[Job]) -> str:
        """Why the next job waits although machines are idle, "" when it does not."""
        if self._machines.is_alone or not queue:
            return ""
        return self._placement.why_waiting(self._tasks.of(queue[0]))

    # ---- what the user does

    def follow(self, settings: Settings) -> None:
        """Take in the machines of the settings. When one is no longer among several, another one makes its job; the
        only one finishes what it makes, unless that waits for it.
        """
        before, self._machines.specs = self._machines.specs, node_specs(settings)
        several = len(before) > 1
        now = {spec.name: spec for spec in self._machines.specs}
        for spec in before:
            if now.get(spec.name) != spec:
                self._let_go(spec.name, several=several)
        for spec in self._machines.specs:
            if spec.name not in self._machines.here:
                self._machines.here[spec.name] = NodeState(spec, time.monotonic)
        self._machines.here = {spec.name: self._machines.here[spec.name] for spec in self._machines.specs}
        if self._machines.is_alone:
            # Nobody could let it go on: the page offers that only where there is another one.
            self._set_aside(self._machines.here[self._machines.specs[0].name], paused=False, draining=False)
            return
        for spec in self._machines.specs:
            if not several or spec.name not in self._placement.nodes or spec.name not in self._nodes:
                self._join(spec)
        self._ask_twins()

    def pause(self, name: str, paused: bool) -> None:
        """Give a machine nothing more after its job, or go on with it."""
        if (state := self._machines.here.get(name)) is not None:
            self._set_aside(state, paused=paused, draining=False)
            self._context.changed()

    def drain(self, name: str) -> None:
        """Let a machine finish the rows that it has begun, and then pause."""
        if (state := self._machines.here.get(name)) is not None:
            self._set_aside(state, paused=False, draining=True)
            self._context.changed()

    def look(self, name: str = "") -> None:
        """Ask a machine again what it offers, or all of them."""
        for one in self._nodes.values() if not self._machines.is_alone else ():
            if (
                name in ("", one.name)
                and (state := self._machines.here.get(one.name)) is not None
                and state.running is None
            ):
                one.look()

    def cancel(self, node: str = "") -> None:
        """Stop what is being made: by one machine, or by all."""
        for state in self._machines.states:
            if state.running is not None and node in ("", state.name):
                state.running = msgspec.structs.replace(state.running, stopped=True, again=False)
                self._nodes[state.name].cancel()

    def take_back(self) -> None:
        """Interrupt what is being made, so that it goes back into the queue."""
        for state in self._machines.states:
            self._withdraw(state, leaves_record=True)

    # ---- giving out jobs

    def starts(self, queue: Sequence[Job]) -> tuple[Start, ...]:
        """Which job is to be begun where. For each of them `begin` or `decline` is to be called."""
        if self._machines.is_alone and self._machines.leaving:
            return ()  # the one before has something to finish
        if not self._placement.nodes:
            self._placement.handle(NodeCame(self._machines.specs[0].name))
        decided = self._placement.decide(self._tasks.of_queue(queue))
        for one in decided:
            if isinstance(one, Leave):
                self._set_aside(self._machines.here[one.node], paused=True, draining=False)
        return tuple(one for one in decided if isinstance(one, Start))

    def found_at(self, start: Start) -> Capabilities | None:
        """What the machine of a start offers."""
        return self._context.leading() if self._machines.is_alone else self._machines.here[start.node].capabilities

    def begin(self, start: Start, job: Job) -> None:
        """Begin a job where it was decided. Raises InvalidInput for an address that is none; nothing has begun then."""
        node, state = self._node(self._machines.here[start.node].spec), self._machines.here[start.node]
        # Set at once: JobStarted arrives later, and nothing else may be started meanwhile.
        state.running = Running(job=job, began=time.monotonic(), node=start.node, stage_count=len(job.stages))
        state.preview = b""
        node.start(job, start.names)

    def decline(self, start: Start) -> None:
        """A job that was to be begun is not."""
        self._placement.handle(JobDone(start.node, start.job_id, again=True))

    # ---- what happens

    def looked(self, event: NodeLooked) -> None:
        """A machine was asked what it offers."""
        if (state := self._machines.here.get(event.node)) is None:
            return
        state.looked(event)
        if event.node not in self._placement.nodes:
            return
        if event.capabilities is not None:
            self._placement.handle(NodeOffered(event.node, offer_of(event.capabilities)))
            self._refuse_twins()
        else:
            self._placement.handle(NodeLost(event.node))
            self._ask_twins()

    def progressed(self, event: StageStarted | StageProgressed | NodeWaiting) -> None:
        """A job goes on, or waits; it may be given to another machine then."""
        state = self._machines.of_job(event.job_id)
        if state is None or state.running is None:
            return
        state.progressed(event)
        if not isinstance(event, NodeWaiting) or self._machines.is_alone:
            return
        told = self._placement.handle(JobWaits(state.name, event.job_id, event.tries))
        if any(isinstance(one, TakeBack) for one in told):
            self._withdraw(state, leaves_record=False)
        elif not self._context.patient and not self._placement.may_move(state.name, event.job_id):
            self._nodes[state.name].stop_waiting()

    def ended(self, record: LearningRecord) -> Running | None:
        """A job has ended: what was known of it; None for one that nobody waits for."""
        state = self._machines.of_job(record.job_id)
        if state is None or state.running is None:
            return None
        was = state.running
        state.ended(record)
        lost = is_no_answer(record)
        done = JobDone(
            state.name,
            record.job_id,
            doubtful=record.status in ("failed", "partial") or any(one.suspect for one in record.outputs),
            again=was.again and record.status == "cancelled",
            lost=lost,
            seconds=record.seconds if record.status == "ok" else 0.0,
            fingerprint=record.backend.fingerprint if record.outputs else "",
        )
        self._placement.handle(done)
        if state.name in self._machines.leaving and self._machines.leaving[state.name] is state:
            self._gone(state.name)
        elif (lost or done.again) and not self._machines.is_alone:
            self._nodes[state.name].look()
        self._refuse_twins()
        return was

    def close(self) -> None:
        """Stop all threads and wait for them, no longer than for one."""
        close_nodes([*self._nodes.values(), *self._ended])

    def _plan(self, plan_id: str) -> LearningPlan | None:
        """A Learning Run of which jobs wait; where its rows were made before counts from now on."""
        if plan_id not in self._plans and not self._machines.is_alone:
            self._plans.add(plan_id)
            for row, node, printed in self._context.rows_of(plan_id):
                self._placement.handle(RowKnown(plan_id, row, node, printed))
        return self._context.plan_of(plan_id)

    # ---- one server at two addresses

    def _refuse_twins(self) -> None:
        """Take out the machines that are the same server as one before them: it makes one picture at a time."""
        for twin, name in self._machines.twins():
            # What had been compared with this one, because that answered first, is the same as the other one, too.
            others = [one for one in self._machines.here.values() if one.problem == _same_server(twin.name)]
            for one in (twin, *others):
                problem = _same_server(name)
                one.looked(NodeLooked(node=one.name, capabilities=None, problem=problem, brief=SAME_SERVER))
            self._placement.handle(NodeLost(twin.name))

    def _ask_twins(self) -> None:
        """One that was taken out stands in where the other no longer answers, or is gone."""
        for state in self._machines.here.values() if not self._machines.is_alone else ():
            if state.brief == SAME_SERVER and (node := self._nodes.get(state.name)) is not None:
                node.look()

    # ---- machines come and go

    def _set_aside(self, state: NodeState, *, paused: bool, draining: bool) -> None:
        state.paused, state.draining = paused, draining
        self._placement.handle(NodePaused(state.name, paused))
        self._placement.handle(NodeDraining(state.name, draining))

    def _join(self, spec: NodeSpec) -> None:
        """A machine among several is asked before it gets anything."""
        if spec.name in self._machines.leaving:
            return  # what had this name before has something to finish
        if spec.name not in self._placement.nodes:
            self._placement.handle(NodeCame(spec.name))
        state = self._machines.here[spec.name]
        try:
            node = self._node(spec) if state.running is None else self._nodes[spec.name]
        except InvalidInput as wrong:
            state.looked(NodeLooked(node=spec.name, capabilities=None, problem=str(wrong), brief="no address"))
            return
        if state.capabilities is not None and not state.brief:
            # Known from the time when it was the only one.
            self._placement.handle(NodeOffered(spec.name, offer_of(state.capabilities)))
        else:
            node.look()

    def _node(self, spec: NodeSpec) -> Node:
        wanted = (spec, self._context.outputs())
        if self._made_for.get(spec.name) != wanted:
            if (old := self._nodes.pop(spec.name, None)) is not None:
                self._end(old)
            families = self._context.families()
            context = self._context.job_context()
            context = msgspec.structs.replace(context, node=spec.name, outputs=wanted[1], families=families)
            backend = self._context.make_backend(spec.order)
            patient = self._context.patient or not self._machines.is_alone
            self._nodes[spec.name] = Node(backend, context, self._context.inbox, patient=patient)
            self._made_for[spec.name] = wanted
        return self._nodes[spec.name]

    def _end(self, node: Node) -> None:
        if self._machines.is_alone:
            # Its engine may need the graphics card for itself, so the next one begins when it has ended.
            node.close()
        else:
            # It may be asking a server that does not answer, and nobody can wait for that here.
            node.ask_to_end()
            self._ended.append(node)

    def _withdraw(self, state: NodeState, *, leaves_record: bool) -> None:
        if state.running is not None and not state.running.stopped:
            state.running = msgspec.structs.replace(state.running, again=True)
            self._nodes[state.name].cancel(withdraw=not leaves_record)

    def _let_go(self, name: str, *, several: bool) -> None:
        """A machine is no longer wanted, or its address is another one."""
        state = self._machines.here.pop(name)
        if state.running is None:
            self._gone(name)
            return
        state.leaving = True
        self._machines.leaving[name] = state
        self._placement.handle(NodePaused(name, True))
        if several or state.running.waiting:
            self._withdraw(state, leaves_record=not several)

    def _gone(self, name: str) -> None:
        self._machines.leaving.pop(name, None)
        self._placement.handle(NodeGone(name))
        self._made_for.pop(name, None)
        if (node := self._nodes.pop(name, None)) is not None:
            self._end(node)
        again = self._machines.here.get(name)
        if again is not None and not self._machines.is_alone:
            self._join(again.spec)
