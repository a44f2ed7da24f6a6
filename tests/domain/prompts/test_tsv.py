"""Packs as tables: what a spreadsheet or a script writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablenew_tk.domain.prompts.pack import spot
from stablenew_tk.domain.prompts.tsv import parse_table


def rows(text):
    return [(one.positive, one.negative, one.name) for one in parse_table(text, "p").prompts]


def test_a_line_is_a_prompt_with_its_negative_and_its_name():
    assert rows("a tram\tblurry\tTram\na boat\n\ta\n") == [("a tram", "blurry", "Tram"), ("a boat", "", "a boat")]
    assert [error.line for error in parse_table("a\n\tb", "p").errors] == [2]


def test_bom_line_ends_comments_and_blank_lines_are_no_prompts():
    assert rows("\ufeff# intro\r\n\r\n  \t\r\na tram\tblurry\r\n") == [("a tram", "blurry", "a tram")]


@pytest.mark.parametrize("head", ["positive\tnegative", "Positive\tNegative\tName", "prompt\tnegative"])
def test_a_line_of_headings_is_passed_over_once(head):
    assert rows(f"{head}\na tram\tblurry\npositive\tnegative") == [
        ("a tram", "blurry", "a tram"),
        ("positive", "negative", "positive"),
    ]


def test_cells_are_read_as_spreadsheets_quote_them():
    assert rows('"a tram, ""old"""\t"blurry, dark"') == [('a tram, "old"', "blurry, dark", 'a tram, "old"')]


def test_more_cells_than_three_are_told():
    assert [(one.line, one.column) for one in parse_table("a\tb\tc\td", "p").warnings] == [(1, 7)]


def test_slots_and_places_work_as_in_text():
    pack = parse_table("[[light]]: dawn | dusk\n  a tram\t blurry", "p")
    assert [slot.name for slot in pack.slots] == ["light"]
    (prompt,) = pack.prompts
    assert (spot(prompt.positive_at, 2), spot(prompt.negative_at, 0)) == ((2, 5), (2, 11))


@given(st.text())
def test_no_text_breaks_the_reader(text):
    pack = parse_table(text, "p")
    assert pack.prompts or pack.errors
