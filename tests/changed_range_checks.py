"""What follows a range that was changed in one file. `test_one_file.py` runs this on a copy of the package."""

from __future__ import annotations

import json

import pytest

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.catalogue import parse_value
from stablenew_tk.domain.config.sweep import parse_values
from stablenew_tk.storage.models.sidecars import read_sidecar
from stablenew_tk.storage.models.summary import file_summary

# CFG 2 to 20 and 3 to 90 steps in this copy.
FILES = {
    "modelprofile": ("m.modelprofile.json", lambda key, value: {"recommended_presets": [{"id": "a", key: value}]}),
    "cm-info": (
        "m.cm-info.json",
        lambda key, value: {"InferenceDefaults": {{"cfg": "CfgScale", "steps": "Steps"}[key]: value}},
    ),
}


@pytest.mark.parametrize("dialect", FILES)
@pytest.mark.parametrize(("key", "value"), [("cfg", 25), ("cfg", 1.5), ("steps", 2), ("steps", 120)])
def test_a_sidecar_outside_the_range_is_told_in_the_list_and_in_full(dialect, key, value):
    name, written = FILES[dialect]
    data = json.dumps(written(key, value)).encode()
    assert file_summary(data, name, dialect).problems == read_sidecar(data, name, dialect).problems != ()


@pytest.mark.parametrize("dialect", FILES)
@pytest.mark.parametrize(("key", "value"), [("cfg", 20), ("cfg", 2), ("steps", 3), ("steps", 90)])
def test_a_sidecar_inside_the_range_has_no_problem(dialect, key, value):
    name, written = FILES[dialect]
    data = json.dumps(written(key, value)).encode()
    assert file_summary(data, name, dialect).problems == read_sidecar(data, name, dialect).problems == ()


def test_what_is_typed_and_swept_follows():
    for path, outside in (("txt2img.cfg_scale", "25"), ("txt2img.steps", "2")):
        with pytest.raises(InvalidInput, match="outside"):
            parse_value(path, outside)
        with pytest.raises(InvalidInput, match="outside"):
            parse_values(path, f"{outside}, 10")
