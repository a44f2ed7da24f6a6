"""A checkpoint that ComfyUI tells nothing about is known by the file of that name in the model folders."""

from __future__ import annotations

import json

import pytest
from fake_comfyui import FakeComfyUI
from terminal import FEW, TINY, Terminal


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


@pytest.mark.parametrize(
    ("model", "path", "kind", "field"),
    [
        ("flux1-dev", "txt2img.guidance", "FluxGuidance", "guidance"),
        ("z_image_turbo", "txt2img.shift", "ModelSamplingAuraFlow", "shift"),
    ],
)
def test_guidance_and_shift_go_from_a_learning_run_into_the_next_run(tmp_path, capsys, model, path, kind, field):
    cli = Terminal(tmp_path, capsys)
    cli.pack.write_text("name: Boat\na red boat\n")
    with FakeComfyUI() as fake:
        fake.files |= {
            "diffusion_models": ["flux1-dev.safetensors", "z_image_turbo.safetensors"],
            "text_encoders": ["clip_l.safetensors", "t5xxl_fp16.safetensors", "qwen_3_4b.safetensors"],
            "vae": ["ae.safetensors"],
        }

        def sent():
            nodes = (node for graph in fake.graphs() for node in graph.values() if node["class_type"] == kind)
            return [node["inputs"][field] for node in nodes]

        here = ("--backend", fake.url, *TINY, "--set", f"checkpoint={model}")
        said = cli("learn", cli.pack, *here, "--json", "--focus", path, "--values", "2.5, 4", "--images", 4)
        assert said.code == 0, said.err
        assert sorted(sent()) == [2.5] * 4 + [4.0] * 4
        for step in said.json["steps"]:
            assert cli("rate", step["images"][0], 5 if float(step["value"]) == 4 else 1).code == 0
        assert cli("insights", "--plan", "last", "--json").json["verdict"]["value"] == 4
        assert cli("known", "use", "last").code == 0
        assert cli("run", cli.pack, *here).code == 0
        assert sent()[8:] == [4.0]
