"""What Learning Runs found to be best for checkpoints and LoRAs, as words for tables."""

from __future__ import annotations

from collections.abc import Iterator

from ...domain.config.sweep import LORA, LORA_FILE, lora_file, value_text
from ...domain.insights.follow_up import CERTAIN, may_be_known
from ...domain.insights.titles import VERDICT_NAMES, heading
from ...domain.insights.verdict_text import percent
from ...domain.journal.columns import time_ms
from ...domain.journal.history import History
from ...domain.models.best_setting import BestSetting
from ...domain.models.value_sources import CHECKPOINT
from ...domain.runs.plan import LearningPlan, ResultSummary
from ...pipeline.messages.models import CountModels
from ..controller import Controller
from .estimates import file_estimates


def best_settings(history: History | None) -> tuple[BestSetting, ...]:
    """The answers of all Learning Runs whose values are revealed, newest first. Sketches prove nothing, and a run that
    is too early has no answer.
    """
    if history is None:
        return ()
    results = ((plan, history.plans.result(plan.plan_id)) for plan in history.visible().plans())
    known = ((line.event_id, line.ts, plan, line.summary) for plan, line in results if line is not None)
    newest = sorted(known, key=lambda one: one[0], reverse=True)
    return tuple(answer for _, ts, plan, found in newest for answer in _answers(plan, found, time_ms(ts)))


def count_order(controller: Controller, history: History) -> CountModels:
    """The order to count what the journal saw of every model, and to find whose the answers of Learning Runs are."""
    columns, hashes = history.visible().columns(), dict(controller.models.hashes)
    return CountModels(
        columns=columns, answers=best_settings(history), hashes=hashes, estimates=file_estimates(history)
    )


def _answers(plan: LearningPlan, found: ResultSummary, at_ms: int) -> Iterator[BestSetting]:
    value = found.value
    if value is None or found.state == "too_early" or plan.backend_kind == "sketch" or not may_be_known(plan, value):
        return
    if plan.base_config.workflow:
        return  # an answer about the workflow
    verdict = f"{VERDICT_NAMES[found.state].lower()}, {percent(found.probability, short=True)}"
    for path, own in plan.settings(value):
        kind, model, words = "checkpoint", plan.base_config.checkpoint, value_text(own, path)
        title, beside = heading(path), ""
        if path == CHECKPOINT:
            model, title, words = str(own), "Checkpoint", f"first of {len(plan.variant_values)}"
        elif path == LORA_FILE:
            (model, weight), kind, title = lora_file(str(own)), "lora", "File"
            words, beside = f"first of {len(plan.variant_values)}", f"at {weight:g}" if weight is not None else ""
        elif path.startswith(LORA):
            kind, model, title = "lora", path.removeprefix(LORA), "Weight"
        yield BestSetting(
            kind="lora" if kind == "lora" else "checkpoint",
            model=model,
            path=path,
            title=title,
            value=words,
            verdict=verdict,
            certain=found.state in CERTAIN,
            plan_id=plan.plan_id,
            time_ms=at_ms,
            beside=beside,
        )


def short(one: BestSetting) -> str:
    """For a column: "CFG scale 7 · best, 96 %"."""
    subject = one.value if one.title in ("Checkpoint", "File") else f"{one.title} {one.value}"
    return f"{subject} · {one.verdict}"
