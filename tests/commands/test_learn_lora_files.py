"""`learn --focus lora`: which epoch of a LoRA, on both kinds of server, from the files to the preset."""

from __future__ import annotations

import json
import re

import pytest
from fake_comfyui import FakeComfyUI
from fake_webui import FakeWebUI
from terminal import TINY, Terminal

from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.storage.settings import save_settings

TRAINERS = {
    "epochs": ("rainy-000002", "rainy-000004", "rainy"),
    "long steps": ("rainy_000000500", "rainy_000001500", "rainy"),
    "times": ("rainy2026-05-01_10-20-30-save-250-1-0", "rainy2026-05-01_10-50-30-save-500-2-0"),
}


class WebUI:
    def __init__(self, *stems, alias="rainy"):
        self.fake = FakeWebUI()
        self.fake.loras |= dict.fromkeys(stems, alias)

    def loras(self):
        """What each picture was made with: the LoRA tags of its prompt."""
        sent = [seen.body["prompt"] for seen in self.fake.posts if seen.path.endswith("txt2img")]
        return [re.findall(r"<lora:([^:>]+):([^>]+)>", prompt) for prompt in sent]

    words = ("--set", "checkpoint=ink_model")


class ComfyUI:
    def __init__(self, *stems, alias="rainy"):
        self.fake = FakeComfyUI()
        self.fake.files["loras"] += [f"{stem}.safetensors" for stem in stems]

    def loras(self):
        found = []
        for graph in self.fake.graphs():
            nodes = [node["inputs"] for node in graph.values() if "lora_name" in node["inputs"]]
            found.append(
                [(one["lora_name"].removesuffix(".safetensors"), f"{one['strength_model']:g}") for one in nodes]
            )
        return found

    words = ("--set", "checkpoint=ink_model")


@pytest.fixture
def cli(tmp_path, capsys):
    made = Terminal(tmp_path, capsys)
    made.pack.write_text("name: Boat\na red boat <lora:rainy:0.7>\n")
    return made


@pytest.mark.parametrize("kind", [WebUI, ComfyUI])
@pytest.mark.parametrize("trainer", TRAINERS)
class TestOnServers:
    def test_each_file_of_the_training_is_sent_by_its_own_name_then_none(self, cli, kind, trainer):
        server = kind(*TRAINERS[trainer])
        with server.fake:
            said = cli(
                *("learn", cli.pack, "--backend", server.fake.url, *TINY, *server.words, "--json", "--images", 1),
                *("--focus", "lora", "--series", "rainy"),
            )
        assert said.code == 0, said.err
        assert [step["value"] for step in said.json["steps"]] == [*TRAINERS[trainer], "none"]
        assert server.loras() == [*([(stem, "0.7")] for stem in TRAINERS[trainer]), []]

    def test_the_preset_of_the_best_puts_it_into_the_next_run(self, cli, kind, trainer):
        first, second, *_ = TRAINERS[trainer]
        server = kind(*TRAINERS[trainer])
        with server.fake:
            backend = ("--backend", server.fake.url, *TINY, *server.words)
            said = cli(
                *("learn", cli.pack, *backend, "--json", "--images", 4),
                *("--focus", "lora", "--values", f"{first}, {second}, none"),
            ).json
            for step in said["steps"]:
                stars = {first: 2, second: 5, "none": 1}[step["value"]]
                assert cli("rate", step["images"][0], stars).code == 0
            kept = cli("presets", "make", said["plan_id"], "--name", "Best", "--json")
            assert kept.code == 0, kept.err
            assert kept.json["presets"][0]["lora_weights"] == {second: 0.7}
            before = len(server.loras())
            made = cli("run", cli.pack, *backend, "--json", "--preset", "Best")
        assert made.code == 0, made.err
        assert server.loras()[before:] == [[(second, "0.7")]]


