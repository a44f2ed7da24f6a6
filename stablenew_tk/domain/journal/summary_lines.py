"""Only what the history needs of a record: skipping the rest saves most of the time of reading a journal."""

from __future__ import annotations

import msgspec

from .record import Feedback, PlanLine, Status, Void


class ConfigSummary(msgspec.Struct, gc=False):
    """Of the config."""

    checkpoint: str = ""


class BackendSummary(msgspec.Struct, gc=False):
    """Of the backend."""

    kind: str


class LearningTagSummary(msgspec.Struct, gc=False, frozen=True):
    """Of the learning tag: which step of which plan, "" for everyday runs."""

    plan_id: str = ""
    step_id: str = ""


class OutputSummary(msgspec.Struct, gc=False):
    """Of a picture."""

    image_id: str
    stage: str
    suspect: tuple[str, ...] = ()


class RecordSummary(msgspec.Struct, tag_field="kind", tag="run", gc=False):
    """A record without what the columns do not hold."""

    event_id: str
    ts: str
    run_id: str
    pack_id: str
    config: ConfigSummary
    backend: BackendSummary
    status: Status
    outputs: list[OutputSummary] = []
    run_name: str = ""
    job_id: str = ""
    seconds: float = 0.0
    learning: LearningTagSummary = LearningTagSummary()


SLIM = msgspec.json.Decoder(RecordSummary | Feedback | Void | PlanLine)
