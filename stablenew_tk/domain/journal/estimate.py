"""Estimates how long jobs will take, from the times of earlier jobs on the same engine."""

from __future__ import annotations

from collections.abc import Iterable

from ..config.pipeline_config import PipelineConfig, work
from .record import LearningRecord


def seconds_per_work(records: Iterable[LearningRecord], backend_kind: str) -> float | None:
    """Median seconds for each unit of `work` of finished jobs on one kind of backend; None without such jobs.

    The time behind somebody else's jobs does not count.
    """
    paces = [
        _own_seconds(record) / work(record.config)
        for record in records
        if record.status == "ok" and record.backend.kind == backend_kind and _own_seconds(record) > 0
    ]
    from statistics import median

    return median(paces) if paces else None


def _own_seconds(record: LearningRecord) -> float:
    return record.seconds - sum(stage.queue_wait_s for stage in record.stage_results)


def forecast_s(pace: float, configs: Iterable[PipelineConfig]) -> float | None:
    """Seconds that jobs with these configs will take at a pace; None without any."""
    # Thousands of jobs share a few configs. Kept, so that no other one gets the same id meanwhile.
    known: dict[int, tuple[PipelineConfig, float]] = {}
    total = 0.0
    for config in configs:
        total += (known.get(id(config)) or known.setdefault(id(config), (config, work(config))))[1]
    return pace * total if total else None


def about(seconds: float) -> str:
    """A rounded duration as text: "about 40 s", "about 4 min", "about 2 h"."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h".replace(".0", "")
