"""The queue as the user changes it, over a real controller: order, removal, undo, and what is left of last time."""

from __future__ import annotations

import pytest
from whole_app import SLOW, App, request

from stablenew_tk.app.queue_rows import QueueRows
from stablenew_tk.backends.sketch.backend import Sketch
from stablenew_tk.storage.pending_jobs import WaitingFile


@pytest.fixture
def open_app(tmp_path, monkeypatch):
    real = Sketch.__init__
    monkeypatch.setattr(Sketch, "__init__", lambda self, pace_s=0.0: real(self, pace_s))
    apps = []

    def start():
        apps.append(App(tmp_path / "data"))
        return apps[-1]

    yield start
    for app in apps:
        app.controller.close()


@pytest.fixture
def app(open_app):
    """Nothing runs: the queue is paused."""
    made = open_app()
    made.controller.pause(True)
    made.runs = []
    return made


def waiting(app):
    """The queue as letters for runs with the index of each job: a0 a1 b0."""
    return " ".join(f"{'abc'[app.runs.index(job.run_id)]}{job.index}" for job in app.controller.queue)


def fill(app, *counts):
    for count in counts:
        app.runs.append(app.controller.run(request(count))[0].run_id)
    return app.controller.jobs


def test_a_job_moves_within_its_run_one_by_one_and_past_another_run_at_once(app):
    jobs = fill(app, 2, 3)
    places = jobs.shift(range(3, 4), -1)
    assert (places, waiting(app)) == (range(2, 3), "a0 a1 b1 b0 b2")
    places = jobs.shift(places, -1)
    assert (places, waiting(app)) == (range(1), "b1 a0 a1 b0 b2")
    assert jobs.shift(places, -1) == places
    places = jobs.shift(places, 1)
    assert (places, waiting(app)) == (range(2, 3), "a0 a1 b1 b0 b2")


def test_a_whole_run_moves_past_another_one(app):
    jobs = fill(app, 2, 2, 1)
    assert jobs.shift(jobs.blocks()[1].places, -1) == range(2)
    assert waiting(app) == "b0 b1 a0 a1 c0"
    assert jobs.shift(range(2), 1) == range(2, 4)
    assert jobs.shift(range(2, 4), 1) == range(3, 5)
    assert waiting(app) == "a0 a1 c0 b0 b1"


def test_jobs_are_put_where_they_are_dropped_with_the_mouse(app):
    jobs = fill(app, 3, 1)
    assert jobs.move(range(3, 4), 1) == range(1, 2)
    assert waiting(app) == "a0 b0 a1 a2"
    assert jobs.move(range(2), 99) == range(2, 4)
    assert waiting(app) == "a1 a2 a0 b0"
    assert jobs.move(range(1, 2), 2) == range(1, 2)


def test_removed_jobs_come_back_to_their_places_the_last_ones_first(app):
    jobs = fill(app, 3, 2)
    assert jobs.remove([1]) == 1
    assert jobs.remove_run(app.controller.queue[-1].run_id) == 2
    assert (waiting(app), jobs.tally.dropped) == ("a0 a2", 3)
    assert (jobs.restore(), waiting(app)) == (2, "a0 a2 b0 b1")
    assert (jobs.restore(), waiting(app)) == (1, "a0 a1 a2 b0 b1")
    assert (jobs.restore(), jobs.tally.dropped) == (0, 0)


def test_what_is_moved_to_the_front_is_made_first(app):
    jobs = fill(app, 3)
    jobs.move(range(2, 3), 0)
    app.controller.pause(False)
    app.idle()
    assert [record.prompt_id for record in reversed(app.records())] == ["p2", "p0", "p1"]


def test_stop_can_be_taken_back_and_nothing_is_made_twice(app):
    jobs = fill(app, 3)
    app.controller.cancel()
    assert (waiting(app), jobs.tally.words) == ("", "3 jobs dropped")
    assert jobs.restore() == 3
    app.controller.pause(False)
    app.idle()
    assert sorted(record.prompt_id for record in app.records()) == ["p0", "p1", "p2"]
    assert jobs.tally.words == "3 pictures made"


def test_jobs_of_last_time_are_in_the_list_and_go_on_or_are_forgotten_run_by_run(app, open_app):
    fill(app, 2, 3)
    app.controller.close()
    again = open_app()
    again.controller.pause(True)
    rows = QueueRows(again.controller)
    rows.refresh()
    assert [(rows.row(n).kind, rows.row(n).count) for n in range(rows.count)] == [("left", 2), ("left", 3)]
    again.controller.resume(go_on=False, run_id=rows.row(0).job.run_id)
    again.controller.resume(go_on=True, run_id=rows.row(1).job.run_id)
    assert (again.controller.leftover, len(again.controller.queue)) == ((), 3)


def test_rows_unfold_and_keep_their_keys_while_jobs_are_begun(app):
    fill(app, 3, 1)
    rows = QueueRows(app.controller)
    rows.refresh()
    assert [rows.row(n).note.split(" · ")[0] for n in range(rows.count)] == ["3 jobs", "p0"]
    key = rows.row(0).key
    rows.turn(rows.row(0), unfold=True)
    assert [rows.row(n).title for n in range(rows.count)] == ["Boats", "p0", "p1", "p2", "Boats"]
    second = rows.row(2).key
    app.controller.jobs.take()
    rows.refresh()
    assert (rows.index(key), rows.row(0).is_open, rows.index(second)) == (0, True, 1)
    assert rows.head_of(rows.row(1)).key == key


def test_the_order_is_on_disk_soon_and_not_written_for_every_step(app):
    jobs = fill(app, 2000, 1)
    app.wait(lambda: len(WaitingFile(app.places.waiting).load().jobs) == 2001)
    for _ in range(200):
        jobs.shift(range(1), 1)
        jobs.shift(range(1, 2), -1)
    jobs.move(range(2000, 2001), 0)
    app.wait(lambda: WaitingFile(app.places.waiting).load().jobs[0].run_id == app.runs[1])
    jobs.remove([0])
    app.wait(lambda: len(WaitingFile(app.places.waiting).load().jobs) == 2000)


def test_what_runs_stands_first(app):
    app.controller.pause(False)
    app.controller.run(request(2, **SLOW))
    rows = QueueRows(app.controller)
    rows.refresh()
    assert [rows.row(n).kind for n in range(rows.count)] == ["running", "run"]
    app.controller.cancel()


def test_ten_thousand_jobs_are_rows_when_they_are_looked_at(app):
    fill(app, 5000, 5000)
    rows = QueueRows(app.controller)
    rows.refresh()
    assert rows.count == 2
    for head in (1, 0):
        rows.turn(rows.row(head), unfold=True)
    assert rows.count == 10_002
    assert (rows.row(5001).kind, rows.row(10_001).places) == ("run", range(9999, 10_000))
