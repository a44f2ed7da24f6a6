"""A plan as a value: its cells and their order, what is switched on for it, the job of every cell."""

from __future__ import annotations

from itertools import pairwise

import pytest

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.global_texts import GlobalTexts, StageText
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.prompts.pack import PackPrompt
from stablenew_tk.domain.runs.plan import (
    LearningPlan,
    PlanCell,
    PlanPrompt,
    cell_of,
    checked,
    config_for,
    job_for,
    planned,
    prompt_for,
)
from stablenew_tk.domain.runs.value_order import columns_by_value

LATER = {"img2img__enabled": True, "adetailer__enabled": True}


def plan(focus="txt2img.cfg_scale", values=(5.0, 7.0, 9.0), **changes):
    return LearningPlan(
        **{
            "event_id": "E",
            "ts": "T",
            "plan_id": "P",
            "name": "Plan",
            "focus_parameter": focus,
            "pack_id": "two",
            "prompts": (PlanPrompt("Boat", "a red boat", "blur"),),
            "variant_values": values,
            "images_per_variant": 2,
            "seeds": tuple(range(40)),
            "run_name": "120000-two",
            "run_day": "2026-01-01",
        }
        | changes
    )


def pairs(made):
    return [(cell.variant, cell.row) for cell in made.cells()]


def settings(**values):
    return with_values(PipelineConfig(), {path.replace("__", "."): value for path, value in values.items()})


class TestCells:
    def test_whole_rows_come_first_so_that_a_stopped_plan_can_be_used(self):
        assert pairs(plan()) == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]

    @pytest.mark.parametrize("focus", ["checkpoint", "vae", "refiner.checkpoint"])
    def test_what_takes_minutes_to_load_runs_to_and_fro(self, focus):
        made = pairs(plan(focus, ("a", "b", "c"), images_per_variant=3))
        assert made == [(0, 0), (1, 0), (2, 0), (2, 1), (1, 1), (0, 1), (0, 2), (1, 2), (2, 2)]
        assert sum(one[0] != next_one[0] for one, next_one in pairwise(made)) == 6

    def test_extra_cells_come_last_and_each_once(self):
        extra = (PlanCell(1, 3), PlanCell(0, 2), PlanCell(0, 0), PlanCell(1, 3))
        assert pairs(plan(extra=extra))[6:] == [(0, 2), (1, 3)]

    def test_every_prompt_gets_as_many_images_in_rows_of_its_own(self):
        made = plan(prompts=(PlanPrompt("Boat", "a boat"), PlanPrompt("Tram", "a tram")))
        assert made.full_rows == 4
        assert [made.prompt(row).prompt_id for row in range(4)] == ["Boat", "Tram", "Boat", "Tram"]

    def test_rows_that_prompts_do_not_share_equally_are_named_and_take_turns(self):
        made = plan(prompts=(PlanPrompt("Boat", "a boat"), PlanPrompt("Tram", "a tram")), complete_rows=3)
        assert made.full_rows == 3
        assert len(made.cells()) == 9
        assert [made.prompt(row).prompt_id for row in range(3)] == ["Boat", "Tram", "Boat"]

    def test_step_by_step_two_rows_come_first_and_later_rows_take_the_next_prompt(self):
        three = tuple(PlanPrompt(name, f"a {name}") for name in ("boat", "tram", "cat"))
        made = plan(prompts=three, complete_rows=2, most_pictures=20, extra=(PlanCell(1, 2), PlanCell(0, 3)))
        assert pairs(made) == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (1, 2), (0, 3)]
        assert [made.prompt(row).prompt_id for row in range(4)] == ["boat", "tram", "cat", "boat"]
        assert checked(made).complete_rows == 2

    def test_cells_asked_for_later_know_their_batch_and_those_of_older_plans_are_the_first(self):
        cells = (PlanCell(1, 2), PlanCell(0, 3), PlanCell(2, 3))
        assert plan(extra=cells, batches=(1,)).batch_numbers() == {cells[0]: 1, cells[1]: 1, cells[2]: 2}
        assert plan(extra=cells, batches=(1, 2)).batch_numbers() == {cells[0]: 2, cells[1]: 3, cells[2]: 3}
        assert plan(extra=cells).batch_numbers() == dict.fromkeys(cells, 1)
        assert plan(extra=(PlanCell(0, 0), *cells)).batch_numbers() == dict.fromkeys(cells, 1)

    def test_a_step_keeps_its_name_and_the_name_its_place(self):
        made = plan(plan_id="P.9.9")
        assert [cell_of(made.step_id(cell)) for cell in made.cells()] == list(made.cells())
        assert [cell_of(name) for name in ("", "P", "P.1", "P.1.x", "P.-1.0")] == [None] * 5

    def test_numbers_are_shown_rising_and_names_as_written(self):
        assert list(columns_by_value(plan(values=(9.0, 0.0, 5.0), focus="lora:rain"))) == [1, 2, 0]
        assert list(columns_by_value(plan("txt2img.sampler", ("Heun", "Euler a")))) == [0, 1]


