"""Styles of a WebUI: names in a setting, and what they make of a prompt."""

import pytest

from stablenew_tk.domain.config.styles import joined, style_names, styled, unknown_styles
from stablenew_tk.domain.config.sweep import unknown_choices

KNOWN = ("Ink", "Film", "Ink + Wash")


@pytest.mark.parametrize(
    ("text", "names"),
    [("", ()), ("Ink", ("Ink",)), ("Film + Ink", ("Film", "Ink")), ("Ink + Wash", ("Ink + Wash",)), ("A+B", ("A+B",))],
)
def test_a_setting_is_read_as_the_names_in_it(text, names):
    assert style_names(text, KNOWN) == names
    assert joined(names) == text


def test_each_unknown_name_is_found_also_among_values_to_compare():
    assert unknown_styles("Film + Inc", KNOWN) == ("Inc",)
    assert unknown_choices("styles", ("Ink", "Film + Inc"), KNOWN) == ("Inc",)


@pytest.mark.parametrize(
    ("prompt", "texts", "sent"),
    [
        ("a boat", ("ink of {prompt}, dark", "film"), "ink of a boat, dark, film"),
        (" a boat ", ("", "  "), "a boat"),
        ("", ("film",), "film"),
        ("", ("of {prompt}",), "of "),
    ],
)
def test_styles_are_put_around_and_behind_the_prompt(prompt, texts, sent):
    assert styled(prompt, texts) == sent
