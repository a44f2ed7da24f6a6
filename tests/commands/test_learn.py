"""The terminal command `learn`: what it makes, what it says, what it refuses before anything is made."""

from __future__ import annotations

import json
import re
import shlex
import signal
import sys
from pathlib import Path

import pytest
from conftest import PATIENCE_S
from fake_webui import FakeWebUI
from jobs import full_disk
from terminal import FEW, TINY, Terminal, ended, program

from stablenew_tk.domain.runs.plan import LearningPlan, LearningRunStep
from stablenew_tk.storage.journal.snapshot import load_history

CFG = ("--focus", "txt2img.cfg_scale", "--values", "5-9 (+1)")
TWO = ("--focus", "txt2img.cfg_scale", "--values", "5, 9", "--images", 1)
STEP = {"step_id", "value", "row", "seed", "status", "images"}


class Learner(Terminal):
    def learn(self, *words):
        return self("learn", self.pack, "--json", *FEW, *words)

    def plan_file(self, **fields):
        """A small plan file; None leaves a field out."""
        least = {
            "focus_parameter": "txt2img.cfg_scale",
            "variant_values": [5, 9],
            "images_per_variant": 1,
            "prompt": "a red boat",
            "base_config": {"txt2img": {"width": 64, "height": 64, "steps": 4}},
        }
        path = self.data.parent / "cfg.json"
        path.write_text(json.dumps({name: value for name, value in (least | fields).items() if value is not None}))
        return path

    def history(self):
        return load_history(self.journal, self.data / "none").history

    def pictures(self):
        return sorted(self.outputs.rglob("*.png"))


@pytest.fixture
def cli(tmp_path, capsys):
    return Learner(tmp_path, capsys)


class TestReport:
    def test_it_has_the_shape_others_rely_on(self, cli):
        said = cli.learn(*CFG, "--seed", 0)
        report = said.json
        assert said.code == 0
        assert {"plan_id", "focus_parameter", "steps"} <= set(report)
        assert report["focus_parameter"] == "txt2img.cfg_scale"
        assert all(set(step) == STEP for step in report["steps"])
        assert [step["value"] for step in report["steps"][:5]] == [5, 6, 7, 8, 9]
        assert [(step["row"], step["seed"]) for step in report["steps"][::5]] == [(0, 0), (1, 1), (2, 2)]
        assert {step["status"] for step in report["steps"]} == {"ok"}

    def test_every_picture_is_on_disk_and_every_step_once_in_the_journal(self, cli):
        report = cli.learn(*CFG).json
        images = [image for step in report["steps"] for image in step["images"]]
        records = cli.shown("--limit", 99)
        assert len(set(images)) == len(records) == len(cli.pictures()) == 15
        assert {record["outputs"][0]["image_id"] for record in records} == set(images)
        assert {record["run_id"] for record in records} == {report["plan_id"]}
        assert cli.verified().json["ok"] == 31  # the plan, and a record and a step line for each picture

    def test_all_values_share_their_seeds_and_nothing_else_differs(self, cli):
        cli.learn(*CFG)
        rows = {}
        for record in cli.shown("--limit", 99):
            rows.setdefault(record["learning"]["row"], []).append(record)
        assert [len(rows[row]) for row in sorted(rows)] == [5, 5, 5]
        for records in rows.values():
            assert len({record["seed"] for record in records}) == 1
            assert len({record["prompt"] for record in records}) == 1
            assert sorted(record["config"]["txt2img"]["cfg_scale"] for record in records) == [5, 6, 7, 8, 9]

    def test_as_text_it_says_what_will_be_made_and_how_to_go_on_from_there(self, cli):
        said = cli("learn", cli.pack, *FEW, *CFG, "--seed", 7)
        assert said.out.splitlines()[:4] == [
            "txt2img.cfg_scale: 5, 6, 7, 8, 9",
            "5 values x 3 seeds on 2 prompts in turn = 15 images",
            "Prompts, row by row in turn: Boat, Tram",
            "Seeds, the same for every value: 7, 8, 9",
        ]
        assert "15 of 15 images are made, 0 failed, 0 left to make." in said.out
        for words in (["rate"], ["insights", "--plan"]):
            assert shlex.join(["stablenew", "--data-dir", str(cli.data), *words]) in said.out

    def test_the_time_is_told_once_something_like_it_was_made(self, cli):
        cli.learn(*TWO)
        assert re.search(r" = 15 images, about \d+ (s|min)\n", cli("learn", cli.pack, *FEW, *CFG, "--dry-run").out)

    def test_insights_know_the_plan(self, cli):
        plan = cli.learn(*TWO).json["plan_id"]
        assert cli("insights", "--plan", plan, "--json").json["plan_id"] == plan


