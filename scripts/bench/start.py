"""What starting costs: terminal commands beside bare Python, the window beside a bare customtkinter window.

Prints one JSON document. Every figure is the least CPU time (user and system) of several fresh processes, in ms, and
its ratio to the peer in the same run. The window counts until its first page is painted.

    xvfb-run -a -s "-screen 0 1280x800x24" .venv/bin/python scripts/bench/start.py [repeats]
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

BARE_WINDOW = """
import customtkinter
window = customtkinter.CTk()
window.geometry("1280x800")
customtkinter.CTkLabel(window, text="Hello").pack()
window.update()
"""
WINDOW = """
import sys
from stablenew_tk.app.controller import Controller, open_places
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.gui.window import Window
settings = Settings(appearance="dark", welcome_done=True, geometry="1280x800+0+0")
window = Window(Controller(open_places(sys.argv[1]), settings))
window.update()
import os
os._exit(0)
"""


def spent(command: list[str]) -> float:
    """CPU ms of one process and what it waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def main(repeats: int) -> None:
    """All commands in turn, as often as is asked for."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        ours = [python, "-m", "stablenew_tk", "--data-dir", folder]
        tiny = ["--set", "txt2img.width=64", "--set", "txt2img.height=64", "--set", "txt2img.steps=2"]
        made = subprocess.run([*ours, "run", "starter", *tiny, "--json"], cwd=ROOT, capture_output=True, check=True)
        image = json.loads(made.stdout)["images"][0]["image_id"]
        commands = {
            "bare python": [python, "-c", "pass"],
            "--version": [python, "-m", "stablenew_tk", "--version"],
            "--help": [python, "-m", "stablenew_tk", "--help"],
            "rate": [*ours, "rate", image, "4"],
            "records show": [*ours, "records", "show"],
            "packs check": [*ours, "packs", "check", "starter"],
            "bare window": [python, "-c", BARE_WINDOW],
            "window": [python, "-c", WINDOW, folder],
        }
        least = {name: float("inf") for name in commands}
        for _ in range(repeats):
            for name, command in commands.items():
                least[name] = min(least[name], spent(command))
    ratios = {name: round(value / least["bare python"], 1) for name, value in least.items() if "window" not in name}
    ratios["window by bare window"] = round(least["window"] / least["bare window"], 2)
    print(json.dumps({"cpu_ms": {name: round(value) for name, value in least.items()}, "ratios": ratios}, indent=2))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
