"""Text and number fields: what they accept, what they say, what they report."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.config.catalogue import parameter
from stablenew_tk.domain.config.seed_text import parse_seed
from stablenew_tk.gui.widgets.basics import Button
from stablenew_tk.gui.widgets.entries import Entry, NumberEntry, Slider


@pytest.fixture
def steps(root):
    told = []
    entry = NumberEntry(
        root, parameter("txt2img.steps"), on_value=told.append, on_inherit=lambda: told.append("inherit")
    )
    entry.show_value(28)
    return ready(root, entry), told


def ready(root, entry):
    entry.pack()
    root.update()
    entry.field.focus_force()
    root.update()
    return entry


def typed(root, entry, text):
    entry.field.delete(0, "end")
    for letter in text:
        entry.field.event_generate("<Key>", keysym={".": "period", ",": "comma"}.get(letter, letter))
    root.update()


def test_up_and_down_change_a_number_by_one_step_and_with_shift_by_ten(root, steps):
    entry, told = steps
    for key in ("<Up>", "<Shift-Up>", "<Down>", "<Shift-Down>"):
        entry.field.event_generate(key)
    assert told == [29, 39, 38, 28]


def test_stepping_stops_at_the_ends_of_the_range(root, steps):
    entry, told = steps
    for _ in range(20):
        entry.field.event_generate("<Shift-Up>")
    assert told[-1] == 150
    for _ in range(20):
        entry.field.event_generate("<Shift-Down>")
    assert told[-1] == 1


def test_decimal_steps_leave_no_dust(root):
    told = []
    entry = ready(root, NumberEntry(root, parameter("hires.denoise"), on_value=told.append))
    entry.show_value(0.3)
    for _ in range(3):
        entry.field.event_generate("<Up>")
    assert told == [0.35, 0.4, 0.45]
    assert entry.get() == "0.45"


def test_the_wheel_changes_no_number(root, steps):
    entry, told = steps
    for event in ("<Button-4>", "<Button-5>"):
        entry.field.event_generate(event)
    assert (told, entry.get()) == ([], "28")


def test_a_typed_number_is_reported_and_a_bad_one_explained_when_the_field_is_left(root, steps):
    entry, told = steps
    typed(root, entry, "40")
    assert told == []
    entry.field.event_generate("<Return>")
    assert told == [40]
    typed(root, entry, "900")
    assert (told, entry.error_text) == ([40], "")
    entry.field.event_generate("<Return>")
    assert told == [40]
    assert entry.error_text == entry.problem == "900 is outside 1 to 150 steps."


def test_no_part_of_a_number_that_does_not_fit_is_ever_taken(root, steps):
    entry, told = steps
    typed(root, entry, "99999")
    root.focus_force()
    root.update()
    entry.show_value(28)
    assert (entry.get(), told) == ("99999", [])
    assert entry.error_text == "99999 is outside 1 to 150 steps."
    entry.forget()
    entry.show_value(28)
    assert (entry.get(), entry.error_text) == ("28", "")


def test_what_is_being_typed_is_not_overwritten(root, steps):
    entry, told = steps
    typed(root, entry, "4")
    entry.show_value(30)
    assert entry.get() == "4"
    root.focus_force()
    root.update()
    assert told == [4]


def test_a_click_elsewhere_takes_what_was_typed(root, steps):
    entry, told = steps
    button = Button(root, "Run", lambda: told.append("run"))
    button.pack()
    root.update()
    typed(root, entry, "40")
    button.event_generate("<ButtonPress-1>", x=8, y=8)
    root.update()
    button.event_generate("<ButtonRelease-1>", x=8, y=8)
    assert told == [40, "run"]


def test_a_text_that_cannot_be_used_is_never_committed_and_stays_as_typed(root):
    told = []
    entry = ready(root, Entry(root, check=parse_seed, on_commit=told.append))
    typed(root, entry, "12x")
    assert entry.problem
    assert not entry.error_text
    entry.field.event_generate("<Return>")
    entry.show("7")
    assert (entry.get(), told, entry.error_text) == ("12x", [], entry.problem)
    typed(root, entry, "12")
    assert (entry.problem, entry.error_text) == ("", "")
    entry.field.event_generate("<Return>")
    assert told == ["12"]


def test_an_error_takes_room_below_and_gives_it_back(root, steps):
    entry, _ = steps
    height = entry.winfo_height()
    entry.error("900 is outside 1 to 150 steps.")
    root.update()
    assert entry.winfo_height() > height
    entry.error("")
    root.update()
    assert entry.winfo_height() == height


def test_control_backspace_asks_for_the_inherited_value(root, steps):
    entry, told = steps
    entry.field.event_generate("<Control-BackSpace>")
    assert told == ["inherit"]


def test_showing_the_same_number_leaves_the_text_as_typed(root):
    entry = ready(root, NumberEntry(root, parameter("txt2img.cfg_scale"), on_value=lambda value: None))
    typed(root, entry, "7,0")
    entry.field.event_generate("<Return>")
    entry.show_value(7.0)
    assert entry.get() == "7,0"


def test_set_calls_nobody_and_the_placeholder_is_never_the_text(root):
    told = []
    entry = Entry(root, placeholder="Find a pack", on_edit=told.append, on_commit=told.append)
    ready(root, entry)
    entry.set("rain")
    entry.set("")
    assert (entry.get(), told) == ("", [])


def test_leaving_a_changed_text_commits_it_once(root):
    told = []
    entry = ready(root, Entry(root, on_commit=told.append))
    typed(root, entry, "rain")
    entry.field.event_generate("<Return>")
    root.focus_force()
    root.update()
    assert told == ["rain"]


def test_a_slider_moves_by_arrows_in_its_step_and_not_beyond_its_ends(root):
    told = []
    slider = Slider(root, 0.0, 1.0, told.append, step=0.05)
    slider.pack()
    slider.set(0.9)
    slider.focus_force()
    root.update()
    for key in ("<Right>", "<Right>", "<Right>", "<Left>", "<Home>"):
        slider.event_generate(key)
    assert told == [0.95, 1.0, 0.95, 0.0]


def test_control_a_selects_the_whole_text(root):
    field = Entry(root, "http://tower:7860")
    field.pack()
    root.update()
    field.field.focus_force()
    root.update()
    field.field.event_generate("<Control-a>")
    assert field.field.selection_get() == "http://tower:7860"


def test_the_placeholder_stays_until_something_is_typed(root):
    entry = ready(root, Entry(root, placeholder="Random"))

    def hint():
        return any(child.winfo_ismapped() and child.cget("text") == "Random" for child in entry.field.winfo_children())

    assert hint()
    typed(root, entry, "7")
    assert not hint()
