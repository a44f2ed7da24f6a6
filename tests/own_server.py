"""A server of the user's own: a small script, started with a command, that behaves as it is told."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from contextlib import suppress
from pathlib import Path

# It notes its id, does what its words say, and then waits for its end.
SCRIPT = """
import os, signal, subprocess, sys, time
from pathlib import Path

here = Path(__file__).parent
with (here / "pids").open("a") as pids:
    print(os.getpid(), file=pids)
words = sys.argv[1:]
while words:
    word, more = words.pop(0), ""
    if "=" in word:
        word, more = word.split("=", 1)
    if word == "say":
        print(more, flush=True)
    elif word == "quietly":
        print(more)
    elif word == "count":
        for number in range(int(more)):
            print("line", number)
        sys.stdout.flush()
    elif word == "colour":
        print("\\x1b[1;31m" + more + "\\x1b[0m", flush=True)
    elif word == "error":
        print(more, file=sys.stderr, flush=True)
    elif word == "exit":
        sys.exit(int(more))
    elif word == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("stubborn", flush=True)
    elif word == "child":
        subprocess.Popen([sys.executable, __file__, "say=child is here", *words])
        break
    elif word == "leave-child":
        subprocess.Popen([sys.executable, __file__, "say=child is here"])
        sys.exit(0)
    elif word == "serve":
        sys.path.insert(0, more)
        from fake_webui import FakeWebUI
        server = FakeWebUI(port=int(words.pop(0)))
        server.ready = server.extensions = False
        server.start()
        print("listening", flush=True)
        while not (here / "nearly").exists():
            time.sleep(0.01)
        server.ready = True
        while not (here / "ready").exists():
            time.sleep(0.01)
        server.extensions = True
        print("ready", flush=True)
while True:
    time.sleep(0.05)
"""


class OwnScript:
    """The script in a folder. `command(*words)` starts it; `alive()` are the processes that still run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "server.py").write_text(SCRIPT)

    def command(self, *words: str) -> str:
        return shlex.join([sys.executable, "server.py", *words])

    def pids(self) -> list[int]:
        """Every process that ever ran it."""
        try:
            return [int(line) for line in (self.folder / "pids").read_text().split()]
        except FileNotFoundError:
            return []

    def alive(self) -> list[int]:
        return [pid for pid in self.pids() if runs(pid)]

    def end(self) -> None:
        """End what a test has left running."""
        for pid in self.alive():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def runs(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"
