"""`stablenew known`: what is known for a pack with a checkpoint grows value by value, and each can be taken away."""

from __future__ import annotations

import json

import pytest
from learning_lab import Lab
from terminal import TINY, Terminal

from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.runs.plan import PlanPrompt

CFG, STEPS, SAMPLER = "txt2img.cfg_scale", "txt2img.steps", "txt2img.sampler"
CLASSIC = "sketch-classic"
BEST = {
    CFG: {4.0: (2, 2, 1, 2), 7.0: (5, 5, 4, 5)},
    STEPS: {6: (2, 2, 1, 2), 9: (5, 5, 4, 5)},
    SAMPLER: {"Euler a": (2, 2, 1, 2), "DPM++ 2M": (5, 5, 4, 5)},
}
VALUES = {CFG: 7.0, STEPS: 9, SAMPLER: "DPM++ 2M"}
USUAL = {CFG: 7.0, STEPS: 20, SAMPLER: "Euler a"}


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


@pytest.fixture
def lab(cli):
    return Lab(cli.data)


def learn(cli, lab, focus, stars=None, **changes):
    """A settled Learning Run about the pack of the terminal, both of its prompts, on the sketch engine."""
    stars = stars or BEST[focus]
    wish = {
        "pack_id": "two",
        "prompts": (PlanPrompt("Boat", "a red boat", "blur"), PlanPrompt("Tram", "an old tram")),
        "base_config": PipelineConfig(checkpoint=CLASSIC),
        "backend_kind": "sketch",
        "complete_rows": 4,
    }
    plan = lab.plan(focus, tuple(stars), 2, **wish | {"seeds": (0, 1, 2, 3)} | changes)
    lab.make(plan)
    lab.rate(stars)
    return plan


def take(cli, lab, focus, **changes):
    plan = learn(cli, lab, focus, **changes)
    (known,) = cli("known", "use", plan.plan_id, "--json").json["known"]
    return known


def made(cli, *words):
    """The record of one picture of the pack."""
    said = cli("run", cli.pack, *TINY, "--limit", 1, *words)
    assert said.code == 0, said.err
    return cli.shown("--limit", 1)[0], said


def values(record):
    return {path: record["config"]["txt2img"][path.split(".")[1]] for path in VALUES}


def origins(record):
    return {path: record["origins"].get(path) for path in VALUES}


def listed(cli):
    return cli("known", "list", "--json").json["known"]


class TestItGrows:
    def test_cfg_then_steps_then_sampler_add_up_and_every_record_says_which_values_came_from_it(self, cli, lab):
        for number, focus in enumerate((CFG, STEPS, SAMPLER), start=1):
            known = take(cli, lab, focus)
            assert (known["value"], known["on"], len(listed(cli))) == (VALUES[focus], True, number)
        record, said = made(cli)
        assert values(record) == VALUES
        assert origins(record) == dict.fromkeys(VALUES, "learned")
        assert [(use["name"], use["gave"], bool(use["plan_id"])) for use in record["presets"]] == [
            ("DPM++ 2M", [SAMPLER], True),
            ("9 steps", [STEPS], True),
            ("CFG 7", [CFG], True),
        ]
        assert "Known: DPM++ 2M, " in said.out
        assert "--no-known leaves this away" in said.out

    def test_a_newer_verdict_about_the_same_replaces_the_older_one(self, cli, lab):
        first = take(cli, lab, STEPS)
        second = take(cli, lab, STEPS, stars={9: (2, 2, 1, 2), 12: (5, 5, 4, 5)})
        assert [(one["known_id"], one["value"]) for one in listed(cli)] == [(first["known_id"], 12)]
        assert second["known_id"] == first["known_id"]
        assert values(made(cli)[0])[STEPS] == 12

    def test_what_is_not_settled_is_refused_with_the_way_out(self, cli, lab):
        plan = learn(cli, lab, STEPS, stars={6: (2, None, None, None), 9: (4, 4, None, None)})
        said = cli("known", "use", plan.plan_id)
        assert (said.code, listed(cli)) == (2, [])
        assert "use --value to choose by hand" in said.err
        (known,) = cli("known", "use", plan.plan_id, "--value", "9", "--json").json["known"]
        assert known["evidence"]["by_hand"]

    def test_left_aside_on_purpose_nothing_of_it_is_used(self, cli, lab):
        take(cli, lab, STEPS)
        record, said = made(cli, "--no-known")
        assert (values(record), origins(record)[STEPS]) == (USUAL, None)
        assert "Known:" not in said.out

    def test_what_is_typed_goes_before_it_and_takes_it_out_of_the_record(self, cli, lab):
        take(cli, lab, STEPS)
        record, _ = made(cli, "--set", "txt2img.steps=4")
        assert (values(record)[STEPS], origins(record)[STEPS], record.get("presets", [])) == (4, "user", [])


