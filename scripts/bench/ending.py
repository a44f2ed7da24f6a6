"""How long window and terminal take to end once they are asked to, whatever the server does.

    python scripts/bench/ending.py [--tries 30] [--seed 1] [--only STATE] [--ahead]

Each try is a process of its own on a folder of its own, asked to end by SIGINT, SIGTERM or SIGHUP in turn, at a moment
of chance within the state. Prints a line per state: tries, median, 99th percentile, longest, in seconds of wall time
from the signal to the end of the process, and one over all; beside them the longest in seconds of processor time, which
does not depend on what else the machine has to do. `--ahead` (as root) puts a process before all others from the signal
on, so that a busy machine measures like an idle one. Exit code 1 when a 99th percentile is above 2 s, a process
had to be killed, a job that ran left no record that it was cancelled, or the journal was damaged.
Needs a display: xvfb-run -s "-screen 0 1920x1200x24" python scripts/bench/ending.py
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "scripts" / "bench"))
sys.path.insert(0, str(ROOT))

from fake_webui import FakeWebUI  # noqa: E402 - found only after the lines above
from journal import a_record  # noqa: E402
from msgspec import Struct, json  # noqa: E402
from PIL import Image, PngImagePlugin  # noqa: E402
from whole_app import request  # noqa: E402

from stablenew_tk.__main__ import run  # noqa: E402
from stablenew_tk.app.controller import Controller  # noqa: E402
from stablenew_tk.domain.config.user_settings import Machine, Settings  # noqa: E402
from stablenew_tk.gui import window as window_module  # noqa: E402
from stablenew_tk.pipeline.messages.backups import MakeBackup  # noqa: E402
from stablenew_tk.storage.journal.reader import recent, verify  # noqa: E402
from stablenew_tk.storage.journal.segments import segment_path, with_crc  # noqa: E402
from stablenew_tk.storage.settings import save_settings  # noqa: E402

LIMIT_S, KILL_S, READY_S = 2.0, 20.0, 120.0
PROGRAM = (sys.executable, "-m", "stablenew_tk")
PACK = "a crane\n\na street\n"
TINY = ("--set", "txt2img.width=64", "--set", "txt2img.height=64", "--seeds", "20")
LINES, PICTURES = 30_000, 2_000
AHEAD = -15

Start = Callable[[FakeWebUI, Path], tuple[str, ...]]
Ready = Callable[[FakeWebUI, Path], bool]


# ---- how it is started


def window(server: FakeWebUI, folder: Path) -> tuple[str, ...]:
    """The window with this server in force."""
    save_settings(folder / "data" / "settings.json", Settings(backend=server.url, welcome_done=True))
    return (*PROGRAM, "--data-dir", str(folder / "data"))


def driven(step: str, **changes: object) -> Start:
    """The window, brought into a state as if somebody had clicked; `ready` is made in its folder then."""

    def start(server: FakeWebUI, folder: Path) -> tuple[str, ...]:
        known = {"backend": server.url, "welcome_done": True} | changes
        if step == "backup":
            (folder / "data" / "journal").mkdir(parents=True)
            shutil.copy(large_journal(), segment_path(folder / "data" / "journal", 1))
        save_settings(folder / "data" / "settings.json", Settings(**known))  # type: ignore[arg-type]
        return (sys.executable, __file__, "--driven", step, str(folder))

    return start


def terminal(server: FakeWebUI, folder: Path) -> tuple[str, ...]:
    """A run in the terminal."""
    pack = folder / "two.txt"
    pack.write_text(PACK, encoding="utf-8")
    words = ("run", str(pack), "--backend", server.url, "--data-dir", str(folder / "data"), "--json")
    return (*PROGRAM, *words, *TINY)


def no_cluster(_server: FakeWebUI, folder: Path) -> tuple[str, ...]:
    """A run in the terminal on a machine of a cluster that is not there."""
    return (*terminal(_server, folder)[:6], "cluster:away", "--data-dir", str(folder / "data"), "--json", *TINY)


def command(*words: str) -> Start:
    """A command of the terminal on a large journal; FOLDER in it is the folder of the try."""

    def start(_server: FakeWebUI, folder: Path) -> tuple[str, ...]:
        (folder / "data" / "journal").mkdir(parents=True)
        shutil.copy(large_journal(), segment_path(folder / "data" / "journal", 1))
        shutil.copytree(many_pictures(), folder / "data" / "outputs")
        return (*PROGRAM, *(word.replace("FOLDER", str(folder)) for word in words), "--data-dir", str(folder / "data"))

    return start


def damaged(*words: str) -> Start:
    """The same with a line in ten that is damaged."""
    begin = command(*words)

    def start(server: FakeWebUI, folder: Path) -> tuple[str, ...]:
        ready = begin(server, folder)
        segment = segment_path(folder / "data" / "journal", 1)
        lines = segment.read_bytes().split(b"\n")
        segment.write_bytes(b"\n".join(line[:-9] if not place % 10 else line for place, line in enumerate(lines)))
        return ready

    return start


@cache
def room() -> Path:
    """A folder for what all tries begin with; `main` removes it."""
    return Path(tempfile.mkdtemp())


@cache
def large_journal() -> Path:
    """A segment of 30,000 records."""
    path = room() / "large.jsonl"
    with path.open("wb") as file:
        for number in range(LINES):
            file.write(with_crc(json.encode(a_record(number))) + b"\n")
    return path


@cache
def many_pictures() -> Path:
    """A folder of 2,000 pictures that no record names."""
    folder = room() / "outputs" / "2026-01-01" / "120000-boats" / "txt2img"
    folder.mkdir(parents=True)
    for number in range(PICTURES):
        told = PngImagePlugin.PngInfo()
        told.add_text("parameters", f"a boat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: {number}, Size: 32x32")
        Image.new("RGB", (32, 32), (number % 256, number // 256, 9)).save(folder / f"{number:03d}_x.png", pnginfo=told)
    return room() / "outputs"


# ---- what is wrong with the server


def everything_hangs(server: FakeWebUI) -> None:
    """No request is ever answered."""
    server.fault("hang", route="*", times=9999)


def picture_hangs(server: FakeWebUI) -> None:
    """Neither the picture nor the progress ever comes."""
    server.fault("hang", times=99)
    progress_hangs(server)


def only_picture_hangs(server: FakeWebUI) -> None:
    """The picture never comes, and the progress is told."""
    server.fault("hang", times=99)


def progress_hangs(server: FakeWebUI) -> None:
    """The progress never comes."""
    server.fault("hang", route="/sdapi/v1/progress", nth=2, times=999)


def answers(_server: FakeWebUI) -> None:
    """A server that is well."""


# ---- when the state is reached


def is_there(_server: FakeWebUI, _folder: Path) -> bool:
    """At once: the program is still starting."""
    return True


def has_asked(server: FakeWebUI, _folder: Path) -> bool:
    """The first request has come."""
    return bool(server.gets)


def makes_picture(server: FakeWebUI, _folder: Path) -> bool:
    """The first picture is asked for."""
    return server.count("txt2img") > 0


def is_driven(_server: FakeWebUI, folder: Path) -> bool:
    """The driven window has said so."""
    return (folder / "ready").exists()


class State(Struct, frozen=True):
    """How it is started, what is wrong with the server, when the state is reached, seconds of chance after that, and
    whether a job runs in it; `large`: on the large journal, which no program wrote.
    """

    start: Start
    fault: Callable[[FakeWebUI], None]
    ready: Ready
    chance_s: float
    runs: bool = False
    large: bool = False


CLUSTER = {"machines": (Machine("cluster:away"),)}
STATES: Mapping[str, State] = {
    "window, starting": State(window, answers, is_there, 2.0),
    "window, idle": State(window, answers, has_asked, 1.5),
    "window, every request hangs": State(window, everything_hangs, has_asked, 1.5),
    "window, wizard open": State(driven("wizard"), answers, is_driven, 1.0),
    "window, picture hangs": State(driven("run"), only_picture_hangs, makes_picture, 1.0, True),
    "window, progress hangs": State(driven("run"), progress_hangs, makes_picture, 1.0),
    "window, picture and progress hang": State(driven("run"), picture_hangs, makes_picture, 1.0, True),
    "window, making a backup": State(driven("backup"), answers, is_driven, 0.3, large=True),
    "window, cluster away": State(driven("run", **CLUSTER), only_picture_hangs, makes_picture, 1.0, True),
    "terminal, starting": State(terminal, answers, is_there, 1.0),
    "terminal, running": State(terminal, answers, makes_picture, 0.5),
    "terminal, every request hangs": State(terminal, everything_hangs, has_asked, 0.5),
    "terminal, picture hangs": State(terminal, only_picture_hangs, makes_picture, 0.5, True),
    "terminal, picture and progress hang": State(terminal, picture_hangs, makes_picture, 0.5, True),
    "terminal, cluster away": State(no_cluster, answers, is_there, 2.0),
    "records export": State(
        command("records", "export", "--merged", "--to", "FOLDER/x.jsonl"), answers, is_there, 2.0, large=True
    ),
    "records backup": State(command("records", "backup"), answers, is_there, 1.0, large=True),
    "records verify": State(command("records", "verify"), answers, is_there, 1.0, large=True),
    "records rebuild": State(command("records", "rebuild"), answers, is_there, 2.0, large=True),
    "records xmp": State(command("records", "xmp"), answers, is_there, 2.0, large=True),
    "records repair": State(damaged("records", "repair"), answers, is_there, 1.5, large=True),
}
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Found(Struct, frozen=True):
    """Seconds from the signal to the end (infinite when it had to be killed), those of the processor among them, what
    was wrong afterwards.
    """

    seconds: float
    busy_s: float = 0.0
    wrong: str = ""


def one(state: State, how: str, dice: random.Random, *, ahead: bool) -> Found | None:
    """One try; None when the program had ended by itself before."""
    with tempfile.TemporaryDirectory() as name, FakeWebUI() as server:
        folder = Path(name)
        state.fault(server)
        words = state.start(server, folder)
        run = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + READY_S
            while not state.ready(server, folder) and run.poll() is None and time.monotonic() < end:
                time.sleep(0.005)
            time.sleep(dice.random() * state.chance_s)
            if run.poll() is not None:
                return None
            if ahead:
                for thread in Path(f"/proc/{run.pid}/task").iterdir():
                    os.setpriority(os.PRIO_PROCESS, int(thread.name), AHEAD)
            before, asked = busy_s(run.pid), time.monotonic()
            run.send_signal(getattr(signal, how))
            after = before
            while run.poll() is None and time.monotonic() < asked + KILL_S:
                after = busy_s(run.pid) or after
                time.sleep(0.002)
            took = time.monotonic() - asked
            if run.poll() is None:
                return Found(float("inf"), wrong="had to be killed")
            return Found(took, after - before, wrong(state, folder / "data" / "journal"))
        finally:
            run.kill()
            run.wait()


def busy_s(pid: int) -> float:
    """Processor time that a process has had, 0 where the system does not tell it in this way."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wrong(state: State, journal: Path) -> str:
    """What the journal has and should not have, or should have and has not."""
    if state.runs and not any(folded.record.status == "cancelled" for folded in recent(journal, 99)):
        return "no record of the job that was cancelled"
    found = verify(journal)
    return "lines are missing" if found.gaps and not state.large else ""


