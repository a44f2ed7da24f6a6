from __future__ import annotations

import json
import math
import os
import re
import stat
import subprocess
import sys
import threading
import zlib

import msgspec
import pytest
from journal_lines import output, rate, record

from stablenew_tk.domain.base.errors import InvalidInput, NotSaved
from stablenew_tk.domain.journal.record import Feedback, StageRecord
from stablenew_tk.domain.runs.job import LearningTag
from stablenew_tk.domain.runs.preset import Preset
from stablenew_tk.pipeline.ids_and_times import as_line
from stablenew_tk.storage.disk.process_lock import folder_lock, holding
from stablenew_tk.storage.journal.reader import JournalReading, read_record, recent, verify
from stablenew_tk.storage.journal.segments import read_manifest
from stablenew_tk.storage.journal.writer import LearningRecordWriter


def lines_of(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.glob("records-*.jsonl"))).splitlines()


def readable(folder):
    return [json.loads(line)["event_id"] for _, _, _, line in JournalReading(folder)]


def test_a_saved_line_is_plain_json_with_its_checksum_at_the_end(tmp_path):
    made = record()
    saved = LearningRecordWriter(tmp_path, writer="pc").append(made)
    (line,) = lines_of(tmp_path)
    assert line.startswith(b'{"kind":"run","schema":1,"event_id":"')
    assert json.loads(line)["crc"] == f"{zlib.crc32(line[:-18] + b'}'):08x}"
    assert saved.line == msgspec.structs.replace(made, writer="pc", seq=1)
    assert read_record(tmp_path, saved.position) == saved.line


def test_the_folder_is_made_and_its_files_are_private(tmp_path):
    LearningRecordWriter(tmp_path / "a" / "b").append(record())
    (path,) = (tmp_path / "a" / "b").glob("records-*.jsonl")
    assert path.name == "records-000001.jsonl"
    assert sys.platform == "win32" or stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_writer_counts_its_own_lines(tmp_path):
    one, other = LearningRecordWriter(tmp_path), LearningRecordWriter(tmp_path)
    seqs = [writer.append(record()).line.seq for writer in (one, other, one, other, one)]
    assert seqs == [1, 1, 2, 2, 3]
    assert one.writer != other.writer
    assert verify(tmp_path).gaps == ()


def test_many_threads_may_write_at_once(tmp_path):
    writers = [LearningRecordWriter(tmp_path, segment_limit=20_000) for _ in range(2)]
    threads = [
        threading.Thread(target=lambda w=writers[n % 2]: [w.append(record()) for _ in range(10)]) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check = verify(tmp_path)
    assert (check.ok, check.damaged, check.gaps) == (40, (), ())


def test_a_torn_last_line_costs_only_that_line(tmp_path):
    writer = LearningRecordWriter(tmp_path)
    kept = writer.append(record()).line.event_id
    path = tmp_path / "records-000001.jsonl"
    with path.open("ab") as file:
        file.write(b'{"kind":"run","schema":1,"event_id":"torn')
    after = writer.append(record())
    assert readable(tmp_path) == [kept, after.line.event_id]
    assert read_record(tmp_path, after.position) == after.line
    assert [(d.file, d.line) for d in verify(tmp_path).damaged] == [(path.name, 2)]


def test_a_prompt_with_line_ends_stays_one_line(tmp_path):
    LearningRecordWriter(tmp_path).append(record(prompt="one\ntwo\r\nthree\u2028four\x85five\x00"))
    assert len((tmp_path / "records-000001.jsonl").read_bytes().split(b"\n")) == 2
    assert recent(tmp_path, 1)[0].record.prompt == "one\ntwo\r\nthree\u2028four\x85five\x00"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_cannot_hold_is_marked_in_a_record_and_refused_in_other_lines(tmp_path, bad):
    writer = LearningRecordWriter(tmp_path)
    stage = StageRecord(stage="txt2img", applied={"txt2img.cfg_scale": bad, "txt2img.steps": 20})
    saved = writer.append(record(seconds=bad, learning=LearningTag(value=bad), stage_results=(stage,))).line
    assert (saved.seconds, saved.learning.value) == (0.0, f"{bad} (not a number)")
    assert saved.stage_results[0].applied == {"txt2img.cfg_scale": f"{bad} (not a number)", "txt2img.steps": 20}
    assert recent(tmp_path, 1)[0].record == saved
    with pytest.raises(InvalidInput, match=r"values\.txt2img\.cfg_scale is not a finite number"):
        writer.append(as_line(Preset(preset_id="p", name="n", values={"txt2img.cfg_scale": bad})))
    assert writer.append(record()).line.seq == 2


def test_a_record_longer_than_a_mebibyte_is_kept_without_the_end_of_its_texts(tmp_path):
    outputs = tuple(output(infotext="ä" * 400_000) for _ in range(20))
    saved = LearningRecordWriter(tmp_path).append(record(prompt="x" * (1 << 20), outputs=outputs)).line
    assert recent(tmp_path, 1)[0].record == saved
    assert re.fullmatch(r"x+ \[…[\d,]+ more characters were not recorded\]", saved.prompt)
    assert [one.path for one in saved.outputs] == [one.path for one in outputs]
    assert verify(tmp_path).damaged == ()


def test_a_line_that_cannot_be_cut_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="longer than a line may be"):
        LearningRecordWriter(tmp_path).append(rate("image", 3, note="x" * (1 << 20)))
    with pytest.raises(InvalidInput, match="longer than a line may be"):
        LearningRecordWriter(tmp_path).append(record(outputs=tuple(output() for _ in range(9_000))))
    assert lines_of(tmp_path) == []