class TestJobs:
    def test_a_job_is_an_ordinary_job_that_names_its_step(self):
        job = job_for(plan(), PlanCell(2, 1), job_id="J")
        assert (job.run_id, job.run_name, job.run_day, job.index) == ("P", "120000-two", "2026-01-01", 5)
        assert (job.prompt, job.negative, job.seed, job.prompt_id) == ("a red boat", "blur", 1, "Boat")
        assert (job.learning.mode, job.learning.plan_id, job.learning.step_id) == ("active", "P", "P.2.1")
        assert (job.learning.value, job.learning.row, job.config.txt2img.cfg_scale) == (9.0, 1, 9.0)

    def test_all_values_of_a_row_share_seed_and_prompt_and_differ_in_the_focus_only(self):
        made = plan(seeds=(0, 8, *range(20, 50)))
        jobs = [job_for(made, PlanCell(variant, 0), job_id="J") for variant in range(3)]
        assert {(job.seed, job.prompt, job.negative) for job in jobs} == {(0, "a red boat", "blur")}
        assert {with_values(job.config, {"txt2img.cfg_scale": 1.0}) for job in jobs} == {
            settings(txt2img__cfg_scale=1.0)
        }

    def test_the_values_of_a_row_share_a_drawn_variation_seed_and_rows_differ_in_it(self):
        mixed = with_values(PipelineConfig(), {"txt2img.subseed_strength": 0.2})
        made = plan(base_config=mixed)
        rows = [
            {job_for(made, PlanCell(variant, row), job_id="J").config.txt2img.subseed for variant in range(3)}
            for row in range(2)
        ]
        assert [len(row) for row in rows] == [1, 1]
        assert rows[0] != rows[1]
        assert min(rows[0] | rows[1]) >= 0

    def test_a_later_try_gets_a_folder_of_its_own(self):
        names = [job_for(plan(), PlanCell(0, 0), job_id="J", attempt=nth).run_name for nth in (1, 2, 3)]
        assert names == ["120000-two", "120000-two-again1", "120000-two-again2"]

    @pytest.mark.parametrize(
        ("prompt", "weight", "sent"),
        [
            ("a boat", 0.5, "a boat <lora:rain:0.5>"),
            ("a boat", 0.0, "a boat <lora:rain:0>"),
            ("<lora:rain:1> a boat <lora:snow:1>", 0.5, "<lora:rain:0.5> a boat <lora:snow:1>"),
            ("<lora:rain> a boat", 2.0, "<lora:rain:2> a boat"),
        ],
    )
    def test_the_weight_of_a_lora_is_put_into_the_prompt(self, prompt, weight, sent):
        made = plan("lora:rain", (weight, 1.0), prompts=(PlanPrompt("x", prompt, "blur"),))
        assert prompt_for(made, 0, weight) == PlanPrompt("x", sent, "blur")
        assert config_for(made, weight) == made.base_config

    def test_every_stage_is_sent_its_own_text(self):
        own = {"img2img": StageText("ink, a boat", "blur")}
        made = plan(prompts=(PlanPrompt("x", "a boat", "blur", own),), base_config=settings(**LATER))
        job = job_for(made, PlanCell(0, 0), job_id="J")
        assert (job.prompt, job.stage_texts) == ("a boat", own)

    def test_a_run_that_begins_later_tells_what_its_first_stage_is_sent(self):
        own = {"img2img": StageText("ink, a boat")}
        base = settings(txt2img__enabled=False, **LATER)
        job = job_for(plan(prompts=(PlanPrompt("x", "a boat", "", own),), base_config=base), PlanCell(0, 0), job_id="J")
        assert (job.prompt, job.stage_texts) == ("ink, a boat", {"adetailer": StageText("a boat")})

    def test_the_prompt_of_a_pack_is_planned_as_a_run_would_send_it(self):
        texts = GlobalTexts(positive="ink", negative="text", positive_stages=("txt2img", "img2img", "adetailer"))
        sent = planned(PackPrompt("x", "x", "a boat", "blur", 1), texts)
        assert sent == PlanPrompt("x", "ink, a boat", "blur, text", {"upscale": StageText("a boat", "blur, text")})

    def test_the_weight_of_a_lora_is_put_into_the_text_of_every_stage(self):
        own = {"img2img": StageText("ink, <lora:rain:1> a boat")}
        made = plan("lora:rain", (0.5, 1.0), prompts=(PlanPrompt("x", "<lora:rain:1> a boat", "", own),))
        assert prompt_for(made, 0, 0.5).text("img2img").prompt == "ink, <lora:rain:0.5> a boat"