class TestNoDifference:
    """Denoise 0 paints nothing anew, with however many steps."""

    WITHOUT_EFFECT = ("--focus", "hires.steps", "--values", "2, 4", "--images", 2, "--set", "hires.denoise=0")

    def test_it_stops_after_the_first_row_and_says_so_and_why(self, cli):
        said = cli.learn(*self.WITHOUT_EFFECT)
        assert said.code == 0
        assert [step["status"] for step in said.json["steps"]] == ["ok", "ok", "planned", "planned"]
        assert said.json["nothing_changed"]
        sentence, reason = said.json["notices"]
        assert sentence.startswith("No difference at all: the pictures are the same.")
        assert reason == "Steps (hires) had no effect. Denoise is 0 there, so nothing is painted anew."

    def test_it_can_be_made_to_go_on(self, cli):
        plan_id = cli.learn(*self.WITHOUT_EFFECT).json["plan_id"]
        assert [step["status"] for step in cli("learn", "--resume", plan_id, "--json").json["steps"]] == ["ok"] * 4
        assert "No difference at all" in cli("insights", "--plan", plan_id).out


class TestStepByStep:
    """`--adaptive`: two rows, then, after stars, what tells most."""

    STEPS = ("--focus", "txt2img.cfg_scale", "--values", "5, 7, 9", "--adaptive", "--most", 9)

    def rate_all(self, cli, report, stars):
        for step in report["steps"]:
            if step["status"] == "ok":
                cli("rate", step["images"][0], stars[step["value"]][step["row"] % 3])

    def test_two_rows_are_made_and_it_is_said_what_comes_then(self, cli):
        said = cli("learn", cli.pack, *FEW, *self.STEPS)
        assert said.code == 0
        assert "3 values x 2 prompts x 1 seed = 6 images" in said.out
        assert "Then up to 3 more, only those that tell most, after you rated these" in said.out
        (plan,) = cli.history().plans.plans()
        assert f"learn --resume {plan.plan_id} makes what tells most" in said.out
        assert (plan.most_pictures, plan.full_rows, len(cli.pictures())) == (9, 2, 6)
        images = [record["outputs"][0]["image_id"] for record in cli.shown("--limit", 9)]
        assert all(image in said.out for image in images), "all that is to be rated before it goes on"

    def test_before_all_is_rated_going_on_says_what_is_missing(self, cli):
        report = cli.learn(*self.STEPS).json
        again = cli("learn", "--resume", report["plan_id"], "--json")
        assert (again.code, len(again.json["steps"])) == (0, 6)
        assert set(again.json["to_rate"]) == {step["images"][0] for step in report["steps"]}
        assert again.json["notices"] == ["6 pictures still to rate. What tells most then is decided by your stars."]

    @pytest.mark.parametrize("blind", [(), ("--blind",)])
    def test_after_the_stars_going_on_makes_what_tells_most_until_the_pictures_are_used_up(self, cli, blind):
        even = {5: (3, 4, 3), 7: (4, 3, 4), 9: (3, 4, 4)}
        report = cli.learn(*self.STEPS, *blind).json
        self.rate_all(cli, report, even)
        assert not blind or cli.history().plans.hidden(), "not clear, so the values stay hidden"
        more = cli("learn", "--resume", report["plan_id"], "--json").json
        assert [step["status"] for step in more["steps"]] == ["ok"] * 9
        assert len({step["seed"] for step in more["steps"]}) == 3
        self.rate_all(cli, {"steps": more["steps"][6:]}, even)
        ended = cli("learn", "--resume", report["plan_id"], "--json").json
        assert (len(ended["steps"]), ended["notices"]) == (9, ["All 9 pictures are used up."])
        assert not cli.history().plans.hidden()

    def test_once_it_is_clear_going_on_says_so_and_proposes_no_more(self, cli):
        sure = {5: (1, 2, 1), 7: (5, 5, 5), 9: (2, 1, 1)}
        report = cli.learn(*self.STEPS[:-1], 20).json
        self.rate_all(cli, report, sure)
        more = cli("learn", "--resume", report["plan_id"], "--json").json
        self.rate_all(cli, {"steps": more["steps"][6:]}, sure)
        ended = cli("learn", "--resume", report["plan_id"])
        assert "Take CFG 7." in ended.err
        assert "makes what tells most" not in ended.out

    def test_the_last_star_of_a_step_says_that_it_is_not_clear_yet(self, cli):
        report = cli.learn(*self.STEPS, "--blind").json
        *most, last = report["steps"]
        self.rate_all(cli, {"steps": most}, {5: (3, 4), 7: (4, 3), 9: (3, 3)})
        said = cli("rate", last["images"][0], 4)
        assert "not clear yet: 3 more pictures would tell most" in said.err
        assert f"learn --resume {report['plan_id']}" in said.err

    def test_all_rows_at_once_are_the_default_and_can_be_said(self, cli):
        for words in ((), ("--full",)):
            report = cli.learn(*CFG, *words, "--dry-run").json
            assert (len(report["steps"]), report["most_pictures"]) == (15, 0)

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("--most", 5), "most_pictures: 2 rows of 3 values are 6 pictures. Give 6 to 1000, not 5."),
            (("--most", 0), "--most 0: give 1 to 1000 pictures."),
            (("--adaptive", "--images", 3), "--images: with --adaptive the stars decide how many a value gets."),
            (("--full", "--most", 20), "--most: --full makes all pictures at once. Leave one of the two away."),
        ],
    )
    def test_what_does_not_go_together_is_said(self, cli, words, sentence):
        said = cli.learn("--focus", "txt2img.cfg_scale", "--values", "5, 7, 9", *words)
        assert (said.code, said.json["error"][: len(sentence)]) == (2, sentence)

    def test_a_plan_file_can_ask_for_it_and_the_command_line_for_all_at_once(self, cli):
        path = cli.plan_file(prompt=None, prompts=["a boat", "a tram", "a cat"], most_pictures=12)
        report = cli("learn", "--plan", path, "--json", "--dry-run").json
        assert (len(report["steps"]), report["most_pictures"]) == (4, 12)
        full = cli("learn", "--plan", path, "--full", "--json", "--dry-run").json
        assert (len(full["steps"]), full["most_pictures"]) == (6, 0)


