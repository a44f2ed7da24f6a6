"""`stablenew presets`: keep what was learned, start from it, take it back."""

from __future__ import annotations

import json

import pytest
from fake_webui import FakeWebUI
from journal_lines import new_id
from learning_lab import Lab, spaced
from msgspec.structs import replace
from terminal import FEW, TINY, Terminal

from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.runs.plan import PlanPrompt
from stablenew_tk.domain.runs.preset import Preset

WEBUI = ("--backend", "http://127.0.0.1:7860")
CLEAR = {12: (2, 2, 1, 2), 20: (3, 3, 2, 3), 28: (5, 5, 4, 5)}


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


@pytest.fixture
def lab(cli):
    return Lab(cli.data)


def learned(lab, focus="txt2img.steps", stars=CLEAR, **changes):
    plan = lab.plan(focus, tuple(stars), len(next(iter(stars.values()))), **changes)
    lab.make(plan)
    lab.rate(stars)
    return plan


def listed(cli):
    return cli("presets", "list", "--json").json["presets"]


def settings(cli):
    return json.loads((cli.data / "settings.json").read_text())


class TestMake:
    def test_a_settled_run_becomes_a_preset_with_its_evidence(self, cli, lab):
        plan = learned(lab)
        (made,) = cli("presets", "make", plan.plan_id, "--json").json["presets"]
        assert listed(cli) == [made]
        assert (made["name"], made["values"], made["in_force"]) == ("28 steps · Rain", {"txt2img.steps": 28}, False)
        assert (made["pack"], made["checkpoint"]) == ("rain", "dream.safetensors")
        evidence = made["evidence"]
        assert (evidence["plan_id"], evidence["state"], evidence["by_hand"]) == (plan.plan_id, "settled", False)
        assert (evidence["rated"], evidence["rows"]) == (12, 4)
        assert spaced(evidence["sentence"]).startswith("Take 28 steps. ")

    def test_what_is_not_settled_is_refused_with_the_way_out(self, cli, lab):
        learned(lab, stars={12: (2, None), 28: (4, 4)})
        said = cli("presets", "make", "last")
        assert said.code == 2
        assert "not settled yet; use --value to choose by hand" in said.err
        assert listed(cli) == []

    def test_a_value_chosen_by_hand_says_so(self, cli, lab):
        learned(lab, stars={12: (2, None), 28: (4, 4)})
        (made,) = cli("presets", "make", "last", "--value", "12", "--name", "Quick", "--json").json["presets"]
        assert (made["name"], made["values"], made["evidence"]["by_hand"]) == ("Quick", {"txt2img.steps": 12}, True)

    def test_the_proven_value_named_by_hand_is_still_proven(self, cli, lab):
        learned(lab)
        (made,) = cli("presets", "make", "last", "--value", "28", "--json").json["presets"]
        assert not made["evidence"]["by_hand"]

    def test_zero_can_be_kept(self, cli, lab):
        learned(lab, "hires.denoise", {0.0: (5, 5, 5, 4), 0.2: (3, 3, 2, 3), 0.4: (2, 2, 3, 2)})
        (made,) = cli("presets", "make", "last", "--json").json["presets"]
        assert made["values"] == {"hires.enabled": True, "hires.denoise": 0.0}

    @pytest.mark.parametrize("value", ["13", "12, 20"])
    def test_a_value_that_was_not_tried_is_refused(self, cli, lab, value):
        learned(lab)
        said = cli("presets", "make", "last", "--value", value)
        assert said.code == 2
        assert "one of the values that were tried: 12, 20, 28" in said.err

    def test_a_name_is_given_once(self, cli, lab):
        learned(lab)
        cli("presets", "make", "last")
        said = cli("presets", "make", "last")
        assert (said.code, len(listed(cli))) == (2, 1)
        assert "There is a preset “28 steps · Rain” already." in said.err

    @pytest.mark.parametrize("name", ["none", " None ", "x" * 121])
    def test_a_name_that_could_not_be_used_is_refused(self, cli, lab, name):
        learned(lab)
        said = cli("presets", "make", "last", "--name", name, "--json")
        assert (said.code, said.json["error"].startswith("--name")) == (2, True)
        assert listed(cli) == []

    def test_a_name_is_one_line_without_commands_for_the_terminal(self, cli, lab):
        learned(lab)
        (made,) = cli("presets", "make", "last", "--name", "Sharp\x1b[31m\n rain", "--json").json["presets"]
        assert made["name"] == "Sharp [31m rain"

    def test_a_swept_checkpoint_is_not_bound_to_one(self, cli, lab):
        learned(lab, "checkpoint", {"dream": (5, 5, 5, 5), "haze": (2, 2, 1, 2)})
        (made,) = cli("presets", "make", "last", "--json").json["presets"]
        assert (made["values"], made["checkpoint"]) == ({"checkpoint": "dream"}, "")

    def test_an_unknown_run_is_wrong_use(self, cli, lab):
        assert cli("presets", "make", "nonsense").code == 2


