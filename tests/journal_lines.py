"""Records, ratings and undo lines for tests, every one unique."""

from __future__ import annotations

from io import BytesIO
from itertools import count

from stablenew_tk.domain.base.ids import ulid
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.journal.history import History
from stablenew_tk.domain.journal.record import BackendInfo, Feedback, LearningRecord, Output, Void

_moments = count(1_790_000_000_000, 1000)


def new_id():
    moment = next(_moments)
    return ulid(moment, (moment % (1 << 80)).to_bytes(10, "big"))


def output(stage="txt2img", **changes):
    return Output(
        **{
            "image_id": new_id(),
            "stage": stage,
            "path": "2026-01-01/run/txt2img/00001.png",
            "sha256": "0" * 64,
            "width": 64,
            "height": 64,
            "seed": 1,
        }
        | changes
    )


def record(images=1, *, checkpoint="dream.safetensors", kind="webui", **changes):
    return LearningRecord(
        **{
            "event_id": new_id(),
            "ts": "2026-01-01T00:00:00.000Z",
            "run_id": "RUN",
            "run_name": "first",
            "job_id": new_id(),
            "pack_id": "heroes",
            "prompt_id": "p1",
            "prompt": "a knight\nand a dragon",
            "negative": "blur",
            "seed": 1,
            "stages": ("txt2img",),
            "config": PipelineConfig(checkpoint=checkpoint),
            "backend": BackendInfo(kind=kind, name="local"),
            "outputs": tuple(output() for _ in range(images)),
            "status": "ok",
        }
        | changes
    )


def rate(image, rating=None, **changes):
    image_id = image if isinstance(image, str) else image.image_id
    return Feedback(event_id=new_id(), ts="2026-01-01T00:01:00.000Z", image_id=image_id, rating=rating, **changes)


def undo(line):
    return Void(event_id=new_id(), ts="2026-01-01T00:02:00.000Z", target=line.event_id)


def reopened(history):
    """The history as it is read again after it was saved."""
    return History.read(BytesIO(b"".join(history.saved())).read)
