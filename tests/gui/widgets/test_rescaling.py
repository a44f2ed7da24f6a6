"""Everything grows and shrinks in place, and stands then as if it had been made in that size."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.config.catalogue import parameter
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.basics import Box, Button, Card, Label
from stablenew_tk.gui.widgets.controls import Check, Segmented, Switch
from stablenew_tk.gui.widgets.entries import Entry, NumberEntry, Slider
from stablenew_tk.gui.widgets.popups import ChoiceField, MenuEntry
from stablenew_tk.gui.widgets.rescaling import everything_in, rescale
from stablenew_tk.gui.widgets.row_list import ListRow, RowList
from stablenew_tk.gui.widgets.text_field import TextField


@pytest.fixture(autouse=True)
def _room_and_then_the_usual_size_again(root):
    root.geometry("1280x1150+0+0")
    yield
    rescale(root, 1.0)
    root.geometry("1280x800+0+0")


def form(root):
    """One of each control, as pages lay them out."""
    box = Card(root)
    box.pack(fill="x", padx=theme.px(13), pady=(theme.px(7), theme.px(3)))
    rows = RowList(box, rows=3)
    rows.show_rows([ListRow("one"), ListRow("two"), ListRow("three")])
    parts = [
        Label(box, "Checkpoint"),
        Button(box, "Run", lambda: None, kind="main", note="6 jobs", height=theme.MAIN),
        Button(box, "", lambda: None, icon="plus", width=50),
        Switch(box, "hires fix"),
        Check(box, "record"),
        Segmented(box, (("a", "Prompt"), ("b", "Negative")), lambda _value: None),
        ChoiceField(box, [MenuEntry("a", "Euler a")], lambda _value: None, value="a"),
        Entry(box, "words", unit="px", icon="search"),
        NumberEntry(box, parameter("txt2img.steps"), on_value=lambda _value: None),
        Slider(box, 0, 1, lambda _value: None),
        TextField(box, placeholder="Say something"),
        Box(box, "line", width=theme.px(30), height=theme.px(9)),
        rows,
    ]
    for part in parts:
        part.pack(anchor="w", padx=theme.px(5), pady=theme.px(2))
    settle(root)
    return box


def settle(root):
    """Let what asks for room get it: each layout may ask for another one."""
    for _ in range(5):
        root.update()


def measures(box):
    return [
        (type(one).__name__, one.winfo_reqwidth(), one.winfo_reqheight(), one.winfo_x(), one.winfo_y())
        for one in (box, *everything_in(box))
        if one.winfo_ismapped()
    ]


@pytest.mark.parametrize("size", [0.8, 1.5, 2.0, 2.5])
def test_what_was_made_small_stands_like_what_is_made_large(root, size):
    before = form(root)
    rescale(root, size)
    settle(root)
    grown = measures(before)
    before.destroy()
    fresh = form(root)
    settle(root)
    assert grown == measures(fresh)


def test_going_through_all_sizes_and_back_moves_nothing(root):
    box = form(root)
    before = measures(box)
    for size in (0.8, 0.9, 1.1, 2.5, 1.3, 0.8, 1.0):
        rescale(root, size)
        settle(root)
    assert measures(box) == before


def test_fonts_follow(root):
    face = theme.font(13)
    before = face.cget("size")
    rescale(root, 2.0)
    assert face.cget("size") == 2 * before


def test_an_empty_canvas_keeps_the_size_tk_gives_it(root):
    import tkinter as tk

    canvas = tk.Canvas(root)
    before = canvas.winfo_reqwidth()
    rescale(root, 2.0)
    assert canvas.winfo_reqwidth() == before
