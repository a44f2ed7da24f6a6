"""Questions: verbs on the buttons, the harmless answer, and that nothing else hears keys and clicks meanwhile."""

from __future__ import annotations

import pytest

from stablenew_tk.gui.widgets import theme
from stablenew_tk.gui.widgets.basics import Button
from stablenew_tk.gui.widgets.modal import Decision, QuestionBox, open_boxes


@pytest.fixture
def told():
    return []


@pytest.fixture
def asked(root, told):
    below = Button(root, "Below", lambda: told.append("below"))
    below.pack()
    root.update()
    below.focus_force()
    root.update()
    answers = (
        Decision("Drop them", lambda: told.append("dropped")),
        Decision("Keep them", lambda: told.append("kept")),
    )
    question = QuestionBox(root, "Drop 12 jobs?", "They wait for the backend.", answers)
    root.update()
    return question, below


def press(root, *keys):
    for key in keys:
        root.focus_get().event_generate(key)
        root.update()


def test_the_harmless_answer_has_the_ring_and_escape_gives_it(root, asked, told):
    question, below = asked
    assert root.focus_get() is question.buttons[1]
    assert question.buttons[1].ring
    press(root, "<Escape>")
    assert told == ["kept"]
    assert not open_boxes(root)
    assert root.focus_get() is below


@pytest.mark.parametrize("keys", [("<Left>", "<Return>"), ("<Tab>", "<space>"), ("<Shift-Tab>", "<Return>")])
def test_keys_go_from_button_to_button(root, asked, told, keys):
    press(root, *keys)
    assert told == ["dropped"]


def test_tab_stays_inside_and_no_key_reaches_the_window(root, asked, told):
    question, _ = asked
    root.bind("<Control-Key-1>", lambda _event: told.append("page 1"))
    try:
        press(root, *["<Tab>"] * 5, "<Control-Key-1>")
        assert str(root.focus_get()).startswith(str(question))
        assert told == []
    finally:
        root.unbind("<Control-Key-1>")
        question.dismiss()


def test_an_answer_acts_once_and_the_box_has_gone_before(root, told):
    answers = (Decision("Do it", lambda: told.append(len(open_boxes(root))), main=True), Decision("Leave it", print))
    question = QuestionBox(root, "Do it?", "", answers)
    root.update()
    button = question.buttons[0]
    assert root.focus_get() is button
    press(root, "<Return>")
    question.dismiss()
    assert told == [0]


def test_a_question_over_another_gives_the_keyboard_and_the_clicks_back(root, asked):
    question, _ = asked
    second = QuestionBox(root, "Sure?", "", (Decision("Yes, drop", print), Decision("No", lambda: None)))
    root.update()
    assert root.grab_current() is second
    press(root, "<Escape>")
    assert root.grab_current() is question
    assert root.focus_get() is question.buttons[1]


def test_long_answers_stand_below_each_other_and_all_stays_within_the_window(root):
    words = "An answer with so many words that no two of them would fit side by side"
    question = QuestionBox(root, "Which?", "x " * 200, tuple(Decision(f"{words} {n}", print) for n in range(3)))
    root.update()
    lefts = {button.winfo_rootx() for button in question.buttons}
    tops = [button.winfo_rooty() for button in question.buttons]
    assert len(lefts) == 1
    assert tops == sorted(set(tops))
    assert question.winfo_width() <= theme.px(460)
    question.dismiss()