class TestDryRun:
    def test_it_gives_the_same_steps_and_makes_nothing(self, cli):
        said = cli.learn(*CFG, "--dry-run")
        assert said.code == 0
        assert {step["status"] for step in said.json["steps"]} == {"planned"}
        assert len({step["step_id"] for step in said.json["steps"]}) == 15
        assert len({step["seed"] for step in said.json["steps"]}) == 3
        assert not cli.journal.exists()
        assert not cli.outputs.exists()

    def test_without_its_backend_it_says_that_names_were_not_checked(self, cli):
        said = cli.learn(*CFG, "--dry-run", "--backend", "http://127.0.0.1:9")
        assert said.code == 0
        assert "names could not be checked" in said.json["notices"][0]

    def test_with_its_backend_names_are_checked(self, cli):
        said = cli.learn("--dry-run", "--focus", "txt2img.sampler", "--values", "Euler a, Eular")
        assert (said.code, said.json["error"]) == (
            2,
            "txt2img.sampler: the backend has no sampler 'Eular'. Did you mean Euler or Euler a?",
        )


class TestOptions:
    def test_a_few_prompts_of_the_pack_are_tested_and_cost_no_more_than_one(self, cli):
        report = cli.learn(*CFG).json
        assert report["prompts"] == ["Boat", "Tram"]
        assert len(report["steps"]) == 15
        rows = {record["learning"]["row"]: record["prompt_id"] for record in cli.shown("--limit", 99)}
        assert rows == {0: "Boat", 1: "Tram", 2: "Boat"}
        assert cli("insights", "--plan", "last", "--json").json["prompts"] == ["Boat", "Tram"]
        assert "Prompts: Boat, Tram" in cli("insights", "--plan", "last").out

    def test_of_a_large_pack_three_are_taken_spread_over_it(self, cli):
        cli.pack.write_text("\n\n".join(f"name: P{number}\nboat {number}" for number in range(1, 8)))
        assert cli.learn(*CFG, "--dry-run").json["prompts"] == ["P1", "P4", "P7"]
        assert "5 values x 3 prompts x 1 seed = 15 images" in cli("learn", cli.pack, *FEW, *CFG, "--dry-run").out

    def test_prompts_can_be_named_one_or_several(self, cli):
        assert cli.learn(*CFG, "--dry-run", "--prompt", "tram").json["prompts"] == ["Tram"]
        both = cli.learn(*CFG, "--dry-run", "--prompt", 2, "--prompt", "boat", "--images", 4).json
        assert both["prompts"] == ["Tram", "Boat"]
        assert len(both["steps"]) == 20
        said = cli.learn(*CFG, "--prompt", 2, "--prompt", 1, "--images", 1)
        assert (said.code, said.json["error"]) == (
            2,
            "--images 1: 2 prompts need 2 pictures per value or more. Give more, or fewer prompts with --prompt.",
        )

    def test_for_one_picture_per_value_the_first_prompt_is_taken_and_others_by_number_from_1_or_name(self, cli):
        for words, prompt in (((), "Boat"), (("--prompt", 2), "Tram"), (("--prompt", "tram"), "Tram")):
            cli.learn(*TWO, *words)
            assert cli.shown("--limit", 1)[0]["prompt_id"] == prompt

    def test_the_plan_says_what_was_asked(self, cli):
        plan = cli.learn(*TWO, "--name", "Mine", "--note", "why not", "--blind", "--set", "clip_skip=1").json["plan_id"]
        found = cli.history().plans.plan(plan)
        assert (found.name, found.metadata.notes, found.blind) == ("Mine", "why not", True)
        assert found.metadata.who
        assert (found.base_config.clip_skip, found.origins["clip_skip"]) == (1, "user")
        assert found.metadata.when.endswith("Z")

    def test_a_plan_of_the_terminal_hides_nothing_unless_asked_to(self, cli):
        assert not cli.history().plans.hidden()
        plan = cli.learn(*TWO).json["plan_id"]
        assert not cli.history().plans.plan(plan).blind

    def test_a_later_stage_works_on_a_picture(self, cli):
        picture = cli.run("--limit", 1)["images"][0]["path"]
        focus = ("--focus", "img2img.denoise", "--values", "0.2, 0.4", "--images", 1, "--set", "img2img.steps=3")
        report = cli.learn(*focus, "--start-image", picture).json
        assert [step["status"] for step in report["steps"]] == ["ok", "ok"]
        assert cli.shown("--limit", 1)[0]["stages"] == ["img2img"]
        refusal = cli.learn(*focus)
        assert (refusal.code, "Choose the picture" in refusal.json["error"]) == (2, True)

    def test_the_value_0_and_seed_0_are_made_like_any_other(self, cli):
        words = ("--focus", "lora:rain", "--values", "0, 0.5", "--images", 2, "--seed", 0)
        report = cli.learn(*words).json
        assert [(step["value"], step["seed"]) for step in report["steps"]] == [(0, 0), (0.5, 0), (0, 1), (0.5, 1)]
        records = cli.shown("--limit", 9)
        assert [record["prompt"].rpartition(" ")[2] for record in reversed(records)] == 2 * [
            "<lora:rain:0>",
            "<lora:rain:0.5>",
        ]
        assert {record["learning"]["value"] for record in records} == {0, 0.5}

    def test_the_global_negative_is_sent_with_every_picture(self, cli):
        settings = cli.data / "settings.json"
        cli.run()
        settings.write_text('{"global_negative": "ugly"}')
        cli.learn(*TWO)
        assert cli.shown("--limit", 1)[0]["negative"] == "blur, ugly"

    def test_global_texts_are_in_the_plan_once_and_for_their_stages_only(self, cli):
        cli.run()
        texts = {"global_positive": "ink", "global_negative": "ugly", "global_positive_stages": ["img2img"]}
        (cli.data / "settings.json").write_text(json.dumps(texts))
        plan_id = cli.learn(*TWO, "--set", "img2img.enabled=on").json["plan_id"]
        (plan,) = [line for line in cli.history().plans.plans() if line.plan_id == plan_id]
        assert (plan.prompts[0].positive, plan.prompts[0].negative) == ("a red boat", "blur, ugly")
        record = cli.shown("--limit", 1)[0]
        assert (record["prompt"], record["negative"]) == ("a red boat", "blur, ugly")
        assert record["stage_texts"] == {"img2img": {"prompt": "ink, a red boat", "negative": "blur, ugly"}}


