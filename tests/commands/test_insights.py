"""`stablenew insights`: what the stars say, in the terminal."""

from __future__ import annotations

import pytest
from journal_lines import rate, record
from learning_lab import Lab, spaced
from terminal import Terminal

from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.journal.record import BackendInfo
from stablenew_tk.domain.runs.job import RandomizerChoice
from stablenew_tk.domain.runs.plan import PlanMetadata

CLEAR = {12: (2, 2, 1, 2), 20: (3, 3, 2, 3), 28: (5, 5, 4, 5)}


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


@pytest.fixture
def lab(cli):
    return Lab(cli.data)


@pytest.fixture
def plan(lab):
    plan = lab.plan(rows=4)
    lab.make(plan)
    lab.rate(CLEAR)
    return plan


def everyday(lab, count=40, **changes):
    """Rated pictures of no plan: neon is two stars better than fog."""
    for place in range(count):
        light = ("neon", "fog")[place % 2]
        one = lab.append(
            record(
                **{"pack_id": "rain", "randomizer": RandomizerChoice(mode="random", choices={"light": light})} | changes
            )
        )
        lab.append(rate(one.outputs[0], 5 - place % 2 * 2 - place % 3 // 2))


class TestOnePlan:
    @pytest.mark.parametrize("name", ["id", "beginning", "name", "last"])
    def test_it_can_be_called_by_id_beginning_name_or_last(self, cli, plan, name):
        known = {"id": plan.plan_id, "beginning": plan.plan_id[:18], "name": "steps of rain", "last": "last"}
        assert cli("insights", "--plan", known[name], "--json").json["plan_id"] == plan.plan_id

    def test_the_document_tells_values_verdict_and_next(self, cli, plan):
        said = cli("insights", "--plan", "last", "--json").json
        assert [(line["value"], line["n"], line["seconds"]) for line in said["values"]] == [
            (12, 4, 4.0),
            (20, 4, 4.0),
            (28, 4, 4.0),
        ]
        assert (said["verdict"]["state"], said["verdict"]["value"], said["ordered"]) == ("settled", 28, True)
        assert [set(cell) for cell in said["next"]] == [{"value", "row"}] * 3

    def test_in_words_the_verdict_stands_on_top(self, cli, plan):
        first, meaning, head, prompt, remark, *table = cli("insights", "--plan", "last").out.splitlines()
        assert spaced(first) == "Take 28 steps."
        assert " that nothing tried is more than ¼ star better for the prompt “p1” and" in spaced(meaning)
        assert head.split(" · ")[:2] == ["Settled", "Steps of rain"]
        assert prompt.startswith("Prompt: ")
        assert "12 of 12 pictures rated on 4 seeds." in remark
        assert " rated  estimate  90 % range " in table[0]
        assert next(line for line in table if line.split()[:1] == ["28"]).split()[1:6] == ["5", "5", "4", "5", "4"]

    def test_who_asked_and_why_stand_below_it(self, cli, lab):
        lab.make(lab.plan(metadata=PlanMetadata(who="ann", notes="too flat")))
        out = cli("insights", "--plan", "last").out
        assert "Who: ann\nNote: too flat\n" in out
        document, (line,) = cli("insights", "--plan", "last", "--json").json, cli("insights", "--json").json["plans"]
        assert [(one["who"], one["note"]) for one in (document, line)] == [("ann", "too flat")] * 2

    def test_without_stars_it_is_too_early_and_all_went_well(self, cli, lab):
        plan = lab.plan()
        said = cli("insights", "--plan", plan.plan_id, "--json")
        assert said.code == 0
        assert said.json["verdict"]["state"] == "too_early"
        assert [(line["n"], line["mean"]) for line in said.json["values"]] == [(0, None)] * 3

    def test_before_anything_may_be_said_only_the_stars_are_shown(self, cli, lab):
        plan = lab.plan()
        lab.make(plan)
        lab.rate({12: (2,), 28: (5,)})
        row = next(line for line in cli("insights", "--plan", "last").out.splitlines() if line.split()[:1] == ["28"])
        assert row.split() == ["28", "5", "1", "–", "–", "–", "4.0", "s"]

    def test_an_unknown_one_is_wrong_use_and_says_what_exists(self, cli, plan):
        said = cli("insights", "--plan", "nonsense")
        assert said.code == 2
        assert "There is no Learning Run 'nonsense'. There are: Steps of rain." in said.err

    def test_the_same_ratings_give_the_same_words(self, cli, plan):
        assert cli("insights", "--plan", "last").out == cli("insights", "--plan", "last").out

    def test_a_look_at_a_blind_run_says_what_it_costs(self, cli, lab):
        lab.make(lab.plan(blind=True))
        assert "no longer blind" in cli("insights", "--plan", "last").err


class TestOverview:
    def test_all_plans_with_state_and_verdict(self, cli, lab, plan):
        lab.plan(name="Early one")
        plans = cli("insights", "--json").json["plans"]
        assert [(line["name"], line["verdict"]["state"], line["rated"]) for line in plans] == [
            ("Early one", "too_early", 0),
            ("Steps of rain", "settled", 12),
        ]
        out = cli("insights").out
        assert "Settled · txt2img · Steps · Steps of rain · rain · dream.safetensors · 12 of 12 rated" in out
        said = plans[1]["verdict"]
        assert f"{said['headline']}\n{said['meaning']}\n" in out

    def test_none_yet_names_the_command_that_makes_one(self, cli):
        said = cli("insights")
        assert (said.code, cli("insights", "--json").json["plans"]) == (0, [])
        assert "No Learning Run yet. Make one: " in said.out

    def test_a_blind_run_half_rated_keeps_its_answer_to_itself(self, cli, lab):
        plan = lab.plan(blind=True, rows=4)
        lab.make(plan)
        lab.rate({**CLEAR, 12: (2, 2, 1)})
        (line,) = cli("insights", "--json").json["plans"]
        assert line["hidden"]
        assert line["verdict"]["sentence"] == "Blind: 11 of 12 pictures rated."
        assert "28" not in cli("insights").out.replace(plan.plan_id, "")

    def test_reading_changes_nothing(self, cli, plan):
        before = next(cli.journal.glob("*.jsonl")).read_bytes()
        cli("insights")
        cli("insights", "--pack", "rain")
        assert next(cli.journal.glob("*.jsonl")).read_bytes() == before


class TestOnePack:
    def test_its_plans_and_hints_from_its_everyday_runs(self, cli, lab, plan):
        everyday(lab)
        said = cli("insights", "--pack", "Rain", "--json").json
        assert [line["plan_id"] for line in said["plans"]] == [plan.plan_id]
        (hints,) = said["everyday"]
        assert (hints["checkpoint"], hints["pictures"], hints["sketch"]) == ("dream.safetensors", 40, False)
        assert hints["expected_false"] == pytest.approx(0.1)
        assert [(one["focus_parameter"], one["values"]) for one in hints["confirm"]] == [
            ("slot:light", ["neon", "fog"])
        ]
        assert (hints["associations"][0]["what"], hints["associations"][0]["value"]) == ("[[light]]", "neon")

    def test_in_words_hints_are_called_hints(self, cli, lab):
        everyday(lab)
        out = cli("insights", "--pack", "rain").out
        assert "From everyday runs with dream.safetensors, 40 pictures rated: hints, not proof" in out
        assert "[[light]] = neon goes together with +" in out
        assert "learn rain --focus slot:light --values 'neon, fog' --set checkpoint=dream.safetensors" in out
        assert "1 slot or setting compared, 1 hint stands out; up to 1 in 10 such hints is expected to be false." in out

    def test_checkpoints_and_sketches_are_kept_apart(self, cli, lab):
        everyday(lab, 20)
        everyday(lab, 20, config=PipelineConfig(checkpoint="haze"))
        everyday(lab, 20, backend=BackendInfo(kind="sketch", name="sketch"))
        groups = cli("insights", "--pack", "rain", "--json").json["everyday"]
        assert [(one["checkpoint"], one["sketch"], one["pictures"]) for one in groups] == [
            ("dream.safetensors", False, 20),
            ("dream.safetensors", True, 20),
            ("haze", False, 20),
        ]
        (only,) = cli("insights", "--pack", "rain", "--checkpoint", "haze", "--json").json["everyday"]
        assert only["checkpoint"] == "haze"

    def test_suspect_pictures_are_no_evidence(self, cli, lab):
        everyday(lab, 20)
        odd = lab.append(record(pack_id="rain"))
        doubtful = record(
            pack_id="rain",
            outputs=(
                odd.outputs[0].__class__(
                    image_id="01SUSPECT0000000000000000X",
                    stage="txt2img",
                    path="x.png",
                    sha256="0" * 64,
                    width=64,
                    height=64,
                    seed=1,
                    suspect=("black",),
                ),
            ),
        )
        lab.append(doubtful, rate(doubtful.outputs[0], 5))
        assert cli("insights", "--pack", "rain", "--json").json["everyday"][0]["pictures"] == 20

    def test_a_pack_nobody_recorded_is_wrong_use_and_says_which_are(self, cli, plan):
        said = cli("insights", "--pack", "snow")
        assert said.code == 2
        assert "No picture of a pack 'snow' is recorded. Recorded packs: rain." in said.err


@pytest.mark.parametrize("blind", [True, False])
def test_failed_and_suspect_pictures_are_neither_rated_nor_wanted(cli, lab, blind):
    plan = lab.doubtful_plan(blind=blind)
    lab.rate_what_counts(3)
    line = cli("insights", "--json").json["plans"][0]
    assert (line["rated"], line["total"]) == (3, 13)
    assert "3 of 13" in line["verdict"]["sentence"]
    assert "3 of 13 rated" in cli("insights").out
    document = cli("insights", "--plan", plan.plan_id, "--json").json
    assert (document["rated"], document["total"]) == (3, 13)
