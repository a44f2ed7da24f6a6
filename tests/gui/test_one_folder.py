"""One start of the real window: what it imports before its first page is drawn, and what it leaves on the disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PATIENCE_S
from terminal import ROOT

# The real window, closed as soon as its first page is in sight. It tells what was imported for the frame and for both.
PROGRAM = """
import json, logging, sys, tkinter
def closed_at_once(frame, n=0):
    frame.update_idletasks()
    told = [sorted(sys.modules)]
    while not frame.body.winfo_children():
        frame.tk.dooneevent(0)
    print(json.dumps([*told, sorted(sys.modules)]))
    frame.update()
    for line in sys.argv[2:]:
        logging.getLogger("test").warning(line)
    frame.tk.call(frame.protocol("WM_DELETE_WINDOW"))
    frame.update()
tkinter.Misc.mainloop = closed_at_once
from stablenew_tk.cli import main
sys.exit(main(["--data-dir", sys.argv[1]]))
"""
# Caches of fonts that have yet to be made: the system's, which an administrator may write, and that of a user.
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><cachedir>{system}</cachedir><cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>"""


# What threads and other pages need, and the rest of customtkinter with its widgets.
LATER = (
    "requests",
    "watchdog",
    "rich",
    "filelock",
    "send2trash",
    "tkinterdnd2",
    "customtkinter.windows.ctk_toplevel",
)


def started(data, *lines, **variables):
    """The real window, opened and closed; it logs these lines meanwhile."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(data), *lines],
        cwd=ROOT,
        env=environ | variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """The folders of home and data after a start, and the modules that were there when the frame and the page were."""
    folder = tmp_path_factory.mktemp("start")
    home, data, fonts = folder / "home", folder / "data", folder / "fonts.conf"
    home.mkdir()
    data.mkdir()
    (data / "settings.json").write_text('{"welcome_done": true}')
    fonts.write_text(FONTS.format(system=folder / "home" / "system"))
    done = started(data, HOME=str(home), FONTCONFIG_FILE=str(fonts))
    return home, data, json.loads(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="where fontconfig is")
def test_a_window_with_its_own_folder_writes_nothing_into_the_home_folder(start):
    home, data, _ = start
    assert [str(path.relative_to(home)) for path in home.rglob("*")] == []
    assert (data / "cache" / "fontconfig").is_dir()


def test_the_first_page_is_drawn_before_what_the_others_and_the_threads_need_is_imported(start):
    _, _, (_, modules) = start
    own = [name for name in modules if name.startswith("stablenew_tk")]
    assert len(own) <= 240, own
    assert [name for name in LATER if name in modules] == []
    assert not [name for name in own if name.startswith(("stablenew_tk.domain.insights", "stablenew_tk.gui.review"))]


def test_the_frame_is_painted_before_what_its_first_page_needs_is_imported(start):
    _, _, (modules, _) = start
    own = [name for name in modules if name.startswith("stablenew_tk")]
    assert len(own) <= 60, own
    assert "stablenew_tk.app.controller" not in modules
    assert [name for name in LATER if name in modules] == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="where a full disk is at hand")
def test_a_log_that_cannot_be_written_is_told_once_and_without_a_traceback(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "stablenew.log").symlink_to("/dev/full")
    said = started(tmp_path, "one", "two").stderr
    assert said.count(f"No log can be written to {tmp_path / 'logs'} (No space left on device).") == 1
    assert "Traceback" not in said


OPENED = """
import sys
from stablenew_tk.app.controller import Controller, open_places
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.gui.main_frame import MainFrame
from stablenew_tk.gui.window import Window
settings, begun = Settings(welcome_done=True), []
controller = Controller(open_places(sys.argv[1]), settings)
window = Window(MainFrame(settings), controller, begun=lambda: begun.append(set(sys.modules)))
before = set(sys.modules)
while not begun:
    window.frame.update()
print("stablenew_tk.storage.watcher" in before, "stablenew_tk.storage.watcher" in begun[0])
window.leave()
"""


def test_what_watches_the_folders_is_imported_after_the_page_and_before_the_window_opens_them(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", OPENED, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.stdout.splitlines()[-1:] == ["False True"], done.stderr
