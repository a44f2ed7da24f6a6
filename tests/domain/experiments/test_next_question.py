"""The question that is proposed next is one whose answer can be seen, and that is not answered yet."""

import pytest
from families import SHIPPED
from msgspec.structs import replace

from stablenew_tk.domain.config.catalogue import catalogue, check_value, with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.experiments.next_question import plan_of, questions
from stablenew_tk.domain.models.sensible_range import ModelTraits, sensible_range
from stablenew_tk.domain.runs.plan import LearningPlan, PlanPrompt, checked

CFG, SAMPLER, STEPS = "txt2img.cfg_scale", "txt2img.sampler", "txt2img.steps"
USUAL = PipelineConfig()


def asked(config=USUAL, **how):
    return [question.path for question in questions(config, **how)]


def test_cfg_comes_first_because_its_values_differ_most_to_the_eye_then_the_sampler_not_always_steps():
    assert asked()[:2] == [CFG, SAMPLER]
    assert asked(known={CFG})[0] == SAMPLER
    assert CFG not in asked(known={CFG})


def test_what_belongs_to_a_stage_that_is_off_is_not_asked():
    assert "hires.denoise" not in asked()
    assert "hires.denoise" in asked(with_values(USUAL, {"hires.enabled": True}))
    assert asked(with_values(USUAL, {"txt2img.enabled": False})) == []


def test_only_names_that_the_backend_offers_are_compared_and_too_few_make_no_question():
    def offered(kind):
        return {"samplers": ("Euler a", "Heun", "DDIM"), "schedulers": ("Automatic",)}.get(kind, ())

    found = {question.path: question.values for question in questions(USUAL, offered=offered)}
    assert set(found[SAMPLER]) == {"Euler a", "Heun", "DDIM"}
    assert "txt2img.scheduler" not in found


def test_where_the_family_has_a_range_the_values_keep_to_it():
    traits = ModelTraits(family=SHIPPED.family("sd15"))
    low, high = sensible_range(CFG, traits).ends
    (cfg, *_), (general, *_) = questions(USUAL, traits=traits), questions(USUAL)
    assert general.values == (1.0, 4.0, 7.0, 10.0, 14.0)
    assert all(low <= value <= high for value in cfg.values)


def test_what_does_nothing_with_the_family_is_not_asked_about():
    flux, sdxl = (ModelTraits(family=SHIPPED.family(name)) for name in ("flux", "sdxl"))
    about_flux, about_sdxl = ([one.path for one in questions(USUAL, traits=traits)] for traits in (flux, sdxl))
    assert (about_flux[0], CFG in about_flux) == ("txt2img.guidance", False)
    assert (about_sdxl[0], "txt2img.guidance" in about_sdxl) == (CFG, False)
    assert "txt2img.guidance" not in [one.path for one in questions(USUAL)]


@pytest.mark.parametrize("path", [path for path, spec in catalogue().items() if spec.rank])
def test_every_value_that_is_proposed_can_be_used(path):
    for value in catalogue()[path].telling:
        assert check_value(path, value) == value


def test_the_plan_is_blind_small_and_complete():
    (question, *_) = questions(USUAL)
    draft = LearningPlan(
        plan_id="",
        name="",
        focus_parameter="",
        pack_id="starter",
        prompts=(PlanPrompt("Boat", "a boat"),),
        variant_values=(),
        seeds=(),
        backend_kind="sketch",
    )
    plan = plan_of(question, draft.prompts[0], draft)
    assert (plan.blind, plan.pack_id, plan.backend_kind) == (True, "starter", "sketch")
    assert question.pictures == 15
    assert len(checked(replace(plan, seeds=(1, 2, 3))).cells()) == 15
