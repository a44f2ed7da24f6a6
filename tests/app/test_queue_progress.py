"""What the bar below every page says about the queue."""

from __future__ import annotations

import pytest
from jobs import SMALL
from slow_sketch import slow_sketch
from whole_app import SLOW, App, request

from stablenew_tk.app.queue_progress import QueueProgress
from stablenew_tk.domain.journal.estimate import about
from stablenew_tk.pipeline.messages.jobs import NodeWaiting, StageProgressed


@pytest.fixture
def app(tmp_path, monkeypatch):
    slow_sketch(monkeypatch)
    made = App(tmp_path / "data")
    yield made
    made.controller.close()


def test_an_empty_queue_says_so_and_later_what_came_of_it(app):
    progress = QueueProgress(app.controller)
    progress.refresh()
    assert (progress.busy, progress.head, progress.text, progress.eta) == (False, "", "Nothing is running", "")
    app.controller.run(request(2))
    progress.refresh()
    app.idle()
    progress.refresh()
    assert (progress.text, progress.share) == ("2 pictures made", 0.0)


def test_a_running_job_is_told_with_its_place_and_the_time_left_once_that_can_be_known(app):
    app.make(**SMALL)
    progress = QueueProgress(app.controller)
    app.controller.run(request(2, **SLOW))
    progress.refresh()
    assert (progress.busy, progress.head, progress.share) == (True, "Job 1 of 2", None)
    app.wait(lambda: app.controller.running is not None and app.controller.running.step and app.told(StageProgressed))
    progress.refresh()
    assert progress.text.startswith("Boats · p0 · seed 7")
    assert 0 < progress.share < 0.5
    assert progress.eta.endswith(" left")
    app.controller.pause(True)
    waiting = NodeWaiting(job_id="", message="It does not answer.", brief="no answer", retry_in_s=1)
    app.controller.backend.fold(waiting)
    progress.refresh()
    assert progress.head == "Sketch: no answer."
    assert progress.text == "2 jobs wait. It does not answer."
    app.wait(lambda: not app.controller.backend.brief)  # the next step that it tells of
    progress.refresh()
    assert progress.head == "Job 1 of 2"
    app.controller.cancel()
    app.idle()


def test_the_time_left_of_a_long_queue_is_that_of_all_its_jobs(app):
    app.make(**SMALL)
    progress = QueueProgress(app.controller)
    for count, values in ((1000, SLOW), (4000, SMALL), (1000, SLOW)):
        app.controller.run(request(count, **values))
    app.wait(lambda: app.controller.running.step)
    progress.refresh()
    app.controller.pause(True)
    exact_s = app.controller.forecast_s(job.config for job in app.controller.queue)
    assert progress.eta in {f"{about(exact_s * share / 100)} left" for share in range(90, 111)}
    app.controller.cancel()
    app.idle()


def test_the_end_is_told_as_it_was(app):
    progress = QueueProgress(app.controller)
    app.controller.run(request(1500, **SLOW))
    app.wait(lambda: app.controller.running.step > 2)
    app.controller.cancel()
    app.idle()
    progress.refresh()
    assert progress.text == "1 job stopped, 1,499 jobs dropped"
    app.make(2)
    progress.refresh()
    assert progress.text == "2 pictures made"


def test_removed_jobs_are_not_counted_on(app):
    progress = QueueProgress(app.controller)
    app.controller.run(request(5, **SLOW))
    app.controller.jobs.remove([1, 2])
    progress.refresh()
    assert progress.head == "Job 1 of 3"
    app.controller.cancel()
    app.idle()
    progress.refresh()
    assert progress.text == "1 job stopped, 4 jobs dropped"
