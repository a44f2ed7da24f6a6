"""What is wrong with the screen is told in one sentence, with what to do."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import PATIENCE_S
from terminal import ROOT, ended, program

from stablenew_tk.commands.calling import PROBE, SELFTEST
from stablenew_tk.commands.inner_start import Said, start_inside
from stablenew_tk.gui.display_server import hangs

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
@pytest.mark.parametrize("words", [(), ("--selftest",), ("doctor",)])
def test_a_display_that_is_not_there_is_named(tmp_path, words):
    said = ended(program("--data-dir", tmp_path / "data", *words, DISPLAY=":4077"))
    assert said.code == 1
    told = said.out if words == ("doctor",) else said.err
    assert "no display server answers at DISPLAY=':4077'" in told
    assert "mistake" not in said.out + said.err
    if words == ("--selftest",):
        assert (said.json["ok"], said.json["problem"] in said.err) == (False, True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="DISPLAY of X11")
def test_a_display_that_hangs_is_told_from_one_that_answers_and_one_that_is_not_there():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 6000 + 977))
        assert not hangs("127.0.0.1:977.0")
        silent.listen()
        assert hangs("127.0.0.1:977.0", limit_s=0.1)
    assert not hangs(os.environ["DISPLAY"])
    assert not hangs("nonsense")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="DISPLAY of X11")
def test_an_inner_program_whose_screen_hangs_later_is_ended(monkeypatch):
    with socket.socket() as server, ThreadPoolExecutor(1) as visitors:
        server.bind(("127.0.0.1", 6000 + 978))
        server.listen()

        def let_in():
            # The first one asks whether anybody answers; the second one is Tk, and gets no word.
            with server.accept()[0] as first:
                first.sendall(b"\0")
            return server.accept()[0]

        silent = visitors.submit(let_in)
        monkeypatch.setenv("DISPLAY", "127.0.0.1:978")
        said = start_inside(1.0, PROBE)
        silent.result(60).close()
    assert (said.code, "did not answer in time" in said.why) == (None, True)


def test_an_inner_program_that_hangs_or_is_torn_down_is_told():
    late = Said(None, "", "")
    assert "did not answer in time" in late.why
    assert Said(-6, "", "libfontconfig: no fonts\n\n").why.endswith(
        "ended by SIGABRT. It said: libfontconfig: no fonts"
    )
    assert Said(1, "", "noise\nThe reason.\n").why == "The reason."
    assert Said(None, "", "Fontconfig error: no file\n").why.endswith("did not answer in time.")
    gone = 'XIO:  fatal IO error 11 (Resource temporarily unavailable) on X server ":6"\n      after 30 requests.\n'
    assert "the display server ended" in Said(1, "", gone).why


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="nobody can make a folder in /proc")
def test_a_data_folder_that_cannot_be_made_is_a_sentence_and_no_window():
    said = ended(program("--data-dir", "/proc/stablenew", DISPLAY=os.environ["DISPLAY"]))
    assert said.code == 1
    assert said.err.count("\n") == 1
    assert "cannot be made (No such file or directory). Choose another with --data-dir" in said.err


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("libX11.so.6: cannot open shared object file: No such file or directory", "apt-get install libx11-6"),
        ("libtk8.6.so: cannot open shared object file: No such file or directory", "apt-get install libtk8.6"),
        ("No module named '_tkinter'", "apt-get install python3-tk"),
    ],
)
def test_a_library_that_is_missing_is_named_with_its_package(tmp_path, words, remedy):
    command = [sys.executable, "-c", WITHOUT, words, "--data-dir", str(tmp_path / "data")]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (said.returncode, remedy in said.stderr, "mistake" in said.stderr) == (1, True, False), said.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="where fontconfig is")
def test_without_any_font_the_window_opens_with_the_one_that_it_brings_along_and_asks_no_desktop(tmp_path, monkeypatch):
    (tmp_path / "fonts.conf").write_text("<fontconfig><dir>/nowhere</dir></fontconfig>")
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))
    # The program that tells the desktop's mode leaves a file in the user's cache.
    (tmp_path / "gsettings").write_text(f'#!/bin/sh\ntouch "{tmp_path}/asked"\n')
    (tmp_path / "gsettings").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    said = start_inside(60.0, PROBE)
    assert (said.code, json.loads(said.out)["fonts"]) == (0, 0), said.err
    assert not (tmp_path / "asked").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="GDK_SCALE of X11's desktops")
def test_the_selftest_passes_where_everything_is_drawn_large(tmp_path):
    said = ended(program("--data-dir", tmp_path, SELFTEST, DISPLAY=os.environ["DISPLAY"], GDK_SCALE="2"))
    assert (said.code, said.json["problem"]) == (0, ""), said.err
