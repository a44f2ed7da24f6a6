"""Where pictures stand while a Learning Run is rated, and what is asked next."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from journal_lines import rate, undo
from plans import PlanCell, all_rated, board_of, name_of, plan, result

from stablenew_tk.domain.insights.blinding import AGAIN, blind_matrix
from stablenew_tk.domain.insights.matrix_text import foot_text, key_hint, row_label

LAST = PlanCell(4, 2)


def orders(now):
    return [tuple(cell.variant for cell in line.cells) for line in now.lines]


def again(cell, stars):
    return rate(name_of(cell), stars, repeat=True, blind=True)


@pytest.mark.parametrize("number", range(20))
def test_every_row_is_shuffled_anew_and_none_stands_in_the_order_of_the_values(number):
    of = plan(rows=8, plan_id=f"PLAN {number}")
    shown = orders(blind_matrix(board_of(of)))
    rising = tuple(sorted(range(5), key=lambda variant: of.variant_values[variant]))
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in shown)
    assert all(order not in (rising, rising[::-1], (0, 1, 2, 3, 4)) for order in shown)
    assert all(one != other for one, other in pairwise(shown))


def test_a_shuffle_is_the_same_whenever_it_is_asked():
    of = plan()
    assert orders(blind_matrix(board_of(of))) == orders(blind_matrix(board_of(of)))


def test_no_place_of_a_row_belongs_to_a_value():
    firsts = Counter(orders(blind_matrix(board_of(plan(rows=1, plan_id=f"PLAN {n}"))))[0][0] for n in range(300))
    assert set(firsts) == {0, 1, 2, 3, 4}
    assert max(firsts.values()) < 2 * min(firsts.values())


def test_two_values_are_tossed_up():
    shown = Counter(orders(blind_matrix(board_of(plan((5, 10), rows=1, plan_id=f"PLAN {n}"))))[0] for n in range(200))
    assert set(shown) == {(0, 1), (1, 0)}
    assert 60 < shown[0, 1] < 140


def test_a_row_with_a_waiting_step_is_closed_and_shows_only_how_far_it_is():
    now = blind_matrix(board_of(plan(), without=(LAST,)))
    assert [line.open for line in now.lines] == [True, True, False]
    assert [cell.state for cell in now.lines[2].cells] == ["made"] * 4 + ["waiting"]
    assert all(cell.facts is None and cell.variant == -1 for cell in now.lines[2].cells)


@pytest.mark.parametrize("variant", range(5))
def test_a_closed_row_does_not_tell_which_value_is_being_made(variant):
    of = plan()
    cell = PlanCell(variant, 2)
    now = blind_matrix(board_of(of, without=(cell,)), making=of.step_id(cell))
    assert [cell.state for cell in now.lines[2].cells] == ["made"] * 4 + ["making"]


def test_a_failed_step_is_missing_and_never_asked_about():
    of = plan()
    now = blind_matrix(board_of(of, failed=(LAST,)))
    missing = [cell for cell in now.cells if cell.state == "missing"]
    assert [cell.line for cell in missing] == [2]
    assert not missing[0].asks
    assert now.wanted == 14


def test_a_suspect_picture_is_shown_and_never_asked_about():
    now = blind_matrix(board_of(plan(), suspect=(LAST,)))
    suspect = [cell for cell in now.cells if cell.facts.suspect]
    assert len(suspect) == 1
    assert not suspect[0].asks
    assert now.wanted == 14


def test_the_next_one_asked_comes_in_reading_order_and_from_the_start_again():
    now = blind_matrix(board_of(plan()))
    assert now.next_asked(-1) == 0
    assert now.next_asked(3) == 4
    assert now.next_asked(14) == 0
    assert now.next_asked(0, given={1, 2}) == 3


def test_revealed_columns_are_the_values_in_order_and_rows_the_seeds():
    of = plan()
    now = blind_matrix(board_of(of, ratings=[result(of)]))
    assert [of.variant_values[variant] for variant in now.columns] == [23, 47, 89, 117, 131]
    assert orders(now) == [now.columns] * 3


def test_a_plan_that_is_not_blind_shows_its_values_from_the_start():
    now = blind_matrix(board_of(plan(blind=False), without=(LAST,)))
    assert not now.hidden
    assert [of_line.open for of_line in now.lines] == [True] * 3
    assert now.cells[-1].state == "shown"


def test_an_extra_picture_stands_in_the_column_of_its_value():
    of = plan(blind=False, extra=(PlanCell(2, 3),), seeds=(1, 2, 3, 4))
    now = blind_matrix(board_of(of))
    assert [(cell.variant, cell.column) for cell in now.lines[3].cells] == [(2, 4)]


def test_one_in_ten_is_shown_again_when_all_others_have_their_stars():
    of = plan(show_twice=True)
    before = blind_matrix(board_of(of))
    assert [cell.state for cell in before.lines[-1].cells] == ["later"] * 2
    now = blind_matrix(board_of(of, ratings=all_rated(of)))
    assert now.lines[-1].row == AGAIN
    assert [cell.asks for cell in now.lines[-1].cells] == [True, True]
    assert now.covered
    assert not now.done


def test_below_eight_pictures_none_is_shown_again():
    of = plan((1, 2, 3), rows=2, show_twice=True)
    assert all(line.row != AGAIN for line in blind_matrix(board_of(of)).lines)


def test_what_was_shown_again_stays_chosen_and_keeps_both_ratings():
    of = plan(show_twice=True)
    first = blind_matrix(board_of(of, ratings=all_rated(of))).lines[-1].cells[0].facts
    _, variant, row = first.image_id.split()
    cell = PlanCell(int(variant), int(row))
    now = blind_matrix(board_of(of, ratings=[*all_rated(of, 4), again(cell, 2)]))
    held = {cell.facts.image_id: cell for cell in now.lines[-1].cells}
    assert held[first.image_id].stars == 2
    assert next(cell for cell in now.cells if not cell.again and cell.facts.image_id == first.image_id).stars == 4


def test_it_is_done_when_every_picture_that_counts_has_its_stars():
    of = plan()
    ratings = all_rated(of)
    assert blind_matrix(board_of(of, ratings=ratings)).done
    assert not blind_matrix(board_of(of, ratings=[*ratings, undo(ratings[7])])).done
    assert not blind_matrix(board_of(of)).done


class TestEqualPictures:
    """Of pictures that are the same only one is asked for, without a word about their values."""

    def two_equal(self, **changes):
        """Values 0 and 1 give the same picture in every row."""
        return blind_matrix(board_of(plan(), pixels=lambda cell: f"{cell.row} {max(cell.variant, 1)}", **changes))

    def test_the_first_one_in_the_row_is_asked_for(self):
        now = self.two_equal()
        assert (now.wanted, sum(cell.asks for cell in now.cells)) == (12, 12)
        for line in now.lines:
            pair = [cell for cell in line.cells if cell.variant < 2]
            assert [cell.asks for cell in pair] == [True, False]
            assert now.equals(pair[0]) == now.equals(pair[1]) == tuple(pair)
            other = next(cell for cell in line.cells if cell.variant > 1)
            assert now.equals(other) == (other,)

    @pytest.mark.parametrize("variant", [0, 1])
    def test_stars_for_one_fill_the_other(self, variant):
        now = self.two_equal(ratings=[rate(name_of(PlanCell(variant, 0)), 4, blind=True)])
        assert [cell.stars for cell in now.lines[0].cells if cell.variant < 2] == [4, 4]
        assert (now.rated, now.wanted, sum(cell.asks for cell in now.cells)) == (1, 12, 11)

    def test_all_is_rated_when_each_picture_is_rated_once(self):
        once = [rate(name_of(cell), 3, blind=True) for cell in plan().cells() if cell.variant]
        now = self.two_equal(ratings=once)
        assert now.done
        assert row_label(now, now.lines[0])[1].endswith("done")

    def test_rows_count_and_cells_say_so(self):
        now = self.two_equal()
        equal = next(cell for cell in now.lines[0].cells if cell.equal)
        assert row_label(now, now.lines[0])[1].endswith("0 of 4")
        assert foot_text(now, equal, current=False) == "the same picture"
        assert key_hint(equal, goes_on=True).startswith("The same picture as another one of this row.")

    def test_nothing_is_told_before_the_row_opens(self):
        now = self.two_equal(without=(PlanCell(4, 0),))
        assert not any(cell.equal or cell.picture for cell in now.lines[0].cells)

    def test_only_one_of_them_is_shown_once_more(self):
        of = plan(show_twice=True, rows=3)
        once = [rate(name_of(cell), 3, blind=True) for cell in of.cells() if cell.variant]
        now = blind_matrix(board_of(of, pixels=lambda cell: f"{cell.row}", ratings=once))
        shown = [cell for cell in now.cells if cell.again]
        assert len({cell.picture for cell in now.cells if not cell.again}) == 3
        assert [cell.facts is not None for cell in shown] == [True, True]
        assert len({cell.facts.row for cell in shown}) == 2


# ---- single pictures that are asked for later

FIRST, SECOND = (PlanCell(4, 2), PlanCell(1, 2), PlanCell(1, 3)), (PlanCell(0, 2), PlanCell(4, 3))


def by_steps(*batches, **changes):
    """Two rows of all values, then these batches of single pictures."""
    extra = tuple(cell for batch in batches for cell in batch)
    sizes = tuple(len(batch) for batch in batches)
    seeds = (1, 2, 3, 4)
    return plan(rows=2, complete_rows=2, most_pictures=40, extra=extra, batches=sizes, seeds=seeds, **changes)


@pytest.mark.parametrize("missing", FIRST)
def test_a_batch_opens_when_all_of_it_is_made_whatever_its_rows(missing):
    now = blind_matrix(board_of(by_steps(FIRST), without=(missing,)))
    assert [line.open for line in now.lines] == [True, True, False, False]
    assert all(cell.facts is None and cell.variant == -1 for line in now.lines[2:] for cell in line.cells)
    opened = blind_matrix(board_of(by_steps(FIRST)))
    assert all(cell.asks for line in opened.lines[2:] for cell in line.cells)


def test_what_is_in_sight_stays_where_it_is_when_a_batch_comes_to_its_row():
    before = blind_matrix(board_of(by_steps(FIRST)))
    while_made = blind_matrix(board_of(by_steps(FIRST, SECOND), without=SECOND))
    after = blind_matrix(board_of(by_steps(FIRST, SECOND)))
    for line, cells in enumerate(line.cells for line in before.lines):
        for now in (while_made, after):
            same = now.lines[line].cells[: len(cells)]
            assert [cell.facts.image_id for cell in same] == [cell.facts.image_id for cell in cells]
    assert [cell.state for cell in while_made.lines[2].cells] == ["shown", "shown", "waiting"]
    assert row_label(while_made, while_made.lines[2])[1] == "0 of 3 · 1 to come"


def test_the_order_of_asking_is_not_told():
    batch = (PlanCell(4, 2), PlanCell(1, 2), PlanCell(0, 2))
    shown = Counter()
    for number in range(60):
        same = {orders(blind_matrix(board_of(by_steps(one, plan_id=f"P{number}"))))[2] for one in (batch, batch[::-1])}
        assert len(same) == 1, "the order shown does not hang on the order of asking"
        shown.update(same)
    assert len(shown) == 3, "neither rising nor falling nor as written"
    assert max(shown.values()) < 35


def test_pictures_that_older_plans_asked_for_are_one_batch():
    old = plan(rows=2, extra=(PlanCell(4, 2), PlanCell(1, 3)), seeds=(1, 2, 3, 4))
    assert [line.open for line in blind_matrix(board_of(old, without=(PlanCell(1, 3),))).lines] == [True] * 2 + [
        False
    ] * 2
