"""What follows from the family of a model: clip skip by the file in the model folders, guidance and shift as sent."""

from __future__ import annotations

import json

import pytest
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from terminal import FEW, TINY, Terminal


def written(folder, name, **metadata):
    header = json.dumps({"__metadata__": metadata}).encode()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(len(header).to_bytes(8, "little") + header)


def learned_and_used(cli, sent, path, *here):
    """2.5 and 4 are sent as they are, 4 is liked, and the next run sends it by itself."""
    said = cli("learn", cli.pack, *here, "--json", "--focus", path, "--values", "2.5, 4", "--images", 4)
    assert said.code == 0, said.err
    assert sorted(sent()) == [2.5] * 4 + [4.0] * 4
    for step in said.json["steps"]:
        assert cli("rate", step["images"][0], 5 if float(step["value"]) == 4 else 1).code == 0
    assert cli("insights", "--plan", "last", "--json").json["verdict"]["value"] == 4
    assert cli("known", "use", "last").code == 0
    assert cli("run", cli.pack, *here).code == 0
    assert sent()[8:] == [4.0]


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

        learned_and_used(cli, sent, path, "--backend", fake.url, *TINY, "--set", f"checkpoint={model}")


@pytest.mark.parametrize(
    ("mode", "model", "path"), [("forge", "flux1-dev", "txt2img.guidance"), ("neo", "z_image_turbo", "txt2img.shift")]
)
def test_the_same_on_forge_with_its_one_field_for_both(tmp_path, capsys, mode, model, path):
    cli = Terminal(tmp_path, capsys)
    cli.pack.write_text("name: Boat\na red boat\n")
    with FakeWebUI(mode=mode) as fake:
        fake.models = {model: "0a1b2c3d4e", "other": "5f6a7b8c9d"}
        fake.more_encoders = ["t5xxl_fp16.safetensors", "qwen_3_4b.safetensors"]

        def sent():
            bodies = [one.body for one in fake.posts if one.path.endswith("txt2img")]
            return [body["distilled_cfg_scale"] for body in bodies]

        learned_and_used(cli, sent, path, "--backend", fake.url, *TINY, "--set", f"checkpoint={model}")