class TestRename:
    def test_it_keeps_its_values_and_is_found_by_its_new_name(self, cli, lab):
        learned(lab)
        (made,) = cli("presets", "make", "last", "--json").json["presets"]
        (renamed,) = cli("presets", "rename", made["name"], "Evenings", "--json").json["presets"]
        assert renamed == {**made, "name": "Evenings"}
        assert [one["name"] for one in listed(cli)] == ["Evenings"]
        cli("presets", "remove", "Evenings")
        assert listed(cli) == []

    def test_a_name_that_is_taken_or_empty_is_refused(self, cli, lab):
        learned(lab)
        cli("presets", "make", "last", "--name", "One")
        cli("presets", "make", "last", "--name", "Two")
        assert cli("presets", "rename", "One", "two").code == 2
        assert cli("presets", "rename", "One", " ").code == 2
        assert {one["name"] for one in listed(cli)} == {"One", "Two"}


class TestApply:
    @pytest.fixture
    def made(self, cli, lab):
        learned(lab)
        return cli("presets", "make", "last", "--json").json["presets"][0]

    def test_the_next_runs_start_from_it(self, cli, made):
        (applied,) = cli("presets", "apply", "28 STEPS · Rain", *WEBUI, "--json").json["presets"]
        assert applied["in_force"]
        assert settings(cli)["presets"] == [made["preset_id"]]
        assert listed(cli)[0]["in_force"]

    def test_it_wins_over_what_the_form_remembers_where_it_holds_and_over_nothing_else(self, cli, made):
        remembered = {"txt2img.steps": 15, "txt2img.cfg_scale": 5.0}
        runs = {"rain\nink": remembered, "rain\ndream": remembered, "fog\ndream": remembered}
        before = {"values": remembered, "last_runs": runs, "appearance": "dark"}
        (cli.data / "settings.json").write_text(json.dumps(before))
        cli("presets", "apply", made["preset_id"], *WEBUI)
        assert settings(cli)["values"] == {"txt2img.cfg_scale": 5.0}
        assert settings(cli)["last_runs"] == {**runs, "rain\ndream": {"txt2img.cfg_scale": 5.0}}
        assert settings(cli)["appearance"] == "dark"

    def test_where_it_was_not_learned_for_it_is_refused_with_the_differences_and_the_way_out(self, cli, made):
        said = cli("presets", "apply", made["preset_id"])
        assert said.code == 2
        assert "learned on a WebUI, not on the sketch engine. To use it all the same, say so: --anyway" in said.err
        said = cli("presets", "apply", made["preset_id"], *WEBUI, "--for", cli.pack, "--with", "haze")
        assert "learned for p1 of Rain, not for Two; with dream.safetensors, not with haze" in said.err
        assert not (cli.data / "settings.json").exists()

    def test_said_on_purpose_it_holds_for_exactly_that_pack_checkpoint_and_engine(self, cli, made):
        asked = ("presets", "apply", made["preset_id"], "--for", cli.pack, "--anyway")
        assert cli(*asked).code == 2, "another kind of engine has other checkpoints: which one is meant?"
        assert cli(*asked, "--with", "sketch-ink", "--json").json["presets"][0]["agreed"] == ["two\nsketch-ink\nsketch"]
        steps = []
        for checkpoint in ("sketch-ink", "sketch-classic"):
            cli("run", cli.pack, "--json", *TINY, "--limit", 1, "--set", f"checkpoint={checkpoint}")
            steps.append(cli.shown("--limit", 1)[0]["config"]["txt2img"]["steps"])
        assert steps == [28, 20]

    def test_presets_with_other_values_stay_in_force_and_those_with_the_same_ones_go(self, cli, lab, made):
        for name, focus, stars in (
            ("CFG", "txt2img.cfg_scale", {4.0: (2, 2, 1, 2), 7.0: (5, 5, 4, 5)}),
            ("Few", "txt2img.steps", {12: (5, 5, 4, 5), 20: (2, 2, 1, 2)}),
        ):
            learned(lab, focus, stars)
            cli("presets", "make", "last", "--name", name)
        in_force = []
        for name in (made["name"], "CFG", "Few"):
            cli("presets", "apply", name, *WEBUI)
            in_force.append({one["name"] for one in listed(cli) if one["in_force"]})
        assert in_force == [{"28 steps · Rain"}, {"28 steps · Rain", "CFG"}, {"CFG", "Few"}]

    def test_none_takes_it_away(self, cli, made):
        cli("presets", "apply", made["preset_id"], *WEBUI)
        assert cli("presets", "apply", "none", "--json").json == {"presets": []}
        assert settings(cli)["presets"] == []

    def test_an_unknown_one_is_wrong_use_and_says_which_there_are(self, cli, made):
        said = cli("presets", "apply", "nonsense")
        assert said.code == 2
        assert "There is no preset 'nonsense'. There are: 28 steps · Rain." in said.err


