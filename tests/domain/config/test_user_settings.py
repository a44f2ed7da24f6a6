"""What is typed into Settings: tags and addresses."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.user_settings import DEFAULT_TAGS, RESERVED_TAG_KEYS, parse_tags, usable_address


def test_tags_are_read_as_they_are_shown():
    assert parse_tags(", ".join(f"{key} {words}" for key, words in DEFAULT_TAGS)) == DEFAULT_TAGS
    assert parse_tags(" N  too noisy,, é odd light ,") == (("n", "too noisy"), ("é", "odd light"))
    assert parse_tags("") == ()


@pytest.mark.parametrize("text", ["noisy", "n", "nn too noisy", "1 one"])
def test_a_tag_is_a_letter_and_words(text):
    with pytest.raises(InvalidInput, match="write one letter, a space, and the words"):
        parse_tags(text)


@pytest.mark.parametrize("key", [*RESERVED_TAG_KEYS, "N"])
def test_a_letter_means_one_thing(key):
    with pytest.raises(InvalidInput, match=f"The letter {key} is already taken"):
        parse_tags(f"n too noisy, {key} words")


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" tower:7860/ ", "http://tower:7860"),
        ("https://box.example/sd/", "https://box.example/sd"),
        ("ftp://tower", ""),
        ("http://to wer", ""),
        ("tower:99999", ""),
        ("127.0.0.1:7860", "http://127.0.0.1:7860"),
        ("[::1]:7860", "http://[::1]:7860"),
        ("5", ""),
        ("192.168.7860", ""),
        ("http://7860/", ""),
        ("", ""),
    ],
)
def test_an_address_is_made_whole_or_refused(typed, address):
    assert usable_address(typed) == address
