"""A checkpoint that ComfyUI tells nothing about is known by the file of that name in the model folders."""

from __future__ import annotations

import json

import pytest
from fake_comfyui import FakeComfyUI
from terminal import FEW, Terminal


def written(folder, name, **metadata):
    header = json.dumps({"__metadata__": metadata}).encode()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(len(header).to_bytes(8, "little") + header)


@pytest.mark.parametrize(
    ("architecture", "is_sent"), [("stable-diffusion-xl-v1-base", False), ("stable-diffusion-v1", True)]
)
def test_clip_skip_goes_by_the_family_in_the_model_library(tmp_path, capsys, architecture, is_sent):
    cli = Terminal(tmp_path, capsys)
    models = tmp_path / "models" / "Stable-diffusion"
    written(models, "ink_model.safetensors", **{"modelspec.architecture": architecture})
    cli.data.mkdir()
    with FakeComfyUI() as fake:
        settings = {"backend": fake.url, "model_folders": [str(models)]}
        (cli.data / "settings.json").write_text(json.dumps(settings))
        said = cli(
            "run", cli.pack, "--json", "--limit", 1, *FEW, "--set", "checkpoint=ink_model", "--set", "clip_skip=2"
        )
        assert (said.code, said.json["notes"]) == (0, [])
        kinds = [node["class_type"] for node in fake.graphs()[-1].values()]
    assert ("CLIPSetLastLayer" in kinds) == is_sent
