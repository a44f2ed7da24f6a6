"""Folders that killed runs of the one-file executable left behind are removed, and no others."""

from __future__ import annotations

import os
import time

from stablenew_tk.storage.disk.unpacked import SIGN, UnpackedFolder, remove_leftovers


def unpacked(temporary, name, *, ours=True):
    folder = temporary / name
    folder.mkdir()
    (folder / (SIGN if ours else "other")).touch()
    return folder


def test_what_nobody_uses_goes_and_what_runs_stays(tmp_path):
    running, left, own = (unpacked(tmp_path, f"_MEI{name}") for name in ("run", "left", "own"))
    (left / "stablenew.lock").touch()
    other = UnpackedFolder(running)
    assert other.take() == 1
    (unpacked(tmp_path, "_MEIleft") / "stablenew.lock").touch()
    mine = UnpackedFolder(own)
    try:
        assert mine.take() == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == ["_MEIown", "_MEIrun"]
    finally:
        mine.release()
        other.release()


def test_folders_of_other_programs_and_those_just_being_unpacked_stay(tmp_path):
    unpacked(tmp_path, "_MEIforeign", ours=False)
    unpacked(tmp_path, "_MEIyoung")
    old = unpacked(tmp_path, "_MEIold")
    os.utime(old, (time.time() - 7200,) * 2)
    (tmp_path / "_MEIlink").symlink_to(unpacked(tmp_path, "precious"))
    assert remove_leftovers(tmp_path, own=tmp_path / "_MEIme") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"_MEIforeign", "_MEIyoung", "_MEIlink", "precious"}
