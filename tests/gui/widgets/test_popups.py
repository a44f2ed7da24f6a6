"""Menus: filter, keys, and how they close."""

from __future__ import annotations

import pytest
from conftest import pump

from stablenew_tk.domain.models.explanation import WhyRow
from stablenew_tk.gui.forms.origin_marks import WhyPopup
from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.basics import Button
from stablenew_tk.gui.widgets.popups import ChoiceField, Menu, MenuEntry

SAMPLERS = ["Euler", "Euler a", "Heun", "DPM2", "DPM++ 2M", "DPM++ SDE", "DDIM", "UniPC", "LMS", "Restart"]


def entries(names):
    return [MenuEntry(name, name) for name in names]


@pytest.fixture
def choice(root):
    told = []
    field = ChoiceField(root, entries(SAMPLERS), told.append, value="Heun")
    field.pack()
    field.focus_force()
    root.update()
    field.told = told
    return field


def opened(root, choice):
    choice.event_generate("<space>")
    menu = Menu.shared()
    pump(root, lambda: menu.is_open and root.focus_get() is menu.search.field)
    return menu


def test_space_opens_the_menu_at_the_present_value(root, choice):
    menu = opened(root, choice)
    assert menu.shown[menu.cursor].value == "Heun"


def test_typing_filters_and_return_chooses(root, choice):
    menu = opened(root, choice)
    for key in ("2", "m"):
        menu.search.field.event_generate("<Key>", keysym=key)
    assert [entry.value for entry in menu.shown] == ["DPM++ 2M"]
    menu.search.field.event_generate("<Return>")
    assert (choice.value, choice.told) == ("DPM++ 2M", ["DPM++ 2M"])
    pump(root, lambda: root.focus_get() is choice)


def test_escape_closes_changes_nothing_and_gives_the_focus_back(root, choice):
    menu = opened(root, choice)
    menu.search.field.event_generate("<Escape>")
    assert not menu.is_open
    assert choice.told == []
    pump(root, lambda: root.focus_get() is choice)


def test_arrows_move_the_cursor_and_stay_in_the_list(root, choice):
    menu = opened(root, choice)
    for _ in range(30):
        menu.search.field.event_generate("<Down>")
    assert menu.shown[menu.cursor].value == "Restart"
    menu.search.field.event_generate("<Return>")
    assert choice.told == ["Restart"]


def test_a_click_outside_closes_the_menu(root, choice):
    other = Button(root, "Other", lambda: None)
    other.pack()
    menu = opened(root, choice)
    other.event_generate("<ButtonPress-1>", x=5, y=5)
    assert not menu.is_open


def test_the_click_that_closes_a_menu_on_its_own_button_does_not_open_it_again(root, choice):
    menu = opened(root, choice)
    for event in ("<ButtonPress-1>", "<ButtonRelease-1>"):
        choice.event_generate(event, x=9, y=9)
    root.update()
    assert not menu.is_open
    for event in ("<ButtonPress-1>", "<ButtonRelease-1>"):
        choice.event_generate(event, x=9, y=9)
    assert menu.is_open


def test_the_menu_closes_when_the_focus_goes_elsewhere(root, choice):
    menu = opened(root, choice)
    root.focus_force()
    pump(root, lambda: not menu.is_open)


def test_a_short_menu_has_no_search_field_and_letters_jump(root):
    told = []
    field = ChoiceField(root, entries(["Latent", "SwinIR 4x", "R-ESRGAN"]), told.append, value="Latent")
    field.pack()
    root.update()
    field.invoke()
    root.update()
    menu = Menu.shared()
    assert not menu.search.winfo_ismapped()
    menu.canvas.event_generate("<Key>", keysym="s")
    menu.canvas.event_generate("<Return>")
    assert told == ["SwinIR 4x"]


def test_a_letter_where_nothing_fits_the_filter_changes_nothing(root, choice):
    menu = opened(root, choice)
    for key in "xyzzy":
        menu.search.field.event_generate("<Key>", keysym=key)
    root.update()
    menu.canvas.focus_force()
    root.update()
    menu.canvas.event_generate("<Key>", keysym="s")
    assert menu.is_open
    assert menu.shown == ()


def test_hundreds_of_entries_draw_only_what_is_in_sight(root):
    field = ChoiceField(root, entries([f"checkpoint {i}" for i in range(800)]), lambda value: None)
    field.pack()
    root.update()
    field.invoke()
    root.update()
    assert len(Menu.shared().canvas.find_all()) < 60


def test_a_line_that_is_off_is_passed_over_and_cannot_be_chosen(root, choice):
    choice.set_entries([MenuEntry("a", "A", enabled=False), MenuEntry("b", "B")])
    choice.invoke()
    root.update()
    menu = Menu.shared()
    menu.canvas.event_generate("<ButtonRelease-1>", y=theme.px(theme.ROW) // 2)
    assert choice.told == []
    for key in ("Up", "Return"):
        menu.canvas.event_generate(f"<{key}>")
    assert choice.told == ["b"]


def test_why_this_value_lists_the_origins_and_an_action_closes_it_first(root, choice):
    done = []
    rows = [WhyRow("user", "nothing typed"), WhyRow("style", "sensible range 0.20 – 0.40", "0.30", wins=True)]
    popup = WhyPopup.shared()
    popup.open(choice, "Why is denoise 0.30?", rows, [("Use 0.70 instead", lambda: done.append(popup.is_open))])
    root.update()
    button = next(w for w in popup.body.winfo_children()[-1].winfo_children() if isinstance(w, Button))
    button.invoke()
    assert done == [False]
