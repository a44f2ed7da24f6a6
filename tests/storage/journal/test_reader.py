from __future__ import annotations

import io
import os
import random
import re
import threading

import msgspec
import pytest
from journal_lines import output, rate, record, undo

from stablenew_tk.domain.base.errors import NotSaved, Unreadable
from stablenew_tk.domain.journal.history import History
from stablenew_tk.domain.journal.position import Position
from stablenew_tk.domain.journal.query import Query, select
from stablenew_tk.storage.journal import reader
from stablenew_tk.storage.journal.outside import pictures
from stablenew_tk.storage.journal.reader import JournalReading, read_record, recent, verify
from stablenew_tk.storage.journal.repair import export, repair
from stablenew_tk.storage.journal.segments import BOUND, lines_backward, raw_lines, with_crc, without_crc
from stablenew_tk.storage.journal.snapshot import catch_up
from stablenew_tk.storage.journal.writer import LearningRecordWriter

FIRST = "records-000001.jsonl"


def written(folder, *lines, segment_limit=64 << 20):
    writer = LearningRecordWriter(folder, segment_limit=segment_limit)
    return [writer.append(line).line for line in lines]


def events(folder):
    return [msgspec.json.decode(line)["event_id"] for _, _, _, line in JournalReading(folder)]


def append(folder, data):
    with (folder / FIRST).open("ab") as file:
        file.write(data)


def test_no_journal_is_an_empty_journal(tmp_path):
    check = verify(tmp_path / "nowhere")
    assert (check.lines, check.ok, check.damaged, check.gaps) == (0, 0, (), ())
    assert recent(tmp_path / "nowhere", 5) == []


def sixty_lines(folder):
    lines = []
    for number in range(40):
        lines.append(record(number % 3))
        if lines[-1].outputs and number % 2:
            lines.append(rate(lines[-1].outputs[0], number % 6, note="so\nso"))
    written(folder, *lines)
    return (folder / FIRST).read_bytes()


def interesting_offsets(data, rng):
    """Every line end, every byte of three checksums, the first bytes of three lines, and 400 more anywhere."""
    ends = [at for at, byte in enumerate(data) if byte == 10]
    chosen = rng.sample(ends, 3)
    checksums = [at for end in chosen for at in range(end - 18, end)]
    starts = [at for end in chosen[:2] for at in range(end + 1, min(end + 40, len(data)))]
    return {*ends, *checksums, *starts, *rng.sample(range(len(data)), 400)}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link to nothing"])
def test_what_is_no_file_in_the_place_of_a_segment_is_refused_at_once(tmp_path, kind):
    saved = written(tmp_path, record())
    odd = tmp_path / "records-000002.jsonl"
    if kind == "pipe":
        os.mkfifo(odd)
    elif kind == "folder":
        odd.mkdir()
    else:
        odd.symlink_to("/dev/null" if kind == "device" else tmp_path / "gone")
    for look in (
        lambda: verify(tmp_path),
        lambda: repair(tmp_path),
        lambda: recent(tmp_path, 5),
        lambda: catch_up(History(), tmp_path),
        lambda: export(tmp_path, io.BytesIO(), merged=True),
        lambda: read_record(tmp_path, Position(2, 0, 100)),
    ):
        with pytest.raises((Unreadable, NotSaved)) as refused:
            look()
        assert odd.name in str(refused.value) or "records verify" in str(refused.value)
    if kind != "link to nothing":
        with pytest.raises(NotSaved):
            LearningRecordWriter(tmp_path).append(record())
    odd.rmdir() if kind == "folder" else odd.unlink()
    assert events(tmp_path) == [saved[0].event_id]


