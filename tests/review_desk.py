"""A review page over a real controller and a real journal of some pictures, for tests."""

import hashlib
import io
from datetime import UTC, datetime

from conftest import wait_until
from PIL import Image

from stablenew_tk.app.controller import Controller
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.journal.record import BackendInfo, LearningRecord, Output, StageRecord
from stablenew_tk.gui.review.page import ReviewPage
from stablenew_tk.pipeline.ids_and_times import new_id, utc_text
from stablenew_tk.storage.disk.places import find_places
from stablenew_tk.storage.journal.writer import LearningRecordWriter


def picture(number):
    out = io.BytesIO()
    Image.new("RGB", (96, 128), (number * 10 % 256, 80, 120)).save(out, "PNG")
    return out.getvalue()


def record(number, places, *, run="run 1", pack="Rain city", suspect=()):
    name = f"{number}.png"
    places.outputs.mkdir(parents=True, exist_ok=True)
    content = picture(number)
    (places.outputs / name).write_bytes(content)
    output = Output(
        image_id=f"image {number}",
        stage="txt2img",
        path=name,
        sha256=hashlib.sha256(content).hexdigest(),
        width=96,
        height=128,
        seed=number,
        suspect=suspect,
    )
    applied = {"txt2img.steps": 20 if suspect else 28}
    stage = StageRecord(stage="txt2img", asked={"txt2img.steps": 28, "txt2img.cfg_scale": 6.5}, applied=applied)
    return LearningRecord(
        event_id=new_id(),
        ts=utc_text(datetime.now(UTC)),
        run_id=run,
        job_id=f"job {number}",
        pack_id=pack,
        prompt_id="Last tram",
        prompt="a tram in the rain",
        negative="blurry",
        seed=number,
        stages=("txt2img",),
        config=PipelineConfig(checkpoint="one"),
        backend=BackendInfo(kind="webui", name="Forge"),
        status="ok",
        stage_results=(stage,),
        outputs=(output,),
        # The pictures were moved with their whole folder since they were made.
        output_root=str(places.outputs.with_name("where it was before")),
        seconds=2.0,
    )


class Desk:
    """A review page over a real controller and a real journal of some pictures."""

    def __init__(self, root, folder, count, **settings):
        self.root = root
        self.places = find_places(str(folder), {}, None)
        self.places.cache.mkdir(parents=True)
        self.writer = LearningRecordWriter(self.places.journal)
        for number in range(count):
            self.writer.append(record(number, self.places, suspect=("mismatch:txt2img.steps",) if number == 3 else ()))
        self.controller = Controller(self.places, Settings(**settings))
        self.used, self.created, self.learned = [], [], []
        self.page = ReviewPage(
            root,
            self.controller,
            on_use_settings=self.used.append,
            go_create=lambda: self.created.append(True),
            on_learn=lambda _record, facts: self.learned.append(facts),
        )
        self.page.pack(fill="both", expand=True)
        self.controller.subscribe(self.page.on_event)
        self.controller.open()
        self.until(lambda: self.controller.history is not None and len(self.grid.picked.rows) == count)
        self.page.shown()
        self.grid.canvas.focus_force()
        self.root.update()

    @property
    def grid(self):
        return self.page.pictures

    def step(self):
        self.controller.pump()
        self.root.update()

    def until(self, condition):
        wait_until(condition, step=self.step)

    def press(self, *keys):
        for key in keys:
            self.root.focus_get().event_generate(f"<{key}>" if len(key) > 1 else f"<Key-{key}>")
            self.root.update()

    def rating(self, number):
        history = self.controller.history
        return history.visible().facts(history.row_of(f"image {number}")).rating

    def tags(self, number):
        history = self.controller.history
        return history.visible().facts(history.row_of(f"image {number}")).tags

    def ratings(self):
        return [self.rating(number) for number in range(len(self.controller.history))]

    def words(self):
        """What stands in the cells in sight."""
        canvas = self.grid.canvas
        items = [item for item in canvas.find_all() if canvas.type(item) == "text"]
        return [canvas.itemcget(item, "text") for item in items if canvas.itemcget(item, "state") != "hidden"]

    def note(self, number):
        history = self.controller.history
        return history.unblinded().facts(history.row_of(f"image {number}")).note

    def filter(self, steps):
        """Choose another segment of the filter by arrow keys."""
        self.page.filters.focus_first()
        self.root.update()
        self.press(*["Right"] * steps)

    def current(self):
        return self.controller.history.visible().facts(self.grid.picked.current_row).image_id
