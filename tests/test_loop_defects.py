"""Ways in which learning loops have gone wrong before, each made impossible here: written by the real writer, read back
from disk, asked as a user asks.
"""

from __future__ import annotations

import os

import pytest
from journal_lines import new_id, rate, record
from learning_lab import Lab
from terminal import Terminal

from stablenew_tk.domain.insights.report import step_ratings
from stablenew_tk.domain.runs.job import RandomizerChoice
from stablenew_tk.domain.runs.plan import PlanCell, cell_of
from stablenew_tk.domain.runs.preset import Preset, PresetEvidence
from stablenew_tk.storage.journal.reader import verify
from stablenew_tk.storage.journal.snapshot import load_history, save_snapshot
from stablenew_tk.storage.journal.writer import LearningRecordWriter


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


@pytest.fixture
def lab(cli):
    return Lab(cli.data)


def rated_plan(lab, focus, stars, **changes):
    plan = lab.plan(focus, tuple(stars), max(map(len, stars.values())), **changes)
    lab.make(plan)
    lab.rate(stars)
    return plan


def test_six_one_star_ratings_never_beat_two_five_star_ratings(cli, lab):
    rated_plan(lab, "txt2img.steps", {10: (1,) * 6, 30: (5, 5)})
    said = cli("insights", "--plan", "last", "--json").json
    ten, thirty = said["values"]
    assert (ten["n"], thirty["n"]) == (6, 2)
    assert thirty["mean"] > ten["mean"] + 2
    assert thirty["p_best"] > 0.95 > 0.05 > ten["p_best"]
    assert said["verdict"]["value"] == 30
    assert said["verdict"]["state"] not in ("settled", "best"), "two pictures settle nothing"


@pytest.mark.parametrize("order", [(5.0, 7.0, 9.0), (9.0, 7.0, 5.0)])
def test_the_answer_of_a_cfg_sweep_is_the_value_that_was_liked_and_never_zero_or_empty(cli, lab, order):
    stars = {5.0: (2, 2, 1), 7.0: (5, 5, 5), 9.0: (3, 3, 3)}
    rated_plan(lab, "txt2img.cfg_scale", {value: stars[value] for value in order})
    assert cli("insights", "--plan", "last", "--json").json["verdict"]["value"] == 7.0
    (made,) = cli("presets", "make", "last", "--json").json["presets"]
    assert made["values"] == {"txt2img.cfg_scale": 7.0}


def test_ratings_of_everyday_pictures_count(cli, lab):
    for place in range(30):
        choices = {"light": ("neon", "fog")[place % 2]}
        one = record(pack_id="rain", randomizer=RandomizerChoice(mode="random", choices=choices))
        lab.append(one, rate(one.outputs[0], (5, 3)[place % 2]))
    (hints,) = cli("insights", "--pack", "rain", "--json").json["everyday"]
    assert hints["pictures"] == 30
    assert hints["associations"][0]["sentence"].startswith("[[light]] = neon goes together with +")


def test_five_ratings_of_everyday_pictures_are_counted_and_called_too_early(cli, lab):
    for place in range(5):
        choices = {"light": ("neon", "fog")[place % 2]}
        one = record(pack_id="rain", randomizer=RandomizerChoice(mode="random", choices=choices))
        lab.append(one, rate(one.outputs[0], 4))
    (hints,) = cli("insights", "--pack", "rain", "--json").json["everyday"]
    assert hints["pictures"] == 5
    assert "too early" in hints["associations"][0]["sentence"]


def test_a_preset_read_from_disk_is_as_good_as_the_one_that_was_written(lab):
    """A preset is a line of the journal: its values and its evidence come back as what they were, all the way down."""
    evidence = PresetEvidence(plan_id="P", state="settled", probability=0.94, sentence="28 steps", rated=24, rows=5)
    written = Preset(
        event_id=new_id(),
        ts="2026-01-01T00:00:00.000Z",
        preset_id=new_id(),
        name="Rain",
        values={"txt2img.steps": 28, "hires.enabled": True, "hires.denoise": 0.0, "txt2img.sampler": "Euler a"},
        lora_weights={"rain": 0.8},
        pack_id="rain",
        checkpoint="dream",
        evidence=evidence,
    )
    lab.append(written)
    (read,) = lab.history().plans.presets()
    assert (read.values, read.lora_weights, read.evidence) == (written.values, written.lora_weights, evidence)
    assert [type(value) for value in read.values.values()] == [int, bool, float, str]


