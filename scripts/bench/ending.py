"""How long window and terminal take to end once they are asked to, whatever the server does.

    python scripts/bench/ending.py [--tries 30] [--seed 1] [--only STATE]

Each try is a process of its own on a folder of its own, asked to end by SIGINT, SIGTERM or SIGHUP in turn, at a moment
of chance within the state. Prints a line per state: tries, median, 99th percentile, longest, in seconds of wall time
from the signal to the end of the process. Exit code 1 when a 99th percentile is above 2 s, or a process had to be
killed. Needs a display: xvfb-run -s "-screen 0 1920x1200x24" python scripts/bench/ending.py
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT))

from fake_webui import FakeWebUI  # noqa: E402 - found only after the lines above

from stablenew_tk.domain.config.user_settings import Settings  # noqa: E402
from stablenew_tk.storage.settings import save_settings  # noqa: E402

LIMIT_S, KILL_S, READY_S = 2.0, 20.0, 120.0
PROGRAM = (sys.executable, "-m", "stablenew_tk")
PACK = "a crane\n\na street\n"
TINY = ("--set", "txt2img.width=64", "--set", "txt2img.height=64", "--seeds", "20")

Ready = Callable[[FakeWebUI, subprocess.Popen], bool]


def window(server: FakeWebUI, folder: Path) -> tuple[str, ...]:
    """The window with this server in force."""
    save_settings(folder / "settings.json", Settings(backend=server.url, welcome_done=True))
    return ("--data-dir", str(folder))


def terminal(server: FakeWebUI, folder: Path) -> tuple[str, ...]:
    """A run in the terminal."""
    pack = folder / "two.txt"
    pack.write_text(PACK, encoding="utf-8")
    return ("run", str(pack), "--backend", server.url, "--data-dir", str(folder / "data"), "--json", *TINY)


def everything_hangs(server: FakeWebUI) -> None:
    """No request is ever answered."""
    server.fault("hang", route="*", times=9999)


def picture_hangs(server: FakeWebUI) -> None:
    """Neither the picture nor the progress ever comes."""
    server.fault("hang", times=99)
    server.fault("hang", route="/sdapi/v1/progress", nth=2, times=999)


def answers(_server: FakeWebUI) -> None:
    """A server that is well."""


def is_there(_server: FakeWebUI, _run: subprocess.Popen) -> bool:
    """At once: the program is still starting."""
    return True


def has_asked(server: FakeWebUI, _run: subprocess.Popen) -> bool:
    """The first request has come."""
    return bool(server.gets)


def makes_picture(server: FakeWebUI, _run: subprocess.Popen) -> bool:
    """The first picture is asked for."""
    return server.count("txt2img") > 0


# name: how it is started, what is wrong with the server, when the state is reached, seconds of chance after that
STATES: dict[str, tuple[Callable, Callable, Ready, float]] = {
    "window, starting": (window, answers, is_there, 2.0),
    "window, idle": (window, answers, has_asked, 1.5),
    "window, every request hangs": (window, everything_hangs, has_asked, 1.5),
    "terminal, starting": (terminal, answers, is_there, 1.0),
    "terminal, running": (terminal, answers, makes_picture, 0.5),
    "terminal, every request hangs": (terminal, everything_hangs, has_asked, 0.5),
    "terminal, picture and progress hang": (terminal, picture_hangs, makes_picture, 0.5),
}
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


def one(state: str, how: str, dice: random.Random) -> float | None:
    """Seconds from the signal to the end; infinite when it had to be killed, None when it had ended before."""
    start, fault, ready, chance_s = STATES[state]
    with tempfile.TemporaryDirectory() as name, FakeWebUI() as server:
        fault(server)
        words = (*PROGRAM, *start(server, Path(name)))
        run = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + READY_S
            while not ready(server, run) and run.poll() is None and time.monotonic() < end:
                time.sleep(0.005)
            time.sleep(dice.random() * chance_s)
            if run.poll() is not None:
                return None
            asked = time.monotonic()
            run.send_signal(getattr(signal, how))
            run.wait(KILL_S)
            return time.monotonic() - asked
        except subprocess.TimeoutExpired:
            return float("inf")
        finally:
            run.kill()
            run.wait()


def main(arguments: list[str]) -> int:
    """Measure; 1 when something took too long."""
    parser = argparse.ArgumentParser(description="How long ending takes.")
    parser.add_argument("--tries", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], metavar="STATE")
    asked = parser.parse_args(arguments)
    dice, bad = random.Random(asked.seed), False
    for state in asked.only or STATES:
        taken = [one(state, SIGNALS[number % len(SIGNALS)], dice) for number in range(asked.tries)]
        known = sorted(seconds for seconds in taken if seconds is not None)
        if not known:
            print(f"{state}: had always ended by itself")
            continue
        late = known[min(len(known) - 1, int(len(known) * 0.99))]
        bad |= late > LIMIT_S
        figures = f"median {known[len(known) // 2]:.2f}, p99 {late:.2f}, longest {known[-1]:.2f}"
        print(f"{state}: {len(known)} tries, {figures}", flush=True)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
