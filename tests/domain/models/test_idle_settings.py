"""What does nothing with a family, on an engine or in a workflow: it is greyed and never varied."""

from __future__ import annotations

import pytest
from families import SHIPPED

from stablenew_tk.app.learn.setting_search import IDLE, found_settings, setting_words
from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.sweep import NEGATIVE, PROMPT, focus
from stablenew_tk.domain.config.workflow_use import WorkflowUse
from stablenew_tk.domain.experiments.plan_draft import VARY, PlanDraft, partners, trouble
from stablenew_tk.domain.models.idle_settings import EngineTraits, idle_settings
from stablenew_tk.domain.models.sensible_range import ModelTraits
from stablenew_tk.domain.runs.job import check_place, check_workflow
from stablenew_tk.domain.runs.plan import PlanPrompt

GUIDANCE, SHIFT, CLIP_SKIP = "txt2img.guidance", "txt2img.shift", "clip_skip"
FORGE = frozenset(("guidance", "clip_skip"))
NEO = FORGE | {"shift_for_some"}
COMFYUI = FORGE | {"shift"}


def config(**values):
    return with_values(PipelineConfig(), {path.replace("__", "."): value for path, value in values.items()})


def traits(family, features=None, variant=""):
    return ModelTraits(family=SHIPPED.family(family).as_variant(variant), engine=EngineTraits("Host", features))


@pytest.mark.parametrize(
    ("family", "features", "idle"),
    [
        ("flux", COMFYUI, {CLIP_SKIP}),
        ("flux", FORGE, {SHIFT, CLIP_SKIP}),
        ("flux", frozenset(), {GUIDANCE, SHIFT, CLIP_SKIP}),
        ("zimage", COMFYUI, {GUIDANCE, CLIP_SKIP}),
        ("zimage", NEO, {GUIDANCE, CLIP_SKIP}),
        ("zimage", FORGE, {GUIDANCE, SHIFT, CLIP_SKIP}),
        ("qwen", NEO, {GUIDANCE, SHIFT, CLIP_SKIP}),
        ("sdxl", COMFYUI, {GUIDANCE, SHIFT}),
        ("sdxl", frozenset(), {GUIDANCE, SHIFT, CLIP_SKIP}),
        ("", COMFYUI, set()),
        ("", FORGE, {SHIFT}),
        ("", None, set()),
    ],
)
def test_the_family_and_the_engine_decide_together_what_is_greyed(family, features, idle):
    found = traits(family, features).idle(PipelineConfig())
    assert {GUIDANCE, SHIFT, CLIP_SKIP} & found.keys() == idle


def test_the_reason_names_what_is_in_the_way_and_a_value_that_would_be_refused_can_be_set_back():
    found = traits("flux", FORGE).idle(PipelineConfig())
    assert found[SHIFT] == "Host cannot be told a shift for Flux."
    assert SHIFT not in traits("flux", FORGE).idle(config(txt2img__shift=3.0))
    assert traits("", frozenset()).idle(config(clip_skip=2))[CLIP_SKIP] == "Host has no clip skip."


@pytest.mark.parametrize(
    ("values", "acts"),
    [
        ({}, True),
        ({"txt2img__cfg_scale": 1.0}, False),
        ({"txt2img__cfg_scale": 1.0, "img2img__enabled": True}, True),
        ({"txt2img__cfg_scale": 1.0, "hires__enabled": True}, False),
        ({"txt2img__cfg_scale": 1.0, "hires__enabled": True, "hires__cfg_scale": 4.0}, True),
        ({"txt2img__cfg_scale": 1.0, "hires__enabled": True, "hires__cfg_scale": 4.0, "hires__negative": "x"}, False),
        ({"txt2img__enabled": False, "img2img__enabled": True, "img2img__cfg_scale": 1.0}, False),
        ({"txt2img__enabled": False, "upscale__enabled": True, "upscale__mode": "img2img"}, True),
    ],
)
def test_a_negative_prompt_acts_where_any_pass_that_has_it_runs_above_cfg_1(values, acts):
    made = config(**values)
    assert (NEGATIVE not in idle_settings(SHIPPED.family("flux"), made)) is acts
    if acts:
        check_place(made, NEGATIVE)
    else:
        with pytest.raises(InvalidInput, match="does nothing at CFG 1"):
            check_place(made, NEGATIVE)


def test_the_wizard_says_what_would_change_nothing_and_does_not_go_on_with_it():
    prompts = (PlanPrompt("a", "a cat", ""),)
    draft = PlanDraft(prompts=prompts, base=config(txt2img__cfg_scale=1.0), focus=GUIDANCE, traits=traits("flux", NEO))
    assert trouble(draft, VARY) == ""
    assert SHIFT not in partners(draft)
    words = {
        one.path: setting_words(draft, one)[1] for one in found_settings(draft, "words", "")["Words of the prompt"]
    }
    assert words == {PROMPT: "none", NEGATIVE: IDLE}
    sdxl = PlanDraft(prompts=prompts, focus=GUIDANCE, traits=traits("sdxl", NEO))
    assert trouble(sdxl, VARY) == "SDXL has no guidance trained in; CFG is what it follows."
    assert setting_words(sdxl, focus(SHIFT))[1] == IDLE


def test_a_workflow_without_a_negative_prompt_is_offered_none_and_its_nodes_decide_the_rest():
    workflow = WorkflowUse(file="Garden.json", found={GUIDANCE: 3.5}, lacks=(NEGATIVE,))
    made = PipelineConfig(workflow=workflow)
    found = traits("sdxl", frozenset()).idle(made)
    assert GUIDANCE not in found
    assert found[NEGATIVE] == "“Garden” has no negative prompt."
    assert "has no place" in found[SHIFT]
    draft = PlanDraft(base=made, traits=traits("sdxl"))
    assert [one.path for one in found_settings(draft, "words", "")["Words of the prompt"]] == [PROMPT]
    with pytest.raises(InvalidInput, match="negative: the workflow “Garden” has no negative prompt to vary"):
        check_place(made, NEGATIVE)
    # Without a place for the prompt or the seed nothing is begun: every picture would be the same.
    check_workflow(made)
    with pytest.raises(InvalidInput, match=r"no place for the seed.*stablenew:seed"):
        check_workflow(PipelineConfig(workflow=WorkflowUse(file="Garden.json", lacks=("seed",))))
