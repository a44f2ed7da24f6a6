"""`run` and `learn` begin with what the files beside the checkpoint recommend, once the model folders are known."""

from __future__ import annotations

import json

import pytest
from fake_webui import FakeWebUI
from terminal import TINY, Terminal

from stablenew_tk.backends.sketch.contract import CHECKPOINTS
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.storage.journal.snapshot import load_history
from stablenew_tk.storage.settings import save_settings

WIDE = ("--focus", "txt2img.steps", "--values", "3, 4", "--images", 1)


class Shelf(Terminal):
    """A data folder, and a folder with a file for each checkpoint of the sketch engine."""

    def __init__(self, folder, capsys):
        super().__init__(folder, capsys)
        self.models = folder / "models"
        self.models.mkdir()
        for name in CHECKPOINTS:
            (self.models / f"{name}.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
        self.known(self.models)

    def known(self, *folders):
        self.data.mkdir(exist_ok=True)
        save_settings(self.data / "settings.json", Settings(model_folders=tuple(map(str, folders))))

    def profile(self, name=CHECKPOINTS[0], **fields):
        (self.models / f"{name}.modelprofile.json").write_text(json.dumps({"kind": "model_profile", **fields}))

    def plan(self):
        return load_history(self.journal, self.data / "none").history.plans.plans()[-1]


@pytest.fixture
def cli(tmp_path, capsys):
    return Shelf(tmp_path, capsys)


def preset(**values):
    return [{"id": "mine", "rating": "good", **values}]


def flat(record):
    return {**record["config"]["txt2img"], "denoise": record["config"]["hires"]["denoise"]}


class TestRun:
    def test_a_run_begins_with_the_profile_and_the_style_of_the_loaded_checkpoint(self, cli):
        cli.profile(recommended_presets=preset(steps=5, cfg=6.5), style_profile_id="anime")
        said = cli("run", cli.pack, *TINY, "--limit", 1)
        assert "Settings of sketch-classic: sketch-classic.modelprofile.json" in said.out
        (record,) = cli.shown()
        assert (flat(record)["steps"], flat(record)["cfg_scale"], flat(record)["denoise"]) == (5, 6.5, 0.45)
        origins = record["origins"]
        assert (origins["txt2img.steps"], origins["hires.denoise"]) == ("profile", "style")
        assert origins["txt2img.width"] == "user"

    def test_what_is_said_goes_before_the_profile_even_when_it_is_the_default(self, cli):
        cli.profile(recommended_presets=preset(steps=5, cfg=6.5))
        cli("run", cli.pack, *TINY, "--limit", 1, "--set", "txt2img.steps=20", "--json")
        (record,) = cli.shown()
        assert (flat(record)["steps"], record["origins"]["txt2img.steps"]) == (20, "user")
        assert (flat(record)["cfg_scale"], record["origins"]["txt2img.cfg_scale"]) == (6.5, "profile")

    def test_another_checkpoint_has_its_own_profile(self, cli):
        cli.profile(recommended_presets=preset(steps=5))
        cli.profile(CHECKPOINTS[1], recommended_presets=preset(steps=6))
        cli("run", cli.pack, *TINY, "--limit", 1, "--set", f"checkpoint={CHECKPOINTS[1]}", "--json")
        assert flat(cli.shown()[0])["steps"] == 6

    def test_every_prompt_and_seed_of_a_pack_stands_on_the_profile(self, cli):
        cli.profile(recommended_presets=preset(steps=4), default_hires_denoise=0.42)
        cli("run", cli.pack, *TINY, "--json", "--seeds", 2)
        records = cli.shown()
        assert len(records) == 4
        assert {(flat(one)["steps"], flat(one)["denoise"]) for one in records} == {(4, 0.42)}

    def test_without_model_folders_a_profile_is_not_looked_for(self, cli):
        cli.profile(recommended_presets=preset(steps=5))
        cli.known()
        cli.run("--limit", 1)
        assert cli.shown()[0]["origins"].get("txt2img.cfg_scale") is None

    def test_a_folder_without_this_checkpoint_changes_nothing(self, cli, tmp_path):
        (tmp_path / "empty").mkdir()
        cli.known(tmp_path / "empty", tmp_path / "gone")
        assert cli.run("--limit", 1)["ok"] == 1
        assert set(cli.shown()[0]["origins"].values()) == {"user"}

    def test_what_is_not_installed_or_broken_is_told_and_the_run_goes_on(self, cli):
        cli.profile(recommended_presets=preset(steps="many", cfg=6), default_refiner_id="sdxl_refiner_official")
        said = cli("run", cli.pack, *TINY, "--set", "txt2img.steps=4", "--limit", 1, "--json")
        assert said.json["ok"] == 1
        assert "not installed" in said.err
        assert "steps" in said.err
        assert flat(cli.shown()[0])["cfg_scale"] == 6


class TestLearn:
    def test_a_learning_run_around_the_default_denoise_keeps_everything_else_of_the_profile(self, cli):
        cli.profile(
            recommended_presets=preset(steps=4, cfg=6.5), default_hires_denoise=0.42, default_hires_upscaler_id="latent"
        )
        around = ("--focus", "hires.denoise", "--values", "0.32, 0.42, 0.52", "--images", 1)
        assert cli("learn", cli.pack, *TINY, *around, "--json").code == 0
        plan = cli.plan()
        assert plan.base_config.hires.denoise == 0.42
        assert plan.origins["hires.denoise"] == "profile"
        made = cli.shown()
        assert sorted(flat(one)["denoise"] for one in made) == [0.32, 0.42, 0.52]
        assert {(flat(one)["steps"], flat(one)["cfg_scale"]) for one in made} == {(4, 6.5)}
        assert all(one["config"]["hires"]["enabled"] for one in made)

    def test_whatever_else_is_varied_stands_on_the_denoise_of_the_profile(self, cli):
        cli.profile(default_hires_denoise=0.42)
        cli("learn", cli.pack, *TINY, *WIDE, "--json")
        assert {(flat(one)["steps"], flat(one)["denoise"]) for one in cli.shown()} == {(3, 0.42), (4, 0.42)}

    def test_what_is_said_goes_before_the_profile_and_a_plan_file_is_left_as_it_is(self, cli, tmp_path):
        cli.profile(default_hires_denoise=0.42)
        cli("learn", cli.pack, *TINY, *WIDE, "--set", "hires.denoise=0.7", "--json")
        plan = cli.plan()
        assert (plan.base_config.hires.denoise, plan.origins["hires.denoise"]) == (0.7, "user")
        file = tmp_path / "plan.json"
        file.write_text(cli("learn", "--show", "last").out)
        cli.profile(default_hires_denoise=0.3)
        cli("learn", "--plan", file, "--json")
        assert {flat(one)["denoise"] for one in cli.shown()} == {0.7}

    def test_when_checkpoints_are_compared_the_profile_of_none_counts(self, cli):
        cli.profile(default_hires_denoise=0.42)
        both = ("--focus", "checkpoint", "--values", ", ".join(CHECKPOINTS), "--images", 1)
        assert cli("learn", cli.pack, *TINY, *both, "--set", "txt2img.steps=4", "--json").code == 0
        assert "hires.denoise" not in cli.plan().origins

    def test_without_values_those_are_tried_that_suit_the_style_of_the_checkpoint(self, cli):
        cli.profile(default_hires_denoise=0.28, style_profile_id="sdxl_portrait_realism")
        said = cli("learn", cli.pack, *TINY, "--focus", "hires.denoise", "--images", 1)
        assert "Sensible for SDXL – Portrait Realism: 0.2 – 0.35" in said.out
        values = cli.plan().variant_values
        assert 0.28 in values
        assert len(values) > 2
        assert all(0.2 <= value <= 0.35 for value in values)
        assert cli.plan().name.startswith("Denoise 0.")

    def test_values_outside_of_what_suits_the_checkpoint_are_tried_and_told(self, cli):
        cli.profile(base_type="sd15")
        plan = ("--focus", "txt2img.cfg_scale", "--values", "3, 7", "--images", 1)
        said = cli("learn", cli.pack, *TINY, *plan)
        assert "Sensible for SD 1.5: 4 – 10. 3 is below the sensible range. That is allowed." in said.out
        assert cli.plan().variant_values == (3, 7)

    def test_the_weights_of_a_lora_are_tried_in_the_range_its_files_name(self, cli):
        (cli.models / "rain.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
        about = {"modelId": 1, "usage_tips": '{"strength_min": 0.2, "strength_max": 0.5}'}
        (cli.models / "rain.metadata.json").write_text(json.dumps(about))
        (cli.models / "rain.loraprofile.json").write_text(json.dumps({"kind": "lora_profile"}))
        cli("learn", cli.pack, *TINY, "--focus", "lora:rain", "--images", 1, "--json")
        assert [value for value in cli.plan().variant_values if value != 1] == [0.2, 0.3, 0.4, 0.5]


class TestLorasOfTheProfile:
    """On a server that lists its LoRAs: the profile of a checkpoint in a model folder names some of them."""

    @pytest.fixture
    def served(self, cli):
        with FakeWebUI() as server:
            (cli.models / "photo_model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
            overlays = [{"name": "inkwash", "weight": 0.6}, {"name": "nowhere", "weight": 0.4}]
            cli.profile("photo_model", recommended_presets=preset(lora_overlays=overlays))
            cli.server = ("--backend", server.url)
            yield cli

    def test_a_run_gets_those_that_are_there_and_tells_of_the_others(self, served):
        said = served("run", served.pack, *served.server, *TINY, "--limit", 1)
        assert "From the profile: LoRA inkwash 0.6 (--no-profile-loras leaves them away)" in said.out
        assert "LoRA nowhere 0.4 is not on this server, so it is left out." in said.err
        (record,) = served.shown()
        assert record["prompt"].endswith("<lora:inkwash:0.6>")
        assert record["origins"]["lora:inkwash"] == "profile"

    def test_without_them_the_prompt_stays_as_it_is(self, served):
        said = served("run", served.pack, *served.server, *TINY, "--limit", 1, "--no-profile-loras")
        assert "lora" not in served.shown()[0]["prompt"]
        assert "inkwash" not in said.out

    def test_a_learning_run_has_the_same_baseline_but_for_the_lora_it_varies(self, served):
        served("learn", served.pack, *served.server, *TINY, *WIDE, "--json")
        plan = served.plan()
        assert plan.prompts[0].positive.endswith("<lora:inkwash:0.6>")
        assert plan.origins["lora:inkwash"] == "profile"
        weights = ("--focus", "lora:inkwash", "--values", "0.2, 0.9", "--images", 1)
        served("learn", served.pack, *served.server, *TINY, *weights, "--json", "--name", "Weights")
        prompts = {one["prompt"] for one in served.shown() if one["learning"]["value"] in (0.2, 0.9)}
        assert {text.count("<lora:") for text in prompts} == {1}

    def test_a_prompt_that_calls_a_lora_by_its_alias_does_not_get_it_twice(self, served, tmp_path):
        head = json.dumps(
            {"__metadata__": {"ss_network_module": "networks.lora", "ss_output_name": "wet ink"}}
        ).encode()
        (served.models / "inkwash.safetensors").write_bytes(len(head).to_bytes(8, "little") + head)
        pack = tmp_path / "alias.txt"
        pack.write_text("a boat <lora:wet ink:0.3>")
        said = served("run", pack, *served.server, *TINY)
        assert served.shown()[0]["prompt"] == "a boat <lora:wet ink:0.3>"
        assert "LoRA inkwash 0.6 is already in the prompt, which decides" in said.err
