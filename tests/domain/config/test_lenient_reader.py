"""Fields that somebody else wrote: lenient with spelling, firm with nonsense, one sentence for each."""

from __future__ import annotations

import json

import pytest

from stablenew_tk.domain.config.lenient_reader import Problems, fitted_to, phrase, phrases, plain, read_object


def fields(**document):
    return read_object(json.dumps(document).encode(), Problems("m.json"))


@pytest.mark.parametrize("written", [30, 30.0, "30", " 30 ", "30.0", "30,0"])
def test_a_number_may_be_written_in_any_way_people_write_numbers(written):
    read = fields(steps=written)
    assert read.setting("steps", "txt2img.steps") == 30
    assert read.problems.sentences() == ()


@pytest.mark.parametrize("written", ["many", True, [30], {"a": 1}, "1e999", "३०x"])
def test_what_is_no_number_is_left_out_and_told(written):
    read = fields(steps=written)
    assert read.setting("steps", "txt2img.steps") is None
    assert read.problems.sentences()[0].startswith('m.json: "steps" is ')


@pytest.mark.parametrize(
    ("path", "number", "fitted"),
    [
        ("txt2img.steps", 10**400, 150),
        ("txt2img.width", 833, 832),
        ("txt2img.width", -5, 64),
        ("hires.denoise", 7, 1.0),
        ("txt2img.cfg_scale", 5, 5.0),
    ],
)
def test_numbers_are_brought_to_the_nearest_a_parameter_can_have(path, number, fitted):
    assert fitted_to(path, number) == fitted


@pytest.mark.parametrize("written", [[0.4, 0.6], "0.4-0.6", "0.4 – 0.6", ["0,4", 0.6]])
def test_a_range_may_be_written_as_a_list_or_with_a_dash(written):
    assert fields(span=written).span("span", 0, 1) == (0.4, 0.6)


def test_a_field_that_says_nothing_is_no_problem():
    read = fields(a=None, b="", c=[], d={})
    assert (read.text("a", "b"), read.words("c"), read.items("c"), read.number("b", 0, 1)) == ("", (), (), None)
    assert read.inner("d").text("x") == read.inner("a").text("x") == ""
    assert read.problems.sentences() == ()


def test_phrases_are_parted_at_commas_outside_brackets():
    assert phrases("ink, (wet, brush:1.2) strokes,, <lora:ink:0.8> , [a,b]") == (
        "ink",
        "(wet, brush:1.2) strokes",
        "[a,b]",
    )
    assert phrase(" red dress, hat, ") == "red dress, hat"


def test_html_becomes_plain_text():
    assert plain("<p>Use <b>30</b> steps&nbsp;&amp; CFG&lt;6.</p><br>Bye") == "Use 30 steps & CFG<6. Bye"


@pytest.mark.parametrize("bait", ["<" * 200_000, "<a" * 100_000, "(" * 200_000, "&" * 200_000, "<lora:" * 40_000])
def test_of_long_bait_only_the_beginning_is_kept(bait):
    # A quadratic search would not end within minutes here.
    assert len(plain(bait)) == 4000
    assert [len(one) for one in phrases(bait)] == [1000]
