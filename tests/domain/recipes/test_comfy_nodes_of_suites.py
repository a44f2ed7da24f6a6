"""Graphs of ComfyUI with the nodes of many suites (fixtures/foreign/suites.json), each with what must come of it."""

from __future__ import annotations

import json

import pytest
from foreign_pictures import SUITES

from stablenew_tk.domain.recipes.reader import recipe_from

# What every graph makes unless it says otherwise.
USUAL = {
    "prompt": "a harbour",
    "negative": "blur",
    "seed": 77,
    "txt2img.steps": 21,
    "txt2img.cfg_scale": 6.5,
    "txt2img.sampler": "DPM++ 2M",
    "txt2img.scheduler": "Karras",
    "txt2img.width": 640,
    "txt2img.height": 768,
    "checkpoint": "harbour",
}


@pytest.mark.parametrize("name", SUITES)
def test_every_suite_is_read_as_it_was_meant(name):
    suite = SUITES[name]
    found = recipe_from({"prompt": json.dumps(suite["nodes"])}, tuple(suite.get("size", (640, 768))))
    got = {"prompt": found.prompt, "negative": found.negative, "seed": found.seed, **found.values}
    expected = {**USUAL, **suite["expected"]}
    assert {key: got.get(key) for key in expected} == expected
    told = "\n".join((*found.notices, *(f"{one.what}: {one.value}" for one in found.left_out)))
    assert [words for words in suite.get("say", ()) if words not in told] == []
    assert [words for words in suite.get("not_say", ()) if words in told] == []
