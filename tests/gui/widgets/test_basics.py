"""Buttons, switches and segmented choices by keyboard and pointer."""

from __future__ import annotations

import pytest
from conftest import pump

from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets import tooltips as tips
from stablenew_tk.gui.widgets.basics import Box, Button, Card, Label, ShortLabel
from stablenew_tk.gui.widgets.controls import Check, ProgressBar, Segmented, Switch
from stablenew_tk.gui.widgets.entries import Entry, Slider
from stablenew_tk.gui.widgets.tooltips import explanation, tip


def shown(root, widget):
    widget.pack()
    root.update()
    return widget


def press(root, widget, key):
    widget.focus_force()
    root.update()
    widget.event_generate(key)
    root.update()


def test_tab_reaches_every_control_in_order(root):
    made = [
        shown(root, Button(root, "Run", lambda: None, kind="main")),
        shown(root, Switch(root, "Hires fix")),
        shown(root, Entry(root)).field,
        shown(root, Check(root, "Record")),
        shown(root, Segmented(root, [("a", "A"), ("b", "B")], lambda value: None)),
        shown(root, Slider(root, 0, 1, lambda value: None)),
    ]
    made[0].focus_force()
    root.update()
    for following in made[1:]:
        root.focus_get().event_generate("<Tab>")
        root.update()
        assert root.focus_get() is following


@pytest.mark.parametrize("key", ["<space>", "<Return>", "<KP_Enter>"])
def test_space_and_return_press_a_button(root, key):
    pressed = []
    press(root, shown(root, Button(root, "Run", lambda: pressed.append(1))), key)
    assert pressed == [1]


def test_the_ring_appears_with_the_keyboard_and_takes_no_room(root):
    button = shown(root, Button(root, "Run", lambda: None))
    before = (button.winfo_width(), button.winfo_height())
    button.focus_force()
    root.update()
    assert button.ring
    assert (button.winfo_width(), button.winfo_height()) == before
    assert before[1] == theme.px(theme.CONTROL) + 2 * theme.px(theme.RING)


def test_a_click_presses_only_when_released_inside(root):
    pressed = []
    button = shown(root, Button(root, "Run", lambda: pressed.append(1)))
    button.event_generate("<ButtonPress-1>", x=9, y=9)
    button.event_generate("<ButtonRelease-1>", x=-40, y=9)
    assert pressed == []
    button.event_generate("<ButtonPress-1>", x=9, y=9)
    button.event_generate("<ButtonRelease-1>", x=9, y=9)
    assert pressed == [1]


def test_a_disabled_button_does_nothing_is_skipped_and_says_why(root):
    pressed = []
    button = shown(root, Button(root, "Run", lambda: pressed.append(1)))
    button.enable(False, "Choose at least one prompt.")
    button.invoke()
    press(root, button, "<space>")
    assert pressed == []
    assert str(button.cget("takefocus")) == "0"
    assert explanation(button) == "Choose at least one prompt."
    button.enable(True)
    assert explanation(button) == ""


def test_a_busy_button_keeps_its_width(root):
    button = shown(root, Button(root, "Check", lambda: None, busy_text="Checking..."))
    width = button.winfo_width()
    button.busy()
    root.update()
    words = [button.itemcget(i, "text") for i in button.find_all() if button.type(i) == "text"]
    assert words == ["Checking..."]
    assert not button.enabled
    assert button.winfo_width() == width
    button.busy(False)
    assert button.enabled


def test_a_switch_reports_what_the_user_did_and_not_what_the_page_did(root):
    told = []
    switch = shown(root, Switch(root, "Hires fix", told.append))
    switch.set(True)
    press(root, switch, "<space>")
    assert told == [False]


def test_arrows_move_a_segmented_choice_and_stop_at_its_ends(root):
    told = []
    choice = shown(root, Segmented(root, [("a", "A"), ("b", "B")], told.append))
    for key in ("<Left>", "<Right>", "<Right>"):
        press(root, choice, key)
    assert told == ["b"]
    assert choice.value == "b"


def test_a_click_on_a_segment_chooses_it(root):
    told = []
    choice = shown(root, Segmented(root, [("a", "First"), ("b", "Second")], told.append))
    x = next(
        choice.coords(item)[0]
        for item in choice.find_all()
        if choice.type(item) == "text" and choice.itemcget(item, "text") == "Second"
    )
    for event in ("<ButtonPress-1>", "<ButtonRelease-1>"):
        choice.event_generate(event, x=round(x), y=12)
    assert told == ["b"]


def test_a_tip_appears_after_a_while_and_goes_with_the_pointer(root):
    label = shown(root, Label(root, "CFG scale"))
    tip(label, "How closely the picture follows the prompt.")
    label.event_generate("<Motion>", x=3, y=3)
    pump(root, lambda: tips.Tip.shared().window.winfo_viewable())
    label.event_generate("<Leave>")
    pump(root, lambda: not tips.Tip.shared().window.winfo_viewable())


def test_a_control_that_comes_to_stand_under_a_resting_pointer_explains_nothing(root):
    label, later = shown(root, Label(root, "CFG scale")), []
    tip(label, "How closely the picture follows the prompt.")
    label.event_generate("<Enter>")
    root.after(2 * tips.TIP_AFTER_MS, lambda: later.append(True))
    pump(root, lambda: later)
    assert not tips.Tip.shared().window.winfo_viewable()


def test_a_progress_bar_of_unknown_length_stops_when_the_share_is_known(root):
    bar = shown(root, ProgressBar(root))
    bar.set(None)
    root.update()
    bar.set(0.4)
    assert bar.share == 0.4
    assert not bar.is_running


def test_children_stand_on_the_ground_of_the_box_around_them(root):
    card = Card(root, "surface")
    label = Label(Box(card), "words")
    assert str(label.cget("bg")) == theme.palette["surface"]


def test_a_short_label_is_cut_where_room_ends_and_grows_with_it(root):
    row = Box(root, width=160, height=30)
    row.pack_propagate(False)
    row.pack()
    label = ShortLabel(row, "Prompts in a pack with a very long title")
    label.pack(side="left", fill="x", expand=True)
    root.update()
    assert str(label.cget("text")).endswith("…")
    row.configure(width=600)
    root.update()
    assert label.cget("text") == label.words == "Prompts in a pack with a very long title"
    label.show("12 prompts")
    assert label.cget("text") == "12 prompts"


def test_what_has_not_changed_is_not_drawn_again_and_another_mode_draws_all(root):
    button = shown(root, Button(root, "Run", lambda: None, note="6 images"))
    drawn = button.find_all()
    button.set_text("Run", "6 images")
    button.select(False)
    button.enable(True)
    assert button.find_all() == drawn
    theme.apply(root, "light")
    light = button.find_all()
    theme.apply(root, "dark")
    assert drawn != light != button.find_all()
