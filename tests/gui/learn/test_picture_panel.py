"""The panel beside the matrix, as narrow as in the smallest window."""

import tkinter as tk

import pytest

from stablenew_tk.gui.learn.rating.picture_panel import PicturePanel, PicturePanelActions
from stablenew_tk.gui.widgets.basics import Button


@pytest.fixture
def panel(root):
    frame = tk.Frame(root, width=320, height=600)
    frame.pack_propagate(False)
    frame.pack()
    nothing = dict.fromkeys(("ask", "rate", "toggle_tag", "save_note", "undo", "back"), lambda *_: None)
    made = PicturePanel(frame, PicturePanelActions(**nothing))
    made.pack(fill="both", expand=True)
    frame.update()
    yield made
    frame.destroy()


def below(widget):
    for child in widget.winfo_children():
        yield child
        yield from below(child)


def test_the_stars_given_last_are_whole_beside_long_words(panel):
    panel.last("Last: seed 5, 15 steps and CFG 7.5 rated", 5)
    panel.update()
    undo = next(one for one in below(panel) if isinstance(one, Button) and one.text == "undo")
    stars = next(one for one in undo.master.winfo_children() if isinstance(one, tk.Label) and one.cget("image"))
    assert stars.winfo_viewable()
    assert undo.winfo_viewable()
    assert stars.winfo_width() >= stars.winfo_reqwidth()
    assert undo.winfo_width() >= undo.winfo_reqwidth()
    assert stars.winfo_rootx() + stars.winfo_width() <= undo.winfo_rootx()
    panel.last("")
    panel.update()
    assert not stars.winfo_viewable()
