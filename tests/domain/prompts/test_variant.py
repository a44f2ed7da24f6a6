"""Where the choices of a variant are in its prompt."""

from __future__ import annotations

from stablenew_tk.domain.prompts.variant import choice_spans


def test_the_text_of_each_choice_is_found_in_the_prompt():
    prompt = "an old red tram, dark red sky, dawn"
    found = choice_spans(prompt, {"{red|blue}": "red", "sky": "dark red", "light": "dawn"})
    assert [(prompt[a:b], name) for a, b, name in found] == [
        ("red", "{red|blue}"),
        ("dark red", "sky"),
        ("dawn", "light"),
    ]


def test_a_choice_is_not_found_inside_another_word():
    assert choice_spans("a cathedral", {"x": "cat"}) == ()
    assert choice_spans("nothing", {"x": ""}) == ()