class TestRun:
    """A preset of 28 steps, learned for p1 of Rain with dream.safetensors on a WebUI; runs of two.txt on the sketch."""

    @pytest.fixture
    def made(self, cli, lab):
        learned(lab)
        return cli("presets", "make", "last", "--name", "Rain", "--json").json["presets"][0]

    def test_named_outside_its_scope_it_is_refused_and_nothing_is_made(self, cli, made):
        before = len(cli.shown())
        for words in (("run", cli.pack), ("learn", cli.pack, "--focus", "txt2img.cfg_scale", "--values", "4, 7")):
            said = cli(*words, *TINY, "--preset", "Rain")
            assert said.code == 2
            assert "--preset Rain: learned for p1 of Rain, not for Two" in said.err
            assert "on a WebUI, not on the sketch engine. To use it all the same, say so: --anyway" in said.err
        assert len(cli.shown()) == before

    def test_said_on_purpose_it_is_used_and_every_record_tells_so(self, cli, made):
        said = cli("run", cli.pack, *TINY, "--limit", 1, "--preset", "Rain", "--anyway")
        assert "Preset: Rain (outside its scope: learned for p1 of Rain, not for Two;" in said.out
        (record,) = cli.shown("--limit", 1)
        assert (record["config"]["txt2img"]["steps"], record["origins"]["txt2img.steps"]) == (28, "preset")
        (use,) = record["presets"]
        assert (use["preset_id"], use["name"], use["gave"]) == (made["preset_id"], "Rain", ["txt2img.steps"])
        assert len(use["outside"]) == 3
        scope = {"pack_id": "rain", "prompt_ids": ["p1"], "checkpoint": "dream.safetensors", "engine": "webui"}
        assert use["scope"] == scope
        assert "Rain (outside its scope)" in cli("records", "show").out

    def test_anyway_alone_says_nothing(self, cli, made):
        said = cli("run", cli.pack, *TINY, "--anyway")
        assert (said.code, "--anyway: say which preset" in said.err) == (2, True)

    def test_the_one_in_force_is_left_out_outside_its_scope_and_one_line_says_so(self, cli, made):
        cli("presets", "apply", "Rain", *WEBUI)
        said = cli("run", cli.pack, *TINY, "--limit", 1, "--set", "txt2img.cfg_scale=5", "--json")
        assert said.err.strip().startswith(
            "28 steps are known for p1 of Rain, not for Two; with dream.safetensors, not"
        )
        assert len(said.err.strip().splitlines()) == 1
        (record,) = cli.shown("--limit", 1)
        assert (record["config"]["txt2img"]["steps"], record["presets"]) == (20, [])

    def test_a_learning_run_keeps_in_its_records_which_preset_it_began_with(self, cli, made):
        words = ("--focus", "txt2img.cfg_scale", "--values", "4, 7", "--images", 1, "--preset", "Rain", "--anyway")
        assert cli("learn", cli.pack, *TINY, *words, "--json").code == 0
        made_now = [record for record in cli.shown() if record["pack_id"] == "two"]
        assert [[use["name"] for use in record["presets"]] for record in made_now] == [["Rain"], ["Rain"]]

    def test_a_swept_value_is_not_the_presets(self, cli, made):
        words = ("--focus", "txt2img.steps", "--values", "3, 4", "--images", 1, "--preset", "Rain", "--anyway")
        cli("learn", cli.pack, *TINY, *words, "--json")
        assert [record["presets"] for record in cli.shown() if record["pack_id"] == "two"] == [[], []]


