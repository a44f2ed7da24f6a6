"""What is said below the picture being made on the Create page."""

from __future__ import annotations

from msgspec import Struct

from ...domain.base.colour_roles import Role
from ...domain.journal.record import LearningRecord
from ..controller import Controller
from ..nodes.running import Running


class PreviewText(Struct, frozen=True):
    """State, name and seed of what is shown; `ink` is the colour of the state."""

    state: str
    what: str
    seed: int | None = None
    ink: Role = "text2"


BLIND = PreviewText("Its pictures are shown in Learn.", "Blind Learning Run")


def is_blind(controller: Controller, run_id: str) -> bool:
    """Whether the pictures of this run belong to a Learning Run whose values are still hidden."""
    return controller.history is not None and not controller.history.visible().makes_openly(run_id)


def progress_text(running: Running) -> PreviewText:
    """How far the running job is."""
    step = f", step {running.step} of {running.steps}" if running.steps else ""
    return PreviewText(running.state or f"{running.stage}{step}", running.job.prompt_id, running.job.seed)


def ended_text(record: LearningRecord) -> PreviewText:
    """How a job has ended."""
    if record.error is not None:
        return PreviewText(record.error.message, record.prompt_id, ink="danger")
    words = {"ok": "done", "cancelled": "stopped"}.get(record.status, record.status)
    return PreviewText(words, record.prompt_id, record.outputs[-1].seed if record.outputs else record.seed)
