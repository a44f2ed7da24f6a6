"""The catalogue: one truth for ranges, labels and kinds."""

import math

import msgspec
import pytest

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.catalogue import (
    catalogue,
    check_value,
    flat,
    get_value,
    in_force,
    parameter,
    parse_value,
    with_first_pass,
    with_values,
)
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.config.workflow_use import WorkflowUse


def test_every_field_of_the_config_is_in_the_catalogue_with_a_label():
    leaves = [path for path in catalogue() if ".passes.1." not in path]
    assert len(leaves) == sum(_leaves(PipelineConfig()))
    assert all(spec.label and spec.label != spec.path for spec in catalogue().values())


def _leaves(struct):
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if isinstance(value, WorkflowUse):
            continue
        if isinstance(value, msgspec.Struct):
            yield sum(_leaves(value))
        elif isinstance(value, tuple):
            yield sum(_leaves(value[0]))
        else:
            yield 1


def test_every_number_has_a_range_that_holds_its_default():
    for spec in catalogue().values():
        if spec.kind in ("int", "float"):
            assert spec.minimum <= spec.default <= spec.maximum, spec.path


@pytest.mark.parametrize("path", list(catalogue()))
def test_a_default_read_back_as_text_is_the_same_value(path):
    default = catalogue()[path].default
    text = "on" if default is True else "off" if default is False else str(default)
    assert parse_value(path, text) == default


def test_values_set_by_path_are_read_by_path_and_nothing_else_changes():
    config = with_values(PipelineConfig(), {"txt2img.steps": 33, "adetailer.passes.1.denoise": 0.5})
    changed = {path for path, value in flat(config).items() if value != flat(PipelineConfig())[path]}
    assert changed == {"txt2img.steps", "adetailer.passes.1.denoise"}
    assert get_value(config, "adetailer.passes.1.denoise") == 0.5
    assert len(config.adetailer.passes) == 2


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        ("txt2img.steps", "many", "not a whole number"),
        ("txt2img.steps", "0", "outside 1 to 150 steps"),
        ("txt2img.steps", "1.5", "not a whole number"),
        ("txt2img.cfg_scale", "nan", "outside"),
        ("txt2img.cfg_scale", "inf", "outside"),
        ("txt2img.width", "513", "multiple of 8"),
        ("upscale.mode", "magic", "not one of single, img2img"),
        ("hires.enabled", "perhaps", "neither on nor off"),
        ("txt2img.stepz", "3", "There is no parameter"),
        ("", "3", "There is no parameter"),
    ],
)
def test_a_bad_value_is_refused_in_one_sentence_that_names_the_path(path, text, says):
    with pytest.raises(InvalidInput, match=says) as refused:
        parse_value(path, text)
    assert refused.value.where == path
    assert path in str(refused.value)


@pytest.mark.parametrize("value", [math.nan, math.inf, True, "7"])
def test_a_value_of_the_wrong_kind_never_enters_a_config(value):
    with pytest.raises(InvalidInput):
        with_values(PipelineConfig(), {"txt2img.steps": value})


def test_stages_come_in_working_order():
    values = {"upscale.enabled": True, "adetailer.enabled": True, "img2img.enabled": True}
    assert with_values(PipelineConfig(), values).stages() == ("txt2img", "img2img", "adetailer", "upscale")


def test_a_config_survives_json_unchanged():
    config = with_values(PipelineConfig(), {"adetailer.passes.1.model": "hand_yolov8n.pt", "checkpoint": "ä b [c]"})
    assert msgspec.json.decode(msgspec.json.encode(config), type=PipelineConfig) == config


def test_a_value_that_stands_for_another_is_followed_as_far_as_it_is_known():
    config = with_values(PipelineConfig(), {"txt2img.sampler": "Heun", "hires.steps": 9, "clip_skip": 0})
    paths = ("hires.sampler", "hires.steps", "hires.checkpoint", "hires.prompt", "clip_skip")
    assert [in_force(config, path) for path in paths] == ["Heun", 9, "", "", 0]
    asked = {path: get_value(config, path) for path in (*paths, "txt2img.steps")}
    assert with_first_pass(asked, config) == {"hires.sampler": "Heun", "hires.steps": 9, "txt2img.steps": 20}
    named = with_values(config, {"checkpoint": "ink"})
    assert with_first_pass(asked, named)["hires.checkpoint"] == "ink"


def test_titles_tell_the_stage():
    assert parameter("adetailer.passes.1.denoise").title == "adetailer 2 · Denoise"
    assert parameter("checkpoint").title == "Checkpoint"


@pytest.mark.parametrize("path", ["txt2img.steps", "txt2img.cfg_scale", "adetailer.passes.0.dilate_erode"])
def test_a_number_beyond_all_measure_is_refused_with_a_sentence(path):
    with pytest.raises(InvalidInput, match="outside any range"):
        check_value(path, 10**400)
