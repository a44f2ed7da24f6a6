"""A Learning Run that is killed at any moment goes on where it was: every step once, no picture twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter

import pytest
import whole_plans
from conftest import wait_until
from terminal import FEW, ROOT, Terminal, ended, program
from whole_plans import killed, made

from stablenew_tk.storage.journal.reader import recent

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
CFG = ("--focus", "txt2img.cfg_scale", "--values", "5-9 (+1)", "--images", 3)


@pytest.fixture
def cli(tmp_path, capsys):
    return Terminal(tmp_path, capsys)


def holds_together(cli, report):
    whole_plans.holds_together(cli, report, (5, 6, 7, 8, 9), 3)
    outputs = [output.image_id for one in recent(cli.journal, 999) for output in one.record.outputs]
    assert sorted(outputs) == sorted(image for step in report["steps"] for image in step["images"])


@pytest.mark.parametrize(
    ("kind", "number", "moment"),
    [
        ("plan", 1, "after"),
        ("run", 1, "after"),
        ("run", 4, "after"),
        ("run", 9, "after"),
        # The picture is on disk, nobody has written down that it is.
        ("run", 1, "before"),
        ("run", 6, "before"),
        # The picture is on record, its step is not.
        ("step", 4, "before"),
        ("step", 5, "after"),
        ("run", 15, "after"),
    ],
)
def test_killed_at_any_moment_it_goes_on_to_15_pictures_exactly(cli, kind, number, moment):
    killed(cli, kind, number, moment, "learn", cli.pack, *CFG, *FEW)
    before = made(cli)
    said = cli("learn", "--resume", "last", "--json")
    assert said.code == 0
    holds_together(cli, said.json)
    assert before.keys() <= made(cli).keys()


def test_killed_again_and_again_it_still_ends_with_each_picture_once(cli):
    killed(cli, "run", 2, "before", "learn", cli.pack, *CFG, *FEW, "--seed", 0)
    for kind, number, moment in (
        ("run", 3, "before"),
        ("step", 2, "before"),
        ("run", 1, "before"),
        ("run", 4, "after"),
    ):
        killed(cli, kind, number, moment, "learn", "--resume", "last")
    report = cli("learn", "--resume", "last", "--json").json
    holds_together(cli, report)
    assert {(step["row"], step["seed"]) for step in report["steps"]} == {(0, 0), (1, 1), (2, 2)}


# The disk is slow with the line of the plan: it is written when a picture would be recorded, or a second later.
SLOW_PLAN = """
import sys, threading
from stablenew_tk.cli import main
from stablenew_tk.storage.journal.writer import LearningRecordWriter

append_all, picture_comes = LearningRecordWriter.append_all, threading.Event()

def slow(self, lines):
    kinds = {line.__struct_config__.tag for line in lines}
    if "plan" in kinds:
        picture_comes.wait(1)
    saved = append_all(self, lines)
    if "run" in kinds:
        picture_comes.set()
    return saved

LearningRecordWriter.append_all = slow
sys.exit(main(sys.argv[1:]))
"""


def test_no_picture_is_recorded_before_its_plan_however_slow_the_disk_is(cli):
    words = ("learn", cli.pack, "--focus", "txt2img.cfg_scale", "--values", "5, 7", "--images", 1, *FEW)
    assert whole_plans.of_program(SLOW_PLAN, cli, *words).returncode == 0
    [segment] = cli.journal.glob("*.jsonl")
    kinds = [json.loads(line)["kind"] for line in segment.read_bytes().splitlines()]
    assert (kinds.index("plan") < kinds.index("run"), kinds.count("run")) == (True, 2)


def test_killed_before_its_plan_is_written_nothing_is_there_to_go_on_with(cli):
    killed(cli, "plan", 1, "before", "learn", cli.pack, *CFG, *FEW)
    said = cli("learn", "--resume", "last", "--json")
    assert (said.code, "There is none yet." in said.json["error"]) == (2, True)


# The fifth picture is never on record: whoever kills the program comes in time.
UNENDING = """
import sys, threading
from stablenew_tk.cli import main
from stablenew_tk.storage.journal.writer import LearningRecordWriter

append_all, seen = LearningRecordWriter.append_all, [0]

def held(self, lines):
    seen[0] += sum(line.__struct_config__.tag == "run" for line in lines)
    if seen[0] > 4:
        threading.Event().wait()
    return append_all(self, lines)

LearningRecordWriter.append_all = held
sys.exit(main(sys.argv[1:]))
"""


def test_a_kill_from_outside_and_a_torn_last_line_cost_nothing_that_was_finished(cli):
    words = ("learn", cli.pack, *CFG, "--data-dir", cli.data, "--set", "txt2img.width=256")
    with subprocess.Popen([sys.executable, "-c", UNENDING, *map(str, words)], cwd=ROOT) as run:
        try:
            wait_until(lambda: cli.journal.exists() and len(recent(cli.journal, 99)) >= 4)
        finally:
            run.kill()
    assert run.returncode == -signal.SIGKILL
    segment = sorted(cli.journal.glob("*.jsonl"))[-1]
    with segment.open("ab") as file:
        file.write(b'{"kind":"run","torn')
    before = made(cli)
    report = cli("learn", "--resume", "last", "--json").json
    assert [step["status"] for step in report["steps"]] == ["ok"] * 15
    assert made(cli) == dict.fromkeys((step["step_id"] for step in report["steps"]), 1)
    assert before.keys() <= made(cli).keys()


def test_pictures_made_after_the_crash_are_those_the_plan_would_have_made(cli, tmp_path):
    (tmp_path / "whole").mkdir()
    whole = Terminal(tmp_path / "whole", cli.capsys)
    words = (*CFG, *FEW, "--seed", 7, "--json")
    straight = whole("learn", whole.pack, *words).json
    killed(cli, "run", 7, "after", "learn", cli.pack, *words)
    resumed = cli("learn", "--resume", "last", "--json").json
    assert sums(whole, straight) == sums(cli, resumed)


def sums(cli, report):
    by_image = {out.image_id: out.sha256 for one in recent(cli.journal, 99) for out in one.record.outputs}
    return [(step["value"], step["row"], by_image[step["images"][0]]) for step in report["steps"]]


def test_the_report_of_the_killed_run_is_still_known_to_the_journal(cli):
    killed(cli, "run", 4, "after", "learn", cli.pack, *CFG, *FEW)
    report = json.loads(cli("learn", "--resume", "last", "--dry-run", "--json").out)
    assert Counter(step["status"] for step in report["steps"]) == {"ok": 4, "planned": 11}
    assert len(made(cli)) == 4


def test_two_programs_that_go_on_with_one_plan_make_every_picture_once(cli):
    killed(cli, "run", 3, "after", "learn", cli.pack, *CFG, "--set", "txt2img.width=256")
    both = [program("learn", "--resume", "last", "--json", "--data-dir", cli.data) for _ in range(2)]
    said = sorted((ended(one) for one in both), key=lambda one: one.code)
    assert said[0].code == 0
    holds_together(cli, said[0].json)
    # The second came in time to be told, or so late that nothing was left to do.
    assert said[1].code == 0 or "is being made by another program" in said[1].json["error"]
    assert not list(cli.data.rglob("learn-*.lock"))


def test_a_lock_left_by_a_killed_program_holds_nobody_up(cli):
    killed(cli, "run", 3, "after", "learn", cli.pack, *CFG, *FEW)
    assert list(cli.data.rglob("learn-*.lock"))
    holds_together(cli, cli("learn", "--resume", "last", "--json").json)
