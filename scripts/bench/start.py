"""What starting costs: terminal commands beside bare Python, the window beside a bare customtkinter window.

Prints one JSON document. Every figure is the least CPU time (user and system, all threads) of several fresh processes
in turn, in ms, and its ratio to the peer in the same run. The whole program is started without arguments: `frame`
counts until its window is painted for the first time, that is: no event of a window and no idle work is left; `page`
until its first page is, too; `settled` until everything is done that was put off: all pages imported, the journal read,
the threads idle. Bytecode is written before the first measured run, into a folder of its own. ONLY=window in the
environment measures the windows alone.

    xvfb-run -a -s "-screen 0 1280x800x24" .venv/bin/python scripts/bench/start.py [repeats]
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PAINT = """
import os
def paint(window):
    drawing = 2 | 4 | 32  # what is there now of windows and of idle work: no timers
    while window.tk.dooneevent(drawing) or (window.winfo_pointerx(), window.tk.dooneevent(drawing))[1]:
        pass
"""
BARE_WINDOW = (
    PAINT
    + """
import customtkinter
window = customtkinter.CTk()
window.geometry("1280x800")
customtkinter.CTkLabel(window, text="Hello").pack()
paint(window)
os._exit(0)
"""
)
START = """
import sys, tkinter
tkinter.Misc.mainloop = until
sys.argv = ["stablenew", "--data-dir", sys.argv[1]]
from stablenew_tk.__main__ import run
run()
"""
FRAME = (
    PAINT
    + """
def until(window, n=0):
    paint(window)
    os._exit(0)
"""
    + START
)
PAGE = (
    PAINT
    + """
def until(window, n=0):
    while not window.body.winfo_children():
        window.tk.dooneevent(0)
    paint(window)
    os._exit(0)
"""
    + START
)
SETTLED = (
    """
import os, time
def until(window, n=0):
    end = time.monotonic() + 8
    while time.monotonic() < end:
        window.update()
        time.sleep(0.02)
    os._exit(0)
"""
    + START
)


def spent(command: list[str], environ: dict[str, str]) -> float:
    """CPU ms of one process and what it waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, check=True, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def main(repeats: int) -> None:
    """All commands in turn, as often as is asked for."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as bytecode:
        environ = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONPATH": str(ROOT)}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        ours = [python, "-m", "stablenew_tk", "--data-dir", folder]
        tiny = ["--set", "txt2img.width=64", "--set", "txt2img.height=64", "--set", "txt2img.steps=2"]
        made = subprocess.run(
            [*ours, "run", "starter", *tiny, "--json"], cwd=ROOT, env=environ, capture_output=True, check=True
        )
        image = json.loads(made.stdout)["images"][0]["image_id"]
        settings = Path(folder) / "settings.json"
        settings.write_text('{"welcome_done": true, "appearance": "dark", "geometry": "1280x800+0+0"}', "utf-8")
        commands = {
            "bare python": [python, "-c", "pass"],
            "--version": [python, "-m", "stablenew_tk", "--version"],
            "--help": [python, "-m", "stablenew_tk", "--help"],
            "rate": [*ours, "rate", image, "4"],
            "records show": [*ours, "records", "show"],
            "packs check": [*ours, "packs", "check", "starter"],
            "bare window": [python, "-c", BARE_WINDOW],
            "window, frame": [python, "-c", FRAME, folder],
            "window, page": [python, "-c", PAGE, folder],
            "window, settled": [python, "-c", SETTLED, folder],
        }
        only = os.environ.get("ONLY", "")
        commands = {name: command for name, command in commands.items() if not only or only in name or "bare" in name}
        for command in commands.values():
            spent(command, environ)
        least = {name: float("inf") for name in commands}
        for turn in range(repeats):
            for name, command in commands.items():
                if turn < 3 or "settled" not in name:
                    least[name] = min(least[name], spent(command, environ))
    ratios = {
        name: round(value / least["bare window" if "window" in name else "bare python"], 2)
        for name, value in least.items()
        if "bare" not in name
    }
    print(json.dumps({"cpu_ms": {name: round(value) for name, value in least.items()}, "ratios": ratios}, indent=2))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