@pytest.mark.parametrize("value", [b"NaN", b'"\\ud800"', b"1e999", b'{"a": []}', b"[" * 2000 + b"]" * 2000])
@pytest.mark.parametrize("field", [b'"seq":', b'"seed":', b'"prompt":', b'"status":'])
def test_a_line_whose_checksum_fits_and_whose_values_do_not_costs_only_itself(tmp_path, field, value):
    """Only another program writes it. Nothing that reads the journal may break on it."""
    saved = written(tmp_path, record(), record())
    path = tmp_path / FIRST
    first, second = path.read_bytes().splitlines()
    spoiled = re.sub(field + rb'("[^"]*"|[^,]*)', lambda _match: field + value, without_crc(second), count=1)
    path.write_bytes(first + b"\n" + with_crc(spoiled) + b"\n")
    check = verify(tmp_path)
    assert (check.lines, check.ok, [one.line for one in check.damaged]) == (2, 1, [2])
    assert "this version cannot read it" in check.damaged[0].reason
    out = io.BytesIO()
    assert export(tmp_path, out, merged=True) == 1
    history = History()
    catch_up(history, tmp_path)
    assert [one.record.event_id for one in pictures(tmp_path, history)] == [saved[0].event_id]
    assert [one.record.event_id for one in recent(tmp_path, 9)] == [saved[0].event_id]
    before = path.read_bytes()
    repair(tmp_path)
    assert path.read_bytes() == before, "a newer version may have written it"


@pytest.mark.parametrize("growing", [True, False])
def test_lines_are_the_same_read_from_either_end_however_long_they_are(tmp_path, growing):
    rng = random.Random(4)
    path = tmp_path / FIRST
    for _ in range(12):
        sizes = rng.choices((0, 1, 50, 65_535, 65_536, 65_537, 200_000, BOUND - 1, BOUND, BOUND + 70_000), k=3)
        data = b"".join(rng.choice((b"a", b"\0", b" b")) * size + rng.choice((b"\n", b"\n", b"")) for size in sizes)
        path.write_bytes(data)
        forward = [line for _, line, _, ended in raw_lines(path) if line.strip() and (ended or not growing)]
        assert [*lines_backward(path, growing=growing)] == forward[::-1]


def test_every_changed_byte_is_reported_and_every_other_line_is_read(tmp_path):
    data = sixty_lines(tmp_path)
    path, rng = tmp_path / FIRST, random.Random(5)
    everything = events(tmp_path)
    lines = data.splitlines(keepends=True)
    owner = [number for number, line in enumerate(lines) for _ in line]
    for at in sorted(interesting_offsets(data, rng)):
        changed = rng.choice([10, 0, 32, 34, 44, 125, 123, rng.randrange(256), data[at] ^ 1])
        if changed == data[at]:
            continue
        path.write_bytes(data[:at] + bytes([changed]) + data[at + 1 :])
        others = [event for number, event in enumerate(everything) if number != owner[at]]
        at_line_end = data[at] == 10
        check = verify(tmp_path)
        assert check.damaged, (at, changed)
        found = [
            msgspec.json.decode(line)["event_id"] for _, _, _, line in JournalReading(tmp_path, ends={1: len(data)})
        ]
        assert found == (everything if at_line_end else others), (at, changed)


def test_an_unfinished_line_is_not_yet_there_for_readers_but_damage_in_a_check(tmp_path):
    (made,) = written(tmp_path, record())
    append(tmp_path, b'{"kind":"run","sch')
    reading = JournalReading(tmp_path)
    assert len(list(reading)) == 1
    assert (reading.damaged, reading.end.offset) == ([], (tmp_path / FIRST).read_bytes().rindex(b"\n") + 1)
    assert verify(tmp_path).damaged[0].line == 2
    assert [one.record for one in recent(tmp_path, 5)] == [made]


@pytest.mark.parametrize("junk", [b"\x00" * 5000, b"\xff\xfe", b"[" * 100_000, b"x" * 3_000_000, b'{"a":1}', b'"text"'])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_junk_is_damage_and_never_more(tmp_path, junk, end):
    first, second = record(), record()
    written(tmp_path, first)
    append(tmp_path, junk + end)
    written(tmp_path, second)
    check = verify(tmp_path)
    assert [damage.line for damage in check.damaged] == [2]
    assert events(tmp_path) == [first.event_id, second.event_id]
    assert [one.record.event_id for one in recent(tmp_path, 5)] == [second.event_id, first.event_id]


