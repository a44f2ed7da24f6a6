"""Prompts as users of other tools write them: read as they are meant there or refused, never sent raw."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from variations import variants

from stablenew_tk.domain.prompts.checks import check_pack
from stablenew_tk.domain.prompts.pack import pack_block, parse_pack
from stablenew_tk.domain.prompts.randomizer import Variants
from stablenew_tk.domain.prompts.settings import PackSettings, Randomizer
from stablenew_tk.domain.prompts.wildcards import Wildcards, list_of

LISTS = Wildcards(
    [
        list_of(name, lines)
        for name, lines in {
            "color": ["red", "blue"],
            "weight": ["0.4", "0.8"],
            "styles/look": ["inked"],
            "a/twin": ["one"],
            "b/twin": ["two"],
            "deep/jumbo/birds": ["kite"],
            "deep/jumbo/fish": ["carp"],
            "hawks,_and_kites": ["hawk"],
            "grauer's": ["grey"],
            'the "old" one': ["old"],
            "fa\u0308rben": ["rot"],
            "animals/pet": ["cat"],
        }.items()
    ]
)


def expanded(text):
    found = Variants(parse_pack(text, "p").prompts, Randomizer(), LISTS, ())
    assert [one.message for one in found.errors] == []
    return [found.nth(at).prompt for at in range(found.count)]


def refused(text):
    found = Variants(parse_pack(text, "p").prompts, Randomizer(), LISTS, ())
    return " ".join(one.message for one in found.errors)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("__color__(soft:1.2)", ["red(soft:1.2)", "blue(soft:1.2)"]),
        ("__color__(", ["red(", "blue("]),
        ("<lora:__color__:1>", ["<lora:red:1>", "<lora:blue:1>"]),
        ("a <lora:Ink:__weight__>", ["a <lora:Ink:0.4>", "a <lora:Ink:0.8>"]),
        ("{<lora:{__color__|b}:1>|x}", ["<lora:red:1>", "<lora:blue:1>", "<lora:b:1>", "x"]),
        ("<b: __color__ > x", ["<b: red > x", "<b: blue > x"]),
        ("embedding:__color__", ["embedding:red", "embedding:blue"]),
        ("embedding:${u:a}", ["embedding:a"]),
        ("__hawks,_and_kites__", ["hawk"]),
        ("a __grauer's__ bird", ["a grey bird"]),
        ('__the "old" one__', ["old"]),
        ("__colo[r]__", ["red", "blue"]),
        ("{ ~a|b}", None),
        ("{2$$|a}", ["a"]),
        ("{1-2$$|a}", ["", "a"]),
        ("{2$$ and $$|a|b}", ["a", "b", "a and b", "b and a"]),
        ("x/${r: a }/f", ["x/a/f"]),
        ("{2-$$__color__}", ["red, blue", "blue, red"]),
        ("{1-$$__color__}", ["red", "blue", "red, blue", "blue, red"]),
        ("{3-$$a|b}", ["a, b", "b, a"]),
        ("__look__", ["inked"]),
        ("__jumbo/*__", ["kite", "carp"]),
        ("__pet__ __animals\\pet__ __animals//pet__", ["cat cat cat"]),
        ("__f\u00e4rben__ __FA\u0308RBEN__", ["rot rot"]),
        ("a {b|c} # note", ["a b", "a c"]),
        ("a \\# sign", ["a # sign"]),
        ('with "#fox"', ['with "#fox"']),
        ("100\\%{a|b}", ["100%a", "100%b"]),
        ("{10 ::a|b}", ["a", "b"]),
        ("{a\\::b|c}", ["a::b", "c"]),
        ("\\$\\$ 5", ["$$ 5"]),
    ],
)  # fmt: skip
def test_it_is_read_as_it_is_meant(text, expected):
    if expected is None:
        assert expanded(text)[0] in ("a", "b")
        assert len(expanded(text)) == 1
    else:
        assert expanded(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<lora:__nothing__:1>", "no wildcard “nothing”"),
        ("<b: __nothing__ > x", "no wildcard “nothing”"),
        ("embedding:__nothing__", "no wildcard “nothing”"),
        ("__it's,nothing__", "no wildcard “it's,nothing”"),
        ("a ___color___ b", "two underscores on each side: __color__"),
        ("__${a=animal}__${a}/${b:cat}__", "name of a wildcard cannot vary"),
        ("__${a}/${b:cat}__", "name of a wildcard cannot vary"),
        ("__twin__", "fits several wildcards. Write which one: __a/twin__, __b/twin__."),
        ("{2$$ $ $$a|b}", "$$ stands where nothing is chosen"),
        ("{$$a|b}", "$$ stands where nothing is chosen"),
        ("{2$$, __color__ $$a|b}", "between several choices cannot vary"),
        ("${2::a|b}", "a variable has one colon"),
        ("%{oil painting of ...$$a fox}", "(wrap) is not read"),
        ("{-1::a|b}", "“-1::” is no weight"),
        ("{red::a|b}", "“red::” is no weight"),
        ("3#__color__", "A number and # before a wildcard"),
        ("a {b,", "A blank line ends the prompt"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(text, words):
    assert words in refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "<lora:My_Look__two:1> <lora:tree5___Look_v10:0.7>",
        "<lora:a__color__b:1> embedding:a__color__b",
        "1:2, a::b, 50% off, $5, snake_case__x, y__z a",
        "(soft__light, hard__light:1.2)",
    ],
)
def test_names_and_words_that_only_look_like_it_stay(text):
    assert expanded(text) == [text]


def test_a_weight_behind_a_blank_counts():
    found = Variants(parse_pack("{10 ::a|b}", "p").prompts, Randomizer(mode="random"), LISTS, ())
    drawn = Counter(one.prompt for seed in range(60) for one in found.sample(1, seed))
    assert drawn["a"] > 3 * drawn["b"]


def test_a_comment_that_may_be_a_sign_is_a_warning_at_its_place():
    (warning,) = parse_pack("a red fox #artstation", "p").warnings
    assert (warning.line, warning.column) == (1, 11)
    assert "“#artstation” begins a comment" in warning.message
    assert parse_pack("a red fox # later", "p").warnings == ()
    assert parse_pack("name: Take #2\na fox", "p").prompts[0].name == "Take #2"


def test_lines_of_a_list_have_comments_too():
    assert list_of("x", ["100 Classic # Finely grained", "#no", "C#", "F \\# minor"]).values == (
        "100 Classic",
        "C#",
        "F \\# minor",
    )


@pytest.mark.parametrize("text", ["a #fox", "#fox", "cost $$ 5", "<lora:__x__:1> a", "100%{a}", "a\n# b"])
def test_the_text_of_a_picture_written_as_a_pack_is_the_same_text_again(text):
    (prompt,) = Variants(parse_pack(pack_block("n", text, ""), "p").prompts, Randomizer(), Wildcards(), ()).sample(1, 1)
    assert prompt.prompt.removeprefix(", ") == " ".join(text.split("\n"))


class TestWarnings:
    def check(self, text):
        return [one.message for one in check_pack(parse_pack(text, "p"), PackSettings(), LISTS).warnings]

    def test_weights_of_blocks_are_no_mistake(self):
        assert self.check("<lora:ink:0.8:1,1,1,0,0>, <lora:wash:1:1:lbw=IN02>, <lora:x:1:IN02> fox") == []

    @pytest.mark.parametrize("weight", ["-4", "4", "0.5", "__weight__", "{1|2}"])
    def test_weights_that_are_usual_are_no_mistake(self, weight):
        assert self.check(f"<lora:ink:{weight}> fox") == []

    def test_a_weight_that_is_none_and_one_beyond_reason_are(self):
        assert "is not a number" in self.check("<lora:ink:strong> fox")[0]
        assert "pictures break" in self.check("<lora:ink:9> fox")[0]

    def test_texts_of_pictures_in_a_pack_are_told(self):
        (said,) = self.check("a fox\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7")
        assert "text of a picture from another tool" in said


class TestManyOfSeveral:
    """Choices of several at once: the share of the combinations that is taken is even, and it is found at once."""

    def sample(self, text, count):
        return [one.prompt for one in variants(text).sample(count, 3)]

    @pytest.mark.parametrize(
        ("text", "count"),
        [
            ("{1-3$$a|b|c|d|e} {1-3$$a|b|c|d|e}", 4000),
            ("{2$$a|b|c|d|e|f} {2$$a|b|c|d|e|f} {1-3$$a|b|c|d|e}", 10_000),
            ("{2$$a|b|c|d|e|f} {2$$a|b|c|d|e|f} {1-3$$a|b|c|d|e}", 70_000),
        ],
    )
    def test_no_variant_comes_twice(self, text, count):
        assert len(set(self.sample(text, count))) == count

    def test_every_combination_comes_up_as_often_as_every_other(self):
        first = Counter(text.partition(" / ")[0] for text in self.sample("{1-3$$a|b|c|d|e} / {1-3$$a|b|c|d|e}", 4000))
        assert len(first) == 85
        assert max(first.values()) - min(first.values()) <= 1

    def test_the_time_grows_with_the_number(self):
        def needed(count):
            began = time.process_time()
            self.sample("{1-3$$a|b|c|d|e|f} {1-3$$a|b|c|d|e|f} {2$$a|b|c|d}", count)
            return time.process_time() - began

        # Ten times as many; the square would be a hundred times.
        assert min(needed(20_000) for _ in range(2)) < 40 * min(needed(2_000) for _ in range(2)) + 0.2