class TestOneWorld:
    """Learned, made, put in force and used on the sketch engine alone, by commands."""

    @pytest.fixture
    def preset(self, cli):
        learn = ("--focus", "txt2img.cfg_scale", "--values", "5, 9", "--images", 1, "--prompt", 1, "--json")
        plan = cli("learn", cli.pack, *FEW, *learn).json["plan_id"]
        cli("rate", plan, 4)
        return cli("presets", "make", plan, "--value", 9, "--name", "Strong", "--json").json["presets"][0]

    def test_what_was_learned_on_one_prompt_holds_for_it_alone(self, cli, preset):
        assert (preset["prompts"], preset["engine"], preset["checkpoint"]) == (["Boat"], "sketch", "sketch-classic")
        cli("presets", "apply", "Strong")
        cfg = []
        for words in (("--limit", 1), ()):
            cli.run(*words)
            cfg.append(cli.shown("--limit", 1)[0]["config"]["txt2img"]["cfg_scale"])
        assert cfg == [9, 7]

    def test_sketch_pictures_are_no_evidence_on_a_webui(self, cli, preset):
        cli("presets", "apply", "Strong")
        with FakeWebUI() as server:
            away = ("--backend", server.url, "--limit", 1)
            refused = cli("run", cli.pack, *FEW, *away, "--preset", "Strong")
            left_out = cli("run", cli.pack, *FEW, *away, "--json")
        assert "on sketch pictures, which are no evidence about a checkpoint" in refused.err
        assert (refused.code, left_out.code) == (2, 0)
        assert cli.shown("--limit", 1)[0]["config"]["txt2img"]["cfg_scale"] == 7

    def test_a_preset_of_before_gets_its_engine_from_its_learning_run(self, cli, preset, lab):
        plan_id = preset["evidence"]["plan_id"]
        for number, known in enumerate((plan_id, "GONE", "")):
            old = {"preset_id": f"OLD{number}", "name": f"old{number}", "values": {"txt2img.cfg_scale": 8}}
            line = Preset(event_id=new_id(), ts="2026-01-01T00:00:00.000Z", pack_id="two", **old)
            lab.append(replace(line, evidence=replace(line.evidence, plan_id=known)))
        engines = {one["name"]: one["engine"] for one in listed(cli)}
        assert engines == {"Strong": "sketch", "old0": "sketch", "old1": "unknown", "old2": ""}
        assert [cli("run", cli.pack, *FEW, "--preset", f"old{n}", "--json").code for n in range(3)] == [0, 2, 0]


