"""The frame of the window while nothing fills it yet: it can be closed, and what fails is told by whoever opened it."""

from __future__ import annotations

import tkinter

import pytest
from conftest import PATIENCE_S

from stablenew_tk.domain.base.errors import NotSaved
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.gui.main_frame import MainFrame
from stablenew_tk.gui.widgets import theme

SETTINGS = Settings(welcome_done=True, appearance="dark", geometry="1280x800+0+0")


@pytest.fixture
def frame():
    made = MainFrame(SETTINGS)
    # So that a test that fails ends.
    made.after(int(PATIENCE_S * 1000), made.destroy)
    yield made
    if theme.alive(made):
        made.destroy()


def test_what_fails_while_the_frame_is_filled_is_raised_where_it_was_opened_and_the_window_is_closed(frame):
    def furnish():
        raise NotSaved("The folder is gone.")

    with pytest.raises(NotSaved, match=r"The folder is gone\."):
        frame.stay(("json",), furnish)
    assert not theme.alive(frame)


def test_a_module_that_cannot_be_imported_is_left_to_what_fills_the_frame(frame):
    filled = []

    def furnish():
        filled.append(frame.winfo_viewable())
        frame.destroy()

    frame.stay(("no_such_module", "json"), furnish)
    assert filled == [1]


def test_a_window_that_is_closed_before_it_is_filled_stays_empty(frame):
    filled = []
    frame.after_idle(frame.destroy)
    frame.stay(("json",), lambda: filled.append("too late"))
    assert filled == []


def test_a_click_on_an_empty_frame_does_nothing_and_the_first_page_is_marked(frame):
    frame.update()
    frame.rail.items["review"].invoke()
    assert [name for name, item in frame.rail.items.items() if item.chosen] == ["create"]


def test_it_ends_with_its_own_window_although_another_one_is_there(frame):
    other = tkinter.Tk()
    # So that a test that fails ends.
    other.after(int(PATIENCE_S * 1000), other.destroy)
    frame.after_idle(frame.destroy)
    frame.stay(("json",), lambda: None)
    assert theme.alive(other)
    other.destroy()
