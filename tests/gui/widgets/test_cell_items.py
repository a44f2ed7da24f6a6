"""The named canvas items of a cell: made once, layered, hidden when a round leaves them out."""

from __future__ import annotations

import tkinter as tk

import pytest
from PIL import Image, ImageTk

from stablenew_tk.gui.widgets.cell_items import CellItems
from stablenew_tk.gui.widgets.flow import pack_if

LAYERS = ("ground", "picture", "words", "tick", "ticked", "frame")


@pytest.fixture
def canvas(root):
    made = tk.Canvas(root, width=200, height=200)
    made.pack()
    root.update()
    return made


def in_sight(canvas):
    return [item for item in canvas.find_all() if canvas.itemcget(item, "state") != "hidden"]


def test_items_lie_in_the_order_of_their_layers_whenever_they_are_made(canvas):
    items = CellItems(canvas, LAYERS)
    items.begin()
    items.words("words", 50, 50, "late", "text")
    items.box("ground", (0, 0, 100, 100), "surface")
    items.picture("picture", 50, 50, ImageTk.PhotoImage(Image.new("RGB", (10, 10))))
    items.end()
    items.begin()
    items.words("words", 60, 50, "later", "text")
    items.box("ground", (0, 0, 100, 100), "surface")
    items.end()
    assert len(canvas.find_all()) == 3, "what was made is used again"
    assert len(in_sight(canvas)) == 2
    kinds = [canvas.type(item) for item in canvas.find_all()]
    assert kinds.index("image") > kinds.index("rectangle")


def test_what_a_round_leaves_out_is_hidden_and_lets_go_of_its_picture(canvas):
    items = CellItems(canvas, LAYERS)
    items.begin()
    items.picture("picture", 50, 50, ImageTk.PhotoImage(Image.new("RGB", (10, 10))))
    items.tick(0, 0, 20)
    items.end()
    assert len(in_sight(canvas)) == 3
    items.begin()
    items.end()
    assert not in_sight(canvas)
    assert not any(canvas.itemcget(item, "image") for item in canvas.find_all() if canvas.type(item) == "image")
    items.begin()
    items.tick(40, 40, 20)
    items.end()
    assert [canvas.coords(item)[0] for item in in_sight(canvas)] == [40, 50]


def test_an_edge_and_a_frame_stay_inside_their_corners(canvas):
    items = CellItems(canvas, LAYERS)
    items.begin()
    items.box("ground", (10, 10, 60, 60), "surface", "line")
    items.frame("frame", (10, 10, 60, 60), "accent_text", 2)
    items.end()
    ground, frame = canvas.find_all()
    assert canvas.coords(ground) == [10, 10, 59, 59]
    assert canvas.coords(frame) == [11, 11, 59, 59]


def test_a_widget_is_packed_while_it_is_wanted(root):
    label = tk.Label(root, text="here")
    for wanted in ("some words", "", "again", "again"):
        pack_if(wanted, label, side="bottom")
        assert bool(label.winfo_manager()) == bool(wanted)
