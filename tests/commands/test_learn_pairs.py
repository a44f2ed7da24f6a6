"""`learn --focus2`: two settings at once, step by step, rated by a script, up to the preset and the next run."""

from __future__ import annotations

import json

import pytest
from terminal import TINY, Terminal

STEPS = ("--focus", "txt2img.cfg_scale", "--values", "4, 7", "--focus2", "txt2img.steps", "--values2", "10, 20, 30")


@pytest.fixture
def cli(tmp_path, capsys):
    made = Terminal(tmp_path, capsys)
    made.pack.write_text("name: Boat\na red boat <lora:rainy:0.7>\n")
    return made


def rated_to_the_end(cli, said, liked, backend):
    """Rate what there is to rate and go on, until nothing more is asked for."""
    for _ in range(20):
        made = {image: step["value"] for step in said["steps"] for image in step["images"]}
        if not said["to_rate"]:
            break
        for image in said["to_rate"]:
            assert cli("rate", image, liked(made[image])).code == 0
        said = cli("learn", "--resume", said["plan_id"], *backend, "--json").json
    return said


def test_both_values_are_used_from_now_on_and_told_to_programs(cli):
    backend = ("--backend", "sketch")
    said = cli("learn", cli.pack, *backend, *TINY, *STEPS, "--json", "--adaptive", "--seed", 5).json
    assert {step["seed"] for step in said["steps"]} == {5, 6}
    said = rated_to_the_end(cli, said, lambda value: 5 if value == "7 × 20" else 2 if "4 ×" in value else 3, backend)
    told = cli("insights", "--plan", "last", "--json").json
    assert (told["verdict"]["value"], told["second_parameter"]) == ("7 × 20", "txt2img.steps")
    assert len(told["values"]) == 6
    assert told["values"][0]["settings"] == {"txt2img.cfg_scale": 4.0, "txt2img.steps": 10}
    assert [one["focus_parameter"] for one in told["factors"]] == ["txt2img.cfg_scale", "txt2img.steps"]
    shown = " ".join(cli("insights", "--plan", "last").out.replace("\N{NO-BREAK SPACE}", " ").split())
    assert "CFG 7 and 20 steps" in shown
    assert "CFG matters" in shown
    assert "steps \\ CFG 4 7" in shown
    used = cli("known", "use", "last", "--json")
    assert used.code == 0, used.err
    assert [one["values"] for one in used.json["known"]] == [{"txt2img.cfg_scale": 7.0}, {"txt2img.steps": 20}]
    by_hand = cli("presets", "make", "last", "--value", "4 x 10", "--name", "By hand", "--json").json["presets"][0]
    assert by_hand["values"] == {"txt2img.cfg_scale": 4.0, "txt2img.steps": 10}
    assert by_hand["evidence"]["by_hand"]


def test_a_plan_file_with_two_settings_is_made_as_it_was_written(cli, tmp_path):
    file = tmp_path / "plan.json"
    assert cli("learn", cli.pack, "--backend", "sketch", *TINY, *STEPS).code == 0
    written = json.loads(cli("learn", "--show", "last").out)
    assert written["second_parameter"] == "txt2img.steps"
    file.write_text(json.dumps({**written, "name": "Again"}))
    again = cli("learn", "--plan", file, "--backend", "sketch", "--json").json
    # As many seeds as show each of the six pairs once.
    assert [step["value"] for step in again["steps"]] == [
        *("4 × 10", "4 × 30", "7 × 20", "4 × 20", "7 × 10", "7 × 30"),
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--focus2", "txt2img.cfg_scale", "--values2", "1, 2"), "no second setting"),
        (("--focus2", "lora_weight", "--values2", "1, 2"), "goes with lora"),
        (("--focus2", "upscale.scale", "--values2", "2, 3"), "Take two settings of one stage"),
        (("--focus2", "txt2img.sampler"), "Say which values of txt2img.sampler"),
        (("--values2", "1, 2"), "--focus2 PATH"),
        (("--focus2", "txt2img.steps", "--values2", "1-80"), "64 is the most"),
    ],
)
def test_what_does_not_go_together_is_refused_with_a_sentence(cli, options, said):
    refused = cli(
        "learn", cli.pack, "--backend", "sketch", "--focus", "txt2img.cfg_scale", "--values", "4, 7", *options
    )
    assert refused.code == 2
    assert said in " ".join(refused.err.split())