class TestPlanFile:
    def test_it_runs_as_it_stands(self, cli):
        path = cli.plan_file(name="From a file", seed=0, metadata={"notes": "by a model"}, temperature=1)
        said = cli("learn", "--plan", path, "--json")
        assert (said.code, said.json["name"]) == (0, "From a file")
        assert said.json["notices"] == ["temperature: this field is not known and was left out."]
        assert [(step["value"], step["seed"]) for step in said.json["steps"]] == [(5, 0), (9, 0)]
        assert cli.shown("--limit", 1)[0]["prompt"] == "a red boat"
        (line,) = cli("insights", "--json").json["plans"]
        assert (line["who"], line["note"]) == (f"imported from {Path(path).name}", "by a model")

    def test_a_pack_gives_the_prompt_that_the_file_does_not_have(self, cli):
        path = cli.plan_file(prompt=None)
        assert "has no prompt" in cli("learn", "--plan", path, "--json").json["error"]
        assert cli("learn", "--plan", path, cli.pack, "--prompt", 2, "--json").code == 0
        assert cli.shown("--limit", 1)[0]["prompt"] == "an old tram"

    def test_the_command_line_wins_over_the_file(self, cli):
        path = cli.plan_file(prompt=None, prompts=["a boat", "a tram"], seeds=[4, 5])
        words = ("--images", 2, "--seed", 8, "--prompt", 2, "--set", "txt2img.steps=3")
        report = cli("learn", "--plan", path, "--json", *words).json
        assert [step["seed"] for step in report["steps"]] == [8, 8, 9, 9]
        record = cli.shown("--limit", 1)[0]
        assert (record["prompt"], record["config"]["txt2img"]["steps"]) == ("a tram", 3)

    def test_what_show_prints_is_a_plan_file_for_the_same_pictures(self, cli, tmp_path):
        cli.learn(*TWO, "--seed", 3)
        path = tmp_path / "again.json"
        path.write_text(cli("learn", "--show", "last").out)
        report = cli("learn", "--plan", path, "--json").json
        assert report["notices"] == []
        sums = [record["outputs"][0]["sha256"] for record in cli.shown("--limit", 4)]
        assert sums[:2] == sums[2:]

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"focus_parameter": "txt2img.stepz"}, "focus_parameter: There is no parameter 'txt2img.stepz'. Did you"),
            ({"variant_values": [5, 99]}, "variant_values[1]: txt2img.cfg_scale: 99 is outside 0 to 30."),
            ({"variant_values": "5-9"}, "variant_values: a list is needed, not text."),
            ({"base_config": {"txt2img.stepz": 3}}, "base_config.txt2img.stepz: there is no such setting. Did you"),
            ({"base_config": {"txt2img.sampler": "Eular"}}, "txt2img.sampler: the backend has no sampler 'Eular'"),
            (
                {"focus_parameter": "txt2img.sampler", "variant_values": ["Euler a", "Eular"]},
                "txt2img.sampler: the backend has no sampler 'Eular'. Did you mean Euler or Euler a?",
            ),
            ({"focus_parameter": "img2img.denoise", "variant_values": [0.2, 0.3]}, "img2img.denoise: img2img works"),
            ({"start_image": "none.png"}, "start_image: "),
            ({"seeds": [1, 1], "images_per_variant": 2}, "seeds: 2 different seeds are needed"),
        ],
    )
    def test_a_mistake_in_it_is_one_sentence_and_nothing_is_run(self, cli, fields, words):
        path = cli.plan_file(**fields)
        said = cli("learn", "--plan", path, "--json")
        assert said.code == 2
        assert said.json["error"].startswith(words)
        said = cli("learn", "--plan", path)
        assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
        assert not cli.journal.exists()
        assert not cli.outputs.exists()

    def test_what_is_no_plan_file_is_one_sentence_and_exit_2(self, cli, tmp_path):
        for name, data in (("empty.json", b""), ("picture.json", b"\x89PNG\r\n\0\xff"), ("list.json", b"[]")):
            (tmp_path / name).write_bytes(data)
        for name in ("empty.json", "picture.json", "list.json", "nothing.json", "."):
            said = cli("learn", "--plan", tmp_path / name, "--json")
            assert said.code == 2
            assert "\n" not in said.json["error"]
        assert not cli.journal.exists()


