"""Learning Runs with pictures on disk, for tests of the Learn page: the plan, its records, and a page over them."""

from __future__ import annotations

import io
import tkinter as tk

import msgspec
from conftest import wait_until
from journal_lines import new_id, rate
from msgspec.structs import replace
from PIL import Image

from stablenew_tk.app.controller import Controller
from stablenew_tk.app.learn.plan_results import PlanResults
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.insights.matrix import board
from stablenew_tk.domain.journal.history import History
from stablenew_tk.domain.journal.position import Position
from stablenew_tk.domain.journal.record import BackendInfo, LearningRecord, Output
from stablenew_tk.domain.runs.plan import (
    LearningPlan,
    LearningRunResult,
    PlanCell,
    PlanPrompt,
    ResultSummary,
    cell_of,
    job_for,
)
from stablenew_tk.gui.learn.page import LearnPage
from stablenew_tk.gui.widgets.basics import Button
from stablenew_tk.gui.widgets.tooltips import explanation
from stablenew_tk.storage.disk.places import find_places
from stablenew_tk.storage.journal.writer import LearningRecordWriter

TS = "2026-01-01T00:00:00.000Z"
VALUES = (117, 23, 131, 47, 89)


def plan(values=VALUES, rows=3, **changes):
    """Five values of steps on three seeds, blind, of a made-up pack."""
    return LearningPlan(
        **{
            "event_id": new_id(),
            "ts": TS,
            "plan_id": "PLAN",
            "name": "Which number",
            "focus_parameter": "txt2img.steps",
            "pack_id": "Rain city",
            "prompts": (PlanPrompt("Alley", "a tram in the rain"),),
            "base_config": PipelineConfig(checkpoint="dream"),
            "variant_values": tuple(values),
            "images_per_variant": rows,
            "seeds": tuple(90_000_017 + 1000 * row for row in range(rows)),
            "backend_kind": "webui",
            "run_name": "120000-rain",
            "run_day": "2026-01-01",
        }
        | changes
    )


def name_of(cell):
    return f"image {cell.variant} {cell.row}"


def record(of, cell, *, status="ok", suspect=(), pixels=""):
    """What is recorded when a cell of a plan was made. Its file name tells the value, as bad names do."""
    job = job_for(of, cell, job_id=new_id())
    value = of.variant_values[cell.variant]
    output = Output(
        image_id=name_of(cell),
        stage="txt2img",
        path=f"value-{value}-{cell.row}.png",
        sha256="0" * 64,
        width=96,
        height=128,
        seed=job.seed,
        suspect=suspect,
        pixels=pixels,
    )
    return LearningRecord(
        event_id=new_id(),
        ts=TS,
        run_id=job.run_id,
        run_name=job.run_name,
        job_id=job.job_id,
        pack_id=job.pack_id,
        prompt_id=job.prompt_id,
        prompt=job.prompt,
        negative="",
        seed=job.seed,
        stages=("txt2img",),
        config=job.config,
        learning=job.learning,
        backend=BackendInfo(kind="webui", name="Forge"),
        seconds=7.25,
        outputs=(output,) if status == "ok" else (),
        status=status,
    )


def history(of, *, without=(), failed=(), suspect=(), ratings=(), pixels=lambda _cell: ""):
    """A history with the plan and all its pictures but some; `ratings` are feedback lines folded at the end. `pixels`
    tells which pictures show the same.
    """
    held = History()
    lines = [of]
    for cell in of.cells():
        if cell not in without:
            doubt = ("mismatch:txt2img.steps",) if cell in suspect else ()
            status = "failed" if cell in failed else "ok"
            lines.append(record(of, cell, status=status, suspect=doubt, pixels=pixels(cell)))
    # A result is written after the pictures it is about.
    written = [replace(line, event_id=new_id()) if isinstance(line, LearningRunResult) else line for line in ratings]
    for number, line in enumerate([*lines, *written]):
        held.fold(line, Position(1, number * 1000, 999))
    return held


def all_rated(of, stars=3):
    return [rate(name_of(cell), stars, blind=True) for cell in of.cells()]


def result(of):
    nothing = ResultSummary(state="too_early", value=None, probability=0, sentence="", rated=0, rows=0)
    return LearningRunResult(event_id=rate("x").event_id, ts=of.ts, plan_id=of.plan_id, steps=(), summary=nothing)


def board_of(of, **changes):
    return board(history(of, **changes), of.plan_id)


