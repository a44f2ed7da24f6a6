"""Proves that the program works where it stands: window, picture, one sketch job, a record written and read again, and
where the packages are there a cluster of one worker.
"""

from __future__ import annotations

import time

from PIL import Image, ImageTk

from ..app.controller import Controller, open_places
from ..app.start.selftest_report import LIMIT_S, SelfTest
from ..domain.config.catalogue import with_values
from ..domain.config.pipeline_config import PipelineConfig
from ..domain.config.user_settings import Settings
from ..domain.prompts.pack import PackPrompt
from ..domain.prompts.variant import as_written
from ..domain.runs.job import RunRequest
from ..pipeline.messages.base import Event
from ..pipeline.messages.jobs import JobEnded
from ..pipeline.messages.pictures import ThumbnailReady
from .main_frame import MainFrame
from .window import Window

PROMPT = PackPrompt("selftest", "selftest", "a small red boat on a calm sea, sunset", "", 1)


def selftest(folder: str) -> SelfTest:
    """Do the whole loop once in an empty data folder. Needs a display."""
    began, worked = time.monotonic(), time.process_time()
    settings = Settings(welcome_done=True)
    controller = Controller(open_places(folder), settings)
    try:
        frame = MainFrame(settings)
        window = Window(frame, controller)
        seen = _Seen()
        controller.subscribe(seen.note)
        # Painting needs Pillow's bridge to Tk, which a frozen program easily lacks.
        photo = ImageTk.PhotoImage(Image.new("RGB", (8, 8)))
        config = with_values(PipelineConfig(), {"txt2img.width": 256, "txt2img.height": 256, "txt2img.steps": 4})
        controller.run(RunRequest(pack_id="selftest", variants=as_written((PROMPT,)), config=config, seed=1))
        # Of the processor: a busy computer takes longer and is no fault.
        while time.process_time() - worked < LIMIT_S and not seen.complete:
            frame.update()
        rows = len(controller.history) if controller.history is not None else 0
        window.leave()
    finally:
        # Without a display the window cannot be built, and threads left alone would keep the program alive.
        controller.close()
    written = sum(file.stat().st_size for file in controller.places.journal.rglob("records-*.jsonl"))
    painted, recorded = photo.width() == 8 and seen.thumbnail, rows == 1 and written > 0
    done = seen.status == "ok" and painted and recorded
    problem = seen.problem
    if not done and not problem:
        problem = f"Within {LIMIT_S:.0f} s of work: job {seen.status or 'not ended'}, {painted=}, {recorded=}."
    seconds = round(time.monotonic() - began, 2)
    return SelfTest(
        ok=done,
        window=True,
        picture=painted,
        job=seen.status,
        record=recorded,
        seconds=seconds,
        problem=problem,
    )


class _Seen:
    """What the window's events told so far."""

    def __init__(self) -> None:
        self.status = ""
        self.thumbnail = False
        self.problem = ""

    @property
    def complete(self) -> bool:
        """Nothing more to wait for."""
        return bool(self.status) and (self.thumbnail or bool(self.problem))

    def note(self, event: Event) -> None:
        """Remember the end of the job and the first thumbnail."""
        if isinstance(event, JobEnded):
            self.status = event.record.status
        elif isinstance(event, ThumbnailReady):
            self.thumbnail, self.problem = bool(event.jpeg), event.problem