class TestPresets:
    @pytest.fixture
    def preset(self, cli):
        """A preset of CFG 9, chosen by hand, not in force."""
        plan = cli.learn(*TWO).json
        for step, stars in zip(plan["steps"], (2, 5), strict=True):
            cli("rate", step["images"][0], stars)
        made = cli("presets", "make", plan["plan_id"], "--value", 9, "--name", "Strong", "--json")
        assert made.code == 0
        return made.json["presets"][0]["preset_id"]

    def test_a_run_can_start_from_one_and_its_origin_is_kept(self, cli, preset):
        for name in ("Strong", "strong", preset):
            assert cli("run", cli.pack, *FEW, "--limit", 1, "--preset", name, "--json").code == 0
            record = cli.shown("--limit", 1)[0]
            assert record["config"]["txt2img"]["cfg_scale"] == 9
            assert record["origins"]["txt2img.cfg_scale"] == "preset"
            assert record["origins"]["txt2img.steps"] == "user"

    def test_the_one_in_force_applies_until_it_is_left_aside(self, cli, preset):
        cli("presets", "apply", "Strong")
        cfg = []
        for words in ((), ("--no-preset",), ("--set", "txt2img.cfg_scale=4")):
            cli.run("--limit", 1, *words)
            cfg.append(cli.shown("--limit", 1)[0]["config"]["txt2img"]["cfg_scale"])
        assert cfg == [9, 7, 4]
        assert "Preset: Strong" in cli("run", cli.pack, *FEW, "--limit", 1).out

    def test_a_learning_run_starts_from_it_too(self, cli, preset):
        words = ("--focus", "txt2img.steps", "--values", "3, 5", "--images", 1, "--preset", "Strong")
        cli.learn(*words)
        assert cli.shown("--limit", 1)[0]["config"]["txt2img"]["cfg_scale"] == 9

    def test_a_vae_is_learned_from_pictures_that_differ_and_the_server_is_left_as_it_was(self, cli):
        with FakeWebUI("forge-ui") as fake:
            before = {key: repr(value) for key, value in fake.options.items()}
            words = ("--values", "None, ae.safetensors, soft.safetensors", "--images", 2, "--backend", fake.url)
            said = cli("learn", cli.pack, "--json", *FEW, "--focus", "vae", *words)
            assert (said.code, fake.count("txt2img")) == (0, 6)
            records = cli.shown("--limit", 9)
            made = [(one["outputs"][0]["sha256"], one["outputs"][0]["suspect"]) for one in records]
            assert len({sha for sha, _ in made}) == 6
            assert {tuple(suspect) for _, suspect in made} == {()}
            used = [one["stage_results"][0]["applied"]["vae"] for one in records]
            assert sorted(used) == sorted(["None", "ae.safetensors", "soft.safetensors"] * 2)
            assert {key: repr(value) for key, value in fake.options.items()} == before
            assert "forge_additional_modules" not in fake.file or fake.file["forge_additional_modules"] == []

    def test_a_lora_may_be_called_by_its_alias_and_one_the_server_does_not_have_is_told(self, cli):
        with FakeWebUI() as fake:
            cli.pack.write_text("a boat <lora:grain_final:1> <lora:nobody:1>\n")
            words = ("--focus", "lora:grain_final", "--values", "0.4, 0.8", "--images", 1, "--backend", fake.url)
            said = cli("learn", cli.pack, "--json", *FEW, *words)
            assert (said.code, fake.count("txt2img")) == (0, 2)
            assert "does not list the LoRA “nobody”" in said.err
            refused = cli("learn", cli.pack, "--json", *FEW, *words[:1], "lora:nobody", *words[2:])
            assert (refused.code, fake.count("txt2img")) == (2, 2)

    def test_the_weight_of_a_lora_goes_into_prompts_that_have_it(self, cli):
        cli.pack.write_text("a boat <lora:rain:1>\n\na tram\n")
        plan = cli.learn("--focus", "lora:rain", "--values", "0.4, 0.8", "--images", 1).json["plan_id"]
        cli("rate", plan, 3)
        cli("presets", "make", plan, "--value", "0.4", "--name", "Drizzle")
        cli.run("--preset", "Drizzle", "--anyway")
        assert [record["prompt"] for record in cli.shown("--limit", 2)] == ["a tram", "a boat <lora:rain:0.4>"]
        cli.learn(*TWO, "--preset", "Drizzle")
        assert cli.shown("--limit", 1)[0]["prompt"] == "a boat <lora:rain:0.4>"

    def test_an_unknown_name_lists_those_there_are(self, cli, preset):
        said = cli("run", cli.pack, "--preset", "Weak", "--json")
        assert (said.code, said.json["error"]) == (2, "There is no preset 'Weak'. There are: Strong.")