def drive(step: str, folder: Path) -> None:
    """Open the window as the program does, bring it into the state, and stay."""

    class Driven(window_module.Window):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)  # type: ignore[arg-type]
            self.after(50, self.go_on)

        def go_on(self) -> None:
            controller: Controller = self.controller
            if controller.history is None or controller.capabilities is None:
                self.after(50, self.go_on)
                return
            if step == "wizard":
                self.show("learn")
                self.page("learn").new_run()  # type: ignore[attr-defined]
            elif step == "run":
                controller.run(request(3))
            else:
                controller.ask(MakeBackup())
            (folder / "ready").touch()

    window_module.Window = Driven  # type: ignore[misc]
    sys.argv = ["stablenew", "--data-dir", str(folder / "data")]
    run()


def main(arguments: list[str]) -> int:
    """Measure; 1 when something took too long."""
    parser = argparse.ArgumentParser(description="How long ending takes.")
    parser.add_argument("--tries", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], metavar="STATE")
    parser.add_argument("--ahead", action="store_true", help="put what ends before all other processes (as root)")
    parser.add_argument("--driven", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.driven:
        drive(asked.driven[0], Path(asked.driven[1]))
    # What is started by a shell in the background ignores these, and so would all its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    dice, bad = random.Random(asked.seed), False
    overall: list[Found] = []
    try:
        for name in asked.only or STATES:
            tries = [
                one(STATES[name], SIGNALS[number % len(SIGNALS)], dice, ahead=asked.ahead)
                for number in range(asked.tries)
            ]
            known = [found for found in tries if found is not None]
            overall += known
            bad |= told(name, known)
            for found in known:
                if found.wrong:
                    bad = True
                    print(f"{name}: {found.wrong}")
        bad |= told("all", overall)
    finally:
        shutil.rmtree(room())
    return int(bad)


def told(name: str, found: list[Found]) -> bool:
    """Print the figures of a state; whether they are bad."""
    known = sorted(one.seconds for one in found)
    if not known:
        print(f"{name}: had always ended by itself")
        return False
    late = known[min(len(known) - 1, int(len(known) * 0.99))]
    figures = f"median {known[len(known) // 2]:.2f}, p99 {late:.2f}, longest {known[-1]:.2f}"
    figures += f", of the processor {max(one.busy_s for one in found):.2f}"
    print(f"{name}: {len(known)} tries, {figures}", flush=True)
    return late > LIMIT_S


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
