"""What a settled Learning Run leaves in a profile: the value that was varied, what belongs to it, and its evidence."""

from __future__ import annotations

import pytest
from learning_lab import Lab
from msgspec.structs import replace

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.workflow_use import WorkflowParameter, WorkflowUse
from stablenew_tk.domain.insights.profile_entry import learned_preset, learned_weight
from stablenew_tk.domain.models.profile import ModelProfile, with_learned_preset
from stablenew_tk.storage.models.profile_writer import save_profile
from stablenew_tk.storage.models.sidecars import read_sidecar

STARS = ((2, 2, 1, 2), (3, 3, 2, 3), (5, 5, 4, 5))
ALIKE = ((3, 4, 3, 4, 3, 4, 3, 4) * 3,) * 3
BASE = with_values(
    PipelineConfig(checkpoint="dream.safetensors"),
    {"txt2img.sampler": "DPM++ 2M", "txt2img.scheduler": "Karras", "refiner.checkpoint": "fine.safetensors"},
)


@pytest.fixture
def settled(tmp_path):
    def make(focus, values, stars=STARS, base=BASE):
        lab = Lab(tmp_path)
        rated = dict(zip(values, stars, strict=False))
        plan = lab.plan(focus, values, len(stars[0]), base_config=base)
        lab.make(plan)
        lab.rate(rated)
        return plan, lab.report(plan)

    return make


@pytest.mark.parametrize(
    ("focus", "values", "beside"),
    [
        ("txt2img.steps", (12, 20, 28), {}),
        ("txt2img.cfg_scale", (4.0, 5.5, 7.0), {}),
        ("txt2img.sampler", ("Euler a", "Heun", "DPM++ 2M SDE"), {"txt2img.scheduler": "Karras"}),
        ("txt2img.scheduler", ("Karras", "Exponential", "SGM Uniform"), {"txt2img.sampler": "DPM++ 2M"}),
        ("txt2img.width", (512, 640, 768), {}),
        ("hires.denoise", (0.2, 0.3, 0.4), {"hires.enabled": True}),
        ("hires.upscaler", ("Latent", "4x-UltraSharp", "R-ESRGAN 4x+"), {"hires.enabled": True}),
        ("refiner.switch_at", (0.7, 0.8, 0.9), {"refiner.enabled": True, "refiner.checkpoint": "fine.safetensors"}),
        ("clip_skip", (1, 2, 3), {}),
    ],
)
def test_the_value_is_in_force_after_it_was_written_and_read_back(settled, tmp_path, focus, values, beside):
    preset = learned_preset(*settled(focus, values), date="2026-03-01")
    path = tmp_path / "dream.modelprofile.json"
    save_profile(path, with_learned_preset(ModelProfile(), preset))
    reading = read_sidecar(path.read_bytes(), path.name, "modelprofile")
    assert reading.values == {focus: values[2], **beside}
    assert "12 ratings" in reading.evidence[focus]
    assert not reading.problems


def test_another_run_about_the_same_setting_takes_the_place_of_the_first(settled):
    first = learned_preset(*settled("txt2img.steps", (12, 20, 28)), date="2026-03-01")
    again = learned_preset(*settled("txt2img.steps", (28, 32, 36)), date="2026-04-01")
    cfg = learned_preset(*settled("txt2img.cfg_scale", (4.0, 5.5, 7.0)), date="2026-03-01")
    profile = ModelProfile()
    for one in (first, cfg, again):
        profile = with_learned_preset(profile, one)
    assert [(one.steps, one.cfg) for one in profile.recommended_presets] == [(None, 7.0), (36, None)]


def test_where_nothing_makes_a_difference_the_value_is_good_not_best(settled):
    plan, report = settled("txt2img.steps", (12, 20, 28), ALIKE)
    assert report.verdict.state == "no_difference"
    assert learned_preset(plan, report, date="2026-03-01").rating == "good"


def test_a_weight_tells_with_which_checkpoint_it_was_learned(settled):
    weight = learned_weight(*settled("lora:rain", (0.4, 0.6, 0.8)), date="2026-03-01")
    assert (weight.weight, weight.rating, weight.ratings) == (0.8, "best", 12)
    assert "dream.safetensors" in weight.label


def test_checkpoints_that_were_compared_teach_nothing_about_the_settings_of_one(settled):
    with pytest.raises(InvalidInput, match="compared checkpoints"):
        learned_preset(*settled("checkpoint", ("a", "b", "c")), date="2026-03-01")


def test_a_value_of_a_workflow_has_no_place_in_the_profile_of_a_checkpoint(settled):
    path, takes = "workflow.Detailer.denoise", WorkflowParameter("float", "Detailer denoise", 0.5)
    use = WorkflowUse(file="/w/two passes.json", digest="a" * 64, parameters={path: takes})
    base = replace(PipelineConfig(), workflow=use)
    with pytest.raises(InvalidInput, match="value of the workflow “two passes”"):
        learned_preset(*settled(path, (0.3, 0.4, 0.5), base=base), date="2026-03-01")