class TestResume:
    def test_a_finished_one_is_reported_and_nothing_is_made(self, cli):
        made = cli.learn(*TWO).json
        before = cli.verified().json["ok"]
        for name in ("last", made["plan_id"], made["plan_id"][:12].lower(), made["name"]):
            again = cli("learn", "--resume", name, "--json")
            assert (again.code, again.json["steps"]) == (0, made["steps"])
        assert cli.verified().json["ok"] == before

    def test_failed_steps_are_missing_and_tried_again(self, cli):
        with FakeWebUI() as server:
            server.fault("oom", nth=2)
            words = ("--set", "checkpoint=ink_model")
            said = cli.learn(*TWO, "--backend", server.url, *words)
            assert said.code == 1
            assert [step["status"] for step in said.json["steps"]] == ["ok", "failed"]
            assert "out of GPU memory" in said.json["errors"][0]
            again = cli("learn", "--resume", "last", "--backend", server.url, "--json")
            assert (again.code, server.count("txt2img")) == (0, 3)
            assert again.json["steps"][0] == said.json["steps"][0]

    def test_where_every_step_fails_each_is_reported_as_failed(self, cli):
        with FakeWebUI() as server:
            server.fault("500", times=9)
            said = cli.learn(*TWO, "--backend", server.url)
        assert (said.code, [step["status"] for step in said.json["steps"]]) == (1, ["failed", "failed"])
        assert "failed" in said.json["errors"][0]

    def test_suspect_pictures_are_made_but_marked(self, cli):
        with FakeWebUI() as server:
            server.fault("black", times=1)
            report = cli.learn(*TWO, "--backend", server.url).json
        assert sorted(step["status"] for step in report["steps"]) == ["ok", "suspect"]

    def test_it_goes_on_as_planned_or_not_at_all(self, cli):
        cli.learn(*TWO)
        said = cli("learn", "--resume", "last", "--images", 9, "--json")
        assert (said.code, said.json["error"].startswith("--images: ")) == (2, True)
        said = cli("learn", "--resume", "last", "--backend", "http://127.0.0.1:9", "--json")
        assert (said.code, said.json["error"].endswith("--backend sketch")) == (2, True)
        # A machine of the cluster may have any engine; which one is known when it is connected.
        assert cli("learn", "--resume", "last", "--backend", "cluster:tower", "--json").code == 0

    def test_an_unknown_plan_lists_those_there_are(self, cli):
        assert "There is none yet." in cli("learn", "--resume", "last", "--json").json["error"]
        cli.learn(*TWO, "--name", "Mine")
        said = cli("learn", "--resume", "yours", "--json")
        assert (said.code, said.json["error"]) == (2, "There is no Learning Run 'yours'. There are: Mine.")


