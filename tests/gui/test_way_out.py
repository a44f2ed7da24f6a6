"""Closing the window loses nothing that was typed in it."""

import tkinter as tk

import pytest
from journal_lines import record
from open_window import answer, open_house, seen

from stablenew_tk.app.controller import open_places
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.modal import open_boxes
from stablenew_tk.storage.journal.writer import LearningRecordWriter


@pytest.fixture
def data(tmp_path):
    places = open_places(str(tmp_path))
    LearningRecordWriter(places.journal).append(record())
    return tmp_path


def noting(house, text):
    """Type a note to a picture and leave the cursor in it."""
    review = house.page("review")
    house.until(lambda: len(review.pictures.picked.rows) == 1)
    review.focus_first()
    house.key("<F2>")
    house.until(lambda: isinstance(house.frame.focus_get(), tk.Entry))
    field = house.frame.focus_get()
    field.insert(0, text)
    house.frame.update()


def test_a_note_that_is_being_typed_is_saved_when_the_window_closes(data):
    with open_house(data) as house:
        noting(house, "the hands are right")
        house.window.leave()
    with open_house(data) as again:
        assert again.controller.history.visible().facts(0).note == "the hands are right"


def test_a_note_that_is_too_long_is_told_at_the_end_and_its_text_is_kept(data):
    text = "long " * 300_000
    with open_house(data) as house:
        noting(house, text)
        house.window.leave()
        said = open_boxes(house.frame)[-1]
        [file] = (house.controller.places.data / "notes").iterdir()
        assert file.read_text("utf-8") == text.strip()
        words = " ".join(label.cget("text") for label in seen(said, tk.Label))
        assert str(file) in words
        assert "1 MiB" in words
        assert "could not be written" not in words
        answer(house.frame, "Close")
        assert not theme.alive(house.frame)