class TestAddTo:
    def test_a_preset_grows_and_keeps_the_evidence_of_each_value(self, cli, lab):
        first = learned(lab)
        cli("presets", "make", "last", "--name", "Rain")
        second = learned(lab, "lora:rain", {0.4: (2, 2, 3, 2), 0.8: (5, 5, 4, 5)})
        (grown,) = cli("presets", "make", "last", "--add-to", "rain", "--json").json["presets"]
        assert listed(cli) == [grown]
        assert (grown["values"], grown["lora_weights"]) == ({"txt2img.steps": 28}, {"rain": 0.8})
        assert grown["evidence"]["plan_id"] == first.plan_id
        assert {path: one["plan_id"] for path, one in grown["added"].items()} == {"lora:rain": second.plan_id}
        assert grown == {**grown, "name": "Rain", "engine": "webui", "prompts": ["p1"]}

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"pack_id": "fog"}, "learned for p1 of Rain, not for Fog"),
            ({"prompts": (PlanPrompt("p2", "a street"),)}, "learned for p1 of Rain, not for p2"),
            ({"base_config": PipelineConfig(checkpoint="haze")}, "learned with dream.safetensors, not with haze"),
            ({"backend_kind": "sketch"}, "learned on a WebUI, not on the sketch engine"),
        ],
    )
    def test_what_was_learned_for_something_else_is_not_added(self, cli, lab, changes, why):
        learned(lab)
        cli("presets", "make", "last", "--name", "Rain")
        plan = lab.plan("txt2img.cfg_scale", (4.0, 7.0), 1, **changes)
        said = cli("presets", "make", plan.plan_id, "--value", "7", "--add-to", "Rain")
        assert said.code == 2
        assert f"“Rain” was learned for something else: {why}" in said.err
        assert len(listed(cli)) == 1


class TestRemove:
    def test_it_is_gone_and_not_in_force(self, cli, lab):
        learned(lab)
        cli("presets", "make", "last", "--name", "Rain")
        cli("presets", "apply", "Rain", *WEBUI)
        assert cli("presets", "remove", "Rain").code == 0
        assert (listed(cli), settings(cli)["presets"]) == ([], [])

    def test_no_earlier_version_of_it_comes_back(self, cli, lab):
        learned(lab)
        cli("presets", "make", "last", "--name", "Rain")
        (preset,) = lab.history().plans.presets()
        lab.append(
            preset.__class__(
                event_id="01NEWER0000000000000000000", ts=preset.ts, preset_id=preset.preset_id, name="Fog"
            )
        )
        cli("presets", "remove", "Fog")
        assert listed(cli) == []


class TestList:
    def test_none_yet_names_the_command_that_makes_one(self, cli):
        assert "No presets yet. Make one from a settled Learning Run: " in cli("presets", "list").out

    def test_the_table_tells_values_scope_and_evidence(self, cli, lab):
        learned(lab, "lora:rain", {0.4: (2, 2, 3, 2), 0.8: (5, 5, 4, 5)})
        cli("presets", "make", "last", "--name", "Rainy [bold]")
        cli("presets", "apply", "Rainy [bold]", *WEBUI)
        row = cli("presets", "list").out
        assert "Rainy [bold]" in row
        assert "lora:rain=0.8" in row
        assert "p1 of Rain with dream.safetensors, on a WebUI" in row
        assert "nothing tried" in row


class TestOutOfRange:
    def test_a_preset_with_a_value_that_cannot_be_used_makes_no_picture(self, cli, lab):
        lab.append(
            Preset(
                event_id=new_id(),
                ts="2026-01-01T00:00:00.000Z",
                preset_id="P",
                name="Wide",
                values={"txt2img.steps": 400},
            )
        )
        found = cli("run", cli.pack, "--backend", "sketch", "--preset", "Wide")
        assert found.code == 2
        assert "400 is outside 1 to 150" in found.err