class TestOffAndUndo:
    @pytest.fixture
    def three(self, cli, lab):
        return [take(cli, lab, focus) for focus in (CFG, STEPS, SAMPLER)]

    def test_one_switched_off_leaves_the_others_and_comes_back(self, cli, three):
        assert cli("known", "off", STEPS).code == 0
        record, _ = made(cli)
        assert (values(record), origins(record)[STEPS]) == ({**VALUES, STEPS: 20}, None)
        assert [one["on"] for one in listed(cli) if one["path"] == STEPS] == [False]
        cli("known", "on", "9 steps")
        assert values(made(cli)[0]) == VALUES

    def test_undoing_one_gives_back_what_was_there_before(self, cli, lab, three):
        take(cli, lab, STEPS, stars={9: (2, 2, 1, 2), 12: (5, 5, 4, 5)})
        said = cli("known", "undo", STEPS)
        assert said.out.startswith("Taken back: 12 steps for Two with sketch-classic")
        assert "In use again: 9 steps." in said.out
        assert values(made(cli)[0]) == VALUES
        cli("known", "undo", STEPS)
        assert {one["path"] for one in listed(cli)} == {CFG, SAMPLER}
        assert values(made(cli)[0]) == {**VALUES, STEPS: 20}

    def test_the_last_run_gives_way_to_it_and_is_back_after_the_undo(self, cli, lab):
        before = {f"two\n{CLASSIC}": {STEPS: 31, CFG: 5.0}, "fog\nother": {STEPS: 30}}
        cli.data.mkdir(parents=True, exist_ok=True)
        (cli.data / "settings.json").write_text(json.dumps({"last_runs": before}))
        take(cli, lab, STEPS)

        def kept():
            return json.loads((cli.data / "settings.json").read_text())["last_runs"]

        assert kept() == {**before, f"two\n{CLASSIC}": {CFG: 5.0}}
        cli("known", "undo", STEPS)
        assert kept() == before

    def test_one_of_several_with_a_name_is_asked_for_by_its_pack_or_id(self, cli, lab, three):
        take(cli, lab, STEPS, pack_id="fog")
        said = cli("known", "off", STEPS)
        assert said.code == 2
        assert "Several known values are called 'txt2img.steps'. Give the id of one:" in said.err
        assert cli("known", "off", STEPS, "--pack", "fog").code == 0
        assert {(one["pack"], one["on"]) for one in listed(cli) if one["path"] == STEPS} == {
            ("two", True),
            ("fog", False),
        }

    def test_an_unknown_one_is_wrong_use_and_says_which_there_are(self, cli, three):
        said = cli("known", "undo", "nonsense")
        assert said.code == 2
        assert "There are: DPM++ 2M (txt2img.sampler), 9 steps (txt2img.steps), CFG 7 (txt2img.cfg_scale)." in said.err


class TestWhereItHolds:
    @pytest.fixture(autouse=True)
    def known(self, cli, lab):
        return take(cli, lab, STEPS)

    def test_another_checkpoint_does_not_get_it_and_is_told_why(self, cli):
        record, said = made(cli, "--set", "checkpoint=sketch-ink")
        assert (values(record)[STEPS], record.get("presets", [])) == (20, [])
        assert "9 steps are known with sketch-classic, not with sketch-ink." in said.err

    def test_another_kind_of_engine_does_not_get_it(self, cli, lab):
        take(cli, lab, CFG, backend_kind="webui", base_config=PipelineConfig(checkpoint=CLASSIC), stars={
            3.0: (5, 5, 4, 5), 9.0: (2, 2, 1, 2)})  # fmt: skip
        record, said = made(cli)
        assert (values(record)[CFG], values(record)[STEPS]) == (7.0, 9)
        assert "CFG 3 is known on a WebUI, not on the sketch engine." in said.err

    def test_another_pack_does_not_get_it(self, cli):
        other = cli.pack.with_name("other.txt")
        other.write_text("a hill\n")
        cli("run", other, *TINY, "--limit", 1)
        assert values(cli.shown("--limit", 1)[0])[STEPS] == 20

    def test_one_prompt_alone_speaks_for_itself_only(self, cli, lab):
        take(cli, lab, CFG, prompts=(PlanPrompt("Boat", "a red boat"),), stars={3.0: (5, 5, 4, 5), 9.0: (2, 2, 1, 2)},
             complete_rows=0, images_per_variant=4)  # fmt: skip
        cli("run", cli.pack, *TINY)
        assert {values(one)[CFG] for one in cli.shown("--limit", 2)} == {7.0}

    def test_a_pack_that_is_locked_in_does_not_get_it_and_says_so(self, cli):
        cli.pack.with_name("two.pack.json").write_text('{"kind": "pack_settings", "version": 1, "learning": "locked"}')
        record, said = made(cli)
        assert (values(record)[STEPS], origins(record)[STEPS], record.get("presets", [])) == (20, None, [])
        assert "9 steps are known, but not used here: this pack is locked in" in said.err


def test_a_journal_without_known_values_says_how_to_get_one(cli):
    said = cli("known", "list")
    assert said.code == 0
    assert "known use last" in said.out
