"""ControlNet units in a file and in the text of a picture."""

import pytest

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.controlnet import ControlUnit, read_units, told_units, unit_words, written

CANNY = ControlUnit(module="canny", model="control_canny [d14c016b]", weight=0.8, guidance_end=0.6, processor_res=512)
FORGE = (
    "Module: canny, Model: control_canny [d14c016b], Weight: 0.8, Resize Mode: Crop and Resize, Processor Res: 512, "
    "Guidance Start: 0.0, Guidance End: 0.6, Pixel Perfect: False, Control Mode: Balanced, Hr Option: Both"
)


def test_what_is_written_is_read_again():
    assert read_units(written([CANNY]), "u.json") == (CANNY,)


def test_units_that_are_off_are_left_out():
    assert read_units(b'[{"enabled": false}, {"module": "canny"}]', "u.json") == (ControlUnit(module="canny"),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"no json", "u.json is no list of units"),
        (b'{"module": "canny"}', "u.json is no list of units"),
        (b'[{"modul": "canny"}]', r"unknown field `modul`.*\$\[0\]"),
        (b'[{"weight": 5}]', r"weight"),
        (b'[{"weight": "much"}]', r"weight"),
        (b"[]", "no unit in u.json is switched on"),
        (b'[{"enabled": false}]', "no unit in u.json is switched on"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_place(text, says):
    with pytest.raises(InvalidInput, match=says) as refused:
        read_units(text, "u.json")
    assert refused.value.where == "controlnet"


def test_the_text_of_a_picture_tells_its_units_in_order():
    other = "Module: depth_midas, Model: None, Weight: 1"
    first, second = told_units({"ControlNet 1": other, "ControlNet 0": FORGE, "Steps": "20"})
    assert first.is_like(CANNY)
    assert (first.resize_mode, first.control_mode, first.hr_option) == ("Crop and Resize", "Balanced", "Both")
    assert second == ControlUnit(module="depth_midas")
    assert unit_words(first) == "canny with control_canny, weight 0.8"


def test_an_older_text_and_junk_cost_nothing():
    older = "preprocessor: canny, model: control_canny [d14c016b], weight: 0.8, starting/ending: (0.1, 0.9)"
    (unit,) = told_units({"ControlNet 0": older})
    assert (unit.module, unit.weight, unit.guidance_start) == ("canny", 0.8, 0.0)
    assert told_units({"ControlNet 0": "weight: much, \0, : , x" * 500}) == (ControlUnit(),)


@pytest.mark.parametrize("change", [{"weight": 0.5}, {"model": "other"}, {"module": "depth"}, {"guidance_end": 1.0}])
def test_another_unit_is_no_match(change):
    assert not CANNY.is_like(ControlUnit(**{"module": "canny", "model": CANNY.model, "weight": 0.8, **change}))
