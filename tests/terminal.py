"""The command line in tests: in this process, or as a program of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from conftest import PATIENCE_S

from stablenew_tk.cli import main

ROOT = Path(__file__).parents[1]
TINY = tuple(word for name in ("width", "height") for word in ("--set", f"txt2img.{name}=64"))
FEW = (*TINY, "--set", "txt2img.steps=4")
PACK = "name: Boat\na red boat\nneg: blur\n\nname: Tram\nan old tram\n"


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Terminal:
    """`stablenew` with one data folder. `pack` is a pack of two prompts."""

    def __init__(self, folder, capsys):
        self.data, self.capsys = folder / "data", capsys
        self.journal, self.outputs = self.data / "journal", self.data / "outputs"
        self.pack = folder / "two.txt"
        self.pack.write_text(PACK)

    def __call__(self, *words):
        self.capsys.readouterr()
        try:
            code = main(["--data-dir", str(self.data), *map(str, words)])
        except SystemExit as stop:
            code = stop.code
        return Said(code, *self.capsys.readouterr())

    def run(self, *words):
        """Make the pack in small; gives the report."""
        return self("run", self.pack, "--json", *FEW, *words).json

    def shown(self, *words):
        return self("records", "show", "--json", *words).json["records"]

    def verified(self):
        return self("records", "verify", "--json")

    def damage(self, line):
        """Change one letter in the given line (counted from 1) of the first segment."""
        path = sorted(self.journal.glob("*.jsonl"))[0]
        lines = path.read_bytes().split(b"\n")
        lines[line - 1] = lines[line - 1].replace(b"a red boat", b"a bed boat").replace(b"old tram", b"odd tram")
        path.write_bytes(b"\n".join(lines))
        return path.name


def program(*words, **surroundings):
    """Start `python -m stablenew_tk` with its streams in pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", "stablenew_tk", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "DISPLAY"} | surroundings,
    )


def ended(process, timeout_s=PATIENCE_S):
    out, err = process.communicate(timeout=timeout_s)
    return Said(process.returncode, out, err)