def test_a_torn_last_line_costs_neither_the_ratings_before_it_nor_those_after(lab):
    plan = lab.plan(values=(12, 28), rows=4)
    lab.make(plan)
    lab.rate({12: (2, 2), 28: (5, 5)})
    with sorted(lab.journal.glob("*.jsonl"))[-1].open("ab") as file:
        file.write(b'{"kind":"feedback","event_id":"01TORN')
    lab.writer = LearningRecordWriter(lab.journal)
    lab.rate({12: (None, None, 1, 1), 28: (None, None, 4, 4)})
    assert [line.stars for line in lab.report(plan).values] == [(2, 2, 1, 1), (5, 5, 4, 4)]
    assert len(verify(lab.journal).damaged) == 1


def test_zero_is_a_value_a_seed_and_a_place(cli, lab):
    plan = rated_plan(lab, "hires.denoise", {0.0: (5, 5, 5, 4), 0.3: (2, 2, 3, 2), 0.6: (1, 2, 1, 1)})
    assert plan.seeds[0] == 0
    assert cell_of(plan.step_id(PlanCell(0, 0))) == PlanCell(0, 0)
    assert lab.board(plan).cells[0].images[0].facts.rating == 5
    said = cli("insights", "--plan", "last", "--json").json
    assert (said["verdict"]["value"], said["values"][0]["value"]) == (0.0, 0.0)
    assert said["values"][0]["mean"] > 4
    (made,) = cli("presets", "make", "last", "--json").json["presets"]
    assert made["values"]["hires.denoise"] == 0.0


def test_two_ratings_in_one_tick_of_the_clock_are_both_seen(lab):
    plan = lab.plan(values=(12, 28), rows=2)
    lab.make(plan)
    path = sorted(lab.journal.glob("*.jsonl"))[-1]
    save_snapshot(lab.history(), lab.journal, lab.data / "cache" / "checkpoint")
    tick = path.stat().st_mtime_ns
    for value, stars in ((12, 2), (28, 5)):
        lab.rate({value: (stars,)})
        os.utime(path, ns=(tick, tick))
        loaded = load_history(lab.journal, lab.data / "cache" / "checkpoint")
        assert loaded.from_snapshot
    assert [line.stars for line in lab.report(plan).values] == [(2,), (5,)]


@pytest.mark.parametrize(
    ("focus", "values"),
    [("hires.denoise", (0.1 + 0.2, 0.7)), ("txt2img.sampler", ("DPM++ 2M", "7")), ("txt2img.cfg_scale", (7.0, 7.5))],
)
def test_ratings_find_their_step_by_its_id_and_not_by_its_value(lab, focus, values):
    plan = rated_plan(lab, focus, {values[0]: (4, 5), values[1]: (1, 2)})
    said = {one.step_id: one.rating for one in step_ratings(lab.board(plan))}
    expected = {(0, 0): 4.0, (0, 1): 5.0, (1, 0): 1.0, (1, 1): 2.0}
    assert said == {plan.step_id(PlanCell(*place)): stars for place, stars in expected.items()}
    assert [line.insight.n for line in lab.report(plan).values] == [2, 2]


def test_the_weight_of_a_lora_is_the_one_that_was_liked_and_not_the_last_one_tried(cli, lab):
    rated_plan(lab, "lora:rain", {0.4: (2, 2, 3, 2), 0.8: (5, 5, 4, 5), 1.2: (1, 2, 1, 1)})
    (made,) = cli("presets", "make", "last", "--name", "Rain", "--json").json["presets"]
    assert made["lora_weights"] == {"rain": 0.8}
    cli.pack.write_text("a wet street <lora:rain:0.3>\n")
    cli.run("--preset", "Rain", "--backend", "sketch", "--anyway")
    assert cli.shown("--limit", 1)[0]["prompt"] == "a wet street <lora:rain:0.8>"


def test_jobs_of_a_learning_run_are_whole_jobs_with_the_prompt_once_and_a_seed(cli):
    small = ("--set", "txt2img.width=64", "--set", "txt2img.height=64", "--set", "txt2img.steps=4")
    words = ("--focus", "txt2img.cfg_scale", "--values", "5, 7", "--images", 2, "--prompt", 1, *small)
    steps = cli("learn", cli.pack, *words, "--backend", "sketch", "--json").json["steps"]
    records = cli.shown()
    assert len(records) == len(steps) == 4
    assert [one["prompt"] for one in records] == ["a red boat"] * 4
    assert sorted(one["seed"] for one in records) == sorted(2 * [steps[0]["seed"], steps[-1]["seed"]])
    for one in records:
        txt2img = one["config"]["txt2img"]
        assert txt2img.pop("cfg_scale") == one["learning"]["value"]
        assert txt2img == records[0]["config"]["txt2img"]
        assert (txt2img["sampler"], txt2img["steps"], one["config"]["vae"]) == ("Euler a", 4, "Automatic")