class TestWrongUse:
    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            ([], "Say what to vary"),
            (["--focus", "txt2img.sampler"], "Say which values of txt2img.sampler to try"),
            (["--focus", "txt2img.cfg", "--values", "5, 6"], "There is no parameter 'txt2img.cfg'. Did you mean"),
            (["--focus", "txt2img.steps", "--values", "5-900"], "txt2img.steps: 900 is outside 1 to 150"),
            (["--focus", "txt2img.steps", "--values", "5"], "variant_values: give at least 2 values"),
            ([*TWO, "--images", "0"], "--images 0: give 1 to 100"),
            ([*TWO, "--seed", str(2**64)], "--seed 18446744073709551616 is outside"),
            ([*TWO, "--prompt", "3"], "--prompt 3: there is no such prompt. There are: 1 Boat, 2 Tram."),
            ([*TWO, "--set", "txt2img.steps"], "--set txt2img.steps: write it as PATH=VALUE"),
            ([*TWO, "--start-image", "none.png"], "start_image: "),
            ([*TWO, "--preset", "mine"], "There is no preset 'mine'. There is none yet."),
            ([*TWO, "--backend", "my computer"], "'my computer' is not an address"),
        ],
    )
    def test_it_is_one_sentence_and_exit_2(self, cli, words, sentence):
        said = cli("learn", cli.pack, "--json", *words)
        assert said.code == 2
        assert said.json["error"].startswith(sentence)
        assert not cli.journal.exists()

    def test_without_a_pack_it_says_what_to_name(self, cli):
        assert "--plan FILE" in cli("learn", "--json", *TWO).json["error"]

    def test_nobody_at_the_address_is_one_sentence_and_exit_1(self, cli):
        said = cli.learn(*TWO, "--backend", "http://127.0.0.1:9")
        assert (said.code, said.json["errors"]) == (
            1,
            ["No WebUI or ComfyUI is running at 127.0.0.1:9. Start it, or change the address."],
        )
        assert not cli.journal.exists()

    def test_where_learning_is_off_the_one_asked_for_is_recorded_and_one_line_says_so(self, cli):
        cli.data.mkdir()
        (cli.data / "settings.json").write_text('{"learning": "off"}')
        said = cli.learn(*TWO)
        assert (said.code, "recorded all the same" in said.err) == (0, True)
        assert len(said.json["steps"]) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_keeps_what_is_made_and_says_how_to_go_on(cli):
    with FakeWebUI() as server:
        server.hold()
        words = ("--backend", server.url, "--data-dir", cli.data, *TINY)
        run = program("learn", cli.pack, *CFG, *words)
        for _ in range(2):
            assert server.held.wait(PATIENCE_S)
            server.let_one_go()
        assert server.held.wait(PATIENCE_S)
        run.send_signal(signal.SIGINT)
        said = ended(run)
        assert said.code == 1
        assert "what is finished stays" in said.err
        assert "learn --resume" in said.out
        before = server.count("txt2img")
        report = cli("learn", "--resume", "last", "--json", "--backend", server.url).json
    assert {step["status"] for step in report["steps"]} == {"ok"}
    assert len(cli.pictures()) == len({image for step in report["steps"] for image in step["images"]}) == 15
    assert before < 15


