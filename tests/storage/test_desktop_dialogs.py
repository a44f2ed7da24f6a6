"""The desktop's dialog as a child process, played by a program that notes how it was asked."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from stablenew_tk.domain.base.file_wish import FileWish
from stablenew_tk.storage.desktop_dialogs import ask_desktop, desktop_dialog

PICTURE = FileWish(title="Picture", words="Pictures", endings=(".png", ".jpg"))
pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="their own dialogs ask there")


@pytest.fixture
def dialog(tmp_path, monkeypatch):
    """Put a dialog of this name on the PATH; it answers as the script says. Gives the file with its arguments."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "GNOME")

    def make(script, name="zenity"):
        asked = tmp_path / "asked"
        path = folder / name
        path.write_text(f'#!/bin/sh\nfor one in "$@"; do printf "%s\\n" "$one"; done > "{asked}"\n{script}\n')
        path.chmod(0o755)
        return asked

    return make


def ask(wish=PICTURE, start=Path("/tmp"), stopped=lambda: False):
    return ask_desktop(wish, start, stopped)


def test_what_the_user_chose_comes_back_and_the_dialog_was_told_what_to_offer(dialog, tmp_path):
    asked = dialog('printf "/tmp/a b.png\\n"')
    answer = ask(start=tmp_path)
    assert (answer.outcome, answer.paths) == ("chosen", (Path("/tmp/a b.png"),))
    words = asked.read_text().splitlines()
    assert f"--filename={tmp_path}/" in words
    assert "--file-filter=Pictures | *.png *.PNG *.jpg *.JPG" in words


def test_several_files_are_several_paths(dialog):
    dialog('printf "/tmp/a.png\\n/tmp/b.png\\n"')
    assert ask(FileWish(title="Add", kind="several")).paths == (Path("/tmp/a.png"), Path("/tmp/b.png"))


@pytest.mark.parametrize("desktop", ["KDE", "plasma:KDE", "LXQt"])
def test_kde_has_its_own_dialog(dialog, monkeypatch, desktop):
    dialog("exit 9")
    asked = dialog('printf "/tmp\\n"', name="kdialog")
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", desktop)
    assert ask(FileWish(title="Folder", kind="folder")).paths == (Path("/tmp"),)
    assert "--getexistingdirectory" in asked.read_text().splitlines()


def test_one_that_was_closed_is_a_cancel(dialog):
    dialog("exit 1")
    assert ask().outcome == "cancelled"


@pytest.mark.parametrize("script", ["exit 255", "kill -9 $$", "echo 'cannot open display: :9' >&2; exit 1"])
def test_one_that_cannot_be_shown_leaves_it_to_our_own(dialog, script):
    dialog(script)
    assert ask().outcome == "none"


def test_without_a_desktop_or_a_dialog_nothing_is_started(dialog, monkeypatch, tmp_path):
    asked = dialog('printf "/tmp/a.png\\n"')
    monkeypatch.delenv("XDG_CURRENT_DESKTOP")
    assert ask().outcome == "none"
    assert not asked.exists()
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "GNOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert desktop_dialog(PICTURE, tmp_path, os.environ) == []


def test_a_dialog_that_is_open_goes_with_the_program(dialog, tmp_path):
    asked = dialog("exec sleep 1000")
    ends = threading.Event()
    threading.Timer(0.2, ends.set).start()
    assert ask(stopped=ends.is_set).outcome == "cancelled"
    assert asked.exists()


def test_saving_begins_with_the_proposed_name(dialog, tmp_path):
    asked = dialog("exit 1")
    ask(FileWish(title="Export", kind="save", words="Plans", endings=(".json",), name="mine.json"), tmp_path)
    assert f"--filename={tmp_path}/mine.json" in asked.read_text().splitlines()