def test_a_file_name_that_is_not_text_does_not_keep_a_run_from_being_recorded(tmp_path):
    saved = LearningRecordWriter(tmp_path).append(record(start_image="caf\udce9.png"))
    assert saved.line.start_image == "caf\\udce9.png"
    assert recent(tmp_path, 1)[0].record == saved.line


def test_full_segments_are_sealed_and_the_next_one_begins(tmp_path):
    writers = [LearningRecordWriter(tmp_path, segment_limit=8_000) for _ in range(2)]
    made = [writers[number % 2].append(record()).line.event_id for number in range(20)]
    assert readable(tmp_path) == made
    sizes = [path.stat().st_size for path in sorted(tmp_path.glob("records-*.jsonl"))]
    assert len(sizes) > 3
    assert max(sizes) <= 8_000
    sealed = read_manifest(tmp_path)
    assert len(sealed) == len(sizes) - 1
    assert sum(entry.lines for entry in sealed) < 20
    assert sealed[0].first_ts == "2026-01-01T00:00:00.000Z"


def test_a_missing_sealed_segment_is_noticed(tmp_path):
    writer = LearningRecordWriter(tmp_path, segment_limit=8_000)
    for _ in range(10):
        writer.append(record())
    (tmp_path / "records-000001.jsonl").unlink()
    check = verify(tmp_path)
    assert check.damaged[0].file == "records-000001.jsonl"
    assert check.gaps[0].first == 1


def test_a_short_write_is_rolled_back_and_the_next_line_is_saved(tmp_path, monkeypatch):
    writer = LearningRecordWriter(tmp_path)
    writer.append(record())
    before = lines_of(tmp_path)
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: write(fd, data[:100]))
        with pytest.raises(NotSaved, match="not saved"):
            writer.append(record())
    assert lines_of(tmp_path) == before
    assert writer.append(record()).line.seq == 2
    assert verify(tmp_path).ok == 2


def test_after_a_failed_sync_the_line_is_not_saved_and_the_next_goes_to_a_new_segment(tmp_path, monkeypatch):
    writer = LearningRecordWriter(tmp_path)
    writer.append(record())
    again = record()

    def fail(_):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(NotSaved, match="Input/output error"):
            writer.append(again)
    saved = writer.append(again)
    assert saved.position.segment == 2
    assert readable(tmp_path).count(again.event_id) == 1
    # All writers follow, so that lines stay in order.
    assert LearningRecordWriter(tmp_path).append(record()).position.segment == 2


