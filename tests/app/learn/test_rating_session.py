"""A Learning Run being rated, without a window: where the user is, what is on its way, what comes next."""

from __future__ import annotations

import pytest
from journal_lines import rate
from plans import PlanCell, board_of, name_of, plan, record
from whole_app import App

from stablenew_tk.app.controller import Controller
from stablenew_tk.app.feedback import change
from stablenew_tk.app.learn.matrix_cells import cell_content
from stablenew_tk.app.learn.rating_session import MatrixCursor, RatingSession
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.insights.blinding import blind_matrix
from stablenew_tk.pipeline.messages.journal import LineSaved
from stablenew_tk.storage.disk.places import find_places
from stablenew_tk.storage.journal.writer import LearningRecordWriter


@pytest.fixture
def controller(tmp_path):
    made = Controller(find_places(str(tmp_path), {}, None), Settings())
    yield made
    made.close()


@pytest.fixture
def session(controller):
    return RatingSession(controller)


def test_a_place_without_a_picture_is_not_rated_and_says_why(session):
    session.cursor.place(blind_matrix(board_of(plan(), without=(PlanCell(4, 2),), suspect=(PlanCell(0, 0),))))
    cells = session.cursor.cells
    assert session.rate(None, 4) == "There is nothing to rate yet."
    assert session.rate(cells[-1], 4) == "Nothing to rate here yet"
    assert "does not count" in session.rate(next(cell for cell in cells if cell.facts and cell.facts.suspect), 4)
    assert session.last == -1


def test_after_stars_the_next_place_without_any_is_current(session):
    ratings = [rate(name_of(cell), 3) for cell in plan().cells()[:14]]
    session.cursor.place(blind_matrix(board_of(plan(), ratings=ratings)))
    asked = session.next_asked(-1)
    session.go_on(session.cursor.cells[0])
    assert session.cursor.current == asked
    assert cell_content(session, session.cursor.cell).text == "rate this one"


def test_an_undone_picture_becomes_the_last_one_spoken_of(session):
    session.cursor.place(blind_matrix(board_of(plan())))
    third = session.cursor.cells[3]
    assert session.bring_back({third.facts.row}) == third
    assert session.last == third.key
    assert session.bring_back({999}) is None


def test_marks_follow_their_pictures_and_places_without_one_are_never_marked():
    cursor, told = MatrixCursor(), []
    cursor.moved, cursor.marks_changed = lambda: told.append("moved"), lambda: told.append("marks")
    cursor.place(blind_matrix(board_of(plan(), without=(PlanCell(4, 2),))))
    cursor.go_to(0)
    cursor.move("right", mark=True)
    cursor.toggle_mark(14)
    assert cursor.marked == {0, 1}
    assert cursor.unmark()
    assert not cursor.unmark()
    assert told == ["moved", "moved", "marks", "marks"]


@pytest.fixture
def app(tmp_path):
    """A Learning Run of three values on two seeds; the first two values gave the same pictures."""
    of = plan((12, 20, 28), rows=2)
    writer = LearningRecordWriter(find_places(str(tmp_path), {}, None).journal)
    writer.append(of)
    for cell in of.cells():
        writer.append(record(of, cell, pixels=f"{cell.row} {max(cell.variant, 1)}"))
    made = App(tmp_path, Settings(backend="sketch"))
    yield made
    made.controller.close()


class TestEqualPictures:
    @pytest.fixture
    def session(self, app):
        opened = RatingSession(app.controller)
        app.controller.subscribe(opened.feedback.on_event)
        assert opened.open("PLAN")
        opened.refresh()
        return opened

    def saved(self, app, session):
        """Wait until all is on disk; returns stars and tags of the first row."""

        def done():
            session.refresh()
            return session.all_saved

        app.wait(done)
        cells = sorted(session.matrix.lines[0].cells, key=lambda cell: cell.variant)
        return [(cell.facts.rating, cell.facts.tags) for cell in cells]

    @pytest.mark.parametrize("asked", [True, False])
    def test_stars_for_one_fill_the_other_at_once_and_undo_takes_them_from_both(self, app, session, asked):
        pair = [cell for cell in session.matrix.lines[0].cells if cell.variant < 2]
        session.rate(next(cell for cell in pair if cell.asks == asked), 4)
        assert {session.saving(cell) for cell in pair} == {"saving"}
        left = {session.next_asked(cell.number) for cell in session.cursor.cells}
        assert not left & {cell.number for cell in pair}
        assert self.saved(app, session) == [(4, ()), (4, ()), (0, ())]
        assert all(session.feedback.facts(cell.facts.row).rating == 0 for cell in pair), (
            "blind: nothing else may see it"
        )
        changed = len(app.told(LineSaved))
        app.controller.undo()
        app.until(LineSaved, changed + 2)
        assert self.saved(app, session) == [(0, ()), (0, ()), (0, ())]

    def test_other_stars_and_none_go_to_both(self, app, session):
        for stars in (4, 2, 0):
            pair = [cell for cell in session.matrix.lines[0].cells if cell.variant < 2]
            session.rate(pair[stars == 2], stars)
            assert self.saved(app, session)[:2] == [(stars, ())] * 2

    def test_tags_go_to_both_and_can_be_taken_from_both(self, app, session):
        cell = next(cell for cell in session.matrix.lines[0].cells if cell.variant == 1)
        for tags, what in ((("hands",), change(added=("hands",))), ((), change(removed=("hands",)))):
            changed = len(app.told(LineSaved))
            session.tell(cell.facts.row, what)
            app.until(LineSaved, changed + 2)
            assert self.saved(app, session) == [(0, tags), (0, tags), (0, ())]
