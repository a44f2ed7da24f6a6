"""Prompts of a text that is being edited."""

from __future__ import annotations

from stablenew_tk.domain.prompts.incremental import pieces, prompt_at, slots_of_text


def test_the_prompt_at_the_cursor_is_found_with_its_line():
    text = "# head\n\nname: A\nfirst\n\nname: B\nsecond\nneg: x\n"
    assert [one.name for one in prompt_at(text, 4)] == ["A"]
    assert prompt_at(text, 8)[0].line == 6
    assert [one.name for one in prompt_at(text, 1)] == ["A"]
    assert prompt_at("# only a comment", 1) == ()


def test_a_long_text_is_read_in_pieces_and_no_prompt_is_torn():
    text = "\n\n".join(f"name: P{n}\nwords of prompt {n}" for n in range(2000))
    found = list(pieces(text))
    assert len(found) > 2
    prompts = [one for piece in found for one in piece]
    assert [one.name for one in prompts] == [f"P{n}" for n in range(2000)]
    assert prompts[1999].line == 1999 * 3 + 1


def test_slots_of_the_text_are_known_without_reading_the_prompts():
    assert [one.name for one in slots_of_text("[[light]]: a | b\n\na [[light]] cat\n")] == ["light"]
