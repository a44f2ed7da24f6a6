"""A prompt put into a pack comes out of it as the same prompt, whatever is in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablenew_tk.domain.prompts.pack import pack_block, parse_pack
from stablenew_tk.domain.prompts.parser import parse


def read_back(prompt, negative="", name="boat"):
    pack = parse_pack(f"before\n\n{pack_block(name, prompt, negative)}\nafter", "p")
    assert not pack.errors
    assert not pack.slots
    before, found, after = pack.prompts
    assert (before.positive, after.positive) == ("before", "after")
    return found


def meant(text):
    """What a run sends to the backend for a prompt of a pack."""
    body = parse(text).body
    assert all(isinstance(part, str) for part in body)
    return "".join(body)


@pytest.mark.parametrize(
    ("prompt", "line"),
    [
        ("a\nb", "a b"),
        ("a\n\n \n\u00a0\nb", "a b"),
        ("a\r\n\r\nb\rc", "a b c"),
        ("a\n#1 friend", "a #1 friend"),
        ("a\nneg: b\nNEG:c", "a neg: b NEG:c"),
        ("a\nname: b", "a name: b"),
        ("a\n[[b]]: c | d", "a [ [b]]: c | d"),
        ("#1 friend", "#1 friend"),
        ("neg: b", ", neg: b"),
        ("a\u2028b", "a\u2028b"),
    ],
)
def test_its_lines_survive(prompt, line):
    found = read_back(prompt, "blur")
    assert (meant(found.positive), found.negative, found.name) == (line, "blur", "boat")


@pytest.mark.parametrize(
    "text",
    [
        "{a|b}",
        "a }",
        "__mood__",
        "___",
        "${x}",
        "{2$$a|b}",
        r"\(a\)",
        "<lora:a__b__c:0.5>",
        "embedding:a__b",
        "<lora:a{b}__c:1>",
        "a {embedding:x}",
        "embedding:a\\b__c",
    ],
)
def test_signs_that_would_vary_it_stay_signs(text):
    found = read_back(f"a boat {text}", f"blur {text}")
    assert meant(found.positive) == f"a boat {text}"
    assert meant(found.negative) == f"blur {text}"


def test_the_negative_is_one_line():
    assert meant(read_back("a", "b,\n\nneg: c\n# d").negative) == "b, neg: c # d"


def test_a_name_is_one_short_line():
    assert read_back("a", name="x\ny " + "z" * 200).name.startswith("x y zzz")
    assert read_back("a", name="\n").name == "picture"


words = st.text(st.sampled_from("ab #:\n[]{}|_$\\()<>,negam\u00a0\x0b"), min_size=1, max_size=30)


@given(words.filter(str.strip), words)
def test_no_prompt_breaks_a_pack(prompt, negative):
    found = read_back(prompt, negative)
    parse(found.positive)
    words = "".join(found.positive.split()).removeprefix(",").replace("\\", "")
    assert words == "".join(prompt.split()).removeprefix(",").replace("\\", "")
