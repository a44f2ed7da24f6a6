"""A command imports what it needs: counted in modules, because seconds say more about the machine."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from conftest import PATIENCE_S
from terminal import ROOT, Terminal

# Libraries that take long to import, and what they are for.
HEAVY = ("tkinter", "customtkinter", "requests", "watchdog", "PIL", "filelock", "hypothesis")
TOLD = """
import atexit, json, sys
def tell():
    found = sorted(sys.modules)
    sys.stderr.write("\\nMODULES " + json.dumps(found))
atexit.register(tell)
sys.argv = ["stablenew", *sys.argv[1:]]
from stablenew_tk.cli import main
sys.exit(main())
"""


def imported(*words):
    done = subprocess.run(
        [sys.executable, "-c", TOLD, *words], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stderr.rpartition("MODULES ")[2])


@pytest.fixture
def image(tmp_path, capsys):
    return Terminal(tmp_path, capsys).run()["images"][0]["image_id"]


@pytest.mark.parametrize(
    ("words", "most"),
    [
        (("--version",), 15),
        (("--help",), 15),
        (("packs", "check", "starter"), 65),
        (("records", "show"), 60),
        (("rate", "IMAGE", "4"), 80),
    ],
    ids=lambda part: part[0] if isinstance(part, tuple) else "",
)
def test_a_command_imports_what_it_needs(tmp_path, image, words, most):
    called = [image if word == "IMAGE" else word for word in words]
    modules = imported(*called, *(() if words[0].startswith("-") else ("--data-dir", str(tmp_path / "data"))))
    own = [name for name in modules if name.startswith("stablenew_tk")]
    assert len(own) <= most, own
    assert [name for name in HEAVY if name in modules] == []
