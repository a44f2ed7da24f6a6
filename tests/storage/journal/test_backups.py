"""Backups: made once a day, thinned as they grow old, and nothing is lost by bringing one back."""

from __future__ import annotations

import shutil
import threading
from datetime import UTC, datetime, timedelta

import pytest
from journal_lines import rate, record
from msgspec.structs import replace

from stablenew_tk.domain.base.errors import InvalidInput, NotSaved, Unreadable
from stablenew_tk.domain.journal.history import History
from stablenew_tk.storage.disk.process_lock import folder_lock
from stablenew_tk.storage.journal.backups import Backup, Backups, thinned
from stablenew_tk.storage.journal.reader import JournalReading, verify
from stablenew_tk.storage.journal.segments import LINE
from stablenew_tk.storage.journal.writer import LearningRecordWriter

NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def writer(journal):
    return LearningRecordWriter(journal, segment_limit=4_000)


@pytest.fixture
def backups(tmp_path, journal):
    return Backups(tmp_path / "backups", journal, version="1.0")


def ids(folder):
    return [LINE.decode(line).event_id for _, _, _, line in JournalReading(folder)]


def stars(folder):
    history = History()
    history.fold_lines(JournalReading(folder))
    return [history.unblinded().feedback(row).rating for row in range(len(history))]


def test_a_backup_holds_every_line_and_shares_what_cannot_change(writer, journal, backups):
    assert backups.make("daily", NOON) is None
    made = [writer.append(record()).line.event_id for _ in range(6)]
    first = backups.make("daily", NOON)
    made.append(writer.append(record()).line.event_id)
    second = backups.make("asked", NOON + timedelta(seconds=1))
    assert [one.lines for one in backups.list()] == [7, 6]
    assert [ids(backups.folder / one.name) for one in (first, second)] == [made[:6], made]
    sealed = [backups.folder / one.name / "records-000001.jsonl" for one in (first, second)]
    assert sealed[0].samefile(sealed[1])
    assert not sealed[0].samefile(journal / "records-000001.jsonl")


def test_one_a_day_and_one_before_an_upgrade(writer, journal, backups):
    writer.append(record())
    assert backups.make_due(NOON).reason == "daily"
    assert backups.make_due(NOON + timedelta(hours=3)) is None
    newer = Backups(backups.folder, journal, version="1.1")
    assert newer.make_due(NOON + timedelta(hours=4)).reason == "upgrade"
    assert newer.make_due(NOON + timedelta(hours=5)) is None
    assert newer.make_due(NOON + timedelta(days=1)).reason == "daily"


def test_the_last_one_is_the_one_made_last_whatever_the_clock_said(writer, journal, backups):
    """A clock that stood years ahead for a day must not make its backups the newest ones for years."""
    writer.append(record())
    ahead = NOON.replace(year=2031)
    for second in range(3):
        backups.make("asked", ahead + timedelta(seconds=second))
    first_undo = backups.make("restore", ahead)
    made = writer.append(record()).line.event_id
    right = backups.make("asked", NOON)
    undo = backups.make("restore", NOON + timedelta(seconds=1))
    assert [one.name for one in backups.list()][:3] == [undo.name, right.name, first_undo.name]
    assert (backups.find("last"), backups.find("undo")) == (right, undo)
    for path in journal.iterdir():
        path.unlink()
    assert backups.restore(backups.find("last"), NOON + timedelta(minutes=1)).back == 2
    assert made in ids(journal)


def test_old_ones_are_thinned_to_days_weeks_and_months():
    def made(when, reason="daily"):
        return Backup(f"{when:%Y%m%d-%H%M%S}-{reason}", f"{when:%Y-%m-%dT%H:%M:%SZ}", reason, "1", 1, {})

    known = [made(NOON - timedelta(hours=12 * half)) for half in range(2 * 500)]
    undo = made(NOON - timedelta(days=300, hours=1), "restore")
    gone = {one.name for one in thinned([*known, undo])}
    kept = [one for one in known if one.name not in gone]
    assert [(NOON - datetime.fromisoformat(one.made)).days for one in kept[:7]] == list(range(7))
    assert 7 + 2 + 10 <= len(kept) <= 7 + 4 + 12
    assert undo.name not in gone
    assert len({one.made[:7] for one in kept}) == 12


