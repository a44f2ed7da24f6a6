from __future__ import annotations

import os
import random
import shutil
import tracemalloc
import zlib

import pytest
from journal_lines import rate, record, undo

from stablenew_tk.domain.base.errors import Unreadable
from stablenew_tk.storage.journal.repair import repair
from stablenew_tk.storage.journal.snapshot import catch_up, load_history, save_snapshot, verify_all
from stablenew_tk.storage.journal.writer import LearningRecordWriter


@pytest.fixture
def journal(tmp_path):
    """A journal of several segments with ratings and an undo, one damaged line, and its checkpoint."""
    writer = LearningRecordWriter(tmp_path / "journal", segment_limit=30_000)
    made = [record(2) for _ in range(30)]
    said = [rate(one.outputs[0], number % 6, tags_added=("sharp",)) for number, one in enumerate(made)]
    for line in (*made[:20], *said, undo(said[5]), *made[20:]):
        writer.append(line)
    path = tmp_path / "journal" / "records-000001.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"seed":1', b'"seed":2', 1))
    save(tmp_path)
    return tmp_path


def load(folder):
    return load_history(folder / "journal", folder / "checkpoint")


def save(folder):
    loaded = load(folder)
    save_snapshot(loaded.history, folder / "journal", folder / "checkpoint", loaded.prints)


def everything(history):
    return history.visible().columns(), [history.visible().facts(row) for row in range(len(history))], history.end


def full(folder):
    return load_history(folder / "journal", folder / "nothing")


def test_the_snapshot_gives_the_same_history_as_the_whole_journal(journal):
    loaded, whole = load(journal), full(journal)
    assert (loaded.from_snapshot, whole.from_snapshot) == (True, False)
    assert everything(loaded.history) == everything(whole.history)
    assert loaded.damaged_count == whole.damaged_count == 1


def test_what_was_written_since_is_folded_on_top(journal):
    writer = LearningRecordWriter(journal / "journal", segment_limit=30_000)
    for line in (
        added := record(3),
        rate(added.outputs[2], 5),
        rate(load(journal).history.visible().facts(0).image_id, 4),
    ):
        writer.append(line)
    loaded = load(journal)
    assert loaded.from_snapshot
    assert everything(loaded.history) == everything(full(journal).history)


def test_every_changed_byte_in_the_snapshot_leads_to_a_full_reading_or_changes_nothing(journal):
    path = journal / "checkpoint"
    data, whole = path.read_bytes(), everything(full(journal).history)
    for at in range(0, len(data), max(1, len(data) // 40)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x5A]) + data[at + 1 :])
        assert everything(load(journal).history) == whole


@pytest.mark.parametrize("content", [b"", b"\xc1", b"\x00" * 4096, b"\x92\x00\xc4\x00"])
def test_a_damaged_or_foreign_snapshot_is_not_an_error(journal, content):
    whole = everything(full(journal).history)
    (journal / "checkpoint").write_bytes(content)
    assert not load(journal).from_snapshot
    assert everything(load(journal).history) == whole


def test_the_snapshot_of_another_journal_is_not_used(journal):
    shutil.rmtree(journal / "journal")
    for _ in range(60):
        LearningRecordWriter(journal / "journal", segment_limit=30_000).append(record())
    loaded = load(journal)
    assert (loaded.from_snapshot, len(loaded.history)) == (False, 60)


def test_after_a_repair_the_snapshot_is_not_used(journal):
    assert repair(journal / "journal").moved == 1
    loaded = load(journal)
    assert (loaded.from_snapshot, loaded.damaged_count) == (False, 0)


def test_a_journal_cut_short_is_not_mixed_with_the_snapshot(journal):
    last = sorted((journal / "journal").glob("records-*.jsonl"))[-1]
    last.write_bytes(last.read_bytes()[:-100])
    assert not load(journal).from_snapshot


def test_lines_of_another_program_are_caught_up_with(tmp_path):
    mine, other = (LearningRecordWriter(tmp_path / "journal", segment_limit=20_000) for _ in range(2))
    history = load(tmp_path).history
    for _ in range(20):
        foreign = record()
        other.append(foreign)
        other.append(rate(foreign.outputs[0], 2))
        history.fold(*mine.append(record()))
        history.fold(*mine.append(rate(foreign.outputs[0], 5)))
    catch_up(history, tmp_path / "journal")
    whole = full(tmp_path).history
    assert (history.visible().counts(), history.end) == (whole.visible().counts(), whole.end)
    assert history.visible().counts().four_up == 20


def test_a_torn_line_is_counted_once_when_it_is_certain(tmp_path):
    writer = LearningRecordWriter(tmp_path / "journal")
    writer.append(record())
    path = tmp_path / "journal" / "records-000001.jsonl"
    with path.open("ab") as file:
        file.write(b'{"kind":"run"')
    history = load(tmp_path).history
    assert history.damaged == 0
    history.fold(*writer.append(record()))
    for _ in range(3):
        catch_up(history, tmp_path / "journal")
    assert (history.damaged, len(history)) == (1, 2)


def test_a_journal_that_became_shorter_under_the_app_is_a_sentence(journal):
    history = load(journal).history
    shutil.rmtree(journal / "journal")
    with pytest.raises(Unreadable, match="Open the app again"):
        catch_up(history, journal / "journal")


def test_a_newer_line_is_counted_through_the_snapshot(tmp_path):
    LearningRecordWriter(tmp_path / "journal").append(record())
    with (tmp_path / "journal" / "records-000001.jsonl").open("ab") as file:
        file.write(b'{"kind":"dream","schema":7}\n')
    save(tmp_path)
    loaded = load(tmp_path)
    assert (loaded.from_snapshot, loaded.newer_count, loaded.damaged_count) == (True, 1, 0)


def test_a_history_of_a_journal_that_was_repaired_meanwhile_is_not_saved(journal):
    loaded = load(journal)
    kept = (journal / "checkpoint").read_bytes()
    assert repair(journal / "journal").moved == 1
    with pytest.raises(Unreadable, match="repaired or replaced"):
        save_snapshot(loaded.history, journal / "journal", journal / "checkpoint", loaded.prints)
    assert (journal / "checkpoint").read_bytes() == kept
    assert everything(load(journal).history) == everything(full(journal).history)


@pytest.mark.parametrize("seed", range(40))
def test_a_changed_snapshot_with_a_fitting_checksum_is_never_an_error_and_never_endless(journal, seed):
    path, draw = journal / "checkpoint", random.Random(seed)
    payload = bytearray(path.read_bytes()[:-4])
    for _ in range(draw.choice((1, 3, 20))):
        payload[draw.randrange(len(payload))] = draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))
    path.write_bytes(payload + zlib.crc32(payload).to_bytes(4, "little"))
    history = load(journal).history
    everything(history)
    history.visible().counts()
    assert len(history) == 58 or not load(journal).from_snapshot


