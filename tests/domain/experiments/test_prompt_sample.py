"""Which prompts of a pack a Learning Run tests by itself: a few, spread over the pack."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.experiments.prompt_sample import SAMPLED, spread


@pytest.mark.parametrize(
    ("count", "places"),
    [(0, ()), (1, (0,)), (2, (0, 1)), (3, (0, 1, 2)), (4, (0, 1, 3)), (12, (0, 5, 11)), (101, (0, 50, 100))],
)
def test_the_first_the_middle_and_the_last_prompt_are_taken_or_all_there_are(count, places):
    assert spread(count) == places


@pytest.mark.parametrize("wanted", range(12))
def test_the_prompt_that_is_wanted_is_always_among_them(wanted):
    found = spread(12, wanted=[wanted])
    assert wanted in found
    assert len(set(found)) == SAMPLED
    assert list(found) == sorted(found)


@pytest.mark.parametrize(
    ("wanted", "places"),
    [((4,), (0, 4, 11)), ((2, 3), (2, 3, 11)), ((1, 2, 3), (1, 2, 3)), (range(12), (0, 5, 11)), ((99, -1), (0, 5, 11))],
)
def test_what_is_wanted_takes_the_place_of_its_neighbour_and_is_spread_itself_when_it_is_much(wanted, places):
    assert spread(12, wanted=wanted) == places


@pytest.mark.parametrize(("most", "places"), [(0, ()), (1, (0,)), (2, (0, 11)), (5, (0, 2, 5, 8, 11))])
def test_no_more_are_taken_than_asked_for(most, places):
    assert spread(12, most) == places
    assert spread(12, 1, wanted=[7]) == (7,)
