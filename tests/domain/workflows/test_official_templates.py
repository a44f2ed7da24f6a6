"""The workflows that ComfyUI itself offers: each becomes a workflow, or a sentence says why not."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path

import pytest

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.workflows.workflow import looks_like_one, read_workflow
from tests.comfy_workflows import kinds

# Where their package is not installed, there is nothing to read.
_PACKAGES = ("comfyui_workflow_templates_json", "comfyui_workflow_templates")


def templates() -> list[Path]:
    found = [importlib.util.find_spec(name) for name in _PACKAGES]
    folders = [Path(place) for spec in found if spec is not None for place in spec.submodule_search_locations or ()]
    return sorted(path for folder in folders for path in folder.rglob("*.json"))


@pytest.mark.skipif(not templates(), reason="the package with ComfyUI's templates is not installed")
def test_every_template_ends_in_a_workflow_or_a_sentence(capsys):
    ends, sentences = Counter[str](), list[str]()
    for path in templates():
        text = path.read_bytes()
        if not looks_like_one(text):
            continue
        try:
            found = read_workflow(text, path.name, kinds())
            ends["understood" if {"prompt", "seed"} <= found.found.keys() else "read"] += 1
        except InvalidInput as refused:
            sentences.append(str(refused))
    with capsys.disabled():
        sys.stdout.write(f" {dict(ends)}, {len(sentences)} refused ")
    assert ends.total() + len(sentences)
    assert all("Export (API)" in told for told in sentences)