class TestChecked:
    @pytest.mark.parametrize("focus", ["hires.denoise", "hires.upscaler", "refiner.checkpoint", "refiner.switch_at"])
    def test_the_second_pass_is_switched_on_when_it_is_what_is_varied(self, focus):
        block = focus.partition(".")[0]
        values = (0.2, 0.4) if focus.endswith(("denoise", "at")) else ("a", "b")
        ready = checked(plan(focus, values, base_config=settings(refiner__checkpoint="ink")))
        assert getattr(ready.base_config, block).enabled
        assert ready.stage == "txt2img"

    def test_whether_the_second_pass_runs_can_itself_be_varied(self):
        ready = checked(plan("hires.enabled", (True, False)))
        assert [config_for(ready, value).hires.enabled for value in ready.variant_values] == [True, False]

    @pytest.mark.parametrize("focus", ["img2img.denoise", "adetailer.passes.0.denoise", "upscale.scale"])
    def test_a_stage_that_works_on_a_picture_asks_for_one(self, focus):
        values = (1.5, 2.0) if focus == "upscale.scale" else (0.2, 0.3)
        with pytest.raises(InvalidInput) as caught:
            checked(plan(focus, values))
        assert caught.value.where == "start_image"
        ready = checked(plan(focus, values, start_image="/x.png"))
        assert ready.base_config.stages() == (focus.partition(".")[0],)

    def test_later_stages_stay_as_they_are(self):
        ready = checked(
            plan("img2img.denoise", (0.2, 0.3), start_image="/x.png", base_config=settings(upscale__enabled=True))
        )
        assert ready.base_config.stages() == ("img2img", "upscale")

    def test_one_picture_per_job_whatever_the_batch_size_was(self):
        assert checked(plan(base_config=settings(txt2img__batch_size=4))).base_config.txt2img.batch_size == 1

    @pytest.mark.parametrize(
        ("changes", "where"),
        [
            ({"prompts": ()}, "prompts"),
            ({"prompts": (PlanPrompt("x", " "),)}, "prompts"),
            ({"values": (5.0,)}, "variant_values"),
            ({"images_per_variant": 0}, "images_per_variant"),
            ({"images_per_variant": 101}, "images_per_variant"),
            ({"complete_rows": 101}, "complete_rows"),
            ({"complete_rows": 2, "most_pictures": 5}, "most_pictures"),
            ({"complete_rows": 2, "most_pictures": 1001}, "most_pictures"),
            ({"complete_rows": 2, "most_pictures": -1}, "most_pictures"),
            ({"complete_rows": -1}, "complete_rows"),
            ({"seeds": (1,)}, "seeds"),
            ({"seeds": (1, 1, 2)}, "seeds"),
            ({"start_image": "/x.png"}, "start_image"),
            ({"focus": "refiner.switch_at"}, "refiner.checkpoint"),
            ({"focus": "txt2img.stepz"}, "txt2img.stepz"),
        ],
    )
    def test_what_cannot_run_is_refused_with_its_field(self, changes, where):
        with pytest.raises(InvalidInput) as caught:
            checked(plan(**changes))
        assert caught.value.where == where

    def test_a_plan_checked_twice_is_the_same(self):
        once = checked(plan("hires.denoise", (0.2, 0.3)))
        assert checked(once) == once
