"""How a prompt that varies is read, and that nothing of the WebUI's own syntax is touched."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from variations import FILES, errors, pack, slots, texts, variants, wildcards

from stablenew_tk.domain.prompts.pack import PackPrompt
from stablenew_tk.domain.prompts.parser import parse
from stablenew_tk.domain.prompts.randomizer import Variants
from stablenew_tk.domain.prompts.settings import Randomizer

UNTOUCHED = [
    "(cat:1.2), [a:b:0.5]",
    "(x), ((x)), (((x:1.3))), [x], [[two words, weaker]]",
    r"\(not attention\), \[nor this\], back\\slash",
    "[from:to:0.25] [to:10] [from::0.9] [a:[b:c:0.5]:0.8]",
    "[cow|horse] in a [red|green|blue] field",
    "a cat :1.2 AND a dog AND a penguin:2.2, red BREAK blue",
    "<lora:foo__bar__baz:0.8> and <lora:x__y__:1>",
    "<lora:with spaces in it:0.8:0.5> <lora:a:te=0.5:unet=1:dyn=64> <lyco:b__c__:1> <hypernet:d e:0.3>",
    "<lora:a|b:1>, <3, 1 < 2, a > b",
    "embedding:bad__hands__v2, easynegative, snake_case, two__words",
    "(unclosed, [too, ) and ] alone",
    "50% of $5, a & b, c:d::e, 2::red, ~@!, #1, __, ____, a__ b",
    "한국어, 日本語 😀, é\u2028x",
]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_syntax_of_the_webui_stays_as_it_is(text):
    assert texts(text) == [text.strip()]
    assert not parse(text).varies or "[[two" in text


@pytest.mark.parametrize("text", UNTOUCHED)
def test_syntax_of_the_webui_stays_as_it_is_inside_a_choice(text):
    assert texts(f"{{A {text}|B}}")[-1] == "B"
    if "2::red" not in text and "[too" not in text:
        assert texts(f"{{A {text}|B}}") == [f"A {text}", "B"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a|b}", ["a", "b"]),
        ("{a|}", ["a", ""]),
        ("x {a|b} y", ["x a y", "x b y"]),
        ("{a|{b|c}}", ["a", "b", "c"]),
        ("{a|b}{c|d}", ["ac", "ad", "bc", "bd"]),
        ("{a}", ["a"]),
        ("{}", [""]),
        ("{ (a:1.1) | [b|c] }", ["(a:1.1)", "[b|c]"]),
        ("{(a|b)|c}", ["(a|b)", "c"]),
        ("{[a|b]|(c:{1|2})}", ["[a|b]", "(c:1)", "(c:2)"]),
        ("{:)|x}", [":)", "x"]),
        ("{(a|b}", ["(a", "b"]),
        ("{<lora:a|b:1>|c}", ["<lora:a|b:1>", "c"]),
        ("<lora:{a|b}:{0.5|1}>", ["<lora:a:0.5>", "<lora:a:1>", "<lora:b:0.5>", "<lora:b:1>"]),
        ("[{a|b}:c:0.5]", ["[a:c:0.5]", "[b:c:0.5]"]),
    ],
)
def test_words_in_braces_are_one_of_them(text, expected):
    assert texts(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\{b\}", "{b}"),
        (r"\{a|b\}", "{a|b}"),
        (r"\${x}"[:2] + r"\{x\}", "${x}"),
        (r"\__color\__", "__color__"),
        (r"\\", r"\\"),
        ("a \\", "a \\"),
    ],
)
def test_a_backslash_makes_signs_of_the_signs(text, expected):
    assert texts(text) == [expected]


def test_an_escaped_bar_parts_nothing():
    assert texts(r"{a\|b|c}") == ["a|b", "c"]


def test_an_escaped_wildcard_and_the_wildcard_are_two_options():
    assert texts(r"{\__color\__|__color__}") == ["__color__", "red", "green", "blue"]


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("{0.5::a|3::b}", {"a": 0.5, "b": 3}),
        ("{.5::a| 2.::b|c}", {"a": 0.5, "b": 2, "c": 1}),
        ("{a|a|b}", {"a": 2, "b": 1}),
        ("{2::a|b| a }", {"a": 3, "b": 1}),
        ("{0::a|b|c}", {"b": 1, "c": 1}),
        ("{0::a}", {"a": 1}),
        ("{a::b|c}", {"a::b": 1, "c": 1}),
    ],
)
def test_weights_stand_before_two_colons_and_what_is_there_twice_counts_twice(text, weights):
    (choice,) = parse(text).body
    assert {option.source.strip(): option.weight for option in choice.options} == weights


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{2$$a|b|c}", ["a, b", "a, c", "b, a", "b, c", "c, a", "c, b"]),
        ("{1-2$$ and $$a|b}", ["a", "b", "a and b", "b and a"]),
        ("{-2$$a|b}", ["a", "b", "a, b", "b, a"]),
        ("{2-$$a|b}", ["a, b", "b, a"]),
        ("{0-1$$a|b}", ["", "a", "b"]),
        ("{0-1$$a}", ["", "a"]),
        ("{0$$a|b}", [""]),
        ("{1$$a|b}", ["a", "b"]),
        ("{3$$a|b}", ["a, b", "b, a"]),
        ("{ 1 - 2 $$a|a}", ["a"]),
        ("{2$$ | $$a|b}", ["a | b", "b | a"]),
        ("{2$$$$a|b}", ["ab", "ba"]),
        ("[{2$$|$$a|b}]", ["[a|b]", "[b|a]"]),
        ("{2$$-$$a|{b|c}}", ["a-b", "a-c", "b-a", "c-a"]),
        ("{2$$__animals/cat__}", ["siamese, tabby", "tabby, siamese"]),
        ("{2$$ and $$ __animals/cat__ }", ["siamese and tabby", "tabby and siamese"]),
    ],
)
def test_bounds_say_how_many_and_what_is_between_them(text, expected):
    assert texts(text) == expected


def test_one_or_two_of_three_are_three_and_six():
    found = texts("{1-2$$ and $$a|b|c}")
    assert (len(found), sum(" and " in text for text in found)) == (9, 6)


@pytest.mark.parametrize("text", ["{99999$$a|b}", "{999999999999999999$$a|b}", "{2-999999$$a|b}"])
def test_more_than_there_are_is_all_there_are(text):
    assert texts(text) == ["a, b", "b, a"]


class TestVariables:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a ${y:def} b", ["a def b"]),
            ("${x=a} ${x} ${x}", ["a a"]),
            ("${x={a|b}}${x}${x}", ["aa", "ab", "ba", "bb"]),
            ("${x=!{a|b}}${x}${x}", ["aa", "bb"]),
            ("${ x = !{a|b} }${ x }", ["a", "b"]),
            ("${x=a}${x:other}", ["a"]),
            ("${x:}", [""]),
            ("${x:{a|b}}", ["a", "b"]),
            ("${x=a}${x=b}${x}", ["b"]),
            ("${a={1|2}}${b=${a}${a}}${b}", ["11", "12", "21", "22"]),
            ("${x=1}${y=${x}}${x=2}${y}", ["1"]),
            ("${my-name=a}${my-name}", ["a"]),
            ("${x=a|b}${x}", ["a|b"]),
            ("{${x=in}${x}|b} ${x:out}", ["in out", "b out"]),
        ],
    )
    def test_a_variable_stands_for_what_it_was_given(self, text, expected):
        assert texts(text) == expected

    def test_a_variable_that_is_drawn_once_and_not_used_makes_no_variants(self):
        assert texts("${x=!{a|b}} c") == ["c"]

    def test_a_variable_is_known_in_the_negative_too(self):
        found = variants("${x=!{a|b}} ${x}", "no ${x}")
        assert [(v.prompt, v.negative) for v in map(found.nth, range(found.count))] == [("a", "no a"), ("b", "no b")]

    def test_a_variable_without_a_value_is_said_with_the_way_out(self):
        (message,) = errors("a ${x} b")
        assert "${x:default}" in message


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "line", "column", "message"),
        [
            ("ok\n\na {b|c", 3, 3, "never closed"),
            ("a } b", 1, 3, "without its {"),
            ("name: x\n  one,\n  two __colour__", 3, 7, "no wildcard “colour”"),
            ("one\nneg: bad, {worse", 2, 11, "never closed"),
            ("one\nneg: bad\ntwo\nneg:   ugly __nothing__", 4, 13, "no wildcard"),
            ("a [[light]]", 1, 3, "[[light]]: first | second"),
            ("a {5-2$$a|b}", 1, 3, "the smaller number comes first"),
            ("a {0::a|0::b}", 1, 4, "All weights here are 0"),
            ("a ${ b", 1, 3, "After ${ comes a name"),
            ("a ${x=b", 1, 3, "never closed"),
            ("a ${x} b", 1, 3, "no value"),
            ("{% if a %}", 1, 1, "Jinja"),
            ("__coat(red)__", 1, 8, "name=value"),
            ("__coat(colour={a|b)__", 1, 8, "never closed"),
            ("a\nb __coat(x={a|},colour=__no__)__", 2, 3, "no wildcard “no”"),
        ],
    )
    def test_a_mistake_is_named_with_line_and_column(self, text, line, column, message):
        expansion = pack(text)
        assert (expansion.count, expansion.variants) == (0, ())
        assert [(e.line, e.column) for e in expansion.errors if message in e.message] == [(line, column)]

    def test_a_prompt_that_stands_in_no_file_counts_as_one_line(self):
        found = Variants([PackPrompt("p", "p", "a {b", "", 1)], Randomizer(), wildcards())
        assert [(e.line, e.column) for e in found.errors] == [(1, 3)]

    def test_too_deep_is_said_once_and_not_as_braces_that_never_end(self):
        (message,) = errors("{" * 60 + "a" + "}" * 60)
        assert "40 deep" in message

    def test_a_text_of_mistakes_names_the_first_ones(self):
        assert 0 < len(errors("} " * 5000)) <= 500


JUNK = [
    *("{", "}", "}{", "{2$$", "{a|", "{~", "{@", "{1 ", "{a|b}", "|", "2::", "\\", "\0", "\n", "(", "(a)", "["),
    *("[[", "]]", "[[ ", "__", "__a(", "__a(b=c)__", "__color__ ", "$", "${", "${a=", "${x}", "<lora:", "embedding:"),
]


@pytest.mark.parametrize("sign", [*JUNK, "{1" + " " * 999, "[[" + " " * 999, "${" + " " * 999, "__a" + " " * 999])
def test_a_long_text_of_one_sign_is_read_in_proportion(sign):
    import time

    def needed(size: int) -> float:
        began = time.process_time()
        parse(sign * (size // len(sign)))
        return time.process_time() - began

    # In proportion it takes ten times as long; a hundred times would be the square. The best of three, for the machine
    # may be busy with something else.
    assert min(needed(60_000) for _ in range(3)) < 40 * min(needed(6_000) for _ in range(3)) + 0.2


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(JUNK) | st.text(max_size=6), max_size=40).map("".join))
def test_no_text_breaks_the_reader_or_the_expansion(text):
    found = Variants(
        [PackPrompt("p", "p", text, text[::-1], 1)], Randomizer(), wildcards(FILES), slots(light="dawn;noon")
    )
    for problem in found.errors:
        assert problem.line == 1
        assert problem.column >= 1
    if not found.errors:
        assert len(found.sample(3, 1)) == min(3, found.count)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(alphabet=st.characters(exclude_characters="{}|$_[\\<:", exclude_categories=["Cs"]), max_size=80))
def test_text_without_signs_is_written_as_it_is(text):
    assert texts(text) == [text.strip()]


def test_the_name_of_a_wildcard_cannot_vary_and_says_so():
    for text in ("a __${x}_hat__ b", "a __hat_{red|blue}__ b", "a __{a|b}__"):
        (trouble,) = [one for one in parse(text).troubles if "cannot vary" in one.message]
        assert trouble.at == 2
    assert not parse("snake_case__ {a|b} __x__").troubles


@pytest.mark.parametrize("text", ["a boat, [[light: dawn | neon]], calm", "a boat, [[light = dawn|neon]]"])
def test_a_slot_with_its_values_inside_is_not_sent_as_it_stands(text):
    (wrong,) = errors(text)
    assert "[[light: …]] is no slot" in wrong
    assert "{dawn" in wrong
    assert "[[light]]: dawn" in wrong
