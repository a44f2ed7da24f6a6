from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from disk_faults import Synced
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from journal_lines import rate, record, undo

from stablenew_tk.domain.base.errors import NotSaved, Unreadable
from stablenew_tk.storage.disk.process_lock import folder_lock, holding
from stablenew_tk.storage.journal.reader import JournalReading, recent, verify
from stablenew_tk.storage.journal.repair import export, repair
from stablenew_tk.storage.journal.segments import read_manifest
from stablenew_tk.storage.journal.snapshot import load_history, save_snapshot
from stablenew_tk.storage.journal.writer import LearningRecordWriter


@pytest.fixture
def damaged(tmp_path):
    """Segments of which the first has a changed byte, a torn half and two glued lines."""
    writer = LearningRecordWriter(tmp_path, segment_limit=25_000)
    for _ in range(30):
        writer.append(record())
    path = tmp_path / "records-000001.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b'"seed":1', b'"seed":7')
    lines[3] = lines[3][:-1] + b"?"
    lines.insert(6, lines[6][:200] + b"\n")
    path.write_bytes(b"".join(lines))
    return tmp_path


def events(folder):
    return [json.loads(line)["event_id"] for _, _, _, line in JournalReading(folder)]


def test_a_repair_keeps_every_readable_line_and_every_damaged_byte(damaged):
    before, broken = events(damaged), (damaged / "records-000001.jsonl").read_bytes()
    report = repair(damaged)
    assert (report.moved, report.segments, events(damaged)) == (3, ("records-000001.jsonl",), before)
    check = verify(damaged)
    assert (check.damaged, check.ok, len(check.gaps)) == ((), 29, 1)
    assert (damaged / report.copies[0]).read_bytes() == broken
    moved = (damaged / "records.damaged.jsonl").read_bytes().splitlines()
    assert len(moved) == 3
    assert all(line in broken for line in moved)


def test_what_a_repair_sets_aside_is_on_disk(damaged, monkeypatch):
    synced = Synced(monkeypatch)
    repair(damaged)
    assert damaged / "records.damaged.jsonl" in synced


def test_a_repair_waits_for_who_writes(damaged):
    before = (damaged / "records-000001.jsonl").read_bytes()
    repairing = threading.Thread(target=repair, args=(damaged,))
    with holding(folder_lock(damaged)):
        repairing.start()
        repairing.join(0.5)
        assert (damaged / "records-000001.jsonl").read_bytes() == before
    repairing.join()
    assert not verify(damaged).damaged


def test_the_manifest_fits_the_repaired_segment(damaged):
    repair(damaged)
    first = read_manifest(damaged)[0]
    data = (damaged / first.name).read_bytes()
    assert (first.sha256, first.lines) == (hashlib.sha256(data).hexdigest(), data.count(b"\n"))


def test_a_sound_journal_is_left_as_it_is(tmp_path):
    LearningRecordWriter(tmp_path).append(record())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert repair(tmp_path).segments == ()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert repair(tmp_path / "nowhere").moved == 0


def test_a_torn_last_line_is_moved_away_and_writing_goes_on(tmp_path):
    writer = LearningRecordWriter(tmp_path)
    writer.append(record())
    with (tmp_path / "records-000001.jsonl").open("ab") as file:
        file.write(b'{"kind":"run"')
    assert repair(tmp_path).moved == 1
    writer.append(record())
    assert (verify(tmp_path).ok, verify(tmp_path).damaged) == (2, ())


def test_a_whole_last_line_without_line_end_is_kept(tmp_path):
    writer = LearningRecordWriter(tmp_path)
    writer.append(record())
    path = tmp_path / "records-000001.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    assert (repair(tmp_path).moved, verify(tmp_path).ok, verify(tmp_path).damaged) == (0, 1, ())


