"""Attacks everything that must not break, for as long as you let it: `python3 scripts/reliability.py [--share 0.1]`.

Prints a table: test, tries, faults put in, lost, wrong, uncaught, hangs, seconds. Exit 1 when something was found. Stop
it with Ctrl+C whenever you like: what was done is kept in the file of `--state`, and the next start goes on from there.
Every batch is a process of its own, so a crash or an endless loop costs only itself, and can be repeated alone:
`--only NAME --seed N`. The window is attacked by scripts/soak.py.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.pop(0)  # this folder, whose module of this name hides the room of the tests
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT))

from reliability.outcome import LONGEST_NOTE, Outcome  # noqa: E402 - found only after the lines above
from reliability.trials import TRIALS  # noqa: E402

COLUMNS = ("tries", "faults", "lost", "wrong", "uncaught", "hangs", "seconds")
LIMIT_S = 3_600  # for one batch; the slowest takes a minute on an idle machine


def main(arguments: list[str]) -> int:
    """Go on where the last start ended; 1 when something was found."""
    parser = argparse.ArgumentParser(description="Attack everything that must not break.")
    parser.add_argument("--share", type=float, default=1.0, help="make only this part of all tries")
    parser.add_argument("--state", type=Path, default=Path("reliability.json"), help="what was done so far")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only these tests")
    parser.add_argument("--seed", type=int, help="one batch of --only NAME with this seed, in this process")
    parser.add_argument("--count", type=int, help="tries of that batch")
    parser.add_argument("--folder", default=None, help="where the temporary folders are made")
    asked = parser.parse_args(arguments)
    chosen = [trial for trial in TRIALS if not asked.only or trial.name in asked.only]
    if not chosen:
        parser.error(f"there is no such test; there are: {', '.join(trial.name for trial in TRIALS)}")
    if asked.seed is not None:
        return batch(chosen[0], asked.seed, asked.count or chosen[0].at_once, asked.folder)
    state = json.loads(asked.state.read_text()) if asked.state.exists() else {}
    try:
        run(chosen, asked, state)
    except KeyboardInterrupt:
        print("Stopped. The next start goes on from here.\n")
    print(table(state))
    return int(any(one[column] for one in state.values() for column in COLUMNS[2:-1]))


def run(chosen, asked, state) -> None:
    """In turn, so that a run that is stopped early has done something of everything."""
    while True:
        left = [trial for trial in chosen if tries(state, trial) < trial.whole * asked.share]
        if not left:
            return
        trial = min(left, key=lambda one: tries(state, one) / one.whole)
        count = min(trial.at_once, max(1, round(trial.whole * asked.share) - tries(state, trial)))
        # Always another one, and the same one for the same place in the whole.
        seed = random.Random(f"{trial.name} {tries(state, trial)}").randrange(1 << 31)
        begun = time.monotonic()
        found = in_a_process(trial, seed, count, asked.folder)
        found["tries"] = max(found["tries"], 1)
        known = state.setdefault(trial.name, dict.fromkeys(COLUMNS, 0) | {"notes": []})
        for column in COLUMNS[:-1]:
            known[column] += found[column]
        known["seconds"] = round(known["seconds"] + time.monotonic() - begun, 1)
        known["notes"] = (known["notes"] + [f"seed {seed}, count {count}: {note}" for note in found["notes"]])[:50]
        asked.state.write_text(json.dumps(state, indent=1))
        print(f"{trial.name}: {known['tries']:,} of {trial.whole * asked.share:,.0f}", flush=True)


def tries(state, trial) -> int:
    """How many were made so far."""
    return state.get(trial.name, {}).get("tries", 0)


def in_a_process(trial, seed: int, count: int, folder: str | None) -> dict:
    """The counts of one batch; one that crashes or does not end counts as that."""
    command = [sys.executable, __file__, "--only", trial.name, "--seed", str(seed), "--count", str(count)]
    command += ["--folder", folder] if folder else []
    failed = asdict(Outcome(tries=1))
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        found = json.loads(ran.stdout.splitlines()[-1])
        found["notes"] += [ran.stderr[-LONGEST_NOTE:]] if ran.returncode and ran.stderr else []
        return found
    except subprocess.TimeoutExpired:
        return failed | {"hangs": 1, "notes": [f"no end within {LIMIT_S} s"]}
    except (IndexError, ValueError):
        return failed | {"uncaught": 1, "notes": [f"the process ended: {ran.returncode} {ran.stderr[-LONGEST_NOTE:]}"]}


def batch(trial, seed: int, count: int, folder: str | None) -> int:
    """One batch in this process; its counts are the last line printed."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    ended: list[str] = []  # threads that ended with an error, which only Python itself would tell
    threading.excepthook = lambda told: ended.append("".join(traceback.format_exception(told.exc_value)))
    with tempfile.TemporaryDirectory(dir=folder) as name:
        found = trial.batch(random.Random(seed), Path(name), count)
    found.uncaught += len(ended)
    for text in ended:
        found.note(text)
    print(json.dumps(asdict(found)))
    return int(not found.is_good)


def table(state) -> str:
    """The table of all that was done, for a document."""
    rows = [("test", *COLUMNS)]
    rows += [(name, *(f"{round(known[column]):,}" for column in COLUMNS)) for name, known in state.items()]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    notes = [f"{name}: {note}" for name, known in state.items() for note in known["notes"]]
    return "\n".join([*lines, *notes])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
