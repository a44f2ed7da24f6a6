"""The whole app without its window on a folder, with everything it announced."""

from __future__ import annotations

from conftest import wait_until
from jobs import SMALL

from stablenew_tk.app.controller import Controller, open_places
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.journal.record import Feedback
from stablenew_tk.domain.prompts.pack import PackPrompt
from stablenew_tk.domain.prompts.variant import as_written
from stablenew_tk.domain.runs.job import RunRequest
from stablenew_tk.pipeline.messages.jobs import BackendChecked
from stablenew_tk.pipeline.messages.journal import HistoryLoaded, LineSaved
from stablenew_tk.storage.journal.reader import recent

SLOW = {"txt2img.steps": 150}


def request(count=1, *, record=True, seeds=1, **values):
    config = with_values(PipelineConfig(), SMALL | values)
    prompts = tuple(PackPrompt(f"p{n}", f"p{n}", f"a boat number {n}", "", n) for n in range(count))
    return RunRequest(
        pack_id="boats", variants=as_written(prompts), config=config, seed=7, seeds_per_prompt=seeds, record=record
    )


class App:
    """A controller on a folder, with everything it announced."""

    def __init__(self, folder, settings=None, *, wait=True, **options):
        self.places = open_places(str(folder))
        self.controller = Controller(self.places, settings or Settings(), **options)
        self.events = []
        self.controller.subscribe(self.events.append)
        self.controller.open()
        if wait:
            self.until(HistoryLoaded)
            self.until(BackendChecked)

    def told(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def wait(self, condition):
        wait_until(condition, step=self.controller.pump)

    def until(self, kind, count=1):
        self.wait(lambda: len(self.told(kind)) >= count)
        return self.told(kind)[count - 1]

    def make(self, *arguments, **values):
        jobs = self.controller.run(request(*arguments, **values))
        self.idle()
        return jobs

    def set_learning(self, mode, pack_id="boats"):
        """Have a pack say how it learns, as another program would write it; "" = as the project."""
        folder = self.places.packs
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{pack_id}.txt").write_text("a boat\n")
        (folder / f"{pack_id}.pack.json").write_text(f'{{"kind": "pack_settings", "version": 1, "learning": "{mode}"}}')
        self.wait(lambda: self.controller.packs.learning.get(pack_id, "") == mode)

    def idle(self):
        self.wait(lambda: self.controller.running is None and not self.controller.queue)

    def say(self, image_ids, **what):
        change = Feedback(event_id="", ts="", image_id="", **what)
        ids = self.controller.rate(image_ids, change)
        self.wait(lambda: {*ids} <= {event.line.event_id for event in self.told(LineSaved)})
        return ids

    def images(self):
        history = self.controller.history
        return [history.visible().facts(row).image_id for row in range(len(history))]

    def held(self):
        history = self.controller.history
        return [history.unblinded().feedback(row) for row in range(len(history))]

    def records(self):
        return [folded.record for folded in recent(self.places.journal, 1000)]
