"""Which pairs are asked, and when they are offered."""

from __future__ import annotations

from itertools import combinations

import pytest
from learning_lab import Lab

from stablenew_tk.domain.insights.pairs_to_ask import crowded, pairs_to_ask


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def values(lab, plan):
    """The pairs asked: (row, the two values, which stands left)."""
    at = {picture.image_id: value for (value, _), picture in lab.made.items()}
    return [(pair.row, at[pair.left.image_id], at[pair.right.image_id]) for pair in pairs_to_ask(lab.board(plan))]


def test_the_best_values_are_compared_in_every_row_with_one_pair_less_than_pictures(lab):
    # The order is drawn from the id.
    plan = lab.plan(values=(12, 20, 28, 36), rows=5, plan_id="01JZ0000000000000000000001")
    lab.make(plan)
    lab.rate({12: (2,) * 5, 20: (5,) * 5, 28: (5,) * 5, 36: (5, 4, 5, 4, None)})
    asked = values(lab, plan)
    assert [row for row, *_ in asked] == [0, 0, 1, 1, 2, 2, 3, 3, 4]
    assert {value for _, *two in asked for value in two} == {20, 28, 36}
    # Neither the pairs nor the sides follow the order of the values.
    assert len({frozenset(two) for _, *two in asked}) == len([*combinations((20, 28, 36), 2)])
    assert len({left < right for _, left, right in asked}) == 2
    assert values(lab, plan) == asked
    lab.vote("first", (20, 0), (28, 0))
    assert values(lab, plan) == asked


def test_equal_pictures_and_single_ones_are_never_a_pair(lab):
    plan = lab.plan(values=(12, 20), rows=3)
    lab.make(plan, pixels=lambda value, row: "same" if row == 0 else f"{value} {row}")
    lab.rate({12: (5, 5, None), 20: (None, 4, 5)})
    assert [row for row, *_ in values(lab, plan)] == [1]


@pytest.mark.parametrize(
    ("stars", "why"),
    [
        ([5] * 8, "8 of your last 8 here were 5"),
        ([5, 4] * 4 + [3], "8 of your last 9 here were 4 or 5"),
        ([1, 2, 1, 1, 1, 2, 1, 1], "8 of your last 8 here were 1 or 2"),
        ([1, 2, 3, 4, 5] * 3, ""),
        ([3, 4] * 6, ""),
        ([3] * 8, "8 of your last 8 here were 3"),
        ([1] * 6 + [3] * 6 + [5] * 3, ""),
        ([1, 5] * 5, ""),
        ([2] + [5] * 9, "9 of your last 10 here were 5"),
        ([5] * 7, ""),
    ],
)
def test_pairs_are_offered_where_the_stars_come_to_their_end(stars, why):
    assert crowded(stars) == why
