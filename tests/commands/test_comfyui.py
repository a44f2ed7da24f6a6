"""The commands with a ComfyUI at the address: the same words and reports as with a WebUI."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from PIL import Image
from terminal import FEW, Terminal

from stablenew_tk.storage.pictures.metadata import read_recipe

LATER = [word for stage in ("img2img", "adetailer", "upscale") for word in ("--set", f"{stage}.enabled=on")]
NAMES = ("--set", "checkpoint=ink_model", "--set", "upscale.upscaler=4x-UltraSharp")


class Learner(Terminal):
    def learn(self, *words):
        return self("learn", self.pack, "--json", *FEW, *words)


@pytest.fixture
def cli(tmp_path, capsys):
    return Learner(tmp_path, capsys)


@pytest.fixture
def fake():
    with FakeComfyUI() as server:
        yield server


class TestRun:
    def test_a_job_of_four_stages(self, cli, fake):
        report = cli.run("--backend", fake.url, "--limit", 1, *LATER, *NAMES)
        assert [image["stage"] for image in report["images"]] == ["txt2img", "img2img", "adetailer", "upscale"]
        assert [image["suspect"] for image in report["images"]] == [[]] * 4
        assert fake.count("prompt") == 4
        (record,) = cli.shown()
        assert (record["backend"]["kind"], record["backend"]["version"]) == ("comfyui", "0.33.0")
        assert record["backend"]["name"] == f"ComfyUI · 127.0.0.1:{fake.port}"

    def test_a_picture_can_be_read_back_into_a_pack(self, cli, fake):
        (image,) = cli.run("--backend", fake.url, "--limit", 1, *NAMES, "--set", "txt2img.sampler=DPM++ 2M")["images"]
        recipe = read_recipe(Path(image["path"]))
        assert (recipe.prompt, recipe.values["txt2img.sampler"], recipe.values["checkpoint"]) == (
            "a red boat",
            "DPM++ 2M",
            "ink_model",
        )
        with Image.open(image["path"], formats=("PNG",)) as file:
            assert {"prompt", "parameters"} <= set(file.info)

    def test_a_seed_of_64_bits_is_the_same_number_everywhere_and_no_webui_is_sent_one(self, cli, fake, tmp_path):
        seeds, odd = [2**64 - 1, 0], 2**53 + 1  # no float is the odd one
        words = ("--seed", 2**64 - 1, "--seeds", 2, "--limit", 2, "--set", "txt2img.cfg_scale=0.5")
        images = cli.run("--backend", fake.url, *NAMES, *words)["images"]
        assert [image["seed"] for image in images] == [record["seed"] for record in cli.shown()[::-1]] == seeds
        recipe = read_recipe(Path(images[0]["path"]))
        assert (recipe.seed, recipe.values["txt2img.cfg_scale"]) == (2**64 - 1, 0.5)
        target = tmp_path / "all.csv"
        assert cli("records", "export", "--csv", target).code == 0
        assert ",18446744073709551615," in target.read_text()
        two = ("--focus", "txt2img.cfg_scale", "--values", "0.5,6", "--images", 2, "--set", "checkpoint=ink_model")
        assert cli.learn(*two, "--seed", odd, "--backend", fake.url).code == 0
        assert [record["seed"] for record in cli.shown()[:4]] == [odd + 1, odd + 1, odd, odd]
        with FakeWebUI() as server:
            made = cli("run", cli.pack, "--json", *FEW, "--seed", odd, "--backend", server.url)
            learned = cli.learn(*two, "--seed", odd, "--backend", server.url)
            assert (made.code, learned.code, server.count("txt2img")) == (1, 2, 0)
            for sentence in (made.json["errors"][0], learned.json["error"]):
                assert sentence.startswith(f"seed: {odd} is more than ")
                assert sentence.endswith("takes (0 to 4294967295). Give another seed, or choose ComfyUI.")

    def test_without_a_checkpoint_it_says_so_once_before_anything_is_made(self, cli, fake):
        said = cli("run", cli.pack, "--json", *FEW, "--backend", fake.url)
        assert (said.code, said.json["jobs"], fake.count("prompt")) == (1, 0, 0)
        (sentence,) = said.json["errors"]
        assert sentence.startswith("checkpoint: choose one. ComfyUI")
        assert "It has ink_model, photo_model, refiner_model." in sentence
        assert cli.shown() == []

    def test_the_only_checkpoint_needs_no_name_and_is_told(self, cli, fake):
        fake.files["checkpoints"] = ["lonely.safetensors"]
        said = cli("run", cli.pack, "--json", "--limit", 1, *FEW, "--backend", fake.url)
        assert (said.code, said.json["errors"]) == (0, [])
        assert "checkpoint: lonely is used, the only one of ComfyUI" in said.err
        assert cli.shown()[0]["config"]["checkpoint"] == "lonely"

    def test_a_server_without_any_checkpoint_says_what_to_do(self, cli, fake):
        fake.files["checkpoints"] = []
        said = cli("run", cli.pack, "--json", *FEW, "--backend", fake.url)
        assert said.code == 1
        assert "has none. Put one into its folder models/checkpoints" in said.json["errors"][0]

    def test_enlarging_a_picture_needs_no_checkpoint(self, cli, fake, tmp_path):
        start = tmp_path / "start.png"
        Image.new("RGB", (64, 64), "teal").save(start)
        words = ("--start-image", start, "--set", "upscale.enabled=on", "--set", "upscale.upscaler=4x-UltraSharp")
        said = cli("run", cli.pack, "--json", "--limit", 1, *words, "--backend", fake.url)
        assert (said.code, [image["stage"] for image in said.json["images"]]) == (0, ["upscale"])

    def test_what_the_server_does_otherwise_is_told_once_for_a_run_and_kept_with_each_picture(self, cli, fake):
        pack = cli.pack.with_name("both.txt")
        pack.write_text("a boat AND the sea\n\na fox AND the wood\n", encoding="utf-8")
        said = cli("run", pack, "--json", *FEW, "--backend", fake.url, *NAMES, "--set", "clip_skip=1")
        (note,) = said.json["notes"]
        assert "mixes the parts of AND" in note
        assert [len(record["stage_results"][0]["notes"]) for record in cli.shown()] == [1, 1]
        plain = cli("run", pack, *FEW, "--backend", fake.url, *NAMES, "--set", "clip_skip=1")
        assert plain.err.count("mixes the parts of AND") == 1

    def test_one_failed_job_is_counted_named_and_exits_with_1(self, cli, fake):
        fake.run_fault("oom", times=2)
        said = cli("run", cli.pack, "--json", *FEW, "--backend", fake.url, *NAMES)
        assert (said.code, said.json["ok"], said.json["failed"]) == (1, 1, 1)
        assert "ran out of memory" in said.json["errors"][0]


class TestLearn:
    @pytest.mark.parametrize(
        "focus",
        [
            ("--focus", "txt2img.sampler", "--values", "Euler a,DPM++ 2M"),
            ("--focus", "txt2img.scheduler", "--values", "Karras,Simple"),
            ("--focus", "vae", "--values", "Automatic,soft.vae.safetensors"),
        ],
    )
    def test_a_learning_run_makes_every_step_and_knows_its_engine(self, cli, fake, focus):
        said = cli.learn(*focus, "--images", 1, "--backend", fake.url, "--set", "checkpoint=ink_model")
        assert (said.code, [step["status"] for step in said.json["steps"]]) == (0, ["ok", "ok"])
        assert fake.count("prompt") == 2

    def test_a_run_begun_on_comfyui_is_never_mixed_with_pictures_of_a_webui(self, cli, fake):
        fake.run_fault("oom", times=4)
        words = ("--focus", "txt2img.steps", "--values", "3,4", "--images", 1, "--set", "checkpoint=ink_model")
        assert cli.learn(*words, "--backend", fake.url).code == 1
        with FakeWebUI() as server:
            said = cli("learn", "--resume", "last", "--backend", server.url, "--json")
            assert said.code != 0
            assert "ComfyUI" in json.dumps(said.json)
            assert server.count("txt2img") == 0
        again = cli("learn", "--resume", "last", "--backend", fake.url, "--json")
        assert (again.code, [step["status"] for step in again.json["steps"]]) == (0, ["ok", "ok"])


def test_the_doctor_names_it(cli, fake):
    cli.data.mkdir()
    (cli.data / "settings.json").write_text(json.dumps({"backend": fake.url}))
    found = next(one for one in cli("doctor", "--json").json["checks"] if one["name"] == "backend")
    assert found["ok"]
    assert found["detail"].startswith(f"ComfyUI · 127.0.0.1:{fake.port} 0.33.0: 3 checkpoints")
