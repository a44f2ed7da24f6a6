"""`Machines`: all machines that make pictures, as the views see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...backends.base import Capabilities
from ...domain.config.engines import SKETCH
from ...domain.nodes.names import may_be_one
from ...pipeline.messages.base import Event
from ...pipeline.messages.jobs import ImageSaved, NodeWaiting, StageProgressed
from ..engines.backend_state import BackendState
from .node_state import NodeState
from .running import Running
from .specs import NodeSpec

# In a few words, why one of two machines gets nothing.
SAME_SERVER = "same server"


class Machines:
    """The states of all machines. Main thread; only `Dispatch` changes what is in it.

    `specs` are those of the settings, `here` their states by name in the same order, `leaving` those that are no longer
    in the settings and have something to finish. `leading()` is what the backend in force offers.
    """

    def __init__(self, leading: Callable[[], Capabilities | None]) -> None:
        self.specs: tuple[NodeSpec, ...] = ()
        self.here: dict[str, NodeState] = {}
        self.leaving: dict[str, NodeState] = {}
        self._leading = leading

    @property
    def states(self) -> tuple[NodeState, ...]:
        """All of them, those of the settings in their order first."""
        return (*self.here.values(), *self.leaving.values())

    @property
    def is_alone(self) -> bool:
        """Whether there is one machine only."""
        return len(self.specs) == 1

    @property
    def all_asked(self) -> bool:
        """Whether every machine has answered, or surely does not."""
        return all(one.asked for one in self.here.values())

    @property
    def working(self) -> tuple[Running, ...]:
        """What is being made now, that of the longest on top."""
        busy = (one.running for one in self.states if one.running is not None)
        return tuple(sorted(busy, key=lambda one: one.began))

    def state(self, name: str) -> NodeState | None:
        """One machine by name."""
        return self.here.get(name) or self.leaving.get(name)

    def of_job(self, job_id: str) -> NodeState | None:
        """The machine that makes a job."""
        return next((one for one in self.states if one.running is not None and one.running.job.job_id == job_id), None)

    def leading(self) -> Capabilities | None:
        """What the backend in force offers; where it does not answer, the next one that is no sketch in its place."""
        found = self._leading()
        if found is not None or self.is_alone:
            return found
        is_sketch = self.specs[0].order.address == SKETCH
        others = (one.capabilities for one in self.here.values() if one.state not in ("away", "refused"))
        return next((one for one in others if one is not None and (one.kind == SKETCH) == is_sketch), None)

    def twins(self) -> Sequence[tuple[NodeState, str]]:
        """The machines at work that are the same server as one before them, each with the name of that."""
        before: list[tuple[str, str, NodeState]] = []
        found: list[tuple[NodeState, str]] = []
        for one in self.here.values() if not self.is_alone else ():
            if one.capabilities is None or not one.capabilities.server or one.brief:
                continue
            server, address = one.capabilities.server, one.spec.order.address
            same = (
                other.name
                for there, kind, other in before
                if (there, kind) == (server, one.kind) and may_be_one(other.spec.order.address, address)
            )
            name = next(same, "")
            if not name:
                before.append((server, one.kind, one))
            elif one.running is None:
                found.append((one, name))
        return found

    def count(self, kind: str = "") -> int:
        """How many machines of a kind of engine work or could; "" = of any."""
        ready = ("ready", "busy", "waiting")
        return sum(kind in ("", one.kind) and one.state in ready for one in self.here.values())

    def is_about_first(self, event: Event) -> bool:
        """Whether an event tells something about the backend in force, as far as several have it to themselves."""
        if self.is_alone or not isinstance(event, NodeWaiting | StageProgressed | ImageSaved):
            return True
        return self.of_job(event.job_id) is self.here[self.specs[0].name]


class InForce:
    """What the whole program asks about the machines it has: `nodes` are they, `backend` is the first one's state."""

    nodes: Machines
    backend: BackendState

    @property
    def capabilities(self) -> Capabilities | None:
        """What the backend in force offers; of several machines another one's where it does not answer."""
        return self.nodes.leading()

    @property
    def running(self) -> Running | None:
        """The job that is being made, of several the one that was begun first."""
        return next(iter(self.nodes.working), None)

    @property
    def machines_at_work(self) -> int:
        """How many machines share what is run now, at least 1."""
        found = self.capabilities
        return max(1, self.nodes.count(found.kind)) if found is not None and not self.nodes.is_alone else 1

    @property
    def why_not(self) -> str:
        """Why nothing can be made just now: "tower:7860: no answer"; "" while a machine answers or nobody knows."""
        others = not self.nodes.is_alone and self.capabilities is not None
        return "" if others else self.backend.why_not
