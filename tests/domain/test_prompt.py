"""Packs as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablenew_tk.domain.prompt import joined_negative, parse_pack


def test_a_blank_line_separates_prompts_and_lines_are_joined():
    pack = parse_pack("a tram\nin the rain\n\na boat", "p")
    assert [prompt.positive for prompt in pack.prompts] == ["a tram in the rain", "a boat"]


@pytest.mark.parametrize("separator", ["\n\n", "\r\n\r\n", "\n   \n", "\n\t\n\n\n", "\r\r"])
def test_every_kind_of_separator_line_works(separator):
    assert len(parse_pack(f"one{separator}two", "p").prompts) == 2


def test_comments_names_and_negatives_never_reach_the_prompt():
    pack = parse_pack("\ufeff# intro\nname: Alley One\nan alley\nNEG: blurry\nneg: text", "p")
    (prompt,) = pack.prompts
    assert (prompt.name, prompt.positive, prompt.negative) == ("Alley One", "an alley", "blurry, text")


def test_text_after_a_negative_is_warned_about_with_its_line():
    pack = parse_pack("a boat\nneg: blurry\nwatermark", "p")
    assert pack.prompts[0].positive == "a boat watermark"
    assert [(w.line, "neg:" in w.message) for w in pack.warnings] == [(3, True)]


def test_a_prompt_without_text_is_an_error_with_its_line():
    pack = parse_pack("good\n\nneg: only", "p")
    assert [problem.line for problem in pack.errors] == [3]
    assert len(pack.prompts) == 1


def test_an_empty_pack_says_how_to_write_one():
    assert "blank line" in parse_pack("# nothing\n\n", "p").errors[0].message


def test_names_are_unique_within_a_pack():
    pack = parse_pack("name: Boat\na\n\nname: boat\nb\n\nname: Boat\nc", "p")
    ids = [prompt.prompt_id.casefold() for prompt in pack.prompts]
    assert len(set(ids)) == 3


def test_webui_syntax_passes_through_untouched():
    text = "(ink:1.2) [cat:dog:0.4] <lora:ink__wash:0.8> BREAK {a|b} \\(paren\\) x\u2028y"
    assert parse_pack(text, "p").prompts[0].positive == text


@given(st.text())
def test_no_text_breaks_the_reader(text):
    pack = parse_pack(text, "p")
    assert pack.prompts or pack.errors
    assert all(prompt.positive for prompt in pack.prompts)


def test_the_global_negative_follows_the_own_one():
    assert joined_negative("blurry", " text ") == "blurry, text"
    assert joined_negative("", "text") == "text"
    assert joined_negative("", "") == ""
