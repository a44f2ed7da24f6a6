"""`Running`: the running job and its progress, stage by stage."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from ...backends.base import StageProgress
from ...domain.runs.job import Job
from ...pipeline.messages.jobs import NodeWaiting, StageProgressed, StageStarted


class Running(Struct, frozen=True):
    """The running job and its progress. `began` is monotonic time in seconds.

    `waiting`: for a backend that does not answer. `stopped`: by the user. `again`: interrupted by the program; the job
    then goes back into the queue. `node` makes it.
    """

    job: Job
    began: float
    node: str = ""
    stage: str = ""
    stage_number: int = 0
    stage_count: int = 1
    fraction: float = 0.0
    step: int = 0
    steps: int = 0
    state: str = ""
    waiting: bool = False
    stopped: bool = False
    again: bool = False

    @property
    def done(self) -> float:
        """Share of the whole job, 0 to 1."""
        return min(1.0, (max(0, self.stage_number - 1) + self.fraction) / max(1, self.stage_count))

    def after(self, event: StageStarted | StageProgressed | NodeWaiting) -> Running:
        """A copy updated with an event of the node."""
        if isinstance(event, NodeWaiting):
            return replace(self, waiting=True)
        if isinstance(event, StageStarted):
            now = StageProgress()
            begun = replace(self, stage=event.stage, stage_number=event.number)
        else:
            now, begun = event.progress, self
        return replace(begun, fraction=now.fraction, step=now.step, steps=now.steps, state=now.state, waiting=False)
