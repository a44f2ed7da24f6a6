"""Showing a picture's file in the platform's file browser."""

from __future__ import annotations

import gc
import os
import sys

import pytest
from conftest import wait_until

from stablenew_tk.domain.base.errors import StorageError
from stablenew_tk.storage.disk import file_manager as module
from stablenew_tk.storage.disk.file_manager import reveal

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="plays xdg-open by a script")


@pytest.fixture
def browser(tmp_path, monkeypatch):
    """A file browser that writes down what it was asked and with which library path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script, told = folder / "xdg-open", tmp_path / "told"
    script.write_text(f'#!/bin/sh\necho "$1|$LD_LIBRARY_PATH" > "{told}.new"; mv "{told}.new" "{told}"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    yield told
    for process in module.browsers:
        process.wait(60)
    module.browsers.clear()


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "my pictures" / "a & b; $(touch nothing).png"
    path.parent.mkdir()
    path.write_bytes(b"picture")
    return path


def test_the_folder_of_the_picture_is_opened(browser, picture):
    reveal(picture)
    wait_until(browser.exists)
    assert browser.read_text().startswith(f"{picture.parent}|")


def test_the_browser_does_not_get_the_libraries_of_a_one_file_program(browser, picture, monkeypatch):
    monkeypatch.setenv("LD_LIBRARY_PATH", "/tmp/unpacked")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    reveal(picture)
    wait_until(browser.exists)
    assert browser.read_text().strip().endswith("|")


def test_the_library_path_from_before_is_given_back(browser, picture, monkeypatch):
    monkeypatch.setenv("LD_LIBRARY_PATH", "/tmp/unpacked")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/usr/lib/mine")
    reveal(picture)
    wait_until(browser.exists)
    assert browser.read_text().strip().endswith("|/usr/lib/mine")


def test_browsers_that_have_ended_are_let_go_at_the_next_one(browser, picture):
    reveal(picture)
    first = module.browsers[0]
    first.wait(60)
    reveal(picture)
    assert first not in module.browsers
    assert len(module.browsers) == 1
    gc.collect()


def test_a_file_that_is_gone_is_a_sentence(tmp_path):
    with pytest.raises(StorageError, match="no longer there"):
        reveal(tmp_path / "gone.png")


def test_without_a_file_browser_the_path_is_told(picture, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(StorageError, match="No file browser") as caught:
        reveal(picture)
    assert str(picture) in str(caught.value)
