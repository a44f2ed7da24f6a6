"""A Learning Run in a temp folder, written by the real writer and read back from disk, without making a picture."""

from __future__ import annotations

from journal_lines import new_id, output, rate, record
from msgspec.structs import replace

from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.insights.matrix import board, whole_board
from stablenew_tk.domain.insights.report import report
from stablenew_tk.domain.insights.result import due_result
from stablenew_tk.domain.journal.record import PairVote
from stablenew_tk.domain.runs.plan import LearningPlan, PlanPrompt, checked, job_for
from stablenew_tk.storage.journal.snapshot import load_history
from stablenew_tk.storage.journal.writer import LearningRecordWriter


def spaced(text):
    """A text with ordinary spaces in place of no-break ones."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


class Lab:
    """One data folder. `made` maps (value, row) to the picture of that place."""

    def __init__(self, folder):
        self.data, self.journal = folder, folder / "journal"
        self.writer = LearningRecordWriter(self.journal)
        self.made = {}

    def append(self, *lines):
        for line in lines:
            self.writer.append(line)
        return lines[-1]

    def plan(self, focus="txt2img.steps", values=(12, 20, 28), rows=3, **changes):
        """Write a plan; places are made with `make`."""
        wish = LearningPlan(
            **{
                "event_id": new_id(),
                "ts": "2026-01-01T00:00:00.000Z",
                "plan_id": new_id(),
                "name": "Steps of rain",
                "focus_parameter": focus,
                "pack_id": "rain",
                "prompts": (PlanPrompt("p1", "a rainy street"),),
                "base_config": PipelineConfig(checkpoint="dream.safetensors"),
                "variant_values": values,
                "images_per_variant": rows,
                "seeds": tuple(range(rows)),
                "blind": False,
                "backend_kind": "webui",
            }
            | changes
        )
        return self.append(checked(wish))

    def make(self, plan, cells=None, *, suspect=(), seconds=lambda value: 4.0, pixels=None, **changes):
        """The records of these places (all of them) as a runner would write them. `pixels(value, row)` tells pictures
        apart that show the same.
        """
        for cell in plan.cells() if cells is None else cells:
            value = plan.tested[cell.variant]
            job = job_for(plan, cell, job_id=new_id())
            picture = output(suspect=suspect, seed=job.seed, pixels=pixels(value, cell.row) if pixels else "")
            self.made[value, cell.row] = picture
            self.append(
                record(
                    **{
                        "run_id": job.run_id,
                        "job_id": job.job_id,
                        "pack_id": job.pack_id,
                        "prompt": job.prompt,
                        "prompt_id": job.prompt_id,
                        "negative": job.negative,
                        "seed": job.seed,
                        "config": job.config,
                        "learning": job.learning,
                        "outputs": (picture,),
                        "seconds": float(seconds(value)),
                        "ts": f"2026-01-01T00:{cell.row:02}:{cell.variant:02}.000Z",
                    }
                    | changes
                )
            )

    def rate(self, stars, tags=None):
        """Stars by value: one number per row, None = not rated. `tags` likewise, one text per row."""
        for value, row_stars in stars.items():
            for row, star in enumerate(row_stars):
                if star is not None:
                    words = (tags or {}).get(value, ())[row : row + 1]
                    self.append(rate(self.made[value, row], star, tags_added=tuple(word for word in words if word)))

    def doubtful_plan(self, **changes):
        """Fifteen places: the first failed, the second brought a suspect picture, thirteen can be rated."""
        plan = self.plan(values=(12, 20, 28, 36, 44), rows=3, **changes)
        self.make(plan, plan.cells()[2:])
        self.make(plan, plan.cells()[:1], status="failed", outputs=())
        self.make(plan, plan.cells()[1:2], suspect=("black",))
        return plan

    def rate_what_counts(self, count=13):
        """Stars for the first pictures of `doubtful_plan` that can be rated: more steps, more stars."""
        for value, row in [place for place in self.made if place not in ((12, 0), (20, 0))][:count]:
            self.append(rate(self.made[value, row], 1 + value // 12))

    def history(self):
        return load_history(self.journal, self.data / "cache" / "checkpoint").history

    def board(self, plan):
        return board(self.history(), plan.plan_id)

    def report(self, plan):
        return report(self.whole(plan))

    def vote(self, better, one, other, **said):
        """Say of the pictures at two places, (value, row), which is better: "first", "second" or "none"."""
        images = {"image_id": self.made[one].image_id, "other_id": self.made[other].image_id}
        return self.append(PairVote(event_id=new_id(), ts="2026-01-01T00:03:00.000Z", **images, better=better, **said))

    def keep(self, plan, ts="2026-01-02T00:00:00.000Z"):
        """Write the result of a plan as the window does, which reveals it; None when it says nothing new."""
        seen = self.whole(plan)
        due = due_result(seen, report(seen), seen.told[-1] if seen.told else None, reveal=True)
        return self.append(replace(due, event_id=new_id(), ts=ts)) if due is not None else None

    def whole(self, plan):
        """The board of a plan with those that asked the same."""
        return whole_board(self.history(), plan.plan_id)
