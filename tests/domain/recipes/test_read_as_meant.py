"""Pictures of other tools and graphs with the nodes of many suites, each with what must come of it.

They stand in tests/fixtures/foreign: pictures.json and suites.json.
"""

from __future__ import annotations

import json

import pytest
from foreign_pictures import PICTURES, SUITES

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


WORDS = {"prompt": "a harbour", "negative": "blur", "seed": 77, "txt2img.steps": 21}


def compared(found, usual, case):
    got = {"tool": found.tool, "prompt": found.prompt, "negative": found.negative, "seed": found.seed, **found.values}
    expected = {**usual, **case.get("expected", {})}
    assert {key: got.get(key) for key in expected} == expected
    told = "\n".join((*found.notices, *(f"{one.what}: {one.value}" for one in found.left_out)))
    assert [words for words in case.get("say", ()) if words not in told] == []
    assert [words for words in case.get("not_say", ()) if words in told] == []


@pytest.mark.parametrize("name", SUITES)
def test_every_suite_is_read_as_it_was_meant(name):
    suite = SUITES[name]
    found = recipe_from({"prompt": json.dumps(suite["nodes"])}, tuple(suite.get("size", (640, 768))))
    compared(found, USUAL, suite)


@pytest.mark.parametrize("name", PICTURES)
def test_every_tool_is_read_as_it_was_meant(name):
    texts = {key: one if isinstance(one, str) else json.dumps(one) for key, one in PICTURES[name]["texts"].items()}
    compared(recipe_from(texts, (640, 768)), WORDS, PICTURES[name])
