"""Where pictures stand while a Learning Run is rated, what is asked next, and the matrix that draws it."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from journal_lines import rate, undo
from plans import PlanCell, board_of, history, name_of, plan

from stablenew_tk.domain.insights.blinding import AGAIN, seating
from stablenew_tk.domain.insights.matrix import board
from stablenew_tk.domain.runs.plan import LearningRunResult, ResultSummary
from stablenew_tk.gui.learn.rating.matrix import Matrix, MatrixActions
from stablenew_tk.gui.learn.rating.matrix_cell import MatrixCellContent
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.grid_layout import PICTURE_RATIO
from stablenew_tk.pipeline.messages.pictures import ThumbnailReady

LAST = PlanCell(4, 2)


def orders(now):
    return [tuple(seat.variant for seat in line.seats) for line in now.lines]


def again(cell, stars):
    return rate(name_of(cell), stars, repeat=True, blind=True)


def all_rated(of, stars=3):
    return [rate(name_of(cell), stars, blind=True) for cell in of.cells()]


def result(of):
    nothing = ResultSummary(state="too_early", value=None, probability=0, sentence="", rated=0, rows=0)
    return LearningRunResult(event_id=rate("x").event_id, ts=of.ts, plan_id=of.plan_id, steps=(), summary=nothing)


@pytest.mark.parametrize("number", range(20))
def test_every_row_is_shuffled_anew_and_none_stands_in_the_order_of_the_values(number):
    of = plan(rows=8, plan_id=f"PLAN {number}")
    shown = orders(seating(board_of(of)))
    rising = tuple(sorted(range(5), key=lambda variant: of.variant_values[variant]))
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in shown)
    assert all(order not in (rising, rising[::-1], (0, 1, 2, 3, 4)) for order in shown)
    assert all(one != other for one, other in pairwise(shown))


def test_a_shuffle_is_the_same_whenever_it_is_asked():
    of = plan()
    assert orders(seating(board_of(of))) == orders(seating(board_of(of)))


def test_no_place_of_a_row_belongs_to_a_value():
    firsts = Counter(orders(seating(board_of(plan(rows=1, plan_id=f"PLAN {n}"))))[0][0] for n in range(300))
    assert set(firsts) == {0, 1, 2, 3, 4}
    assert max(firsts.values()) < 2 * min(firsts.values())


def test_two_values_are_tossed_up():
    shown = Counter(orders(seating(board_of(plan((5, 10), rows=1, plan_id=f"PLAN {n}"))))[0] for n in range(200))
    assert set(shown) == {(0, 1), (1, 0)}
    assert 60 < shown[0, 1] < 140


def test_a_row_with_a_waiting_step_is_closed_and_shows_only_how_far_it_is():
    now = seating(board_of(plan(), without=(LAST,)))
    assert [line.open for line in now.lines] == [True, True, False]
    assert [seat.state for seat in now.lines[2].seats] == ["made"] * 4 + ["waiting"]
    assert all(seat.facts is None and seat.variant == -1 for seat in now.lines[2].seats)


@pytest.mark.parametrize("variant", range(5))
def test_a_closed_row_does_not_tell_which_value_is_being_made(variant):
    of = plan()
    cell = PlanCell(variant, 2)
    now = seating(board_of(of, without=(cell,)), making=of.step_id(cell))
    assert [seat.state for seat in now.lines[2].seats] == ["made"] * 4 + ["making"]


def test_a_failed_step_is_missing_and_never_asked_about():
    of = plan()
    now = seating(board_of(of, failed=(LAST,)))
    missing = [seat for seat in now.seats if seat.state == "missing"]
    assert [seat.line for seat in missing] == [2]
    assert not missing[0].asks
    assert now.wanted == 14


def test_a_suspect_picture_is_shown_and_never_asked_about():
    now = seating(board_of(plan(), suspect=(LAST,)))
    suspect = [seat for seat in now.seats if seat.facts.suspect]
    assert len(suspect) == 1
    assert not suspect[0].asks
    assert now.wanted == 14


def test_the_next_one_asked_comes_in_reading_order_and_from_the_start_again():
    now = seating(board_of(plan()))
    assert now.next_asked(-1) == 0
    assert now.next_asked(3) == 4
    assert now.next_asked(14) == 0
    assert now.next_asked(0, given={1, 2}) == 3


def test_revealed_columns_are_the_values_in_order_and_rows_the_seeds():
    of = plan()
    now = seating(board_of(of, ratings=[result(of)]))
    assert [of.variant_values[variant] for variant in now.columns] == [23, 47, 89, 117, 131]
    assert orders(now) == [now.columns] * 3


def test_a_plan_that_is_not_blind_shows_its_values_from_the_start():
    now = seating(board_of(plan(blind=False), without=(LAST,)))
    assert not now.hidden
    assert [of_line.open for of_line in now.lines] == [True] * 3
    assert now.seats[-1].state == "shown"


def test_an_extra_picture_stands_in_the_column_of_its_value():
    of = plan(blind=False, extra=(PlanCell(2, 3),), seeds=(1, 2, 3, 4))
    now = seating(board_of(of))
    assert [(seat.variant, seat.column) for seat in now.lines[3].seats] == [(2, 4)]


def test_one_in_ten_is_shown_again_when_all_others_have_their_stars():
    of = plan(show_twice=True)
    before = seating(board_of(of))
    assert [seat.state for seat in before.lines[-1].seats] == ["later"] * 2
    now = seating(board_of(of, ratings=all_rated(of)))
    assert now.lines[-1].row == AGAIN
    assert [seat.asks for seat in now.lines[-1].seats] == [True, True]
    assert now.covered
    assert not now.done


def test_below_eight_pictures_none_is_shown_again():
    of = plan((1, 2, 3), rows=2, show_twice=True)
    assert all(line.row != AGAIN for line in seating(board_of(of)).lines)


def test_what_was_shown_again_stays_chosen_and_keeps_both_ratings():
    of = plan(show_twice=True)
    first = seating(board_of(of, ratings=all_rated(of))).lines[-1].seats[0].facts
    _, variant, row = first.image_id.split()
    cell = PlanCell(int(variant), int(row))
    now = seating(board_of(of, ratings=[*all_rated(of, 4), again(cell, 2)]))
    held = {seat.facts.image_id: seat for seat in now.lines[-1].seats}
    assert held[first.image_id].stars == 2
    assert next(seat for seat in now.seats if not seat.again and seat.facts.image_id == first.image_id).stars == 4


def test_it_is_done_when_every_picture_that_counts_has_its_stars():
    of = plan()
    ratings = all_rated(of)
    assert seating(board_of(of, ratings=ratings)).done
    assert not seating(board_of(of, ratings=[*ratings, undo(ratings[7])])).done
    assert not seating(board_of(of)).done


# ---- the matrix on screen


class Shown:
    """A matrix of plain places on the screen."""

    def __init__(self, root, now):
        self.looked, self.root = [], root
        self.matrix = Matrix(
            root,
            MatrixActions(
                ask=lambda order: None,
                look=self.look,
                label=lambda line: (f"Seed {line.row}", ""),
                head=lambda column: (f"value {column}", "", False),
                reason=str,
                chosen=lambda: None,
                opened=lambda: None,
            ),
        )
        self.matrix.pack(fill="both", expand=True)
        self.root.update()
        self.matrix.show(now)
        self.root.update()

    def look(self, seat):
        self.looked.append(seat.number)
        return MatrixCellContent(kind="waiting", words=str(seat.number), current=seat.number == self.matrix.current)


def test_only_places_in_sight_exist(root):
    shown = Shown(root, seating(board_of(plan(tuple(range(10, 22)), rows=20))))
    assert len(shown.matrix._shown) < 100


def test_arrows_move_in_reading_order_and_keep_the_column(root):
    matrix = Shown(root, seating(board_of(plan()))).matrix
    matrix.go_to(4)
    matrix.move("right")
    assert matrix.current == 5
    matrix.move("down")
    assert matrix.current == 10
    matrix.move("end")
    assert matrix.current == 14
    matrix.move("up")
    assert matrix.current == 9
    matrix.move("home")
    assert matrix.current == 0


def test_the_current_place_comes_into_sight_in_both_directions(root):
    matrix = Shown(root, seating(board_of(plan(tuple(range(10, 26)), rows=20)))).matrix
    matrix.move("end")
    matrix.move("end")
    root.update()
    at, canvas = matrix._bounds(matrix.seat), matrix.canvas
    assert canvas.canvasx(0) <= at.x
    assert at.x + at.width <= canvas.canvasx(canvas.winfo_width())
    assert canvas.canvasy(0) <= at.y
    assert at.y + at.height <= canvas.canvasy(canvas.winfo_height())


def test_a_picture_stays_current_when_its_place_moves(root):
    of = plan()
    shown = Shown(root, seating(board_of(of)))
    shown.matrix.go_to(7)
    before = shown.matrix.seat.facts.image_id
    shown.matrix.show(seating(board_of(of, ratings=[result(of)])))
    assert shown.matrix.seat.facts.image_id == before


def test_only_the_places_that_changed_are_drawn_again(root, monkeypatch):
    of = plan()
    known = history(of)
    shown = Shown(root, seating(board(known, of.plan_id)))
    painted = []
    monkeypatch.setattr(shown.matrix, "_paint", lambda cell, bounds, look: painted.append(look.words))
    shown.matrix.show(seating(board(known, of.plan_id)))
    assert painted == []


def test_a_click_chooses_and_a_click_with_control_marks_to_compare(root):
    matrix = Shown(root, seating(board_of(plan()))).matrix
    at = matrix._bounds(matrix.seating.seats[6])
    matrix.canvas.event_generate("<ButtonPress-1>", x=at.x + 20, y=at.y + 20)
    assert matrix.current == 6
    matrix.canvas.event_generate("<ButtonPress-1>", x=at.x + 20, y=at.y + 20 - matrix._top, state=0x4)
    assert matrix.marked == {6}
    assert matrix.unmark()
    assert not matrix.marked


def test_the_shape_of_the_pictures_makes_the_shape_of_the_places(root):
    shown = Shown(root, seating(board_of(plan())))
    tall = shown.matrix._size.high
    shown.matrix.show(shown.matrix.seating, shape=PICTURE_RATIO / 2)
    assert shown.matrix._size.high < tall


def test_an_answer_for_another_picture_changes_nothing(root):
    shown = Shown(root, seating(board_of(plan())))
    shown.matrix.thumbnail_ready(ThumbnailReady(image_id="nobody", edge=64, jpeg=b""))
    theme.apply(root, "light")
    theme.apply(root, "dark")
    assert shown.matrix.canvas.cget("bg") == theme.colour("bg")
