"""Estimates how long jobs will take, from the times of earlier jobs on the same engine."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from ..config.pipeline_config import PipelineConfig, stage_spec
from .record import LearningRecord

# Loading, decoding and saving cost about as much as this many megapixel-steps.
_FIXED_WORK = 2.0


def work(config: PipelineConfig) -> float:
    """Rough amount of work of one job, in sampler steps times megapixels. Always > 0."""
    megapixels = config.txt2img.width * config.txt2img.height / 1e6
    total = _FIXED_WORK
    for stage in config.stages():
        spec = stage_spec(stage)
        total += spec.work(config, megapixels)
        megapixels *= spec.scale(config) ** 2
    return total


def seconds_per_work(records: Iterable[LearningRecord], backend_kind: str) -> float | None:
    """Median seconds for each unit of `work` of finished jobs on one kind of backend; None without such jobs."""
    paces = [
        r.seconds / work(r.config)
        for r in records
        if r.status == "ok" and r.backend.kind == backend_kind and r.seconds > 0
    ]
    return median(paces) if paces else None


def forecast_s(pace: float | None, configs: Iterable[PipelineConfig], done: float = 0.0) -> float | None:
    """Seconds that jobs with these configs will take, less the share `done` (0 to 1) of the first; None = unknown.

    `pace` is the result of `seconds_per_work`.
    """
    if pace is None:
        return None
    # Thousands of jobs share a few configs. The reference keeps Python from reusing the id for another config.
    known: dict[int, tuple[PipelineConfig, float]] = {}
    total = first = 0.0
    for config in configs:
        found = known.get(id(config)) or known.setdefault(id(config), (config, work(config)))
        first = first or found[1]
        total += found[1]
    return pace * (total - done * first) if total else None


def about(seconds: float) -> str:
    """A rounded duration as text: "about 40 s", "about 4 min", "about 2 h"."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h".replace(".0", "")