class TestFilesThatAreCalledAlike:
    """Some trainers call every file alike, each in a folder of its own."""

    FILES = tuple(f"rainy/{folder}pytorch_lora_weights" for folder in ("checkpoint-500/", "checkpoint-1500/", ""))

    def test_a_backend_that_lists_folders_is_sent_the_right_one(self, cli):
        server = ComfyUI(*self.FILES)
        with server.fake:
            backend = ("--backend", server.fake.url, *TINY, *server.words)
            said = cli(*("learn", cli.pack, *backend, "--json", "--images", 4, "--focus", "lora", "--series", "rainy"))
            assert said.code == 0, said.err
            assert server.loras()[:4] == [*([(stem, "0.7")] for stem in self.FILES), []]
            for step in said.json["steps"]:
                assert cli("rate", step["images"][0], 5 if "1500" in step["value"] else 2).code == 0
            assert cli("presets", "make", said.json["plan_id"], "--name", "Best").code == 0
            before = len(server.loras())
            made = cli("run", cli.pack, *backend, "--preset", "Best")
            assert made.code == 0, made.err
            assert server.loras()[before:] == [[(self.FILES[1], "0.7")]]

    def test_where_names_alone_tell_files_apart_the_user_is_told_to_rename_them(self, cli, tmp_path):
        for stem in self.FILES:
            file = tmp_path / "loras" / f"{stem}.safetensors"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"")
        save_settings(cli.data / "settings.json", Settings(model_folders=(str(tmp_path / "loras"),)))
        server = WebUI("pytorch_lora_weights")
        with server.fake:
            said = cli(
                *("learn", cli.pack, "--backend", server.fake.url, *TINY, *server.words, "--images", 1),
                *("--focus", "lora", "--series", "rainy"),
            )
        assert said.code == 2
        assert "The files of rainy are all called pytorch_lora_weights" in said.err
        assert "Rename them, for example to rainy-step000500." in said.err


@pytest.mark.parametrize("kind", [WebUI, ComfyUI])
def test_what_is_known_of_the_best_is_used_until_it_is_switched_off_or_undone(cli, kind):
    first, second, *_ = TRAINERS["epochs"]
    server = kind(*TRAINERS["epochs"])
    with server.fake:
        backend = ("--backend", server.fake.url, *TINY, *server.words)
        said = cli(
            *("learn", cli.pack, *backend, "--json", "--images", 4),
            *("--focus", "lora", "--values", f"{first}, {second}:0.5, none"),
        ).json
        for step in said["steps"]:
            assert cli("rate", step["images"][0], {first: 2, "none": 1}.get(step["value"], 5)).code == 0
        used = cli("known", "use", "last")
        assert used.code == 0, used.err
        assert f"In use from now on: {second}:0.5" in used.out

        def next_run():
            before = len(server.loras())
            made = cli("run", cli.pack, *backend, "--json")
            assert made.code == 0, made.err
            return server.loras()[before:]

        assert next_run() == [[(second, "0.5")]]
        cli("known", "off", "lora")
        as_written = next_run()
        assert as_written == [[("rainy", "0.7")]]
        cli("known", "on", "lora")
        assert next_run() == [[(second, "0.5")]]
        cli("known", "undo", "lora")
        cli("known", "undo", "lora")
        cli("known", "undo", "lora")
        assert next_run() == as_written


@pytest.mark.parametrize("kind", [WebUI, ComfyUI])
def test_step_by_step_the_epoch_and_weight_that_is_liked_is_found_and_kept(cli, kind):
    values = ("rainy-000002:0.6", "rainy-000004:0.6", "rainy-000004:1.2", "rainy:0.6", "none")
    server = kind(*TRAINERS["epochs"])
    with server.fake:
        backend = ("--backend", server.fake.url)
        said = cli(
            *("learn", cli.pack, *backend, *TINY, *server.words, "--json", "--adaptive"),
            *("--focus", "lora", "--values", ", ".join(values)),
        ).json
        liked = dict(zip(values, (2, 5, 3, 3, 1), strict=True))
        made = {image: step["value"] for step in said["steps"] for image in step["images"]}
        for _ in range(20):
            if not said["to_rate"]:
                break
            for image in said["to_rate"]:
                assert cli("rate", image, liked[made[image]]).code == 0
            said = cli("learn", "--resume", said["plan_id"], *backend, "--json").json
            made |= {image: step["value"] for step in said["steps"] for image in step["images"]}
        assert len(made) < said["most_pictures"]
        kept = cli("presets", "make", said["plan_id"], "--json")
    assert kept.code == 0, kept.err
    assert kept.json["presets"][0]["lora_weights"] == {"rainy-000004": 0.6}


