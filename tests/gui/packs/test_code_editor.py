"""The text of a pack: coloured where it is looked at, numbered, completed, and nothing typed is ever lost."""

from __future__ import annotations

from itertools import pairwise

import pytest
from conftest import pump

from stablenew_tk.domain.prompts.completion import offers
from stablenew_tk.gui.packs.code_editor import PackText, TextMark
from stablenew_tk.gui.packs.completion_popup import Completion
from stablenew_tk.gui.widgets import theme

RAIN = "name: Alley\nan old tram, [[light]], __mood__ <lora:rain:0.7>\nneg: text\n"
OFFERS = offers(
    slots=("light",),
    wildcards=("mood", "animals/cat"),
    loras=[("rainy-streets", "/m/r"), ("harbour", "/m/h")],
    embeddings=["softlight"],
)


@pytest.fixture
def editor(root):
    told = []
    text = PackText(root, on_edit=lambda: told.append("edit"), on_move=lambda: told.append("move"))
    text.pack(fill="both", expand=True)
    root.update()
    text.told = told
    text.text.focus_force()
    root.update()
    return text


@pytest.fixture
def completing(editor):
    weights = {"rainy-streets": 0.7}
    editor.completion = Completion(
        editor, offers=lambda: OFFERS, weight=lambda offer: weights.get(offer.name) if offer.kind == "lora" else None
    )
    editor.on_edit = editor.completion.follow
    editor.on_move = editor.completion.moved
    return editor


def press(editor, *keys):
    names = {" ": "space", "<": "less", ":": "colon", "_": "underscore", "[": "bracketleft", ",": "comma"}
    for key in keys:
        editor.text.event_generate("<Key>", keysym=names.get(key, key))
        editor.update()


def words(editor, tag):
    ranges = [str(one) for one in editor.text.tag_ranges(tag)]
    return [editor.text.get(a, b) for a, b in zip(ranges[::2], ranges[1::2], strict=True)]


def long_text(count=500):
    return "\n\n".join(f"name: Prompt {n}\nan old tram, [[light]], __mood__, number {n}" for n in range(count))


def test_slots_wildcards_and_loras_have_their_own_colours(editor):
    editor.show(RAIN)
    assert words(editor, "slot") == ["[[light]]"]
    assert words(editor, "wildcard") == ["__mood__"]
    assert words(editor, "lora") == ["<lora:rain:0.7>"]
    assert words(editor, "keyword") == ["name:", "neg:"]


def test_only_lines_in_sight_are_coloured_and_the_others_when_they_come(root, editor):
    editor.show(long_text())
    root.update()
    assert 0 < len(words(editor, "slot")) < 60
    editor.text.see("end")
    pump(root, lambda: editor.view.first > 1000)
    assert editor.text.tag_nextrange("slot", f"{editor.view.first}.0")


def test_a_key_colours_one_line_and_a_new_line_two(root, editor, monkeypatch):
    editor.show(long_text())
    editor.go_to(8, 3)
    root.update()
    painted = []
    real = editor.painter.paint
    monkeypatch.setattr(editor.painter, "paint", lambda *lines: painted.append(real(*lines)))
    press(editor, "x")
    assert max(painted) == 1
    painted.clear()
    press(editor, "Return")
    assert max(painted) <= 3


def test_what_is_typed_changes_its_colour_at_once(editor):
    editor.show("a cat in [[ligh")
    editor.text.mark_set("insert", "end-1c")
    assert not words(editor, "slot")
    press(editor, "t", "bracketright", "bracketright")
    assert words(editor, "slot") == ["[[light]]"]
    press(editor, "BackSpace")
    assert not words(editor, "slot")


def test_an_emoji_before_a_slot_does_not_move_its_colour(editor):
    editor.show("\U0001f600 a [[light]] b")
    assert words(editor, "slot") == ["[[light]]"]


def test_numbers_stand_beside_the_first_row_of_wrapped_lines(root, editor):
    editor.show("short\n" + "long words " * 200 + "\nlast")
    root.update()
    rows = editor.gutter.rows
    assert [number for number, _ in rows] == [1, 2, 3]
    gaps = [below - above for (_, above), (_, below) in pairwise(rows)]
    assert gaps[1] > 3 * gaps[0]


def test_undo_and_redo_know_every_key_and_forget_another_pack(editor):
    editor.show("one")
    editor.text.mark_set("insert", "end-1c")
    press(editor, "x", "y")
    editor.undo()
    assert editor.get() == "one"
    editor.undo(redo=True)
    assert editor.get() == "onexy"
    editor.show("another pack")
    editor.undo()
    assert editor.get() == "another pack"


