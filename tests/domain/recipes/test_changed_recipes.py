"""Whatever a text of a picture is changed to ends in a recipe or a sentence, with work in proportion to its length."""

from __future__ import annotations

import sys
from random import Random

import pytest
from changed_recipes import changed_texts

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.catalogue import check_value
from stablenew_tk.domain.recipes.reader import recipe_from

# Calls of functions; measured: at most 12 for each letter, and some thousands for the shortest text.
CALLS_PER_LETTER, CALLS = 40, 40_000


def outcome(texts):
    sentence = ""
    try:
        found = recipe_from(texts, (512, 768))
    except InvalidInput as error:
        sentence = str(error)
    if sentence:
        assert 10 < len(sentence) < 400
        return "sentence"
    assert all(check_value(path, value) == value for path, value in found.values.items())
    assert all(notice.endswith(".") and len(notice) < 400 for notice in found.notices)
    for text in (found.prompt, found.negative, found.infotext, *found.notices):
        text.encode("utf-8")
    for one in found.left_out:
        assert one.what
        assert one.why.endswith(".")
        f"{one.what}{one.value}{one.why}".encode()
    return "recipe"


def counted(texts):
    """The outcome, and how many functions were called for it."""
    calls = 0

    def count(_frame, event, _what):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        found = outcome(texts)
    finally:
        sys.setprofile(None)
    return found, calls


def change_many(count, seed):
    rng, seen = Random(seed), set()
    for _ in range(count):
        texts = changed_texts(rng)
        found, calls = counted(texts)
        assert calls < CALLS + CALLS_PER_LETTER * sum(map(len, texts.values())), texts
        seen.add(found)
    assert seen == {"recipe", "sentence"}


def test_a_thousand_changed_texts_give_a_recipe_or_a_sentence():
    change_many(1_000, seed=1)


@pytest.mark.slow
def test_a_hundred_thousand_changed_texts_do_so():
    change_many(100_000, seed=2)
