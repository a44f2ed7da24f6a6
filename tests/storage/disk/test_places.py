"""Everything has its place, and the user decides which."""

from __future__ import annotations

import sys

import pytest

from stablenew_tk.domain.base.errors import InvalidInput, Unreadable
from stablenew_tk.storage.disk.places import PORTABLE_MARKER, asset, find_places


def test_a_data_folder_holds_everything(tmp_path):
    places = find_places(str(tmp_path / "d"), {"STABLENEW_HOME": "/elsewhere"}, None)
    everything = (places.settings_file, places.journal, places.outputs, places.packs, places.thumbs, places.logs)
    assert all(path.is_relative_to(tmp_path / "d") for path in (*everything, places.snapshot))
    assert places.kind == "option"


def test_the_variable_beats_the_portable_marker(tmp_path):
    (tmp_path / PORTABLE_MARKER).touch()
    places = find_places(None, {"STABLENEW_HOME": str(tmp_path / "h")}, tmp_path / "StableNew")
    assert places.data == tmp_path / "h"
    assert places.kind == "variable"


def test_the_marker_beside_the_executable_makes_it_portable(tmp_path):
    assert find_places(None, {}, tmp_path / "StableNew").kind == "platform"
    (tmp_path / PORTABLE_MARKER).touch()
    places = find_places(None, {}, tmp_path / "StableNew")
    assert places.kind == "portable"
    assert places.data == tmp_path / "data"


def test_an_appimage_looks_beside_the_file_the_user_sees(tmp_path):
    (tmp_path / PORTABLE_MARKER).touch()
    places = find_places(None, {"APPIMAGE": str(tmp_path / "StableNew.AppImage")}, tmp_path / "mount" / "StableNew")
    assert places.data == tmp_path / "data"


def test_an_app_folder_of_macos_looks_beside_itself_and_never_inside(tmp_path):
    (tmp_path / PORTABLE_MARKER).touch()
    program = tmp_path / "StableNew.app" / "Contents" / "MacOS" / "StableNew"
    assert find_places(None, {}, program).data == tmp_path / "data"


def test_without_any_wish_the_platform_decides(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    places = find_places(None, {"STABLENEW_HOME": ""}, None)
    assert places.data.is_relative_to(tmp_path)
    assert places.data.name == places.outputs.name == "StableNew"
    assert not places.data.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="users of POSIX")
def test_who_has_no_home_is_told_to_name_a_folder(tmp_path, monkeypatch):
    import pwd

    def unknown(uid):
        # As in a container that runs with some number. Only root could become such a user here.
        raise KeyError(uid)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(InvalidInput, match=r"no home folder here.* --data-dir or the variable STABLENEW_HOME"):
        find_places(None, {}, None)
    assert find_places(str(tmp_path), {}, None).data == tmp_path


def test_a_file_is_not_a_data_folder(tmp_path):
    (tmp_path / "f").touch()
    with pytest.raises(InvalidInput, match="is a file, not a folder"):
        find_places(str(tmp_path / "f"), {}, None)


def test_assets_are_found_and_missing_ones_named():
    assert asset("packs/starter.txt").is_file()
    with pytest.raises(Unreadable, match=r"nothing\.txt"):
        asset("nothing.txt")


@pytest.mark.parametrize("wrong", ["x" * 5000, "file/below", "a\0b"])
def test_what_can_be_no_data_folder_is_a_sentence(tmp_path, monkeypatch, wrong):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match=r"^STABLENEW_HOME: .* can be no folder: .* Name another"):
        find_places(None, {"STABLENEW_HOME": wrong}, None)
    assert find_places(None, {"STABLENEW_HOME": "~nobody-of-that-name/x"}, None).data.is_absolute()
