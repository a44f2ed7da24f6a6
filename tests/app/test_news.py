"""What others do to the same folder appears by itself: a command of the terminal, a program on another machine."""

from __future__ import annotations

import pytest
from terminal import FEW, PACK, ended, program
from whole_app import App, request

from stablenew_tk.domain.journal.record import Feedback
from stablenew_tk.pipeline.messages.journal import HistoryLoaded, LineSaved
from stablenew_tk.storage.journal.repair import repair
from stablenew_tk.storage.journal.segments import segment_path
from stablenew_tk.storage.journal.snapshot import load_history


@pytest.fixture
def open_app(tmp_path):
    apps = []

    def start(**options):
        apps.append(App(tmp_path / "data", **options))
        return apps[-1]

    yield start
    for app in apps:
        app.controller.close()


def folded(app):
    """What is known of every picture, in the order of the journal."""
    history = app.controller.history
    rows = [history.visible().facts(row) for row in range(len(history))]
    return sorted((one.position, one.image_id, one.rating, one.tags) for one in rows)


def on_disk(app):
    history = load_history(app.places.journal, app.places.cache / "none").history
    rows = [history.visible().facts(row) for row in range(len(history))]
    return sorted((one.position, one.image_id, one.rating, one.tags) for one in rows)


def test_a_run_and_a_rating_in_the_terminal_appear_while_the_window_is_open(open_app, tmp_path):
    app = open_app()
    app.make(2)
    pack = tmp_path / "two.txt"
    pack.write_text(PACK)
    data = ("--data-dir", tmp_path / "data")
    assert ended(program(*data, "run", pack, *FEW)).code == 0
    app.wait(lambda: len(app.controller.history) == 4)
    image = app.images()[-1]
    assert ended(program(*data, "rate", image, "4", "--tag", "crisp")).code == 0
    app.wait(lambda: app.held()[-1].rating == 4)
    assert app.held()[-1].tags == ("crisp",)
    assert folded(app) == on_disk(app)


def test_two_programs_at_work_at_once_know_the_same_and_no_line_twice(open_app):
    one, other = open_app(), open_app()
    for app in (one, other):
        app.controller.run(request(6))
    one.wait(lambda: other.controller.pump() or all(len(app.controller.history) == 12 for app in (one, other)))
    for at, app in enumerate((one, other)):
        for image in sorted(app.images())[at::2]:  # the rows of each are in the order in which it heard of them
            app.controller.rate([image], Feedback(event_id="", ts="", image_id="", rating=at + 1))
    settled = lambda app: all(held.rating for held in app.held())  # noqa: E731
    one.wait(lambda: other.controller.pump() or (settled(one) and settled(other)))
    assert folded(one) == folded(other) == on_disk(one)
    for app in (one, other):
        told = [event.line.event_id for event in app.told(LineSaved)]
        assert len(told) == len(set(told))


def test_many_ratings_of_another_program_come_in_pieces_and_all_are_told(open_app):
    one, other = open_app(), open_app()
    one.make(1)
    other.wait(lambda: len(other.controller.history) == 1)
    image = other.images()[0]
    for rating in [1, 2, 3, 4] * 30:
        other.controller.rate([image], Feedback(event_id="", ts="", image_id="", rating=rating))
    one.wait(lambda: other.controller.pump() or len(one.told(LineSaved)) >= 121)
    assert one.held()[0].rating == 4
    assert folded(one) == on_disk(one)


def test_the_journal_may_be_repaired_while_the_window_is_open(open_app):
    first = open_app()
    first.make(3)
    first.controller.close()
    app = open_app()
    path = segment_path(app.places.journal, 1)
    path.write_bytes(path.read_bytes().replace(b"a boat number 0", b"a coat number 0", 1))
    assert repair(app.places.journal).moved == 1
    app.until(HistoryLoaded, 2)
    assert len(app.controller.history) == 2
    assert app.controller.leftover == ()
    app.make(1)
    assert folded(app) == on_disk(app)
