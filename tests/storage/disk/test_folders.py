"""Folders as a file chooser shows them: sorted as people read, without what does not fit, and never an exception."""

from __future__ import annotations

from pathlib import Path

import pytest

from stablenew_tk.domain.base.file_wish import FileWish
from stablenew_tk.storage.disk.folders import list_folder, look_at, usual_places

PICTURES = FileWish(title="", words="Pictures", endings=(".png",))


def listed(path, wish=PICTURES, *, hidden=False, all_files=False):
    return list_folder(path, wish, hidden=hidden, all_files=all_files)


@pytest.fixture
def folder(tmp_path):
    for name in ("run 10", "Run 9", ".hidden"):
        (tmp_path / name).mkdir()
    for name in ("b10.png", "b9.PNG", "notes.txt", ".secret.png"):
        (tmp_path / name).touch()
    return tmp_path


def test_numbers_are_sorted_as_numbers_and_capitals_do_not_count(folder):
    found = listed(folder)
    assert (found.folders, found.files) == (("Run 9", "run 10"), ("b9.PNG", "b10.png"))


def test_all_files_and_hidden_names_when_asked_for(folder):
    found = listed(folder, hidden=True, all_files=True)
    assert ".hidden" in found.folders
    assert {".secret.png", "notes.txt"} <= set(found.files)


def test_where_a_folder_is_chosen_no_files_stand_in_the_way(folder):
    assert listed(folder, FileWish(title="", kind="folder"), all_files=True).files == ()


@pytest.mark.parametrize("name", ["gone", "b10.png", "x" * 5000, "zero\0byte"])
def test_what_cannot_be_listed_is_a_sentence(folder, name):
    assert "cannot be listed" in listed(folder / name).problem


def test_a_broken_link_and_a_name_that_is_no_text_do_no_harm(folder):
    (folder / "broken.png").symlink_to(folder / "nothing")
    Path(str(folder) + "/odd\udcff.png").touch()
    assert len(listed(folder).files) == 4


def test_a_path_is_looked_at(folder):
    paths = (folder, folder / "notes.txt", folder / "new.json", folder / "no" / "new.json", Path("x" * 5000))
    assert [look_at(path) for path in paths] == ["folder", "file", "missing", "nowhere", "missing"]


def test_places_exist_and_home_is_the_first():
    places = usual_places()
    assert places[0] == ("Home", Path.home())
    assert all(path.is_dir() for _, path in places)
    assert len({path for _, path in places}) == len(places)
