"""What is wrong with the screen is told in one sentence, with what to do."""

from __future__ import annotations

import subprocess
import sys

import pytest
from terminal import ROOT, ended, program

# Tk's library cannot be loaded: the loader's own words, or there is no Tk at all.
WITHOUT = """
import sys
words = sys.argv.pop(1)
class Missing:
    def find_spec(self, name, *_more):
        if name == "_tkinter":
            raise ImportError(words, name=name)
sys.meta_path.insert(0, Missing())
from stablenew_tk.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="DISPLAY of X11")
@pytest.mark.parametrize("words", [(), ("--selftest",)])
def test_a_display_that_does_not_answer_is_named(tmp_path, words):
    said = ended(program("--data-dir", tmp_path / "data", *words, DISPLAY=":4077"))
    assert said.code == 1
    assert "no display server answers at DISPLAY=':4077'" in said.err
    assert "mistake" not in said.err


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("libX11.so.6: cannot open shared object file: No such file or directory", "apt-get install libx11-6"),
        ("libtk8.6.so: cannot open shared object file: No such file or directory", "apt-get install libtk8.6"),
        ("No module named '_tkinter'", "apt-get install python3-tk"),
    ],
)
def test_a_library_that_is_missing_is_named_with_its_package(tmp_path, words, remedy):
    command = [sys.executable, "-c", WITHOUT, words, "--data-dir", str(tmp_path / "data"), "--selftest"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (said.returncode, remedy in said.stderr, "mistake" in said.stderr) == (1, True, False), said.stderr
