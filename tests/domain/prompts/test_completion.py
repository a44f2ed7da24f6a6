"""Which name a line asks for, and what is inserted for it."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.prompts.completion import CompletionQuery, Offer, query_in, rest, slots_in, token


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("a <lora:", CompletionQuery("lora", "", 6)),
        ("a <lora:rai", CompletionQuery("lora", "rai", 9)),
        ("a <lora:rain:0.7>", None),
        ("a __", CompletionQuery("wildcard", "", 2)),
        ("a __mo", CompletionQuery("wildcard", "mo", 4)),
        ("__mood__", None),
        ("__mood__ and __an", CompletionQuery("wildcard", "an", 4)),
        ("<lora:my__lora", CompletionQuery("lora", "my__lora", 14)),
        ("<lora:my__lora:1> x", None),
        ("snake__case", None),
        ("a [[li", CompletionQuery("slot", "li", 4)),
        ("[[light]]", None),
        ("<embedding:so", CompletionQuery("embedding", "so", 13)),
        ("plain words", None),
    ],
)
def test_what_a_line_asks_for(before, expected):
    assert query_in(before) == expected


def test_a_word_alone_asks_only_when_the_user_does():
    assert query_in("a ra") is None
    assert query_in("a ra", asked=True) == CompletionQuery("", "ra", 2)


def test_what_is_left_of_a_token_behind_the_cursor_is_replaced():
    assert rest("lora", "rain:0.7> more") == len("rain:0.7>")
    assert rest("wildcard", "od__ x") == len("od__")
    assert rest("slot", "ght]], b") == len("ght]]")
    assert rest("lora", " and <lora:x:1>") == 0


def test_a_lora_is_written_with_the_weight_that_is_known():
    lora = Offer("lora", "rain")
    assert token(lora, 0.65) == "<lora:rain:0.65>"
    assert token(lora) == "<lora:rain:1>"
    assert token(Offer("wildcard", "a/b")) == "__a/b__"


def test_slots_are_those_defined_and_those_used():
    assert slots_in("[[light]]: a | b\n\na [[mood]] [[light]]") == ("light", "mood")
