"""The keys that rate pictures, over a target that only notes what was asked of it."""

from __future__ import annotations

import pytest

from stablenew_tk.app.rating_keys import RatingKeys
from stablenew_tk.domain.base.key_press import KeyPress
from stablenew_tk.pipeline.messages.journal import UnsavedChanged


class Pictures:
    """Three pictures, the first two of them selected."""

    def __init__(self):
        self.done, self.message = [], ""
        self.held = {0: {"noisy"}, 1: set(), 2: set()}

    def rate(self, stars):
        self.done.append(("rate", stars))

    def rows(self):
        return [0, 1]

    def tags_of(self, row):
        return self.held[row]

    def tell(self, rows, *, added=(), removed=(), note=None):
        for row in rows:
            self.held[row] = (self.held[row] | set(added)) - set(removed)
        self.done.append((tuple(rows), tuple(added), tuple(removed), note))

    def next_unrated(self):
        return False

    def move(self, how, *, extend):
        self.done.append((how, extend))
        return how != "page_up"

    def undo(self, *, redo):
        return redo

    def say(self, sentence, ink="text2"):
        self.message = sentence


@pytest.fixture
def pictures():
    return Pictures()


@pytest.fixture
def keys(pictures):
    plain = {"Prior": lambda: pictures.done.append("page"), "n": lambda: pictures.done.append("n")}
    return RatingKeys(pictures, lambda: {"n": "noisy"}, plain, {"a": lambda: pictures.done.append("all")})


@pytest.mark.parametrize("name", ["4", "KP_4"])
def test_digits_rate(keys, pictures, name):
    assert keys.answer(KeyPress(name))
    assert pictures.done == [("rate", 4)]


def test_a_tag_is_given_to_those_without_it_and_taken_from_all_when_all_have_it(keys, pictures):
    keys.answer(KeyPress("n"))
    keys.answer(KeyPress("N", shift=True))
    assert pictures.done == [((1,), ("noisy",), (), None), ((0, 1), (), ("noisy",), None)]


def test_a_note_goes_to_the_picture_it_was_written_for(keys, pictures):
    keys.note(2, "odd hands")
    assert pictures.done == [((2,), (), (), "odd hands")]


def test_a_move_that_the_target_declines_is_left_to_the_page(keys, pictures):
    assert keys.answer(KeyPress("Left", shift=True))
    assert keys.answer(KeyPress("Prior"))
    assert pictures.done == [("left", True), ("page_up", False), "page"]


def test_what_cannot_be_done_is_told(keys, pictures):
    keys.answer(KeyPress("z", control=True))
    assert pictures.message == "Nothing to undo."
    keys.answer(KeyPress("u"))
    assert pictures.message == "Everything shown is rated."


def test_with_control_a_letter_is_no_tag(keys, pictures):
    assert keys.answer(KeyPress("a", control=True))
    assert not keys.answer(KeyPress("n", control=True))
    assert pictures.done == ["all"]


def test_unsaved_feedback_is_told_until_it_is_saved(keys, pictures):
    keys.tell_unsaved(UnsavedChanged(count=2, message="The disk is full."))
    assert pictures.message == "2 not saved yet, tried again every 2 s. The disk is full."
    keys.tell_unsaved(UnsavedChanged(count=0))
    assert pictures.message == ""
