"""The matrix of a Learning Run on screen: moving in it, choosing to compare, drawing only what changed."""

from __future__ import annotations

import pytest
from journal_lines import rate
from plans import board_of, history, plan, texts

from stablenew_tk.app.controller import Controller
from stablenew_tk.app.learn.rating_session import RatingSession
from stablenew_tk.domain.base.grid_layout import PICTURE_RATIO
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.domain.insights.blinding import blind_matrix
from stablenew_tk.domain.insights.matrix import board
from stablenew_tk.domain.runs.plan import LearningRunResult, ResultSummary
from stablenew_tk.gui.learn.rating.matrix import Matrix
from stablenew_tk.gui.learn.rating.matrix_parts import MatrixCell
from stablenew_tk.gui.widgets import theme
from stablenew_tk.pipeline.messages.pictures import ThumbnailReady
from stablenew_tk.storage.disk.places import find_places


def result(of):
    nothing = ResultSummary(state="too_early", value=None, probability=0, sentence="", rated=0, rows=0)
    return LearningRunResult(event_id=rate("x").event_id, ts=of.ts, plan_id=of.plan_id, steps=(), summary=nothing)


class Screen:
    """A matrix over a session that is given its places by hand."""

    def __init__(self, root, folder, held):
        self.root = root
        self.controller = Controller(find_places(str(folder), {}, None), Settings())
        self.session = RatingSession(self.controller)
        self.cursor = self.session.cursor
        self.matrix = Matrix(root, self.session, lambda order: None)
        self.cursor.moved, self.cursor.marks_changed = self.matrix.show_current, self.matrix.refresh
        self.matrix.pack(fill="both", expand=True)
        self.root.update()
        self.show(held)

    def show(self, held, **how):
        self.cursor.place(blind_matrix(held))
        self.matrix.show(**how)
        self.root.update()

    def on_canvas(self, number):
        """Where a place is in the window, and its size."""
        at, canvas = self.matrix.bounds(self.cursor.cells[number]), self.matrix.canvas
        return round(at.x - canvas.canvasx(0)), round(at.y - canvas.canvasy(0)), at.width, at.height


@pytest.fixture
def screen(root, tmp_path):
    made = []

    def make(held):
        made.append(Screen(root, tmp_path, held))
        return made[-1]

    yield make
    for one in made:
        one.controller.close()


def test_only_places_in_sight_exist(screen):
    shown = screen(board_of(plan(tuple(range(10, 22)), rows=20)))
    assert 0 < shown.matrix.cells_drawn < 100


def test_arrows_move_in_reading_order_and_keep_the_column(screen):
    shown = screen(board_of(plan()))
    shown.cursor.go_to(4)
    for how, number in (("right", 5), ("down", 10), ("end", 14), ("up", 9), ("home", 0)):
        shown.matrix.move(how)
        assert shown.cursor.current == number


def test_the_current_place_comes_into_sight_in_both_directions(screen):
    shown = screen(board_of(plan(tuple(range(10, 26)), rows=20)))
    shown.matrix.move("end")
    shown.matrix.move("end")
    shown.root.update()
    x, y, width, height = shown.on_canvas(shown.cursor.current)
    assert x >= 0
    assert x + width <= shown.matrix.canvas.winfo_width()
    assert y >= 0
    assert y + height <= shown.matrix.canvas.winfo_height()


def test_a_picture_stays_current_when_its_place_moves(screen):
    of = plan()
    shown = screen(board_of(of))
    shown.cursor.go_to(7)
    before = shown.cursor.cell.facts.image_id
    shown.show(board_of(of, ratings=[result(of)]))
    assert shown.cursor.cell.facts.image_id == before


def test_only_the_places_that_changed_are_drawn_again(screen, monkeypatch):
    of = plan()
    known = history(of)
    shown = screen(board(known, of.plan_id))
    drawn = []
    draw = MatrixCell.draw
    monkeypatch.setattr(MatrixCell, "draw", lambda cell, *given: drawn.append(given) or draw(cell, *given))
    shown.show(board(known, of.plan_id))
    assert drawn == []
    shown.cursor.go_to(3)
    assert len(drawn) == 1


def test_a_click_chooses_and_a_click_with_control_marks_to_compare(screen):
    shown = screen(board_of(plan()))
    canvas = shown.matrix.canvas
    for state, marked in ((0, set()), (0x4, {6})):
        x, y, _, _ = shown.on_canvas(6)
        canvas.event_generate("<ButtonPress-1>", x=x + 20, y=y + 20, state=state)
        assert shown.cursor.current == 6
        assert shown.cursor.marked == marked
    assert shown.cursor.unmark()
    assert not shown.cursor.marked


def test_the_shape_of_the_pictures_makes_the_shape_of_the_places(screen):
    held = board_of(plan())
    shown = screen(held)
    tall = shown.on_canvas(0)[3]
    shown.show(held, shape=PICTURE_RATIO / 2)
    assert shown.on_canvas(0)[3] < tall


def test_an_answer_for_another_picture_changes_nothing(screen):
    shown = screen(board_of(plan()))
    shown.root.winfo_pointerxy()  # asks the screen, so that its news of the window's size is here
    shown.root.update()
    before = texts(shown.matrix)
    shown.matrix.thumbs.ready(ThumbnailReady(image_id="nobody", edge=64, jpeg=b""))
    theme.apply(shown.root, "light")
    theme.apply(shown.root, "dark")
    assert texts(shown.matrix) == before
    assert shown.matrix.canvas.cget("bg") == theme.palette["bg"]
