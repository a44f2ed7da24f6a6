"""Learning Runs of 6 × 4 steps on a cluster of real processes, while these are killed, stopped and started at random.

python3 scripts/cluster_faults.py [--schedules 200] [--seed 1] [--workers 4]

Each schedule: workers are killed (SIGKILL) and started again, stopped (SIGSTOP) and continued, the scheduler is killed
and started again, the operator is killed and its Learning Run resumed. At the end every step must have exactly one
picture that is recorded, on disk, and with the digest that the record says. Needs the extra `cluster`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from stablenew_tk.storage.cluster.folder import ClusterFolder
from stablenew_tk.storage.cluster.pairing import invite, make_cluster, save_pairing

WORDS = "correct-horse-battery"
STEPS = 24
LIMIT_S = 240.0


class Schedule:
    """One cluster, one Learning Run, one series of faults."""

    def __init__(self, root: Path, workers: int, dice: random.Random) -> None:
        self.root, self.dice, self.operator = root, dice, root / "operator"
        self.names = [f"w{number}" for number in range(workers)]
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.told: list[str] = []
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        folder = ClusterFolder(self.operator / "cluster")
        make_cluster(folder, "desk", "127.0.0.1", datetime.now(UTC), port)
        self.start("scheduler")
        for name in self.names:
            save_pairing(root / f"{name}.pair", invite(folder, name, WORDS, datetime.now(UTC)))
            self.start(name, "--join", str(root / f"{name}.pair"))

    def start(self, name: str, *more: str) -> None:
        """A program of the cluster, or the operator's Learning Run."""
        if name == "scheduler":
            words = ["--data-dir", str(self.operator), "scheduler"]
        elif name == "operator":
            words = ["--data-dir", str(self.operator), "learn", *more, "--json"]
        else:
            words = [
                "--data-dir",
                str(self.root / name),
                "worker",
                "--backend",
                "sketch",
                "--sketch-pace",
                "0.02",
                *more,
            ]
        self.running[name] = subprocess.Popen(
            [sys.executable, "-m", "stablenew_tk", *words],
            env=os.environ | {"STABLENEW_PASSPHRASE": WORDS},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def learn(self) -> None:
        """Begin the Learning Run, or go on with it."""
        machines = [word for name in self.names for word in ("--backend", f"cluster:{name}")]
        values = ["--focus", "txt2img.cfg_scale", "--values", "2,3,4,5,6,7", "--images", "4"]
        known = [one["plan_id"] for one in self.lines() if one["kind"] == "plan"]
        self.start("operator", *(["--resume", known[0]] if known else ["starter", *values]), *machines)

    def kill(self, name: str) -> None:
        """SIGKILL, and wait until it is gone."""
        self.running[name].kill()
        self.running[name].wait(20)

    def lines(self) -> list[dict]:
        """All whole lines of the journal."""
        found = []
        for file in sorted((self.operator / "journal").rglob("*.jsonl")):
            for line in file.read_text("utf-8", "replace").splitlines():
                try:
                    found.append(json.loads(line))
                except ValueError:
                    continue
        return found

    def made(self) -> list[dict]:
        """The records of all steps that are made."""
        return [one for one in self.lines() if one["kind"] == "run" and one["status"] == "ok"]

    def fault(self) -> None:
        """Something goes wrong."""
        what = self.dice.choice(["kill", "kill", "stop", "stop", "scheduler", "operator"])
        name = self.dice.choice(self.names)
        self.told.append(f"{what} {name}" if what in ("kill", "stop") else what)
        if what == "kill":
            self.kill(name)
            time.sleep(self.dice.uniform(0.0, 2.0))
            self.start(name)
        elif what == "stop":
            self.running[name].send_signal(signal.SIGSTOP)
            time.sleep(self.dice.uniform(0.2, 4.0))
            self.running[name].send_signal(signal.SIGCONT)
        else:
            self.kill(what)
            time.sleep(self.dice.uniform(0.0, 1.0))
            self.learn() if what == "operator" else self.start(what)

    def run(self) -> str:
        """Everything; what is wrong at the end, "" for nothing."""
        self.learn()
        until = time.monotonic() + LIMIT_S
        faults = self.dice.randint(1, 4)
        while len(self.made()) < STEPS and time.monotonic() < until:
            time.sleep(self.dice.uniform(0.5, 2.0))
            if faults:
                faults -= 1
                self.fault()
            elif self.running["operator"].poll() is not None and len(self.made()) < STEPS:
                self.told.append("resume")
                self.learn()
        if self.running["operator"].poll() is None:
            try:
                self.running["operator"].wait(60)
            except subprocess.TimeoutExpired:
                return "the operator does not end"
        return self.wrong()

    def wrong(self) -> str:
        """What is lost, there twice, or not what its record says."""
        made = self.made()
        steps = Counter(one["learning"]["step_id"] for one in made)
        if len(steps) != STEPS:
            return f"{STEPS - len(steps)} steps lost"
        if twice := [step for step, count in steps.items() if count > 1]:
            return f"{len(twice)} steps twice"
        for record in made:
            for output in record["outputs"]:
                file = Path(record["output_root"], output["path"])
                if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != output["sha256"]:
                    return f"{output['path']} is not what its record says"
        return ""

    def close(self) -> None:
        """End all processes."""
        for process in self.running.values():
            if process.poll() is None:
                process.kill()
            process.wait(20)


def main() -> int:
    """Run the schedules; exit code 1 when one of them went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=4)
    args = parser.parse_args()
    bad = 0
    for number in range(args.seed, args.seed + args.schedules):
        root = Path(tempfile.mkdtemp(prefix="cluster-faults-"))
        began = time.monotonic()
        schedule = Schedule(root, args.workers, random.Random(number))
        try:
            wrong = schedule.run()
        finally:
            schedule.close()
        took = time.monotonic() - began
        print(f"{number}: {', '.join(schedule.told)} · {took:.0f} s · {wrong or 'all there, each once'}", flush=True)
        bad += bool(wrong)
        if not wrong:
            shutil.rmtree(root, ignore_errors=True)
        else:
            print(f"   kept: {root}", flush=True)
    print(f"{args.schedules} schedules, {bad} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
