"""One pack means the same on both engines: what of a prompt reaches ComfyUI, row by row."""

from __future__ import annotations

import contextlib
import random
import re

import pytest

from stablenew_tk.backends.comfyui.attention import for_comfyui, read
from stablenew_tk.backends.comfyui.schedule import PassTiming
from stablenew_tk.backends.comfyui.words import Vocabulary, split_loras, words
from stablenew_tk.domain.base.errors import Refused
from stablenew_tk.domain.base.lora_tags import LoraTag

KNOWN = Vocabulary(["random-embed-pt", "random-embed", "sub/easynegative", "bad hands"], "ComfyUI · host")
TWENTY = PassTiming(steps=20, total=20)


def sent(text, field="prompt", timing=TWENTY):
    """The texts that are sent, when the prompt has one part and does not change."""
    ((span,),) = words(text, field, KNOWN, timing).parts
    return span.chunks if len(span.chunks) > 1 else span.chunks[0]


def schedule(text, timing=TWENTY, field="prompt"):
    (part,) = words(text, field, KNOWN, timing).parts
    return [(span.chunks[0], span.start, span.end) for span in part]


@pytest.mark.parametrize("text", ["a cat", "(x)", "((x))", "(x:1.2)", r"a \(b\) c", "(x:abc)", "a , b", "A CAT", ""])
def test_what_both_read_alike_is_sent_as_it_is(text):
    assert sent(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("((x:1.2):1.3)", "(x:1.56)"),
        ("(a (red:1.4) cat:1.2)", "(a:1.2) (red:1.68) (cat:1.2)"),
        ("[x]", "(x:0.91)"),
        ("[[x]]", "(x:0.83)"),
        ("([x]:1.1) y", "x y"),
        ("(x y", "(x y:1.1)"),
        (r"\[x\] y\\z", r"[x] y\z"),
        (r"[\(x\)]", r"(\(x\):0.91)"),
        ("x) (y)", r"x\) (y:1.1)"),
        ("# a line\na cat # and more\n", "a cat"),
        ("{a|b} __x__ // y /* z */", "{a|b} __x__ // y /* z */"),
    ],
)
def test_what_comfyui_reads_otherwise_is_written_so_that_it_means_the_same(text, expected):
    assert sent(text) == expected


def test_break_parts_a_prompt_also_inside_weights():
    assert sent("a cat, BREAK a dog") == ("a cat,", "a dog")
    assert sent("(a BREAK b:1.2)") == ("(a:1.2)", "(b:1.2)")
    assert sent("a BREAK ") == "a"
    assert sent("BREAK a") == ("", "a")
    assert sent("a BREAKFAST") == "a BREAKFAST"


def test_and_makes_parts_in_the_prompt_and_is_a_word_in_the_negative():
    found = words("a cat AND a dog :1", "prompt", KNOWN, TWENTY)
    assert [part[0].chunks for part in found.parts] == [("a cat",), ("a dog",)]
    assert "AND" in found.notes[0]
    assert sent("a AND b", "negative") == "a AND b"


@pytest.mark.parametrize(
    ("text", "field", "says"),
    [
        ("a AND b:0.5", "prompt", r"^prompt: .*AND.*:0\.5"),
        ("a [cat|dog]", "prompt", r"^prompt: \[cat\|dog\]"),
        ("[a|b:0.5]", "negative", "^negative: "),
        ("embedding:nope, x", "negative", "^negative: ComfyUI · host has no embedding 'nope'"),
        ("<embedding:nope:0.8>", "adetailer.passes.0.prompt", r"^adetailer\.passes\.0\.prompt: "),
    ],
)
def test_what_comfyui_cannot_do_is_refused_by_its_field(text, field, says):
    with pytest.raises(Refused, match=says):
        words(text, field, KNOWN, TWENTY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a:b:0.5]", [("a", 0.0, 0.5), ("b", 0.5, 1.0)]),
        ("[a:b:5]", [("a", 0.0, 0.25), ("b", 0.25, 1.0)]),
        ("x [a:.5]", [("x", 0.0, 0.5), ("x a", 0.5, 1.0)]),
        ("x [a::0.5]", [("x a", 0.0, 0.5), ("x", 0.5, 1.0)]),
        ("x[b:[c:d:2]:1]e", [("xbe", 0.0, 0.05), ("xce", 0.05, 0.1), ("xde", 0.1, 1.0)]),
        ("[(a:2):3]", [("", 0.0, 0.15), ("(a:2)", 0.15, 1.0)]),
        ("[a:b:0.0]", [("b", 0.0, 1.0)]),
        ("[a:b:1.0]", [("a", 0.0, 1.0)]),
        ("[a:b:99]", [("a", 0.0, 1.0)]),
        ("[a:b]", [("(a:b:0.91)", 0.0, 1.0)]),
        ("a [b:0.5", [("a (b:0.5:0.91)", 0.0, 1.0)]),
        ("[a:embedding:random-embed:0.5]", [("a", 0.0, 0.5), ("embedding:random-embed", 0.5, 1.0)]),
    ],
)
def test_words_that_change_on_the_way_get_their_share_of_the_noise(text, expected):
    assert schedule(text) == expected


def test_over_a_picture_steps_count_from_the_first_that_is_run():
    over = PassTiming(steps=20, total=20, first=9)
    assert schedule("[a:b:0.5]", over) == [("a", 0.0, 0.95), ("b", 0.95, 1.0)]
    # Only eleven steps are run, so the change after eighteen never comes.
    assert schedule("[a:b:0.9]", over) == [("a", 0.0, 1.0)]


