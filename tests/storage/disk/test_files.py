from __future__ import annotations

import errno
import logging
import os
import stat
import sys
from pathlib import Path

import pytest
from disk_faults import ReadOnlyDisk, Synced

from stablenew_tk.domain.base.errors import NotSaved, Unreadable
from stablenew_tk.storage.disk.files import (
    discard,
    is_file,
    is_folder,
    is_link,
    is_there,
    make_folder,
    move,
    read_bounded,
    real_path,
    remove,
    sweep_temporary,
    typed_path,
    write_atomic,
)
from stablenew_tk.storage.disk.process_lock import folder_lock, holding

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="folders are synced and looked up in /proc")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "settings.json"
    write_atomic(path, b"old")
    write_atomic(path, (b"n", b"ew"))
    assert (path.read_bytes(), names(tmp_path)) == (b"new", ["settings.json"])


@pytest.mark.parametrize("broken", ["fsync", "write", "replace"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, broken):
    path = tmp_path / "settings.json"
    write_atomic(path, b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    def chunks():
        yield b"half"
        if broken == "write":
            fail()

    if broken == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    if broken == "replace":
        monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(NotSaved, match=r"settings\.json was not saved.*No space left"):
        write_atomic(path, chunks())
    assert (path.read_bytes(), names(tmp_path)) == (b"old", ["settings.json"])


def test_a_name_of_the_greatest_length_can_be_written(tmp_path):
    path = tmp_path / ("é" * 125 + ".json")
    write_atomic(path, b"x")
    assert path.read_bytes() == b"x"


def test_a_folder_that_is_missing_is_a_sentence(tmp_path):
    with pytest.raises(NotSaved, match="was not saved"):
        write_atomic(tmp_path / "nowhere" / "x", b"x")


@pytest.mark.skipif(sys.platform == "win32", reason="no permission bits on Windows")
def test_a_private_file_is_private(tmp_path):
    write_atomic(tmp_path / "x", b"x", mode=0o600)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="no such files on Windows")
@pytest.mark.parametrize("kind", ["pipe", "link to a device"])
def test_no_file_is_put_in_the_place_of_a_device(tmp_path, kind):
    path = tmp_path / "x"
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/null")
    with pytest.raises(NotSaved, match="a device or a pipe"):
        write_atomic(path, b"x")
    assert names(tmp_path) == ["x"]
    assert not path.is_file()


def test_reading_stops_at_the_limit(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_bounded(path, 5) == b"12345"
    with pytest.raises(Unreadable, match="larger than 4 bytes"):
        read_bounded(path, 4)


@pytest.mark.skipif(sys.platform == "win32", reason="no such files on Windows")
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "missing"])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path, kind):
    path = tmp_path / "x"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    with pytest.raises(Unreadable):
        read_bounded(path, 100)


def test_only_old_temporary_files_of_ours_are_swept(tmp_path):
    for name in ("a.json.tmp-00ff00ff", "b.json.tmp-00ff00ff", "c.tmp-mine", "d.json"):
        (tmp_path / name).write_bytes(b"")
        if not name.startswith("b"):
            os.utime(tmp_path / name, (0, 0))
    assert sweep_temporary(tmp_path) == 1
    assert names(tmp_path) == ["b.json.tmp-00ff00ff", "c.tmp-mine", "d.json"]
    assert sweep_temporary(tmp_path / "nowhere") == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no such files on Windows")
def test_a_pipe_is_not_replaced_by_a_file(tmp_path):
    path = tmp_path / "report.txt"
    os.mkfifo(path)
    with pytest.raises(NotSaved, match="a device or a pipe"):
        write_atomic(path, b"x")
    assert path.is_fifo()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["x" * 300, "y/" * 3000, "loop/below", "loop", "a\0b", "~nobody-here/x"])
def test_questions_about_a_path_never_raise(tmp_path, name):
    """Path.exists and its like raise for names that are too long, Path.resolve for links in a circle."""
    (tmp_path / "loop").symlink_to("loop")
    path = tmp_path / name
    assert not any(asks(path) for asks in (is_there, is_file, is_folder))
    assert is_link(path) is (name == "loop")
    assert real_path(path).is_absolute()
    assert isinstance(typed_path(name), Path)


def test_a_lock_that_another_holds_is_a_sentence(tmp_path):
    with (
        holding(folder_lock(tmp_path)),
        pytest.raises(NotSaved, match="Another program has held"),
        holding(folder_lock(tmp_path), timeout_s=0.01),
    ):
        pass


@linux_only
def test_a_file_that_is_in_place_is_not_called_not_saved(tmp_path, monkeypatch, caplog):
    path, real = tmp_path / "settings.json", os.fsync
    write_atomic(path, b"old")

    def fail_for_folders(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fail_for_folders)
    with caplog.at_level(logging.WARNING):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert "settings.json is saved" in caplog.text
    assert "Input/output error" in caplog.text


def test_what_cannot_be_removed_from_a_disk_that_turned_read_only_is_left(tmp_path, monkeypatch):
    (tmp_path / "x").write_bytes(b"")
    disk = ReadOnlyDisk(tmp_path, monkeypatch)
    disk.turn()
    discard(tmp_path / "x")
    assert names(tmp_path) == ["x"]


def test_a_disk_that_turns_read_only_while_a_file_is_written_is_a_sentence(tmp_path, monkeypatch):
    disk = ReadOnlyDisk(tmp_path, monkeypatch)
    write_atomic(tmp_path / "x", b"old")

    def content():
        yield b"new"
        disk.turn()

    with pytest.raises(NotSaved, match="Read-only"):
        write_atomic(tmp_path / "x", content())
    assert (tmp_path / "x").read_bytes() == b"old"


@linux_only
def test_every_folder_that_is_made_is_on_disk_in_the_one_above(tmp_path, monkeypatch):
    synced = Synced(monkeypatch)
    make_folder(tmp_path / "a" / "b" / "c")
    assert synced.paths == [tmp_path, tmp_path / "a", tmp_path / "a" / "b"]
    make_folder(tmp_path / "a" / "b" / "c")
    assert len(synced.paths) == 3


@linux_only
def test_what_was_removed_or_renamed_is_so_on_disk_too(tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / name).touch()
    synced = Synced(monkeypatch)
    remove(tmp_path / "a")
    move(tmp_path / "b", tmp_path / "c")
    assert synced.paths == [tmp_path, tmp_path]


def test_of_a_file_far_beyond_the_limit_nothing_is_read(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 42)
    with pytest.raises(Unreadable, match="larger than 10 bytes"):
        read_bounded(tmp_path / "large", 10)


def test_a_file_in_the_place_of_a_folder_is_an_error(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(OSError, match="exists"):
        make_folder(tmp_path / "a")
