"""What a line of a pack is coloured as."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.prompts.highlighting import spans


def kinds(line):
    return [(line[one.start : one.end], one.kind) for one in spans(line)]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("  # a {comment}", [("  # a {comment}", "comment")]),
        ("neg: blurry", [("neg:", "keyword")]),
        ("Name: Tram", [("Name:", "keyword")]),
        ("a negative: of", []),
        ("<lora:a__b:0.5> <embedding:x>", [("<lora:a__b:0.5>", "lora"), ("<embedding:x>", "embedding")]),
        ("embedding:a__b__c x", [("embedding:a__b__c", "embedding")]),
        ("__a/*__ __~b__", [("__a/*__", "wildcard"), ("__~b__", "wildcard")]),
        ("__tpl(a=1)__", [("__tpl", "wildcard"), ("__", "wildcard")]),
        ("snake__ case", []),
        ("[[light]]: a", [("[[light]]", "slot")]),
        (r"\{ \__", [(r"\{", "escape"), (r"\__", "escape")]),
        ("{2::a|.5::b}", [("{", "choice"), ("2::", "weight"), ("|", "choice"), (".5::", "weight"), ("}", "choice")]),
        ("{1-2$$a|b}", [("{", "choice"), ("1-2$$", "weight"), ("|", "choice"), ("}", "choice")]),
        ("${x=!a} ${y}", [("${x=!", "variable"), ("}", "choice"), ("${y", "variable"), ("}", "choice")]),
        ("(sharp:1.2)", [("1.2", "weight")]),
    ],
)
def test_each_construct_has_its_kind(line, found):
    assert kinds(line) == found
