"""The workflows that ComfyUI itself offers: each becomes a workflow, or a sentence says why not."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.recipes.reader import recipe_from
from stablenew_tk.domain.workflows.node_kinds import NodeKinds, read_kinds
from stablenew_tk.domain.workflows.workflow import looks_like_one, read_workflow

# Where their package is not installed, there is nothing to read; STABLENEW_TEMPLATES names a folder that has them.
_PACKAGES = ("comfyui_workflow_templates_json", "comfyui_workflow_templates")
_KINDS = Path(__file__).parents[2] / "fixtures" / "comfyui" / "nodes-0.3.64.json"


def templates() -> list[Path]:
    found = [importlib.util.find_spec(name) for name in _PACKAGES]
    folders = [Path(place) for spec in found if spec is not None for place in spec.submodule_search_locations or ()]
    if named := os.environ.get("STABLENEW_TEMPLATES"):
        folders.append(Path(named))
    return sorted(path for folder in folders for path in folder.rglob("*.json"))


@cache
def kinds() -> NodeKinds:
    """The node classes of ComfyUI 0.3.64, without the names of files and the words of choices."""
    return read_kinds(json.loads(_KINDS.read_text("utf-8")), "ComfyUI 0.3.64")


@pytest.mark.skipif(not templates(), reason="the package with ComfyUI's templates is not installed")
def test_every_template_ends_in_a_workflow_or_a_sentence(capsys):
    ends, pictures, sentences = Counter[str](), Counter[str](), list[str]()
    for path in templates():
        text = path.read_bytes()
        if not looks_like_one(text):
            continue
        try:
            found = read_workflow(text, path.name, kinds())
            ends["understood" if {"prompt", "seed"} <= found.found.keys() else "read"] += 1
        except InvalidInput as refused:
            ends["of a class that is not there" if "has no class" in str(refused) else "refused"] += 1
            sentences.append(str(refused))
        try:
            recipe = recipe_from({"workflow": text.decode("utf-8")})
            pictures["whole" if recipe.prompt and "txt2img.steps" in recipe.values else "in part"] += 1
        except InvalidInput:
            pictures["refused"] += 1
    with capsys.disabled():
        sys.stdout.write(f" imported: {dict(ends)}; read as the workflow of a picture: {dict(pictures)} ")
    assert ends.total() >= 1
    assert all("Export (API)" in told for told in sentences)


# What the templates have and simple workflows have not: by itself, without the package.
_LOADER = {"id": 1, "type": "CheckpointLoaderSimple", "widgets_values": ["a.pt"], "inputs": []}


def sampler(values, **more):
    sockets = [{"name": "model", "link": 1}, {"name": "positive", "link": 2}, {"name": "latent_image", "link": 3}]
    return {"id": 9, "type": "KSampler", "widgets_values": values, "inputs": sockets, **more}


def document(*nodes, links=()):
    return json.dumps({"nodes": list(nodes), "links": [[1, 1, 0, 9, 0, "MODEL"], *links]}).encode()


@pytest.mark.parametrize("word", [True, False, "randomize", "increment-wrap"])
def test_what_becomes_of_a_seed_is_no_value(word):
    text = document(_LOADER, sampler([7, word, 20, 5.5, "euler", "normal", 1.0]))
    nodes = read_workflow(text, "a.json", kinds()).nodes
    assert (nodes["9"].inputs["steps"], nodes["9"].inputs["denoise"]) == (20, 1.0)


def test_the_word_of_a_button_is_no_value():
    load = {"id": 4, "type": "EmptyLatentImage", "widgets_values": ["refresh", 640, 768, 1], "inputs": []}
    text = document(_LOADER, load, sampler([7, "fixed", 20, 5.5, "euler", "normal", 1.0]))
    assert dict(read_workflow(text, "a.json", kinds()).nodes["4"].inputs) == {
        "width": 640,
        "height": 768,
        "batch_size": 1,
    }


def test_a_value_that_is_missing_is_the_default_of_the_server():
    classes = json.loads(_KINDS.read_text("utf-8"))
    classes["KSampler"]["input"]["required"]["denoise"] = ["FLOAT", {"default": 1.0}]
    text = document(_LOADER, sampler([7, "fixed", 20, 5.5, "euler", "normal"]))
    assert read_workflow(text, "a.json", read_kinds(classes)).nodes["9"].inputs["denoise"] == 1.0


def test_a_text_for_each_encoder_of_a_node_is_one_prompt():
    words = {
        "id": 3,
        "type": "CLIPTextEncodeFlux",
        "widgets_values": ["fox, red", "a red fox in the snow", 3.5],
        "inputs": [{"name": "clip", "link": 4}],
    }
    links = [[2, 3, 0, 9, 1, "CONDITIONING"], [4, 1, 1, 3, 0, "CLIP"]]
    text = document(_LOADER, words, sampler([7, "fixed", 20, 1.0, "euler", "normal", 1.0]), links=links)
    found = read_workflow(text, "a.json", kinds())
    assert found.found["prompt"].value == "a red fox in the snow"
    assert {place.input for place in found.found["prompt"].places} == {"clip_l", "t5xxl"}
    assert any("has a text for each encoder (clip_l, t5xxl)" in notice for notice in found.notices)


@pytest.mark.parametrize("kind", ["Label (rgthree)", "Fast Groups Bypasser (rgthree)", "MarkdownNote", "Unknown"])
def test_what_only_the_screen_has_is_not_missed(kind):
    text = document(_LOADER, sampler([7, "fixed", 20, 1.0, "euler", "normal", 1.0]), {"id": 30, "type": kind})
    assert set(read_workflow(text, "a.json", kinds()).nodes) == {"1", "9"}


@pytest.mark.parametrize(
    ("kind", "words"),
    [("Anything Everywhere", "inputs without lines"), ("workflow>Mine", "group node"), ("Unknown", "no class Unknown")],
)
def test_what_cannot_be_told_for_sure_is_refused_with_its_node(kind, words):
    node = {"id": 30, "type": kind, "inputs": [{"name": "model", "link": 1}], "outputs": []}
    text = document(
        _LOADER, sampler([7, "fixed", 20, 1.0, "euler", "normal", 1.0]), node, links=[[9, 1, 0, 30, 0, "MODEL"]]
    )
    with pytest.raises(InvalidInput, match=rf"Node “{kind}” \(#30\).*{words}.*Export \(API\)"):
        read_workflow(text, "a.json", kinds())