class Desk:
    """A Learn page over a real controller and a real journal that holds a plan and its pictures."""

    def __init__(self, root, folder, of=None, *, without=(), failed=(), suspect=(), **settings):
        self.root, self.plan = root, of if of is not None else plan()
        self.places = find_places(str(folder), {}, None)
        self.writer = LearningRecordWriter(self.places.journal)
        self.writer.append(self.plan)
        for cell in self.plan.cells():
            if cell not in without:
                doubt = ("mismatch:txt2img.steps",) if cell in suspect else ()
                self.make(cell, status="failed" if cell in failed else "ok", suspect=doubt)
        self.open(**settings)

    def open(self, **settings):
        """Start the program anew."""
        self.controller = Controller(self.places, Settings(**{"learning": "active", **settings}))
        self.said, self.insights, self.events = [], [], []
        self.page = LearnPage(
            self.root,
            self.controller,
            say=lambda words, **_how: self.said.append(words),
            show_insight=self.insights.append,
        )
        self.page.pack(fill="both", expand=True)
        self.results = PlanResults(self.controller)
        self.controller.subscribe(self.events.append)
        self.controller.subscribe(self.page.on_event)
        self.controller.open()
        self.until(lambda: self.controller.history is not None)

    def make(self, cell, **how):
        """Put a picture of the plan on disk and its record into the journal."""
        made = record(self.plan, cell, **how)
        picture = io.BytesIO()
        Image.new("RGB", (96, 128), (cell.variant * 40, cell.row * 60, 120)).save(picture, "PNG")
        self.places.outputs.mkdir(parents=True, exist_ok=True)
        for output in made.outputs:
            (self.places.outputs / output.path).write_bytes(picture.getvalue())
        return self.writer.append(made)

    def rate_plan(self):
        """Open the plan for rating, the keyboard on the matrix."""
        self.page.open_plan("PLAN")
        self.until(lambda: self.matrix is not None and self.view.matrix.canvas.winfo_width() > 1)
        self.view.matrix.canvas.focus_force()
        self.root.update()

    def close(self):
        self.controller.close()
        self.page.destroy()

    @property
    def view(self):
        return self.page.rating

    @property
    def matrix(self):
        """Which picture stands where."""
        return self.view.session.matrix

    @property
    def cells(self):
        return self.matrix.cells

    @property
    def current(self):
        return self.view.session.cursor.cell

    def step(self):
        self.controller.pump()
        self.results.work()
        self.root.update()

    def until(self, condition):
        wait_until(condition, step=self.step)

    def settle(self):
        """Wait until everything said is on disk and drawn."""
        self.until(lambda: not self.view.busy)

    def press(self, *keys):
        for key in keys:
            (self.root.focus_get() or self.root).event_generate(f"<{key}>" if len(key) > 1 else f"<Key-{key}>")
            self.root.update()

    def rating(self, cell):
        facts = self.facts(cell)
        return facts.rating

    def facts(self, cell):
        known = self.controller.history
        return known.unblinded().facts(known.row_of(name_of(cell)))

    def plan_cell(self, cell):
        """The place in the plan of what is shown at a place of the matrix."""
        _, variant, row = cell.facts.image_id.split()
        return PlanCell(int(variant), int(row))

    def feedback(self):
        """All feedback lines on disk, oldest first."""
        lines = [
            line for path in sorted(self.places.journal.glob("*.jsonl")) for line in path.read_bytes().splitlines()
        ]
        return [said for line in lines if (said := msgspec.json.decode(line))["kind"] == "feedback"]


def button(widget, words):
    """The button in or below a widget whose caption begins so."""
    if isinstance(widget, Button) and widget.text.startswith(words):
        return widget
    return next((found for child in widget.winfo_children() if (found := button(child, words))), None)


def texts(widget):
    """Every text in a widget and all below it: captions, explanations, whatever is drawn on a canvas, hidden or not."""
    found = []
    if isinstance(widget, tk.Canvas):
        found += [widget.itemcget(item, "text") for item in widget.find_all() if widget.type(item) == "text"]
    elif "text" in widget.keys():  # noqa: SIM118  # a widget is no dictionary
        found.append(str(widget.cget("text")))
    found.append(explanation(widget))
    for child in widget.winfo_children():
        found += texts(child)
    return [text for text in found if text]


__all__ = [
    "VALUES",
    "Desk",
    "PlanCell",
    "board_of",
    "button",
    "cell_of",
    "history",
    "name_of",
    "plan",
    "record",
    "texts",
]