def test_what_was_lost_comes_back_where_it_stood_and_what_is_newer_stays(writer, journal, backups):
    one = record()
    lines = [one, rate(one.outputs[0], 2), record(), rate(one.outputs[0], 3)]
    for line in lines:
        writer.append(line)
    backup = backups.make("daily", NOON)
    shutil.rmtree(journal)
    again = LearningRecordWriter(journal)
    for line in (lines[0], lines[2]):
        again.append(line)
    newer = again.append(rate(one.outputs[0], 5)).line
    planned = backups.plan(backup)
    assert (planned.back, planned.kept, planned.newer, planned.undo) == (2, 2, 1, "")
    before = ids(journal)
    done = backups.restore(backup, NOON)
    assert ids(journal) == [*(line.event_id for line in lines), newer.event_id]
    assert stars(journal)[0] == 5
    assert not verify(journal).damaged
    with pytest.raises(InvalidInput, match="Nothing to restore"):
        backups.restore(backup, NOON)
    assert done.undo == backups.find("undo").name
    # Taken back, and the taking back taken back.
    after = ids(journal)
    for state in (before, after, before):
        undo = backups.find("undo")
        backups.restore(undo, NOON + timedelta(minutes=1), exact=True)
        assert ids(journal) == state
    assert LearningRecordWriter(journal).append(record()).line.event_id in ids(journal)


def test_exactly_as_it_was_sets_aside_what_is_newer(writer, journal, backups):
    made = [writer.append(record()).line.event_id for _ in range(5)]
    backup = backups.make("daily", NOON)
    for _ in range(5):
        writer.append(record())
    planned = backups.plan(backup, exact=True)
    assert (planned.back, planned.kept, planned.newer) == (0, 5, 5)
    backups.restore(backup, NOON, exact=True)
    assert ids(journal) == made
    assert not verify(journal).damaged
    assert not list(journal.glob("*.unfinished"))


def test_the_backup_that_is_restored_is_not_too_old_for_it(writer, journal, backups):
    old = writer.append(record()).line.event_id
    for minute in range(3):
        backups.make("restore", NOON + timedelta(minutes=minute))
        writer.append(record())
    backups.restore(backups.list()[-1], NOON + timedelta(hours=1), exact=True)
    assert ids(journal) == [old]


def test_a_restore_waits_for_who_writes(writer, journal, tmp_path):
    other = folder_lock(journal)

    class WrittenTo(Backups):
        """Somebody begins to write as soon as the journal of now is kept."""

        def make(self, reason, now, *, needed=""):
            made = super().make(reason, now, needed=needed)
            other.take()
            return made

    backups = WrittenTo(tmp_path / "backups", journal, version="1.0")
    writer.append(record())
    backup = backups.make("asked", NOON)
    other.release()
    writer.append(record())
    restoring = threading.Thread(target=backups.restore, args=(backup, NOON), kwargs={"exact": True})
    restoring.start()
    restoring.join(0.5)
    assert len(ids(journal)) == 2
    other.release()
    restoring.join()
    assert len(ids(journal)) == 1


def test_a_damaged_backup_is_refused_and_the_journal_stays(writer, journal, backups):
    writer.append(record())
    backup = backups.make("daily", NOON)
    before = writer.append(record())
    path = backups.folder / backup.name / "records-000001.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"seed":1', b'"seed":2'))
    with pytest.raises(Unreadable, match="is damaged"):
        backups.restore(backup, NOON, exact=True)
    assert ids(journal)[-1] == before.line.event_id


def test_one_is_found_by_the_beginning_of_its_name_and_a_foreign_folder_is_none(writer, backups):
    with pytest.raises(InvalidInput, match="no backup yet"):
        backups.find("last")
    writer.append(record())
    first, second = backups.make("daily", NOON), backups.make("asked", NOON + timedelta(days=1))
    (backups.folder / "mine").mkdir()
    shutil.copytree(backups.folder / first.name, backups.folder / "copied by hand")
    assert backups.list() == (second, first)
    assert backups.find("20261129") == first
    assert backups.find("last") == second
    for wrong, words in (("2026", "Several"), ("x", "No backup"), ("undo", "Nothing was restored")):
        with pytest.raises(InvalidInput, match=words):
            backups.find(wrong)


def test_a_backup_that_cannot_be_written_is_a_sentence_and_leaves_nothing(writer, backups):
    writer.append(record())
    backups.folder.write_bytes(b"")
    with pytest.raises((NotSaved, Unreadable)):
        backups.make("daily", NOON)
    assert replace(writer.append(record()).line, seq=0).event_id