def test_a_missing_last_line_end_is_reported_in_every_segment(tmp_path):
    written(tmp_path, *(record() for _ in range(8)), segment_limit=8_000)
    paths = sorted(tmp_path.glob("records-*.jsonl"))
    paths[0].write_bytes(paths[0].read_bytes().replace(b'"seed":1', b'"seed":2'))
    for path in paths[1:]:
        path.write_bytes(path.read_bytes()[:-1])
    reasons = [damage.reason for damage in verify(tmp_path).damaged]
    assert reasons[-len(paths) + 1 :] == ["its end is missing"] * (len(paths) - 1)
    assert verify(tmp_path).ok + len(reasons) - len(paths) + 1 == 8


def test_two_lines_glued_together_are_both_read(tmp_path):
    made = written(tmp_path, record(), record(), record())
    data = bytearray((tmp_path / FIRST).read_bytes())
    data[data.index(b"\n")] = ord("x")
    (tmp_path / FIRST).write_bytes(data)
    assert events(tmp_path) == [line.event_id for line in made]
    assert [one.record for one in recent(tmp_path, 5)] == made[::-1]
    check = verify(tmp_path)
    assert (check.ok, len(check.damaged), check.gaps) == (3, 1, ())
    for number, offset, length, _ in JournalReading(tmp_path):
        assert read_record(tmp_path, Position(number, offset, length)) in made


def test_a_line_glued_to_a_torn_half_is_read(tmp_path):
    (first,) = written(tmp_path, record())
    whole = (tmp_path / FIRST).read_bytes()
    (tmp_path / FIRST).write_bytes(whole[:-300] + whole)
    assert events(tmp_path) == [first.event_id]


def test_lines_of_other_tools_need_no_checksum(tmp_path):
    (made,) = written(tmp_path, record())
    append(
        tmp_path,
        b'{"event_id":"mine","kind":"feedback","ts":"now","image_id":"%s","rating":4}\r\n'
        % made.outputs[0].image_id.encode(),
    )
    check = verify(tmp_path)
    assert (check.ok, check.damaged) == (2, ())
    assert recent(tmp_path, 1)[0].feedback[made.outputs[0].image_id].rating == 4


def test_lines_of_a_newer_version_are_counted_and_left_alone(tmp_path):
    (made,) = written(tmp_path, record())
    newer = (b'{"kind":"run","schema":2,"writer":"pc","seq":1,"all":"new"}', b'{"kind":"dream","writer":"pc","seq":2}')
    append(tmp_path, b"".join(with_crc(line) + b"\n" for line in newer))
    check = verify(tmp_path)
    assert (check.lines, check.ok, check.newer, check.damaged, check.gaps) == (3, 1, 2, (), ())
    assert [one.record for one in recent(tmp_path, 5)] == [made]


def test_missing_lines_are_named(tmp_path):
    made = written(tmp_path, *(record() for _ in range(6)))
    lines = (tmp_path / FIRST).read_bytes().splitlines(keepends=True)
    (tmp_path / FIRST).write_bytes(lines[0] + b"".join(lines[3:4] + lines[5:]))
    gaps = verify(tmp_path).gaps
    assert [(gap.writer, gap.first, gap.last) for gap in gaps] == [(made[0].writer, 2, 3), (made[0].writer, 5, 5)]


def test_a_record_that_is_not_where_it_was_is_a_sentence(tmp_path):
    (made,) = written(tmp_path, record())
    length = len((tmp_path / FIRST).read_bytes()) - 1
    assert read_record(tmp_path, Position(1, 0, length)) == made
    for position in (Position(1, 1, length), Position(1, 0, length + 9), Position(2, 0, length), Position(1, 0, 10)):
        with pytest.raises(Unreadable):
            read_record(tmp_path, position)


