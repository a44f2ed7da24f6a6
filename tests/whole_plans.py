"""What must hold when a Learning Run is whole, however often it was interrupted: every step once, no picture twice."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter

from conftest import PATIENCE_S
from terminal import ROOT

from stablenew_tk.storage.journal.reader import recent, verify

# The real program, which loses its power when the given line is written: just before it, half way, or just after.
DOOMED = """
import os, signal, sys
from stablenew_tk.cli import main
from stablenew_tk.storage.journal.writer import LearningRecordWriter

kind, number, moment = sys.argv[1], int(sys.argv[2]), sys.argv[3]
append_all, seen = LearningRecordWriter.append_all, [0]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def doomed(self, lines):
    before = seen[0]
    seen[0] += sum(line.__struct_config__.tag == kind for line in lines)
    last = before < number <= seen[0]
    if last and moment == "before":
        die()
    saved = append_all(self, lines)
    if last:
        die()
    return saved

LearningRecordWriter.append_all = doomed
sys.exit(main(sys.argv[4:]))
"""


def made(cli):
    """Records that brought all their pictures, by step."""
    return Counter(one.record.learning.step_id for one in recent(cli.journal, 999) if one.record.status == "ok")


def told(cli):
    """Step lines that tell of a picture, by step."""
    lines = [json.loads(line) for path in cli.journal.glob("*.jsonl") for line in path.read_bytes().splitlines()]
    return Counter(line["step_id"] for line in lines if line["kind"] == "step" and line["status"] == "ok")


def holds_together(cli, report, values, rows):
    """Each value once in each row, each recorded once, one seed to a row, and no files but those recorded."""
    once = dict.fromkeys((step["step_id"] for step in report["steps"]), 1)
    assert [step["status"] for step in report["steps"]] == ["ok"] * (len(values) * rows)
    assert made(cli) == told(cli) == once
    cells = {(step["value"], step["row"]) for step in report["steps"]}
    assert cells == {(value, row) for value in values for row in range(rows)}
    assert all(len({step["seed"] for step in report["steps"] if step["row"] == row}) == 1 for row in range(rows))
    outputs = [output for one in recent(cli.journal, 999) for output in one.record.outputs]
    shown = [image for step in report["steps"] for image in step["images"]]
    assert len(shown) == len(set(shown))
    assert set(shown) <= {output.image_id for output in outputs}
    on_disk = sorted(str(path.relative_to(cli.outputs)) for path in cli.outputs.rglob("*") if path.is_file())
    assert on_disk == sorted(output.path for output in outputs)
    assert all(
        hashlib.sha256((cli.outputs / output.path).read_bytes()).hexdigest() == output.sha256 for output in outputs
    )
    found = verify(cli.journal)
    assert (found.damaged, found.gaps) == ((), ())


def killed(cli, kind, number, moment, *words):
    """Run a command until its power is cut at the `number`-th line of that kind."""
    said = of_program(DOOMED, cli, *words, before=(kind, number, moment))
    assert said.returncode == -signal.SIGKILL, said.stderr


def of_program(code, cli, *words, before=()):
    """Run a command in a program of its own that begins with that code."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, before), "--data-dir", str(cli.data), *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
        env={name: value for name, value in os.environ.items() if name != "DISPLAY"},
    )