@pytest.mark.parametrize("call", ["fsync", "write", "open", "pathlib.Path.replace"])
def test_a_repair_that_fails_at_any_point_loses_nothing_and_can_be_run_again(damaged, monkeypatch, call):
    before = events(damaged)
    owner, name = (os, call) if "." not in call else ("pathlib.Path.replace", None)
    real = getattr(os, call) if name else Path.replace
    for nth in range(1, 15):
        calls = []

        def faulty(*args, calls=calls, nth=nth, **kwargs):
            calls.append(1)
            if len(calls) == nth:
                raise OSError(28, "No space left on device")
            return real(*args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(owner, name, faulty) if name else patch.setattr(owner, faulty)
            with suppress(NotSaved, Unreadable):
                repair(damaged)
        assert events(damaged) == before
        assert not list(damaged.glob("*.tmp-*"))
    assert repair(damaged).moved in (0, 3)
    assert verify(damaged).damaged == ()


def exported(folder, **options):
    out = io.BytesIO()
    count = export(folder, out, **options)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == count
    return lines


def test_a_merged_export_says_what_holds_now_in_every_record(tmp_path):
    writer = LearningRecordWriter(tmp_path)
    first, second, third = record(2), record(), record()
    wrong = rate(first.outputs[1], 1)
    said = rate(first.outputs[0], 4, tags_added=("sharp",), note="keep")
    for line in (first, said, second, wrong, undo(wrong), third, undo(third), first):
        writer.append(line)
    one, two = exported(tmp_path, merged=True)
    assert one["feedback"] == {first.outputs[0].image_id: {"rating": 4, "tags": ["sharp"], "note": "keep"}}
    assert (one["event_id"], one["prompt"], "crc" in one) == (first.event_id, first.prompt, False)
    assert (two["event_id"], two["feedback"]) == (second.event_id, {})


def test_a_plain_export_can_be_read_as_a_journal_again(damaged, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    with (other / "records-000001.jsonl").open("wb") as out:
        assert export(damaged, out, merged=False) == 29
    assert events(other) == events(damaged)
    assert verify(other).damaged == ()


class Use(RuleBasedStateMachine):
    """Any order of making, rating, undoing, restarting and tearing, held against a plain dictionary."""

    @initialize(folder=st.builds(lambda: tempfile.mkdtemp()))
    def start(self, folder):
        self.root = Path(folder)
        self.ratings: dict[str, list[tuple[str, int]]] = {}
        self.undone: set[str] = set()
        self.restart()

    @rule()
    def restart(self):
        self.writer = LearningRecordWriter(self.root / "journal", segment_limit=9_000)
        self.history = load_history(self.root / "journal", self.root / "checkpoint").history

    @rule()
    def save(self):
        save_snapshot(self.history, self.root / "journal", self.root / "checkpoint")

    @rule(images=st.integers(0, 3))
    def make(self, images):
        made = record(images)
        self.ratings |= {image.image_id: [] for image in made.outputs}
        self.history.fold(*self.writer.append(made))

    @precondition(lambda self: self.ratings)
    @rule(which=st.integers(0, 50), stars=st.integers(0, 5))
    def give_stars(self, which, stars):
        image_id = sorted(self.ratings)[which % len(self.ratings)]
        said = rate(image_id, stars)
        self.ratings[image_id].append((said.event_id, stars))
        self.history.fold(*self.writer.append(said))

    @precondition(lambda self: any(self.ratings.values()))
    @rule(which=st.integers(0, 50))
    def take_back(self, which):
        said = sorted(event_id for lines in self.ratings.values() for event_id, _ in lines)
        target = said[which % len(said)]
        self.undone.add(target)
        self.history.fold(*self.writer.append(undo(type("Line", (), {"event_id": target}))))

    @precondition(lambda self: list((self.root / "journal").glob("records-*")))
    @rule(junk=st.binary(min_size=1, max_size=30).filter(lambda junk: junk.strip() and b"\n" not in junk))
    def tear(self, junk):
        with sorted((self.root / "journal").glob("records-*"))[-1].open("ab") as file:
            file.write(junk)

    @precondition(lambda self: (self.root / "journal").exists())
    @rule()
    def add_lost_steps(self):
        repair(self.root / "journal")
        self.restart()

    @invariant()
    def the_views_agree(self):
        expected = {
            image_id: next((stars for event, stars in reversed(lines) if event not in self.undone), 0)
            for image_id, lines in self.ratings.items()
        }
        assert {
            image_id: self.history.unblinded().feedback(self.history.row_of(image_id)).rating for image_id in expected
        } == expected
        view = recent(self.root / "journal", 1000)
        held = {image_id: said.rating for one in view for image_id, said in one.feedback.items() if said.rating}
        assert held == {image_id: stars for image_id, stars in expected.items() if stars}

    def teardown(self):
        if hasattr(self, "root"):
            shutil.rmtree(self.root)


TestUse = Use.TestCase
TestUse.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
