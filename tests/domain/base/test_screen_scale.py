"""From what a screen tells to the size of everything."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.base.screen_scale import LEAST_SIZE, MOST_SIZE, Screen, next_size, size_for, size_in_use

FULL_HD, FOUR_K = {"width": 1920, "height": 1080}, {"width": 3840, "height": 2160}


@pytest.mark.parametrize(
    ("screen", "size"),
    [
        (Screen(**FULL_HD), 100),
        (Screen(**FULL_HD, resource_dpi=96), 100),
        (Screen(**FOUR_K, resource_dpi=192, desktop_scale=2), 200),
        (Screen(**FOUR_K, resource_dpi=144), 150),
        (Screen(**FOUR_K, desktop_scale=2), 200),
        (Screen(**FOUR_K, resource_dpi=96, desktop_scale=2), 200),
        (Screen(**FOUR_K, measured_dpi=160), 165),
        (Screen(**FOUR_K, resource_dpi=96, measured_dpi=160), 100),
        (Screen(**FULL_HD, measured_dpi=75), 100),
        (Screen(**FOUR_K, measured_dpi=2400), 100),
        (Screen(**FOUR_K, system="win32", system_scale=1.75, resource_dpi=96), 175),
        (Screen(**FOUR_K, system="win32"), 100),
        (Screen(**FOUR_K, system="aqua", measured_dpi=220), 100),
        (Screen(), 100),
    ],
)
def test_a_screen_gets_the_size_its_dots_ask_for(screen, size):
    assert size_for(screen) == size


def test_a_small_screen_with_many_dots_still_holds_the_least_window():
    assert size_for(Screen(width=1366, height=768, resource_dpi=192)) == 105
    assert size_for(Screen(width=800, height=600, resource_dpi=192)) == 100


def test_what_the_user_chose_counts_whatever_the_screen_says():
    screen = Screen(**FOUR_K, resource_dpi=192)
    assert size_in_use(0, screen) == 200
    assert size_in_use(120, screen) == 120
    assert size_in_use(5, screen) == LEAST_SIZE
    assert size_in_use(900, screen) == MOST_SIZE


def test_sizes_go_up_and_down_in_whole_steps_and_stop_at_the_ends():
    assert (next_size(100, 1), next_size(100, -1)) == (110, 90)
    assert (next_size(165, 1), next_size(165, -1)) == (170, 160)
    assert (next_size(250, 1), next_size(80, -1)) == (250, 80)