@pytest.mark.parametrize(("kind", "trainer"), [(WebUI, "epochs"), (ComfyUI, "long steps"), (WebUI, "times")])
def test_the_epoch_and_weight_that_are_liked_end_in_a_preset_and_in_the_next_prompt(cli, kind, trainer):
    stems = TRAINERS[trainer]
    second = stems[1]
    server = kind(*stems)
    with server.fake:
        backend = ("--backend", server.fake.url)
        said = cli(
            *("learn", cli.pack, *backend, *TINY, *server.words, "--json", "--adaptive"),
            *("--focus", "lora", "--values", ", ".join((*stems, "none"))),
            *("--focus2", "lora_weight", "--values2", "0.6, 1"),
        )
        assert said.code == 0, said.err
        pairs = {f"{stem} × {weight}": [(stem, weight)] for stem in stems for weight in ("0.6", "1")} | {"none": []}
        sent = [pairs[step["value"]] for step in said.json["steps"]]
        assert server.loras() == sent
        # Step by step, with no LoRA on every seed: nobody makes every pair on every seed.
        assert sum(not one for one in sent) == len({step["row"] for step in said.json["steps"]})

        def liked(value):
            return 1 if value == "none" else 5 if value == f"{second} × 1" else 3 if second in value else 2

        said, made = said.json, {}
        while said["to_rate"]:
            made |= {image: step["value"] for step in said["steps"] for image in step["images"]}
            for image in said["to_rate"]:
                assert cli("rate", image, liked(made[image])).code == 0
            said = cli("learn", "--resume", said["plan_id"], *backend, "--json").json
        assert len(said["steps"]) < said["most_pictures"] == 40
        kept = cli("presets", "make", said["plan_id"], "--name", "Best", "--json")
        assert kept.code == 0, kept.err
        assert kept.json["presets"][0]["lora_weights"] == {second: 1.0}
        before = len(server.loras())
        assert cli("run", cli.pack, *backend, *TINY, *server.words, "--json", "--preset", "Best").code == 0
    assert server.loras()[before:] == [[(second, "1")]]
    told = " ".join(cli("insights", "--plan", "last").out.split())
    assert f"{second} at weight 1" in told
    assert "In use from now on" in cli("known", "use", "last").out


class TestValues:
    def test_no_lora_as_the_answer_needs_no_preset_and_says_so(self, cli):
        server = WebUI(*TRAINERS["epochs"])
        with server.fake:
            said = cli(
                *("learn", cli.pack, "--backend", server.fake.url, *TINY, *server.words, "--json", "--images", 4),
                *("--focus", "lora", "--values", "rainy-000002, none"),
            ).json
        for step in said["steps"]:
            cli("rate", step["images"][0], {"none": 5}.get(step["value"], 2))
        assert "no LoRA" in " ".join(cli("insights", "--plan", "last").out.split())
        kept = cli("presets", "make", "last")
        assert kept.code == 2
        assert "nothing to keep" in kept.err

    def test_a_preset_is_put_into_a_prompt_that_names_no_epoch(self, cli):
        server = WebUI(*TRAINERS["epochs"])
        cli.pack.write_text("name: Boat\na red boat\n")
        with server.fake:
            backend = ("--backend", server.fake.url, *TINY, *server.words)
            said = cli(
                *("learn", cli.pack, *backend, "--json", "--images", 4),
                *("--focus", "lora", "--values", "rainy-000002:0.4, rainy-000002:0.9"),
            ).json
            for step in said["steps"]:
                cli("rate", step["images"][0], {"0.4": 2, "0.9": 5}[step["value"].partition(":")[2]])
            assert cli("presets", "make", said["plan_id"], "--name", "Best").code == 0
            before = len(server.loras())
            cli("run", cli.pack, *backend, "--preset", "Best")
        assert server.loras()[before:] == [[("rainy-000002", "0.9")]]

    def test_the_name_that_all_epochs_share_is_no_file(self, cli):
        server = WebUI("rainy-000002", "rainy-000004", alias="rainy")
        with server.fake:
            said = cli(
                *("learn", cli.pack, "--backend", server.fake.url, *TINY, *server.words),
                *("--focus", "lora", "--values", "rainy, rainy-000002"),
            )
        assert said.code == 2
        assert "has no LoRA file 'rainy'" in said.err
        assert server.loras() == []

    def test_no_warning_about_a_name_in_the_prompt_that_is_replaced(self, cli):
        server = WebUI("rainy-000002", "rainy-000004", alias="other")
        with server.fake:
            said = cli(
                *("learn", cli.pack, "--backend", server.fake.url, *TINY, *server.words, "--images", 1),
                *("--focus", "lora", "--values", "rainy-000002, none"),
            )
        assert said.code == 0
        assert "does not list" not in said.err

    def test_a_plan_file_may_ask_for_it(self, cli, tmp_path):
        path = tmp_path / "plan.json"
        fields = {"focus_parameter": "lora", "variant_values": ["rainy-000002", "none"], "prompt": "a boat"}
        path.write_text(json.dumps({**fields, "images_per_variant": 1}))
        said = cli("learn", "--plan", path, "--dry-run", "--json").json
        assert [step["value"] for step in said["steps"]] == ["rainy-000002", "none"]