def test_keys_of_emacs_change_nothing(editor):
    editor.show("one\ntwo")
    editor.go_to(1, 2)
    for key in "dhknopt":
        editor.text.event_generate(f"<Control-{key}>")
        editor.update()
    assert editor.get() == "one\ntwo"
    assert editor.text.index("insert") == "1.1"


def test_showing_a_text_tells_nobody_and_typing_tells_once(editor):
    editor.show(RAIN)
    editor.update()
    editor.told.clear()
    press(editor, "a")
    assert editor.told.count("edit") == 1


def test_mistakes_are_underlined_as_a_whole_and_marked_beside_their_line(editor):
    editor.show("a [[lihgt]] and {a|b\nfine")
    editor.mark([TextMark(1, 3), TextMark(1, 17, "doubt")])
    assert words(editor, "problem") == ["[[lihgt]]"]
    assert words(editor, "doubt") == ["{a|b"]
    editor.mark([])
    assert not words(editor, "problem")


def test_finding_goes_round_and_says_how_many(editor):
    editor.show("tram one\ntwo Tram\nthree tram")
    assert [editor.find("tram") for _ in range(4)] == [(1, 3), (2, 3), (3, 3), (1, 3)]
    assert editor.find("tram", backwards=True) == (3, 3)
    assert editor.find("ship") == (0, 0)


def test_a_block_is_appended_with_one_blank_line_before_it(editor):
    editor.show("one\n\n\n")
    editor.append("name: two\nwords\n")
    assert editor.get() == "one\n\nname: two\nwords\n"
    assert editor.view.line == 3


def test_colours_follow_the_mode(root, editor):
    editor.show(RAIN)
    theme.apply(root, "light")
    assert editor.text.cget("bg") == theme.palette["bg"]
    assert str(editor.text.tag_cget("slot", "foreground")) == theme.palette["accent_text"]
    theme.apply(root, "dark")


# ---- completion


def test_a_sign_opens_the_list_and_return_writes_the_whole_token(completing):
    press(completing, *"a <lora:")
    assert completing.completion.names == ("harbour", "rainy-streets")
    press(completing, "r", "a")
    assert completing.completion.names == ("rainy-streets",)
    press(completing, "Return")
    assert completing.get() == "a <lora:rainy-streets:0.7>"
    assert not completing.completion.is_open


def test_arrows_move_in_the_list_and_tab_writes(completing):
    press(completing, *"__")
    press(completing, "Down", "Tab")
    assert completing.get() == "__mood__"
    assert completing.focus_get() is completing.text


def test_escape_closes_the_list_until_something_else_is_typed(completing):
    press(completing, *"[[", "Escape")
    assert not completing.completion.is_open
    press(completing, "l")
    assert completing.completion.names == ("light",)
    press(completing, "Escape")
    assert completing.get() == "[[l"


def test_ctrl_space_offers_everything_that_has_the_word(completing):
    press(completing, *"soft")
    completing.completion.ask()
    assert completing.completion.names == ("softlight",)
    press(completing, "Return")
    assert completing.get() == "<embedding:softlight>"


def test_a_token_that_is_there_is_replaced_not_doubled(completing):
    completing.show("a <lora:old:1> b")
    completing.go_to(1, 9)
    completing.completion.ask()
    press(completing, "Return")
    assert completing.get() == "a <lora:harbour:1> b"


def test_one_undo_takes_a_completion_back(completing):
    press(completing, *"__mo", "Return")
    assert completing.get() == "__mood__"
    completing.undo()
    assert completing.get() == "__mo"


def test_the_list_goes_when_the_keyboard_leaves_the_text(root, completing):
    press(completing, *"__")
    assert completing.completion.is_open
    root.focus_force()
    root.update()
    assert not completing.completion.is_open


def test_tab_leaves_the_text_when_there_is_no_list(root, completing):
    from stablenew_tk.gui.widgets.basics import Button

    after = Button(root, "After", lambda: None)
    after.pack()
    root.update()
    press(completing, "Tab")
    assert root.focus_get() is after


def test_another_mode_while_the_list_is_closed_asks_for_no_row_of_it(root, completing):
    press(completing, "[", "[")
    root.update()
    assert completing.completion.is_open
    completing.completion.close()
    theme.apply(root, "light")
    theme.apply(root, "dark")
    assert not completing.completion.is_open
