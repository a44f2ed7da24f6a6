"""Welcome: what the first choice sets, and what it leaves alone."""

from __future__ import annotations

import pytest
from open_window import open_house
from plans import button


@pytest.fixture
def house(tmp_path):
    with open_house(tmp_path, welcome_done=False) as made:
        yield made


def choose(house):
    button(house.page("welcome"), "Start sketching").invoke()
    house.until(lambda: house.controller.settings.welcome_done)


def test_who_agrees_to_be_remembered_can_make_learning_runs_at_once(house):
    choose(house)
    assert house.controller.settings.learning == "active"
    assert house.page("learn").plans.new.enabled


def test_who_declines_is_not_recorded(house):
    house.page("welcome").remember.invoke()
    choose(house)
    assert house.controller.settings.learning == "off"
