"""Lists: only what is in sight exists, and the keyboard reaches everything."""

from __future__ import annotations

import pytest

from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.basics import Box, Button, Label
from stablenew_tk.gui.widgets.row_list import ListRow, RowList, ScrollArea

PACKS = ("Starter pack", "Rain city", "Harbour evenings", "Heroic fantasy", "Comic heroes")


@pytest.fixture
def packs(root):
    told = []
    rows = RowList(root, on_select=told.append, on_open=lambda i: told.append(("open", i)), rows=3)
    rows.pack(fill="x")
    rows.show_rows([ListRow(name, str(i)) for i, name in enumerate(PACKS)], selected=0)
    rows.canvas.focus_force()
    root.update()
    rows.told = told
    return rows


def texts(rows):
    return [rows.canvas.itemcget(i, "text") for i in rows.canvas.find_all() if rows.canvas.type(i) == "text"]


def test_a_hundred_thousand_rows_open_like_ten(root):
    asked = []
    rows = RowList(root, rows=10)
    rows.pack(fill="x")
    root.update()
    rows.show(100_000, lambda index: asked.append(index) or ListRow(f"picture {index}"))
    root.update()
    assert max(asked) < 12
    assert len(rows.canvas.find_all()) < 40
    rows.see(99_999)
    assert rows.visible[-1] == 99_999
    assert "picture 99999" in texts(rows)


def test_arrows_home_and_end_choose_and_bring_into_sight(root, packs):
    for key in ("<Down>", "<End>", "<Up>", "<Home>", "<Up>"):
        packs.canvas.event_generate(key)
    assert packs.told == [1, 4, 3, 0]
    packs.canvas.event_generate("<Next>")
    assert packs.selected == 2
    assert 2 in packs.visible


def test_letters_jump_to_the_row_that_begins_with_them(root, packs):
    packs.canvas.event_generate("<Key>", keysym="h", time=1000)
    assert PACKS[packs.selected] == "Harbour evenings"
    packs.canvas.event_generate("<Key>", keysym="e", time=1100)
    assert PACKS[packs.selected] == "Heroic fantasy"
    packs.canvas.event_generate("<Key>", keysym="r", time=9000)
    assert PACKS[packs.selected] == "Rain city"


def test_return_and_double_click_open_the_row(root, packs):
    packs.canvas.event_generate("<Return>")
    for _ in range(2):
        packs.canvas.event_generate("<ButtonPress-1>", x=40, y=40)
        packs.canvas.event_generate("<ButtonRelease-1>", x=40, y=40)
    assert packs.told[0] == ("open", 0)
    assert packs.told[-1] == ("open", 1)


def test_space_turns_a_check_box_and_a_click_on_it_does_not_choose_the_row(root):
    checked, chosen = [], []
    rows = RowList(root, on_select=chosen.append, on_check=checked.append, rows=3)
    rows.pack(fill="x")
    rows.show_rows([ListRow("Alley One", checked=True), ListRow("Last tram", checked=False)], selected=0)
    rows.canvas.focus_force()
    root.update()
    rows.canvas.event_generate("<space>")
    rows.canvas.event_generate("<ButtonPress-1>", x=20, y=40)
    assert (checked, chosen) == ([0, 1], [])


def test_captions_between_rows_cannot_be_chosen(root, packs):
    packs.show_rows(
        [ListRow("Rain city", head=True), ListRow("Steps"), ListRow("Harbour", head=True), ListRow("Sampler")],
        selected=1,
    )
    packs.canvas.event_generate("<Down>")
    assert packs.selected == 3
    packs.canvas.event_generate("<Home>")
    assert packs.selected == 1


def test_asked_and_applied_stand_in_columns_and_a_difference_is_marked(root):
    table = RowList(root, columns=(0.35, 0.7), row_height=24, rows=3)
    table.pack(fill="x")
    table.show_rows([ListRow("Steps", cells=("28", "20"), warn=True), ListRow("Sampler", cells=("DPM++ 2M", "same"))])
    root.update()
    assert texts(table) == ["Steps", "28", "20", "Sampler", "DPM++ 2M", "same"]
    fills = [table.canvas.itemcget(i, "fill") for i in table.canvas.find_all() if table.canvas.type(i) == "rectangle"]
    assert theme.palette["warn_soft"] in fills