def test_a_changed_value_in_a_record_is_not_believed(tmp_path):
    written(tmp_path, record(seed=12345))
    data = (tmp_path / FIRST).read_bytes()
    (tmp_path / FIRST).write_bytes(data.replace(b'"seed":12345', b'"seed":12346'))
    with pytest.raises(Unreadable, match="damaged"):
        read_record(tmp_path, Position(1, 0, len(data) - 1))
    assert recent(tmp_path, 1) == []


def busy_journal(folder, rng):
    lines, images, undoable = [], [], []
    for _ in range(300):
        word = rng.random()
        if word < 0.4 or not images:
            made = record(0, run_id=f"R{len(lines) // 50}", outputs=tuple(output() for _ in range(rng.randrange(4))))
            images += made.outputs
            lines.append(made)
        elif word < 0.8:
            tags = tuple(rng.sample(["hands", "sharp", "dull"], rng.randrange(3)))
            said = {"tags_added": tags} if rng.random() < 0.5 else {"tags_removed": tags, "note": rng.choice(["a", ""])}
            lines.append(rate(rng.choice(images), rng.choice([None, 0, 1, 5]), **said))
        else:
            lines.append(undo(rng.choice(undoable)))
        undoable.append(lines[-1])
    return written(folder, *lines, segment_limit=40_000)


@pytest.mark.parametrize("seed", range(4))
def test_the_recent_records_say_the_same_as_the_whole_history(tmp_path, seed):
    busy_journal(tmp_path, random.Random(seed))
    history = History()
    history.fold_lines(JournalReading(tmp_path))
    view = recent(tmp_path, 1000)
    images = [out.image_id for one in view for out in reversed(one.record.outputs)]
    rows = select(history.visible().columns(), Query()).rows
    assert sorted(images) == sorted(history.visible().facts(row).image_id for row in rows)
    for one in view:
        for out in one.record.outputs:
            held = history.unblinded().feedback(history.row_of(out.image_id))
            assert one.feedback.get(out.image_id, held if held == type(held)() else None) == held
    assert recent(tmp_path, 7) == view[:7]
    assert recent(tmp_path, 9, run_id="R2") == [one for one in view if one.record.run_id == "R2"][:9]


def test_the_recent_records_are_read_from_the_end_only(tmp_path):
    made = written(tmp_path, *(record() for _ in range(60)))
    path = tmp_path / FIRST
    size = path.stat().st_size
    with path.open("r+b") as file:
        # What lies before is not even looked at: it might be a million lines.
        file.write(b"\x00" * (size - 70_000))
    assert [one.record for one in recent(tmp_path, 10)] == made[:-11:-1]


def test_a_line_written_twice_counts_once(tmp_path):
    (made,) = written(tmp_path, record())
    rated, better = rate(made.outputs[0], 2), rate(made.outputs[0], 5)
    written(tmp_path, made, rated, better, rated)
    (only,) = recent(tmp_path, 10)
    assert only.feedback[made.outputs[0].image_id].rating == 5


def test_a_check_during_writing_finds_no_damage(tmp_path):
    writer, stop = LearningRecordWriter(tmp_path, segment_limit=30_000), threading.Event()

    def write():
        while not stop.is_set():
            writer.append(record(prompt="x" * 9000))

    thread = threading.Thread(target=write)
    thread.start()
    checks = [verify(tmp_path) for _ in range(15)]
    stop.set()
    thread.join()
    assert all(check.damaged == () and check.gaps == () for check in checks)


def test_a_segment_that_is_filled_and_sealed_during_the_check_is_not_missing(tmp_path, monkeypatch):
    writer, read_manifest = LearningRecordWriter(tmp_path, segment_limit=30_000), reader.read_manifest

    def fill_segments():
        for _ in range(8):
            writer.append(record(prompt="x" * 9000))

    def read_while_written(folder):
        fill_segments()
        return read_manifest(folder)

    fill_segments()
    monkeypatch.setattr(reader, "read_manifest", read_while_written)
    check = verify(tmp_path)
    assert (check.damaged, check.gaps) == ((), ())