CALLS = ("open", "write", "fsync", "lseek", "ftruncate", "close")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "until mended"])
def test_whatever_call_fails_nothing_is_said_to_be_saved_falsely(tmp_path, monkeypatch, call, for_ever):
    real = getattr(os, call)
    for nth in range(1, 12):
        folder = tmp_path / str(nth)
        writer, saved, calls = LearningRecordWriter(folder, segment_limit=5_000), [], []

        def faulty(*args, calls=calls, nth=nth, **kwargs):
            calls.append(call)
            if len(calls) == nth or (for_ever and len(calls) > nth):
                if call == "close":
                    real(*args)
                raise OSError(28, "No space left on device")
            return real(*args, **kwargs)

        lines = [record() for _ in range(3)]
        with monkeypatch.context() as patch:
            patch.setattr(os, call, faulty)
            unsaved = [line for line in lines if not try_to_save(writer, line, saved)]
        # Once the fault is over, what was kept back is saved without anybody mending anything.
        assert all(try_to_save(writer, line, saved) for line in unsaved)
        assert set(saved) == {line.event_id for line in lines} == set(readable(folder))
        assert len(recent(folder, 10)) == 3


def try_to_save(writer, line, saved):
    try:
        saved.append(writer.append(line).line.event_id)
    except NotSaved:
        return False
    return True


def test_a_journal_that_somebody_else_holds_is_waited_for(tmp_path):
    writer = LearningRecordWriter(tmp_path)
    writer.append(record())
    done = []
    with holding(folder_lock(tmp_path)):
        thread = threading.Thread(target=lambda: done.append(writer.append(record())))
        thread.start()
        thread.join(0.05)
        assert not done
    thread.join()
    assert done


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotSaved, match="not saved"):
        LearningRecordWriter(tmp_path / "file" / "journal").append(record())


FULL_DISK = """
import resource, sys
from pathlib import Path
from journal_lines import record
from stablenew_tk.domain.base.errors import NotSaved
from stablenew_tk.storage.journal.writer import LearningRecordWriter
writer = LearningRecordWriter(Path(sys.argv[1]))
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
for number in range(40):
    if number == 30:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    line = record()
    try:
        writer.append(line)
        print("saved", line.event_id)
    except NotSaved:
        print("refused", line.event_id)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no file size limit to set on Windows")
def test_a_full_disk_never_says_saved_falsely_and_recovers_by_itself(tmp_path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", FULL_DISK, tmp_path], env=environment, capture_output=True, text=True, check=True
    )
    told = [line.split() for line in ran.stdout.splitlines()]
    assert [word for word, _ in told[-10:]] == ["saved"] * 10
    assert 10 < sum(word == "refused" for word, _ in told) < 30
    assert readable(tmp_path) == [event_id for word, event_id in told if word == "saved"]
    assert verify(tmp_path).damaged == verify(tmp_path).gaps == ()


def test_ratings_and_records_share_one_journal(tmp_path):
    writer = LearningRecordWriter(tmp_path)
    made = writer.append(record()).line
    writer.append(rate(made.outputs[0], 4, tags_added=("hands",)))
    (only,) = recent(tmp_path, 5)
    held = only.feedback[made.outputs[0].image_id]
    assert (only.record, held.rating, held.tags) == (made, 4, ("hands",))


def test_a_draft_is_no_line_and_a_line_of_it_has_its_own_id_and_time(tmp_path):
    writer, draft = LearningRecordWriter(tmp_path), Feedback(image_id="I", rating=4)
    with pytest.raises(InvalidInput, match="draft"):
        writer.append(draft)
    first, second = as_line(draft), as_line(draft)
    assert first.event_id != second.event_id
    assert (first.ts[-1], first.rating, first.image_id) == ("Z", 4, "I")
    writer.append(first)
    assert readable(tmp_path) == [first.event_id]


@pytest.mark.parametrize("missing", ["event_id", "ts"])
def test_a_line_of_another_tool_needs_id_and_time(tmp_path, missing):
    whole = {"kind": "feedback", "event_id": "A", "ts": "2026-01-01T00:00:00Z", "image_id": "I", "rating": 5}
    lines = [whole, {name: value for name, value in whole.items() if name != missing}]
    (tmp_path / "records-000001.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    check = verify(tmp_path)
    assert (check.ok, [one.line for one in check.damaged]) == (1, [2])
