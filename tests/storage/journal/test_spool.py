"""What could not be written before a program ended is in the journal after the next start, once."""

from __future__ import annotations

import os
import sys

import pytest
from disk_faults import ReadOnlyDisk, Synced
from filelock import FileLock
from journal_lines import rate, record
from msgspec.structs import replace

from stablenew_tk.domain.base.errors import NotSaved
from stablenew_tk.domain.journal.history import History
from stablenew_tk.storage.journal.reader import JournalReading, verify
from stablenew_tk.storage.journal.spool import Spool
from stablenew_tk.storage.journal.writer import LearningRecordWriter


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def writer(data):
    return LearningRecordWriter(data / "journal")


def stars(data):
    history = History()
    history.fold_lines(JournalReading(data / "journal"))
    return [history.unblinded().feedback(row).rating for row in range(len(history))]


def files(data):
    return sorted(path.name for path in data.iterdir() if path.is_file() and path.suffix != ".lock")


def refuse(_line):
    raise NotSaved("The disk is full.")


def test_kept_lines_are_in_the_journal_after_the_next_start(data, writer):
    made = record()
    kept = Spool(data).keep([made, rate(made.outputs[0], 4)])
    assert kept.lost == ()
    assert kept.file.parent == data
    assert Spool(data).take_in(writer.append).saved == 2
    assert stars(data) == [4]
    assert files(data) == []
    assert Spool(data).take_in(writer.append).saved == 0


@pytest.mark.skipif(sys.platform != "linux", reason="files and folders are looked up in /proc")
def test_kept_lines_are_on_disk(data, monkeypatch):
    synced = Synced(monkeypatch)
    kept = Spool(data).keep([record()])
    assert data in synced
    assert data.parent in synced
    assert any(path.name.startswith(kept.file.name) for path in synced.paths)


def test_a_line_that_was_written_after_all_counts_once(data, writer):
    made = record()
    lines = [made, rate(made.outputs[0], 3), rate(made.outputs[0], 5)]
    Spool(data).keep(lines[:2])
    for line in lines:
        writer.append(line)
    Spool(data).take_in(writer.append)
    assert stars(data) == [5]


def test_a_damaged_line_costs_only_itself_and_is_set_aside(data, writer):
    lines = [record() for _ in range(3)]
    path = Spool(data).keep(lines).file
    whole = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([whole[0], whole[1].replace(b"knight", b"knight?"), whole[2], b"\0" * 512]))
    done = Spool(data).take_in(writer.append)
    assert (done.saved, done.damaged) == (2, 2)
    assert len(stars(data)) == 2
    assert files(data) == [f"{path.name}.damaged"]
    assert Spool(data).take_in(writer.append).saved == 0


def test_what_is_refused_again_waits_for_the_start_after(data, writer):
    Spool(data).keep([record(), record(), record()])
    answers = iter((writer.append, refuse, refuse))
    done = Spool(data).take_in(lambda line: next(answers)(line))
    assert (done.saved, done.problem) == (1, "The disk is full.")
    assert Spool(data).take_in(writer.append).saved == 2
    assert len(stars(data)) == 3
    assert files(data) == []


def test_a_program_that_is_killed_in_the_middle_loses_nothing(data, writer):
    made = [record(), record()]
    Spool(data).keep(made)

    def killed(line):
        writer.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Spool(data).take_in(killed)
    assert Spool(data).take_in(writer.append).saved == 2
    assert len(stars(data)) == 2
    assert not verify(data / "journal").damaged


def test_two_starts_at_once_do_not_both_take_it(data, writer):
    Spool(data).keep([record()])
    told = []

    def append(line):
        # The other start comes in the middle.
        told.append(Spool(data).take_in(writer.append))
        writer.append(line)

    assert Spool(data).take_in(append).saved == 1
    assert [(one.saved, one.problem) for one in told] == [(0, "")]
    assert len(list(JournalReading(data / "journal"))) == 1


def test_several_programs_leave_their_lines_beside_each_other(data, writer):
    for _ in range(3):
        Spool(data).keep([record()])
    with FileLock(data / "unsaved.lock"):
        # Whoever ends waits for nobody.
        Spool(data).keep([record()])
    assert Spool(data).take_in(writer.append).saved == 4


def test_lines_that_no_disk_takes_are_told(data, monkeypatch):
    data.mkdir()
    disk = ReadOnlyDisk(data, monkeypatch)
    disk.turn()
    line = record()
    kept = Spool(data).keep([line])
    assert (kept.file, kept.lost) == (None, (line,))


def test_a_line_that_can_never_be_written_does_not_take_the_others_with_it(data, writer):
    draft = replace(record(), event_id="")
    kept = Spool(data).keep([draft, record()])
    assert len(kept.kept) == 1
    assert kept.refused == ("The record was not saved: it is a draft without an event_id.",)
    assert Spool(data).take_in(writer.append).saved == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no such files on Windows")
def test_what_is_no_regular_file_is_told_and_never_waited_for(data, writer):
    data.mkdir()
    os.mkfifo(data / "unsaved-00ff00ff.jsonl")
    assert "not a regular file" in Spool(data).take_in(writer.append).problem
