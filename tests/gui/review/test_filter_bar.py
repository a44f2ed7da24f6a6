"""The bar above the pictures in windows of every width."""

import tkinter as tk

import pytest

from stablenew_tk.gui.review.filter_bar import Filters
from stablenew_tk.gui.widgets.controls import Segmented
from stablenew_tk.gui.widgets.popups import ChoiceField


@pytest.mark.parametrize("width", [600, 627, 760, 947, 1800])
def test_all_menus_are_in_sight_whatever_room_the_inspector_leaves(root, width):
    frame = tk.Frame(root, width=width, height=300)
    frame.pack_propagate(False)
    frame.pack()
    bar = Filters(frame, lambda: None, unfold=lambda: None)
    bar.pack(fill="x")
    frame.update()
    for folded in (False, True, False):
        bar.folded(folded)
        frame.update()
        waiting, seen = [bar], []
        while waiting:
            one = waiting.pop()
            waiting += one.winfo_children()
            seen += [one] if isinstance(one, (ChoiceField, Segmented)) else []
        assert len(seen) == 6
        for one in seen:
            assert one.winfo_viewable()
            assert one.winfo_width() >= one.winfo_reqwidth() - 24
            assert one.winfo_rootx() + one.winfo_width() <= frame.winfo_rootx() + width
            assert one.winfo_rooty() + one.winfo_height() <= bar.winfo_rooty() + bar.winfo_height()
        rows = {(one.winfo_rooty() + one.winfo_height() // 2) // 10 for one in seen}
        assert len(rows) == (2 if width > 900 else 3), "two rows are enough in a window of 1024 pixels"
    frame.destroy()