def test_a_snapshot_is_saved_and_read_in_little_more_memory_than_its_history_needs(tmp_path):
    writer = LearningRecordWriter(tmp_path / "journal")
    writer.append_all([record(40) for _ in range(1000)])
    loaded = full(tmp_path)
    tracemalloc.start()
    try:
        save_snapshot(loaded.history, tmp_path / "journal", tmp_path / "checkpoint")
        saving = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        assert load(tmp_path).from_snapshot
        loading = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    size = (tmp_path / "checkpoint").stat().st_size
    assert (saving < size / 2, loading < size * 1.5) == (True, True), (saving, loading, size)


def _folder(path):
    path.mkdir()


def _pipe(path):
    os.mkfifo(path)


def _link_to_nothing(path):
    path.symlink_to(path.parent / "gone")


def _link_in_a_circle(path):
    path.symlink_to(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("put", [_folder, _pipe, _link_to_nothing, _link_in_a_circle])
def test_something_else_in_the_place_of_the_snapshot_costs_a_reading(journal, put):
    (journal / "checkpoint").unlink()
    put(journal / "checkpoint")
    loaded = load(journal)
    assert (loaded.from_snapshot, len(loaded.history)) == (False, 58)


@pytest.mark.parametrize(
    "member", ['"rows":1000000000000000000000000000000', '"rated":-99999999999999999999', '"rows":18446744073709551616']
)
def test_a_line_of_another_tool_with_a_number_beyond_all_bounds_costs_only_itself(journal, member):
    line = f'{{"kind":"preset","event_id":"01X","ts":"x","preset_id":"p","name":"n","evidence":{{{member}}}}}\n'
    with sorted((journal / "journal").glob("records-*.jsonl"))[-1].open("a") as file:
        file.write(line)
    loaded = load(journal)
    assert (len(loaded.history), loaded.damaged_count, loaded.history.plans.presets()) == (58, 2, ())
    save(journal)
    assert (load(journal).from_snapshot, load(journal).damaged_count) == (True, 2)


@pytest.mark.parametrize("place", ["sealed", "open"])
def test_a_whole_line_that_is_deleted_is_missed_even_when_it_was_the_last_of_its_writer(tmp_path, place):
    folder, snapshot = tmp_path / "journal", tmp_path / "checkpoint"
    other = LearningRecordWriter(folder)
    for writer in (LearningRecordWriter(folder), other):
        writer.append(record())
    if place == "sealed":
        LearningRecordWriter(folder, segment_limit=1).append(record())
    save(tmp_path)
    assert verify_all(folder, snapshot).damaged == ()
    other.append(record())  # what came since the snapshot is news and no damage
    assert verify_all(folder, snapshot).damaged == ()
    path = folder / "records-000001.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    found = verify_all(folder, snapshot)
    assert (found.gaps, [(one.file, one.line) for one in found.damaged]) == ((), [(path.name, 0)])
    assert ("1 of its 2 lines are missing" in found.damaged[0].reason) is (place == "sealed")
    snapshot.unlink()
    assert bool(verify_all(folder, snapshot).damaged) is (place == "sealed")
