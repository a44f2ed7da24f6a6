"""Learning Runs of 6 × 4 steps on a cluster of real processes, while everything that can go wrong goes wrong at random.

    python3 scripts/cluster_faults.py [--schedules 200] [--seed 1] [--workers 4] [--parallel 2] [--state FILE]

Each schedule: workers are killed (SIGKILL) and started again, stopped (SIGSTOP) and continued, some for so long that
the scheduler takes them for dead; the scheduler is killed and started again; the operator is killed or asked to end,
and its Learning Run resumed. In half of the schedules one worker lies, answers late, or answers twice and under the ids
of earlier attempts (tests/bad_worker.py). At the end every step must have exactly one picture that is recorded, on
disk, with the digest that the record says, and with the pixels that this engine makes of the recorded settings. A
terminal that ends without all pictures must say why.

What was done is kept in the file of `--state`; the next start goes on from there. Exit code 1 when something went
wrong. Needs the extra `cluster`, and fork: not for Windows.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT))

import bad_worker  # noqa: E402 - found only after the lines above
import msgspec  # noqa: E402
import psutil  # noqa: E402

from stablenew_tk.__main__ import run as run_program  # noqa: E402
from stablenew_tk.backends.base import StageOrder  # noqa: E402
from stablenew_tk.backends.sketch.backend import Sketch  # noqa: E402
from stablenew_tk.domain.journal.record import LearningRecord  # noqa: E402
from stablenew_tk.pipeline.cluster import link, scheduler, worker  # noqa: E402, F401 - read once, for all programs
from stablenew_tk.storage.cluster.folder import ClusterFolder  # noqa: E402
from stablenew_tk.storage.cluster.pairing import invite, make_cluster, save_pairing  # noqa: E402
from stablenew_tk.storage.pictures.images import pixel_hash  # noqa: E402

WORDS = "correct-horse-battery"
VALUES, ROWS = "2,3,4,5,6,7", 4
STEPS = 6 * ROWS
PACE_S = "0.04"  # for each sampler step
LIMIT_S = 240.0
QUIET_S = 120.0  # after the last fault
MOST_RESUMES = 30
TTL_S = 12  # after which a silent worker counts as dead; 60 in earnest
SLEEP_S = (14.0, 30.0)
FAULTS = {"kill": 6, "stop": 4, "sleep": 1, "scheduler": 3, "operator": 3, "both": 1, "end": 2}
PLAIN = "honest"
MANNERS = (PLAIN, PLAIN, PLAIN, "lies", "late", "twice")


class Program:
    """A program in a process of its own, forked from this one so that nothing has to be imported again."""

    def __init__(self, words: list[str], told: Path, main=None) -> None:
        self.code: int | None = None
        self.told = told
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            self._be(words, main)

    def _be(self, words: list[str], main) -> None:
        code: object = 1
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.default_int_handler)
            os.setsid()
            nothing = os.open(os.devnull, os.O_RDONLY)
            out = os.open(self.told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            for number, file in ((0, nothing), (1, out), (2, out)):
                os.dup2(file, number)
            os.environ["STABLENEW_PASSPHRASE"] = WORDS
            faulthandler.enable(out)
            sys.argv = ["stablenew", *words]
            code = main(words) if main else run_program()
        except SystemExit as left:
            code = left.code
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code if isinstance(code, int) else 0 if code is None else 1)

    def poll(self) -> int | None:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code

    def wait(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        return self.code is not None

    def send(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def end(self) -> None:
        self.send(signal.SIGKILL)
        self.wait(20)

    def says(self, line: str, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.poll() is None:
            if self.told.exists() and line in self.told.read_text("utf-8", "replace").splitlines():
                return True
            time.sleep(0.05)
        return False


class Schedule:
    """One cluster, one Learning Run, one series of faults."""

    def __init__(self, root: Path, workers: int, dice: random.Random) -> None:
        self.root, self.dice, self.operator = root, dice, root / "operator"
        self.names = [f"w{number}" for number in range(workers)]
        self.manner = dice.choice(MANNERS)
        self.running: dict[str, Program] = {}
        self.told: list[str] = [self.manner] if self.manner != PLAIN else []
        self.starts = Counter[str]()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        folder = ClusterFolder(self.operator / "cluster")
        make_cluster(folder, "desk", "127.0.0.1", datetime.now(UTC), self.port)
        self.start("scheduler")
        for name in self.names:
            save_pairing(root / f"{name}.pair", invite(folder, name, WORDS, datetime.now(UTC)))
            self.start(name, "--join", str(root / f"{name}.pair"))
        for name in self.names:
            if not self.running[name].says(f"ready {name}", 60):
                raise RuntimeError(f"{name} does not come")

    def start(self, name: str, *more: str) -> None:
        """A program of the cluster, or the operator's Learning Run."""
        self.starts[name] += 1
        told, data = self.root / f"{name}-{self.starts[name]}.txt", self.root / name
        main = None
        if name == "scheduler":
            words = ["--data-dir", str(self.operator), "scheduler", "--worker-ttl", str(TTL_S)]
        elif name == "operator":
            words = ["--data-dir", str(data), "learn", *more, "--json"]
        elif name == self.names[-1] and self.manner != PLAIN:
            words = ["--data-dir", str(data), "--manner", self.manner, "--sketch-pace", PACE_S]
            words, main = [*words, "--seed", str(self.dice.randrange(10**6)), *more], bad_worker.main
        else:
            words = ["--data-dir", str(data), "worker", "--backend", "sketch", "--sketch-pace", PACE_S, *more]
        self.running[name] = Program(words, told, main)

    def learn(self) -> None:
        """Begin the Learning Run, or go on with it."""
        machines = [word for name in self.names for word in ("--backend", f"cluster:{name}")]
        what = ["--focus", "txt2img.cfg_scale", "--values", VALUES, "--images", str(ROWS)]
        small = ["--set", "txt2img.width=128", "--set", "txt2img.height=128"]
        known = [one["plan_id"] for one in self.lines() if one["kind"] == "plan"]
        self.start("operator", *(["--resume", known[0]] if known else ["starter", *what, *small]), *machines)

    def lines(self) -> list[dict]:
        """All whole lines of the journal."""
        found = []
        for file in sorted((self.operator / "journal").rglob("*.jsonl")):
            for line in file.read_text("utf-8", "replace").splitlines():
                with contextlib.suppress(ValueError):
                    found.append(json.loads(line))
        return found

    def made(self) -> list[dict]:
        """The records of all steps that are made."""
        return [one for one in self.lines() if one["kind"] == "run" and one["status"] == "ok"]

    # ---- what goes wrong

    def fault(self) -> None:
        """Something goes wrong."""
        what = self.dice.choices(list(FAULTS), list(FAULTS.values()))[0]
        name = self.dice.choice(self.names)
        self.told.append(f"{what} {name}" if what in ("kill", "stop", "sleep") else what)
        if what == "kill":
            self.running[name].end()
            time.sleep(self.dice.uniform(0.0, 2.0))
            self.start(name)
        elif what in ("stop", "sleep"):
            self.running[name].send(signal.SIGSTOP)
            time.sleep(self.dice.uniform(*((0.2, 4.0) if what == "stop" else SLEEP_S)))
            self.running[name].send(signal.SIGCONT)
        else:
            if what == "end":
                self.running["operator"].send(signal.SIGTERM)
                if not self.running["operator"].wait(20):
                    raise RuntimeError("the operator does not end when it is asked to")
            if what in ("operator", "both"):
                self.running["operator"].end()
            if what in ("scheduler", "both"):
                self.kill_scheduler()
            time.sleep(self.dice.uniform(0.0, 1.0))
            if what in ("scheduler", "both"):
                self.start("scheduler")
            if what != "scheduler":
                self.learn()

    def kill_scheduler(self) -> None:
        """Whichever is there: the operator starts one of its own where none answers."""
        self.running["scheduler"].end()
        for one in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if any(
                    at.laddr and at.laddr.port == self.port and at.status == "LISTEN" for at in one.net_connections()
                ):
                    one.kill()

    # ---- all of it

    def run(self) -> str:
        """Everything; what is wrong at the end, "" for nothing."""
        self.learn()
        faults, quiet_since, began = self.dice.randint(1, 4), 0.0, time.monotonic()
        while len(self.made()) < STEPS:
            time.sleep(self.dice.uniform(0.5, 2.0))
            if faults:
                faults -= 1
                self.fault()
                quiet_since = time.monotonic()
            elif self.running["operator"].poll() is not None and len(self.made()) < STEPS:
                if wrong := self.said_nothing():
                    return wrong
                if self.starts["operator"] > MOST_RESUMES:
                    return f"not all made after {MOST_RESUMES} starts"
                if "scheduler" in self.running and self.running["scheduler"].poll() is not None and not self.listens():
                    self.start("scheduler")
                self.told.append("resume")
                self.learn()
            now = time.monotonic()
            if now - began > LIMIT_S and now - quiet_since > QUIET_S:
                return f"not all made in {LIMIT_S:.0f} s"
        if not self.running["operator"].wait(60):
            return "the operator does not end"
        return self.wrong()

    def listens(self) -> bool:
        """Whether there is a scheduler."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=2.0):
            return True
        return False

    def said_nothing(self) -> str:
        """The operator ended by itself without all pictures: it must say why."""
        said = self.running["operator"].told.read_text("utf-8", "replace")
        try:
            report = json.loads(said[said.index("{") :])
        except ValueError:
            return f"the operator ended with {self.running['operator'].code} and these words: {said[-300:]!r}"
        if not (report.get("errors") or report.get("error")):
            return "the operator ended without all pictures and without a reason"
        mistakes = [one for one in report.get("errors", ()) if "itself made a mistake" in one]
        return mistakes[0] if mistakes else ""

    def wrong(self) -> str:
        """What is lost, there twice, or not what its record says."""
        made = self.made()
        steps = Counter(one["learning"]["step_id"] for one in made)
        if len(steps) != STEPS:
            return f"{STEPS - len(steps)} steps lost"
        if twice := [step for step, count in steps.items() if count > 1]:
            return f"{len(twice)} steps twice"
        for one in made:
            record = msgspec.convert(one, LearningRecord)
            for output in record.outputs:
                file = Path(record.output_root, output.path)
                if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != output.sha256:
                    return f"wrong saved: {output.path} is not what its record says"
                if (found := pixel_hash(file.read_bytes())) != output.pixels or found != expected(record):
                    return f"wrong saved: {output.path} is the picture of other settings"
        return ""

    def close(self) -> None:
        """End all processes, and their children."""
        left = psutil.Process().children(recursive=True)
        for program in self.running.values():
            program.end()
        for one in left:
            with contextlib.suppress(psutil.Error):
                one.kill()


def expected(record: LearningRecord) -> str:
    """The digest of the picture that this engine makes of the recorded settings."""
    order = StageOrder(
        job_id=record.job_id, stage=record.stages[0], prompt=record.prompt, negative=record.negative,
        seed=record.seed, config=record.config,
    )  # fmt: skip
    return pixel_hash(Sketch().generate(order).images[0].data)


def one_schedule(number: int, args: argparse.Namespace) -> None:
    """A schedule in this process; a line in the state and one in the terminal."""
    root = Path(tempfile.mkdtemp(prefix=f"cluster-faults-{number}-"))
    began, told = time.monotonic(), list[str]()
    schedule = None
    try:
        schedule = Schedule(root, args.workers, random.Random(number))
        told = schedule.told
        wrong = schedule.run()
    except Exception as error:
        traceback.print_exc()
        wrong = f"{type(error).__name__}: {error}"
    finally:
        if schedule is not None:
            schedule.close()
    took = time.monotonic() - began
    words = f"{number}: {', '.join(told)} · {took:.0f} s · {wrong or 'all there, each once'}"
    print(words + (f"\n   kept: {root}" if wrong else ""), flush=True)
    with args.state.open("a", encoding="utf-8") as state:
        state.write(json.dumps({"seed": number, "told": told, "seconds": round(took, 1), "wrong": wrong}) + "\n")
    if not wrong:
        shutil.rmtree(root, ignore_errors=True)


def table(done: list[dict]) -> str:
    """What came of all schedules so far."""
    faults = Counter(word.split()[0] for one in done for word in one["told"])
    wrong = [one["wrong"] for one in done]
    ends = {
        "lost": sum("lost" in one for one in wrong),
        "twice": sum("twice" in one for one in wrong),
        "wrong saved": sum("wrong saved" in one for one in wrong),
        "else": sum(bool(one) and not any(word in one for word in ("lost", "twice", "wrong saved")) for one in wrong),
    }
    seconds = sorted(one["seconds"] for one in done) or [0.0]
    return "\n".join(
        (
            f"{len(done)} schedules of {STEPS} steps: " + ", ".join(f"{count} {name}" for name, count in ends.items()),
            "faults: " + ", ".join(f"{name} {count}" for name, count in faults.most_common()),
            f"seconds: middle {seconds[len(seconds) // 2]:.0f}, longest {seconds[-1]:.0f}",
        )
    )


def main() -> int:
    """Run the schedules that are not done yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--parallel", type=int, default=2)
    parser.add_argument("--state", type=Path, default=Path("cluster_faults.jsonl"))
    args = parser.parse_args()
    os.chdir(ROOT)
    args.state = args.state.absolute()

    def known() -> list[dict]:
        lines = args.state.read_text("utf-8").splitlines() if args.state.exists() else []
        return [json.loads(line) for line in lines if line]

    wanted = range(args.seed, args.seed + args.schedules)
    left = [number for number in wanted if number not in {one["seed"] for one in known()}]
    at_work: set[int] = set()
    while left or at_work:
        if left and len(at_work) < args.parallel:
            number = left.pop(0)
            if pid := os.fork():
                at_work.add(pid)
                continue
            try:
                one_schedule(number, args)
            finally:
                sys.stdout.flush()
                os._exit(0)
        at_work.discard(os.wait()[0])
    done = [one for one in known() if one["seed"] in wanted]
    print(table(done))
    return int(any(one["wrong"] for one in done))


if __name__ == "__main__":
    sys.exit(main())
