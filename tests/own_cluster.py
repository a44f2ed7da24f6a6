"""A cluster of real processes on loopback for tests: a scheduler, and workers that are as they should be or not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from kept_port import KeptPort

from stablenew_tk.storage.cluster.folder import ClusterFolder
from stablenew_tk.storage.cluster.pairing import invite, make_cluster, save_pairing

WORDS = "correct-horse-battery"
LIMIT_S = 300
_BAD = Path(__file__).parent / "bad_worker.py"


def program(data, *words):
    return [sys.executable, "-m", "stablenew_tk", "--data-dir", str(data), *words]


class OwnCluster:
    """`machines` are as they should be, each a process. `bad` are options of `bad_worker.py` by the name of a machine;
    all of these run in one process.
    """

    def __init__(self, root, machines, bad=None, host="127.0.0.1"):
        self.root, self.operator, self.processes, self.machines = root, root / "operator", {}, machines
        self.bad = bad or {}
        self.host = host
        # Kept all the time: the scheduler is ended and started again in between.
        self.kept = KeptPort(host=host)
        self.port = self.kept.number
        self.folder = ClusterFolder(self.operator / "cluster")
        made = make_cluster(self.folder, "desk", host, datetime.now(UTC), self.port)
        self.start("scheduler", program(self.operator, "scheduler"))
        for name in machines:
            self.worker(name, "--join", self.invited(name))
        words = [
            word
            for name, manner in self.bad.items()
            for word in ("+", "--data-dir", str(root / name), "--join", self.invited(name), *manner)
        ]
        if words:
            self.start("bad", [sys.executable, str(_BAD), *words[1:]])
        self.expect("scheduler", f"ready {made.address}")
        for name in machines:
            self.expect(name, f"ready {name}")
        assert {self.line("bad") for _name in self.bad} == {f"ready {name}" for name in self.bad}

    def invited(self, name):
        file = self.root / f"{name}.pair"
        save_pairing(file, invite(self.folder, name, WORDS, datetime.now(UTC)))
        return str(file)

    def start(self, name, command):
        words = os.environ | {"STABLENEW_PASSPHRASE": WORDS}
        self.processes[name] = subprocess.Popen(
            command, env=words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def worker(self, name, *more):
        self.start(name, program(self.root / name, "worker", "--backend", "sketch", "--sketch-pace", "0.01", *more))

    def line(self, name):
        return self.processes[name].stdout.readline().strip()

    def expect(self, name, line):
        assert self.line(name) == line

    def end(self, name, number=signal.SIGKILL):
        process = self.processes.pop(name)
        process.send_signal(number)
        process.wait(LIMIT_S)
        process.stdout.close()

    def close(self):
        for name in list(self.processes):
            self.end(name)
        self.kept.release()

    def learn(self, *more):
        machines = [word for name in self.machines for word in ("--backend", f"cluster:{name}")]
        what = ["--focus", "txt2img.cfg_scale", "--values", "2,3,4", "--images", "4"]
        command = program(self.operator, "learn", "starter", *what, *machines, "--json", *more)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def records(self):
        files = (self.operator / "journal").rglob("*.jsonl")
        lines = (json.loads(line) for file in files for line in file.read_text("utf-8").splitlines())
        return [line for line in lines if line["kind"] == "run"]