def test_an_empty_list_says_what_will_be_there(root):
    rows = RowList(root, empty="No packs yet.", rows=3)
    rows.pack(fill="x")
    root.update()
    assert texts(rows) == ["No packs yet."]


def test_a_list_takes_the_colours_of_the_mode(root, packs):
    theme.apply(root, "light")
    assert str(packs.canvas.cget("bg")) == theme.pair("bg")[0]
    theme.apply(root, "dark")


def test_a_control_that_gets_the_focus_scrolls_into_sight(root):
    frame = Box(root, height=200, width=300)
    frame.pack_propagate(False)
    frame.pack()
    area = ScrollArea(frame)
    area.pack(fill="both", expand=True)
    made = [Button(area.body, f"Button {i}", lambda: None) for i in range(30)]
    for button in made:
        button.pack()
    root.update()
    made[-1].focus_force()
    root.update()
    below = frame.winfo_rooty() + frame.winfo_height()
    assert made[-1].winfo_rooty() + made[-1].winfo_height() <= below + theme.RING


def test_a_column_does_not_move_when_the_keyboard_goes_to_what_is_in_sight(root):
    frame = Box(root, "bg", width=200, height=200)
    frame.pack_propagate(False)
    frame.pack()
    area = ScrollArea(frame)
    area.pack(fill="both", expand=True)
    column = Box(area.body, "bg")
    column.pack(pady=16)
    made = [Button(column, f"Button {i}", lambda: None) for i in range(30)]
    for button in made:
        button.pack()
    root.update()
    for button in (made[0], area, made[1]):
        button.focus_force()
        root.update()
        assert area.body.winfo_y() == 0


def test_the_sign_of_a_row_stands_beside_long_words_at_its_end(root):
    rows = RowList(root, rows=1)
    rows.pack(fill="x")
    rows.show_rows([ListRow("Steps", "10, 20, 30, 40", warn=True)])
    root.update()
    canvas = rows.canvas
    sign = next(item for item in canvas.find_all() if canvas.type(item) == "image")
    words = next(
        item for item in canvas.find_all() if canvas.type(item) == "text" and "40" in canvas.itemcget(item, "text")
    )
    assert canvas.bbox(sign)[2] <= canvas.bbox(words)[0]


def test_a_column_that_gets_shorter_than_it_was_scrolled_comes_back_into_sight(root):
    frame = Box(root, "surface", width=200, height=150)
    frame.pack_propagate(False)
    frame.pack()
    area = ScrollArea(frame)
    area.pack(fill="both", expand=True)
    tall = Box(area.body, "raised", width=50, height=3000)
    tall.pack()
    root.update()
    area.scroll_to(2800)
    root.update()
    tall.configure(height=60)
    root.update()
    assert tall.winfo_rooty() == frame.winfo_rooty()
    assert tall.winfo_viewable()


def test_words_that_break_lines_ask_for_no_width_and_take_the_height_they_need(root):
    frame = Box(root, "surface", width=220, height=300)
    frame.pack_propagate(False)
    frame.pack()
    label = Label(frame, "as many words as stand in more than one line of so narrow a frame", wrap=True)
    label.pack(fill="x")
    root.update()
    line = label.winfo_reqheight()
    assert label.winfo_reqwidth() < 40
    assert label.winfo_width() == 220
    frame.configure(width=600)
    root.update()
    assert label.winfo_reqheight() < line
    label.pack_configure(fill="none")
    label.wrap(False)
    root.update()
    assert label.winfo_width() == label.winfo_reqwidth() > 220


def test_the_ring_round_a_row_ends_before_the_scrollbar(root):
    frame = Box(root, "surface", width=200, height=90)
    frame.pack_propagate(False)
    frame.pack()
    rows = RowList(frame, rows=3)
    rows.pack(fill="both", expand=True)
    rows.show_rows([ListRow(f"Row {n}") for n in range(20)], 0)
    root.update()
    rows.canvas.focus_force()
    root.update()
    ring = [item for item in rows.canvas.find_all() if rows.canvas.type(item) == "rectangle"]
    colour = theme.palette["focus"]
    edges = [rows.canvas.coords(item)[2] for item in ring if rows.canvas.itemcget(item, "outline") == colour]
    assert edges
    assert max(edges) < 200 - theme.px(10)
