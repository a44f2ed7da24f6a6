"""`NodeState`: all that is known of one machine: whether it answers, what it makes, what it made."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal

from ...backends.base import Capabilities
from ...domain.base.errors import AccessDenied, NotReady, Unreachable
from ...domain.config.engines import SKETCH
from ...domain.journal.record import LearningRecord
from ...domain.nodes.activity import Activity
from ...pipeline.messages.jobs import NodeLooked, NodeWaiting, StageProgressed, StageStarted
from .running import Running
from .specs import NodeSpec

State = Literal["asking", "ready", "busy", "waiting", "draining", "paused", "away", "refused", "leaving"]
# Away: worth asking again. Everything else needs somebody to do something.
_AWAY = (Unreachable.brief, NotReady.brief)
_LATEST = 7


class NodeState:
    """Folded from the events of one node. Main thread; read-only for others. Times are seconds of `clock()`.

    `problem` is what is the matter, in a sentence, `brief` in a few words, both "" while nothing is; `preview` is the
    latest small picture of what it makes. `done` and `failed` count jobs, `pictures` and `suspect` finished pictures.
    """

    def __init__(self, spec: NodeSpec, clock: Callable[[], float]) -> None:
        self.spec = spec
        self.capabilities: Capabilities | None = None
        self.asked = False
        self.brief = self.problem = ""
        self.paused = self.draining = self.leaving = False
        self.running: Running | None = None
        self.preview = b""
        self.done = self.failed = self.pictures = self.suspect = 0
        self.fingerprint = ""
        self.activity = Activity()
        self._clock = clock
        self._paces: deque[float] = deque(maxlen=_LATEST)

    @property
    def name(self) -> str:
        """What it is called."""
        return self.spec.name

    @property
    def state(self) -> State:
        """In one word, for lists."""
        if self.leaving:
            return "leaving"
        if self.brief:
            return "away" if self.brief in _AWAY else "refused"
        if self.draining:
            return "draining"
        if self.running is not None:
            return "waiting" if self.running.waiting else "busy"
        if self.paused:
            return "paused"
        return "ready" if self.capabilities is not None else "asking"

    @property
    def kind(self) -> str:
        """The kind of engine, "" as long as nobody knows."""
        return self.capabilities.kind if self.capabilities is not None else ""

    @property
    def engine(self) -> str:
        """Program and version, without its address: "Forge 2.1"."""
        found = self.capabilities
        return f"{found.name.partition(' · ')[0]} {found.version}".strip() if found is not None else ""

    @property
    def device(self) -> str:
        """What computes there, "" where nobody tells."""
        found = self.capabilities
        # Sketches are painted the same by any computer, and who tells nothing is known by its address.
        untold = found is None or found.kind == SKETCH or found.device in self.spec.address
        return "" if untold or found is None else found.device

    @property
    def per_minute(self) -> float | None:
        """Pictures per minute while it works, None before the first one."""
        from statistics import median

        return 60 / median(self._paces) if self._paces else None

    @property
    def suspect_share(self) -> float | None:
        """Share of its pictures that are suspect, None before the first one."""
        return self.suspect / self.pictures if self.pictures else None

    # ---- what happens

    def looked(self, event: NodeLooked) -> None:
        """It has said what it offers, or why nothing can be had from it."""
        self.asked = True
        if event.capabilities is not None:
            self.capabilities = event.capabilities
        self._tell(event.brief, event.problem)

    def progressed(self, event: StageStarted | StageProgressed | NodeWaiting) -> None:
        """Its job goes on, or waits for the backend."""
        if self.running is None:
            return
        self.running = self.running.after(event)
        if isinstance(event, NodeWaiting):
            self._tell(event.brief, event.message)
        elif isinstance(event, StageProgressed):
            self.preview = event.progress.preview or self.preview
            if event.progress.step:
                self._tell("", "")

    def ended(self, record: LearningRecord) -> None:
        """Its job has ended."""
        last = record.outputs[-1].stage if record.outputs else ""
        finals = [one for one in record.outputs if one.stage == last]
        made = len(finals) if record.status in ("ok", "partial") else 0
        doubtful = sum(bool(one.suspect) for one in finals) if made else 0
        self.done += record.status == "ok"
        self.failed += record.status in ("failed", "partial")
        self.pictures, self.suspect = self.pictures + made, self.suspect + doubtful
        self.running = None
        self.fingerprint = record.backend.fingerprint or self.fingerprint
        if made:
            self.activity.note(self._clock(), made, doubtful)
            self._tell("", "")
            if record.status == "ok" and record.seconds > 0:
                self._paces.append(record.seconds / made)
        elif record.error is not None and record.error.error in _NO_ANSWER:
            self._tell(_NO_ANSWER[record.error.error], record.error.message)

    def _tell(self, brief: str, problem: str) -> None:
        self.brief, self.problem = brief, problem
        self.activity.set_away(self._clock(), brief in _AWAY)


_NO_ANSWER = {kind.__name__: kind.brief for kind in (Unreachable, NotReady, AccessDenied)}


def is_no_answer(record: LearningRecord) -> bool:
    """Whether a job failed because nobody answered, so that it was not begun."""
    return record.error is not None and record.error.error in _NO_ANSWER
