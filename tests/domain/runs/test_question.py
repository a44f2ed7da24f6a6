"""Which Learning Runs asked the same question."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.runs.plan import LearningPlan, PlanPrompt, checked
from stablenew_tk.domain.runs.question import alike, apart, differences, question_of

PROMPTS = (PlanPrompt("p1", "a rainy street"), PlanPrompt("p2", "a harbour"))


def plan(focus="txt2img.cfg_scale", values=(5.0, 7.0), settings=None, **changes):
    made = LearningPlan(
        **{
            "plan_id": "A",
            "name": "CFG",
            "focus_parameter": focus,
            "pack_id": "rain",
            "prompts": PROMPTS[:1],
            "base_config": with_values(PipelineConfig(checkpoint="dream.safetensors"), settings or {}),
            "variant_values": values,
            "seeds": (1, 2, 3),
            "backend_kind": "webui",
        }
        | changes
    )
    return checked(made)


def same(one, other):
    plans = [replace(one, plan_id="A"), replace(other, plan_id="B")]
    return alike((each.plan_id, question_of(each)) for each in plans)["A"] == ("A", "B")


LORA = "lora"


@pytest.mark.parametrize(
    "other",
    [
        plan(values=(6.0, 7.0, 8.0)),
        plan(prompts=PROMPTS[1:], seeds=(7, 8, 9)),
        plan(settings={"txt2img.cfg_scale": 12.0, "txt2img.subseed": 5}),
        plan(settings={"upscale.enabled": True, "adetailer.enabled": True}),
        # What is switched off has no part in the pictures.
        plan(settings={"hires.steps": 30}),
        plan(base_config=PipelineConfig(checkpoint="Dream [0123456789]")),
    ],
)
def test_other_values_prompts_seeds_and_what_comes_later_leave_the_question_as_it_is(other):
    assert same(plan(), other)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (plan(settings={"txt2img.steps": 17}), "txt2img · Steps 17, not 20"),
        (plan(settings={"hires.enabled": True}), "hires · Hires fix on, not off"),
        (plan(settings={"vae": "soft.pt"}), "VAE soft.pt, not Automatic"),
        (plan(prompts=(PlanPrompt("p1", "a rainy street <lora:detail:0.6>"),)), "LoRA detail 0.6, not off"),
        (plan("txt2img.steps", (20, 30)), ""),
        (plan(pack_id="heroes"), ""),
        (plan(backend_kind="comfyui"), ""),
        (plan(base_config=PipelineConfig(checkpoint="other.safetensors")), ""),
        (plan(backend_kind=""), ""),
    ],
)
def test_a_setting_that_matters_makes_another_question_and_is_named(other, why):
    assert not same(plan(), other)
    assert apart(plan(), other) == ((why,) if why else ())


def test_what_only_comes_later_is_named():
    assert differences(plan(), plan(settings={"upscale.enabled": True})) == ("upscale on, not off",)
    assert differences(plan(), plan()) == ()


def test_without_a_pack_the_prompts_must_be_the_same():
    typed = plan(pack_id="")
    assert same(typed, replace(typed, seeds=(9, 8, 7)))
    assert not same(typed, replace(typed, prompts=PROMPTS))


def test_epochs_of_one_training_are_one_question_and_those_of_another_are_not():
    mara = plan(LORA, ("mara-000002", "mara-000004", ""))
    assert same(mara, plan(LORA, ("mara-000006", "mara")))
    assert not same(mara, plan(LORA, ("nora-000002", "nora-000004")))


def test_two_files_of_one_name_are_two_checkpoints_where_the_hashes_tell():
    def at(plan_id, checkpoint):
        return plan(plan_id=plan_id, base_config=PipelineConfig(checkpoint=checkpoint))

    plans = [
        at("A", "dream [0123456789]"),
        at("B", "dream [9876543210]"),
        at("C", "dream"),
        at("D", "dream [0123456789]"),
    ]
    assert alike((one.plan_id, question_of(one)) for one in plans) == {
        "A": ("A", "D"),
        "B": ("B",),
        "C": ("C",),
        "D": ("A", "D"),
    }
    assert apart(plans[0], plans[1]) == ("another file of that checkpoint's name",)