def test_in_the_second_pass_shares_begin_at_one_and_steps_go_on():
    hires = PassTiming(steps=10, total=20, first=10, before_hires=20)
    assert schedule("[a:b:0.5]", hires) == [("b", 0.0, 1.0)]
    assert schedule("[a:b:1.5]", hires) == [("a", 0.0, 0.75), ("b", 0.75, 1.0)]
    assert schedule("[a:b:25]", hires) == [("a", 0.0, 0.75), ("b", 0.75, 1.0)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat,random-embed,hat", "cat, embedding:random-embed, hat"),
        ("EasyNegative", "embedding:sub/easynegative"),
        ("(random-embed:1.2) a cat", "(embedding:random-embed:1.2) a cat"),
        ("(a cat, random-embed)", "(a cat, embedding:random-embed)"),
        ("<embedding:random-embed:0.8>, hat", "(embedding:random-embed:0.8), hat"),
        ("<embedding:easynegative>", "embedding:sub/easynegative"),
        ("x embedding:random-embed.safetensors,hat", "x embedding:random-embed, hat"),
        ("embedding:sub/easynegative.pt", "embedding:sub/easynegative"),
        ("random-embed-pt and random-embeds", "embedding:random-embed-pt and random-embeds"),
        ("EMBEDDING:random-embed, hat", "EMBEDDING:random-embed, hat"),
        ("[random-embed]", "(embedding:random-embed:0.91)"),
    ],
)
def test_embeddings_of_the_server_are_called_as_comfyui_wants_them(text, expected):
    assert sent(text) == expected


def test_every_embedding_stands_behind_white_space_and_before_a_blank_a_comma_or_a_bracket():
    for text in ("cat,random-embed", "(cat,random-embed:1.3)", "cat.random-embed;hat", "<embedding:random-embed>x"):
        found = sent(text)
        assert re.search(r"(?:^|[\s(])embedding:random-embed(?:$|\s|, |[:)])", found), found


def test_an_embedding_whose_name_is_a_number_is_not_seen_in_weights():
    numbers = Vocabulary(["0", "1", "5"], "here")
    ((span,),) = words("<embedding:1:0.5>, (cat:1.5), 5, embedding:0", "prompt", numbers, TWENTY).parts
    assert span.chunks == ("(embedding:1:0.5), (cat:1.5), 5, embedding:0",)


def test_an_embedding_whose_name_comfyui_cannot_read_is_told():
    assert "'bad hands'" in words("six fingers, bad hands", "negative", KNOWN, TWENTY).notes[0]


def test_lora_tags_are_cut_out_with_both_weights():
    text, loras, notes = split_loras("<lora:ink:0.8> a cat <lora:x/y:0.3:0.5>, <lyco:z:te=1:unet=.5> <lora:plain>")
    assert loras == (
        LoraTag("ink", 0.8, 0.8),
        # As in a WebUI the text encoder comes first.
        LoraTag("x/y", 0.5, 0.3),
        LoraTag("z", 0.5, 1.0),
        LoraTag("plain", 1.0, 1.0),
    )
    assert (sent(text), notes) == ("a cat ,", ())


@pytest.mark.parametrize("tag", ["<lora:x:strong>", "<lora:x:1:1:64>", "<lora:x:dyn=3>", "<hypernet:x:1>"])
def test_a_tag_that_cannot_be_followed_is_refused(tag):
    with pytest.raises(Refused, match=r"^prompt: "):
        split_loras(f"a cat {tag}")


def test_a_tag_of_an_extension_is_left_out_and_told():
    text, _, notes = split_loras("a cat <wonder:9>")
    assert (text.strip(), len(notes)) == ("a cat", 1)
    assert "<wonder:9>" in notes[0]


def comfyui_reads(text):
    """Every letter with the weight ComfyUI gives it: a number in a bracket counts instead of what is around it."""
    text = text.replace(r"\(", "\0").replace(r"\)", "\1")

    def letters(part, weight):
        found, at, depth, start = [], 0, 0, 0
        for place, sign in enumerate(part):
            if sign == "(":
                if depth == 0:
                    found += [(letter, weight) for letter in part[at:place]]
                    start = place
                depth += 1
            elif sign == ")":
                depth -= 1
                if depth == 0:
                    inner, number = part[start + 1 : place], weight * 1.1
                    words_of, colon, last = inner.rpartition(":")
                    with contextlib.suppress(ValueError):
                        inner, number = (words_of, float(last)) if colon and words_of else (inner, number)
                    found += letters(inner, number)
                    at = place + 1
        return found + [(letter, weight) for letter in part[at:]]

    shown = {"\0": "(", "\1": ")"}
    return [(shown.get(letter, letter), weight) for letter, weight in letters(text, 1.0) if not letter.isspace()]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_brackets_are_written_comfyui_reads_the_weights_of_a_webui(seed):
    dice = random.Random(seed)
    pieces = [
        "a",
        "b c ",
        "(",
        "(",
        ")",
        "[",
        "]",
        ":1.2)",
        ":0.7)",
        ":",
        r"\(",
        r"\)",
        r"\[",
        r"\\",
        "\\",
        ", ",
        "BREAK ",
    ]
    for _ in range(100):
        text = "".join(dice.choices(pieces, k=dice.randrange(1, 14)))
        chunks, _same = read(text)
        meant = [(letter, chunk.weight) for chunk in chunks for letter in chunk.text if not letter.isspace()]
        found = [pair for part in for_comfyui(text) for pair in comfyui_reads(part)]
        assert [letter for letter, _ in found] == [letter for letter, _ in meant], text
        for (_, weight), (_, wanted) in zip(found, meant, strict=True):
            assert weight == pytest.approx(wanted, abs=0.0051), text