class TestSeries:
    def test_headers_in_the_model_folders_tell_what_names_do_not(self, cli, tmp_path):
        folder = tmp_path / "models" / "Lora"
        folder.mkdir(parents=True)
        for stem, steps in (("the good one", 800), ("rainy", 1000), ("early", 200)):
            facts = {"ss_session_id": "77", "ss_steps": str(steps), "ss_output_name": "rainy"}
            header = json.dumps({"__metadata__": {**facts, "ss_network_module": "networks.lora"}}).encode()
            (folder / f"{stem}.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
        cli.data.mkdir()
        save_settings(cli.data / "settings.json", Settings(model_folders=(str(folder.parent),)))
        server = WebUI("rainy", "early", "the good one", "other-000002")
        with server.fake:
            said = cli(
                *("learn", cli.pack, "--backend", server.fake.url, *TINY, *server.words, "--json", "--dry-run"),
                *("--focus", "lora", "--series", "rainy"),
            )
        assert said.code == 0, said.err
        values = list(dict.fromkeys(step["value"] for step in said.json["steps"]))
        assert values == ["early", "the good one", "rainy", "none"]

    def test_mixes_of_the_same_checkpoints_are_compared_in_the_order_of_their_ratio(self, cli, tmp_path):
        folder = tmp_path / "models" / "Stable-diffusion"
        folder.mkdir(parents=True)
        told = {"primary_model_hash": "a" * 64, "secondary_model_hash": "b" * 64, "interp_method": "Weighted sum"}
        for stem, ratio in (("ink_model", 0.7), ("photo_model", 0.3), ("not_there", 0.5)):
            recipe = json.dumps({**told, "multiplier": ratio})
            header = json.dumps({"__metadata__": {"sd_merge_recipe": recipe}}).encode()
            (folder / f"{stem}.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
        cli.data.mkdir()
        save_settings(cli.data / "settings.json", Settings(model_folders=(str(folder.parent),)))
        words = ("learn", cli.pack, *TINY, "--focus", "checkpoint", "--json", "--dry-run", "--series")
        with FakeWebUI() as server:
            said = cli(*words, "ink_model", "--backend", server.url)
            refused = cli(*words, "cobalt", "--backend", server.url)
        assert said.code == 0, said.err
        values = list(dict.fromkeys(step["value"] for step in said.json["steps"]))
        assert [value.partition(".")[0] for value in values] == ["photo_model", "ink_model"]
        assert (refused.code, "There are: mix of" in refused.out + refused.err) == (2, True), refused
        # Without model folders the names that A1111's merger gives tell it.
        save_settings(cli.data / "settings.json", Settings())
        with FakeComfyUI() as server:
            server.files["checkpoints"] += ["0.7(a) + 0.3(b).safetensors", "mixed/0.4(a) + 0.6(b).safetensors"]
            said = cli(*words, "a + b", "--backend", server.url)
        assert said.code == 0, said.err
        values = dict.fromkeys(step["value"].split(".safe")[0] for step in said.json["steps"])
        assert [*values] == ["0.7(a) + 0.3(b)", "0.4(a) + 0.6(b)"]

    def test_a_series_that_is_not_there_is_refused_with_those_that_are(self, cli):
        server = WebUI("rainy-000002", "rainy-000004", "face8", "face")
        with server.fake:
            said = cli(
                *("learn", cli.pack, "--backend", server.fake.url, *TINY, "--focus", "lora", "--series", "face"),
            )
        assert said.code == 2
        assert "There are: rainy (2 files)" in said.err
        assert server.loras() == []

    @pytest.mark.parametrize("words", [("--focus", "txt2img.steps"), ("--focus", "lora", "--values", "a, b")])
    def test_it_stands_in_place_of_values_for_this_focus_only(self, cli, words):
        said = cli("learn", cli.pack, *words, "--series", "rainy")
        assert said.code == 2
        assert "--series" in said.err
