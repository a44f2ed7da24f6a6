"""A Learning Run being rated, without a window: where the user is, what is on its way, what comes next."""

from __future__ import annotations

import pytest
from journal_lines import rate
from plans import PlanCell, board_of, name_of, plan

from stablenew_tk.app.controller import Controller
from stablenew_tk.app.learn.matrix_cells import cell_content
from stablenew_tk.app.learn.rating_session import MatrixCursor, RatingSession
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.insights.blinding import blind_matrix
from stablenew_tk.storage.disk.places import find_places


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
