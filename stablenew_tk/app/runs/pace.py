"""`JobPace`: how long jobs take, told by those that were made last."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from ...domain.config.pipeline_config import PipelineConfig
from ...domain.journal.estimate import forecast_s, seconds_per_work
from ...domain.journal.record import LearningRecord

SAMPLES = 20


class JobPace:
    """The last SAMPLES jobs that were made, newest last. Main thread only."""

    def __init__(self) -> None:
        self._jobs: deque[LearningRecord] = deque(maxlen=SAMPLES)
        self._per_work: dict[str, float | None] = {}  # by kind of backend, worked out when it is first asked for

    def begin(self, before: Sequence[LearningRecord]) -> None:
        """Take in jobs of earlier sessions, newest first. What this one has made is newer than all of them."""
        made = [record for record in before if record.status == "ok"]
        self._jobs.extendleft(made[: SAMPLES - len(self._jobs)])
        self._per_work.clear()

    def made(self, record: LearningRecord) -> None:
        """Take in a job that has ended."""
        if record.status == "ok":
            self._jobs.append(record)
            self._per_work.clear()

    def forecast_s(self, kind: str, configs: Iterable[PipelineConfig], *, machines: int = 1) -> float | None:
        """Seconds that jobs with these configs take on so many backends of a kind together; None = unknown."""
        if kind not in self._per_work:
            self._per_work[kind] = seconds_per_work(self._jobs, kind)
        pace = self._per_work[kind]
        alone_s = forecast_s(pace, configs) if pace is not None else None
        return alone_s / max(1, machines) if alone_s is not None else None
