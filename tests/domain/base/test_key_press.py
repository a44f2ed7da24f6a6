import sys

import pytest

from stablenew_tk.domain.base.key_press import KeyPress

ROW = {"linux": {1: 10, 2: 11, 3: 12, 4: 13, 5: 14, 0: 19}, "win32": {1: 49, 2: 50, 3: 51, 4: 52, 5: 53, 0: 48}}
AZERTY = {1: "ampersand", 2: "eacute", 3: "quotedbl", 4: "apostrophe", 5: "parenleft", 0: "agrave"}


@pytest.mark.parametrize("system", ["linux", "win32"])
@pytest.mark.parametrize(("stars", "name"), AZERTY.items())
def test_the_unshifted_digit_row_of_azerty_rates(monkeypatch, system, stars, name):
    monkeypatch.setattr(sys, "platform", system)
    assert KeyPress(name, ROW[system][stars]).stars == stars


def test_the_same_characters_on_other_keyboards_do_not_rate(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    assert KeyPress("apostrophe", 48).stars is None
    assert KeyPress("ampersand", 16, shift=True).stars is None


def test_digits_of_the_row_and_of_the_number_pad_rate():
    assert [KeyPress(name).stars for name in ("1", "5", "0", "KP_3", "6", "KP_9")] == [1, 5, 0, 3, None, None]


def test_keys_with_control_or_alt_are_no_ratings_and_no_tags():
    assert KeyPress("3", control=True).stars is None
    assert KeyPress("s", alt=True).letter == ""
    assert KeyPress("S", shift=True).letter == "s"
