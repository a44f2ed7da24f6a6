"""Numbers as they are typed: the form in which they are shown is understood, too."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.catalogue import parameter
from stablenew_tk.domain.config.number_text import typed_number, whole_number
from stablenew_tk.domain.config.seed_text import parse_seed, parse_seed_count


def test_whole_numbers_may_have_commas_between_their_thousands():
    assert typed_number(parameter("txt2img.width"), "1,024") == 1024
    assert parse_seed("4,294,967,295") == 4294967295
    assert parse_seed(str(2**64 - 1)) == 2**64 - 1
    assert parse_seed_count("1,000") == 1000


def test_in_other_numbers_a_comma_is_a_decimal_one():
    assert typed_number(parameter("txt2img.cfg_scale"), "7,5") == 7.5


@pytest.mark.parametrize("text", ["1,0240", "10,24", ",5"])
def test_other_commas_in_a_whole_number_are_a_mistake(text):
    with pytest.raises(InvalidInput):
        typed_number(parameter("txt2img.width"), text)


def test_what_is_no_seed_is_told_with_the_range():
    with pytest.raises(InvalidInput, match="from 0 to 18,446,744,073,709,551,615"):
        parse_seed("many")


@pytest.mark.parametrize("text", ["9" * 5000, "0" * 4999 + "1", "²", "٣", "1_0", "+1", ""])
def test_what_python_takes_for_a_number_or_refuses_to_read_is_no_whole_number(text):
    assert whole_number(text) == -1
    if text:
        with pytest.raises(InvalidInput) as refused:
            parse_seed(text)
        assert len(str(refused.value)) < 200
