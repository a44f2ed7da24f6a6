"""`stablenew presets`: keep what was learned, start from it, take it back."""

from __future__ import annotations

import json

import pytest
from journal_lines import new_id
from learning_lab import Lab, spaced
from terminal import Terminal

from stablenew_tk.domain.runs.plan import Preset

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
        assert (made["name"], made["values"], made["in_force"]) == ("28 steps · rain", {"txt2img.steps": 28}, False)
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
        assert "There is a preset “28 steps · rain” already." in said.err

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


class TestApply:
    @pytest.fixture
    def made(self, cli, lab):
        learned(lab)
        return cli("presets", "make", "last", "--json").json["presets"][0]

    def test_the_next_runs_start_from_it(self, cli, made):
        (applied,) = cli("presets", "apply", "28 STEPS · rain", "--json").json["presets"]
        assert applied["in_force"]
        assert settings(cli)["preset"] == made["preset_id"]
        assert listed(cli)[0]["in_force"]

    def test_it_wins_over_what_the_form_remembers_and_over_nothing_else(self, cli, made):
        remembered = {"txt2img.steps": 15, "txt2img.cfg_scale": 5.0}
        before = {"values": remembered, "last_runs": {"rain\nink": remembered}, "appearance": "dark"}
        (cli.data / "settings.json").write_text(json.dumps(before))
        cli("presets", "apply", made["preset_id"])
        assert settings(cli)["values"] == {"txt2img.cfg_scale": 5.0}
        assert settings(cli)["last_runs"] == {"rain\nink": {"txt2img.cfg_scale": 5.0}}
        assert settings(cli)["appearance"] == "dark"

    def test_none_takes_it_away(self, cli, made):
        cli("presets", "apply", made["preset_id"])
        assert cli("presets", "apply", "none", "--json").json == {"presets": []}
        assert settings(cli)["preset"] == ""

    def test_an_unknown_one_is_wrong_use_and_says_which_there_are(self, cli, made):
        said = cli("presets", "apply", "nonsense")
        assert said.code == 2
        assert "There is no preset 'nonsense'. There are: 28 steps · rain." in said.err

    def test_a_run_is_made_with_it(self, cli, made):
        cli("presets", "apply", made["preset_id"])
        words = ("--backend", "sketch", "--set", "txt2img.width=64", "--set", "txt2img.height=64", "--limit", 1)
        assert cli("run", cli.pack, "--json", *words).code == 0
        (record,) = cli.shown("--limit", 1)
        assert (record["config"]["txt2img"]["steps"], record["origins"]["txt2img.steps"]) == (28, "preset")


class TestRemove:
    def test_it_is_gone_and_not_in_force(self, cli, lab):
        learned(lab)
        cli("presets", "make", "last", "--name", "Rain")
        cli("presets", "apply", "Rain")
        assert cli("presets", "remove", "Rain").code == 0
        assert (listed(cli), settings(cli)["preset"]) == ([], "")

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
        cli("presets", "apply", "Rainy [bold]")
        row = cli("presets", "list").out
        assert "Rainy [bold]" in row
        assert "lora:rain=0.8" in row
        assert "rain, dream.safetensors" in row
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