def test_the_journal_holds_the_plan_and_what_became_of_each_step(cli):
    plan = cli.learn(*TWO).json["plan_id"]
    lines = [json.loads(line) for path in cli.journal.glob("*.jsonl") for line in path.read_text().splitlines()]
    kinds = [line["kind"] for line in lines]
    assert kinds[0] == LearningPlan.__struct_config__.tag
    assert kinds.count(LearningRunStep.__struct_config__.tag) == 2
    assert {line["plan_id"] for line in lines if line["kind"] in ("plan", "step")} == {plan}


def test_the_records_of_a_learning_run_can_be_exported_with_their_ratings(cli):
    first = cli.learn(*TWO).json["steps"][0]["images"][0]
    cli("rate", first, 4)
    lines = [json.loads(line) for line in cli("records", "export", "--merged").out.splitlines()]
    assert [line["kind"] for line in lines] == ["run", "run"]
    assert lines[0]["feedback"][first]["rating"] == 4
    plain = cli("records", "export").out.splitlines()
    assert len(plain) == cli.verified().json["lines"]


@pytest.mark.parametrize("limit", [1_000, 12_000])
def test_a_full_disk_is_told_and_what_is_missing_is_made_when_there_is_room(cli, limit):
    with full_disk(limit):
        said = cli.learn(*CFG)
    assert said.code == 1
    assert said.json["errors"]
    assert "not saved" in " ".join(said.json["errors"]) or "could not be written" in " ".join(said.json["errors"])
    again = cli("learn", "--resume", "last", "--json")
    if limit > 10_000:
        assert (again.code, len(again.json["steps"])) == (0, 15)
        images = {image for step in again.json["steps"] for image in step["images"]}
        assert len(images) == len(cli.pictures()) == 15
    else:
        assert "There is none yet." in again.json["error"]
