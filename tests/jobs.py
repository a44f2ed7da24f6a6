"""Jobs for tests, and one place where a runner works: a folder, a real journal, and every event it told."""

from __future__ import annotations

import hashlib
import io
import itertools
import resource
import threading
from contextlib import contextmanager
from pathlib import Path

from families import SHIPPED
from PIL import Image

from stablenew_tk.backends.transport import Limits
from stablenew_tk.backends.webui.backend import WebUI
from stablenew_tk.domain.base.ids import ulid
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.runs.job import Job
from stablenew_tk.pipeline.messages.jobs import ImageSaved, JobEnded
from stablenew_tk.pipeline.runner import JobContext, PipelineRunner
from stablenew_tk.storage.journal.reader import recent, verify
from stablenew_tk.storage.journal.writer import LearningRecordWriter
from stablenew_tk.storage.pictures.images import open_for_start

# Short pauses. A server of ours is waited for as long as it takes: on a busy computer it may not come to its turn for
# seconds, which no test may take for a failure.
QUICK = Limits(
    **dict.fromkeys(("connect_s", "lists_s", "progress_s", "control_s", "stall_s", "settle_s"), 60.0),
    resend_s=0.02,
    poll_s=0.01,
    preview_s=0,
)
SMALL = {"txt2img.width": 64, "txt2img.height": 64, "txt2img.steps": 4, "img2img.steps": 3}
LATER = {"img2img.enabled": True, "adetailer.enabled": True, "upscale.enabled": True}
_numbers = itertools.count(1)


def new_id():
    number = next(_numbers)
    return ulid(1_790_000_000_000 + number, number.to_bytes(10, "big"))


def job(prompt="a red boat", *, record=True, start_image="", seed=7, **values):
    """A small job; values by catalogue path with __ or . between the parts."""
    paths = {name.replace("__", "."): value for name, value in values.items()}
    return Job(
        job_id=new_id(),
        run_id="RUN",
        run_name="120000-starter",
        index=0,
        pack_id="starter",
        prompt_id="Boat",
        prompt=prompt,
        negative="blur",
        seed=seed,
        config=with_values(PipelineConfig(), SMALL | paths),
        origins={"txt2img.steps": "user"},
        record=record,
        start_image=str(start_image),
    )


def webui(server, **limits):
    """The server as a backend that waits for nothing long."""
    quick = {name: getattr(QUICK, name) for name in QUICK.__struct_fields__}
    return WebUI(server.url, limits=Limits(**quick | limits))


class Workshop:
    """Runs jobs in a temp folder with a real journal and keeps what was told."""

    def __init__(self, folder: Path, backend, *, writer=None, **surroundings) -> None:
        self.outputs, self.journal, self.events = folder / "outputs", folder / "journal", []
        self.around = JobContext(
            **{
                "outputs": self.outputs,
                "node": "local",
                "emit": self.events.append,
                "new_id": new_id,
                "writer": writer or LearningRecordWriter(self.journal),
                "read_start": open_for_start,
                "families": SHIPPED,
            }
            | surroundings
        )
        self.backend = backend
        self.runner = PipelineRunner(backend, self.around)

    def run(self, one, cancelled=lambda: False):
        """Make the job and hold what holds for every job, however it ends."""
        before = len(self.told(JobEnded))
        record = self.runner.run(one, cancelled)
        assert len(self.told(JobEnded)) == before + 1
        assert [folded.record.job_id for folded in self.records()].count(one.job_id) == one.record
        self.holds_what_it_says(record)
        return record

    def told(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def words(self):
        """Names of the events in order; a stage with its name."""
        return [f"{type(e).__name__} {getattr(e, 'stage', '')}".strip() for e in self.events]

    def records(self):
        assert not verify(self.journal).damaged
        return recent(self.journal, 1000)

    def path(self, output):
        return self.outputs / output.path

    def holds_what_it_says(self, record):
        """Every picture of the record is on disk byte for byte, and no other file is there."""
        for output in record.outputs:
            data = self.path(output).read_bytes()
            assert hashlib.sha256(data).hexdigest() == output.sha256
            with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
                assert image.size == (output.width, output.height)
        told = {event.path for event in self.told(ImageSaved)}
        assert told == {path for path in self.outputs.rglob("*") if path.is_file()}


class Switch:
    """A cancelled() that says yes from a moment on."""

    def __init__(self) -> None:
        self.on = False

    def __call__(self) -> bool:
        return self.on


@contextmanager
def in_thread(work, *arguments, name="in-thread"):
    """Do something in a thread during the block and wait for it at the end; yields a list for its answer."""
    answer = []
    thread = threading.Thread(target=lambda: answer.append(work(*arguments)), name=name)
    thread.start()
    try:
        yield answer
    finally:
        thread.join()


@contextmanager
def full_disk(limit):
    """No file of this process can grow beyond `limit` bytes during the block."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
