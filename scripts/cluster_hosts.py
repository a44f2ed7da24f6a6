"""A Learning Run on a cluster of three hosts with a network between them, made here: one is far away, one is unplugged.

    python3 scripts/cluster_hosts.py [--unplug 90] [--values 4] [--rows 4] [--pace 0.3]

`desk` is the operator with the scheduler. `far` is behind 200 ms (there and back) and loses 2 % of all packets. `near`
is unplugged while it makes a picture, and plugged in again after so many seconds. Every host is a network namespace
with a network card (TAP) of its own; between the cards lies a switch in this program, which delays and drops the real
packets of the kernel's TCP. `tc netem` would do the same, but many kernels come without it.

Prints one JSON document. Exit code 1 when something is lost or there twice, 77 with the reason where the system does
not allow this. Needs Linux, `ip`, and the extra `cluster`.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from stablenew_tk.storage.cluster.folder import ClusterFolder  # noqa: E402 - found only after the lines above
from stablenew_tk.storage.cluster.pairing import invite, make_cluster, save_pairing  # noqa: E402

NOT_ALLOWED = 77
WORDS = "correct-horse-battery"
HOSTS = {"desk": "10.77.0.1", "near": "10.77.0.2", "far": "10.77.0.3"}
FAR_S, FAR_LOSS = 0.1, 0.02  # each way
LIMIT_S = 600.0
_NEWUSER, _NEWNET = 0x10000000, 0x40000000
_TUNSETIFF, _TAP, _PLAIN = 0x400454CA, 0x0002, 0x1000
_LIBC = ctypes.CDLL(None, use_errno=True)


class NotAllowedError(Exception):
    """The system does not let this program make network namespaces."""


def _called(name: str, *arguments: int) -> None:
    if getattr(_LIBC, name)(*arguments):
        number = ctypes.get_errno()
        raise NotAllowedError(f"{name}: {os.strerror(number)}")


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode:
        raise NotAllowedError(f"ip {' '.join(words)}: {done.stderr.strip()}")


def become_root() -> None:
    """Root in a user namespace of its own, where network namespaces can be made without being root outside."""
    user, group = os.geteuid(), os.getegid()
    _called("unshare", _NEWUSER)
    for file, line in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        try:
            Path("/proc/self", file).write_text(line)
        except OSError as error:
            raise NotAllowedError(f"/proc/self/{file}: {error.strerror}") from error


class Host:
    """A network namespace with a network card, whose other end is `card`."""

    def __init__(self, name: str) -> None:
        self.name, self.address = name, HOSTS[name]
        _called("unshare", _NEWNET)
        self.space = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            self.card = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(self.card, _TUNSETIFF, struct.pack("16sH22x", b"card0", _TAP | _PLAIN))
        except OSError as error:
            raise NotAllowedError(f"/dev/net/tun: {error.strerror}") from error
        _ip("link", "set", "lo", "up")
        _ip("address", "add", f"{self.address}/24", "dev", "card0")
        _ip("link", "set", "card0", "up")

    def start(self, *words: str, **more) -> subprocess.Popen[str]:
        """Our program on this host."""
        return subprocess.Popen(
            [sys.executable, "-m", "stablenew_tk", *words],
            cwd=ROOT,
            env=os.environ | {"STABLENEW_PASSPHRASE": WORDS},
            preexec_fn=lambda: _called("setns", self.space, _NEWNET),
            stdin=subprocess.DEVNULL,
            text=True,
            **more,
        )


class Switch(threading.Thread):
    """Carries frames between the cards of all hosts."""

    def __init__(self, hosts: list[Host]) -> None:
        super().__init__(daemon=True)
        self.unplugged: set[str] = set()
        self.carried, self.lost = 0, 0
        self._hosts = hosts
        self._dice = random.Random(7)
        self._on_the_way: list[tuple[float, int, Host, bytes]] = []

    def run(self) -> None:
        by_card = {host.card: host for host in self._hosts}
        number = 0
        while True:
            rest = self._on_the_way[0][0] - time.monotonic() if self._on_the_way else 0.2
            for card in select.select(list(by_card), [], [], max(0.0, rest))[0]:
                with contextlib.suppress(BlockingIOError):
                    frame = os.read(card, 65_536)
                    for host in self._targets(by_card[card]):
                        number += 1
                        heapq.heappush(self._on_the_way, (self._due(by_card[card], host), number, host, frame))
            while self._on_the_way and self._on_the_way[0][0] <= time.monotonic():
                _at, _number, host, frame = heapq.heappop(self._on_the_way)
                with contextlib.suppress(OSError):
                    os.write(host.card, frame)

    def _targets(self, source: Host) -> list[Host]:
        """Where a frame goes: to all others but those that are cut off, or lose it; cards take only what is theirs."""
        found = []
        for host in self._hosts:
            ends = {source.name, host.name}
            if host is source or ends & self.unplugged:
                continue
            if "far" in ends and self._dice.random() < FAR_LOSS:
                self.lost += 1
                continue
            self.carried += 1
            found.append(host)
        return found

    def _due(self, source: Host, target: Host) -> float:
        return time.monotonic() + (FAR_S if "far" in (source.name, target.name) else 0.0)


class Trial:
    """The hosts, their programs, and the Learning Run."""

    def __init__(self, args: argparse.Namespace, root: Path) -> None:
        self.args, self.root = args, root
        become_root()
        self.hosts = {name: Host(name) for name in HOSTS}
        self.switch = Switch(list(self.hosts.values()))
        self.switch.start()
        self.programs: list[subprocess.Popen[str]] = []
        self.told: dict[str, object] = {}

    def start(self, host: str, *words: str) -> subprocess.Popen[str]:
        """A program that says a line when it is ready."""
        data = ("--data-dir", str(self.root / host))
        program = self.hosts[host].start(*data, *words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.programs.append(program)
        return program

    def records(self) -> list[dict]:
        """The records of all steps so far."""
        found = []
        for file in (self.root / "desk" / "journal").rglob("*.jsonl"):
            for line in file.read_text("utf-8").splitlines():
                with contextlib.suppress(ValueError):
                    found.append(json.loads(line))
        return [one for one in found if one["kind"] == "run"]

    def run(self) -> bool:
        """All of it; whether every step is there once."""
        folder = ClusterFolder(self.root / "desk" / "cluster")
        make_cluster(folder, "desk", HOSTS["desk"], datetime.now(UTC))
        self.start("desk", "scheduler").stdout.readline()
        began = time.monotonic()
        for name in ("near", "far"):
            save_pairing(self.root / f"{name}.pair", invite(folder, name, WORDS, datetime.now(UTC)))
            pace = ("--sketch-pace", str(self.args.pace))
            self.start(name, "worker", "--backend", "sketch", *pace, "--join", str(self.root / f"{name}.pair"))
        ready = [program.stdout.readline().strip() for program in self.programs[1:]]
        self.told["connected after"] = round(time.monotonic() - began, 1)
        if ready != ["ready near", "ready far"]:
            raise RuntimeError(f"machines said {ready}")
        values = ",".join(str(2 + number) for number in range(self.args.values))
        what = ("starter", "--focus", "txt2img.cfg_scale", "--values", values, "--images", str(self.args.rows))
        small = ("--set", "txt2img.width=256", "--set", "txt2img.height=256", "--set", "txt2img.steps=10")
        machines = ("--backend", "cluster:near", "--backend", "cluster:far")
        learning = self.start("desk", "learn", *what, *small, *machines, "--json")
        began = time.monotonic()
        while len(self.records()) < 2 and learning.poll() is None:
            time.sleep(0.1)
        # In the middle of a picture: each takes some seconds.
        time.sleep(self.args.pace)
        self.switch.unplugged.add("near")
        cut = time.monotonic()
        while learning.poll() is None and time.monotonic() - cut < self.args.unplug:
            time.sleep(0.1)
        self.told["made while it was unplugged"] = len(self.records()) - 2
        self.switch.unplugged.clear()
        said, _ = learning.communicate(timeout=LIMIT_S)
        self.told["seconds"] = round(time.monotonic() - began, 1)
        return self.judged(json.loads(said))

    def judged(self, report: dict) -> bool:
        """Fill in what came of it."""
        made = [one for one in self.records() if one["status"] == "ok"]
        wanted = self.args.values * self.args.rows
        steps = Counter(one["learning"]["step_id"] for one in made)
        rows: dict[int, list[str]] = {}
        for one in made:
            rows.setdefault(one["learning"]["row"], []).append(one["backend"]["node"])
        self.told |= {
            "steps": wanted,
            "lost": wanted - len(steps),
            "twice": sum(count > 1 for count in steps.values()),
            "failed": len(self.records()) - len(made),
            "who made each row": {row: dict(Counter(nodes)) for row, nodes in sorted(rows.items())},
            "errors": report.get("errors") or report.get("error") or [],
            "packets": self.switch.carried,
            "packets lost": self.switch.lost,
        }
        return not self.told["lost"] and not self.told["twice"] and all(map(all, rows.values()))

    def close(self) -> None:
        """End all programs."""
        for program in self.programs:
            program.kill()
            program.wait(20)


def main() -> int:
    """Run it once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--unplug", type=float, default=90.0, help="seconds")
    parser.add_argument("--values", type=int, default=4)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--pace", type=float, default=0.3, help="seconds for each of the ten sampler steps")
    args = parser.parse_args()
    if sys.platform != "linux" or not shutil.which("ip"):
        print("Only Linux with the program `ip` has network namespaces.")
        return NOT_ALLOWED
    with tempfile.TemporaryDirectory() as folder:
        try:
            trial = Trial(args, Path(folder))
        except NotAllowedError as error:
            print(f"Network namespaces are not allowed here: {error}.")
            return NOT_ALLOWED
        try:
            fine = trial.run()
        finally:
            trial.close()
    print(json.dumps(trial.told, indent=2))
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
