"""Lists in files: names, weights, lines that vary themselves, lists that name lists."""

import pytest
from variations import errors, pack, texts, variants, wildcards

from stablenew_tk.domain.prompts.pack import PackPrompt, Slot
from stablenew_tk.domain.prompts.randomizer import Variants, expand
from stablenew_tk.domain.prompts.settings import Randomizer
from stablenew_tk.domain.prompts.wildcards import Wildcards, list_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a __color__ car", ["a red car", "a green car", "a blue car"]),
        ("__COLOR__", ["red", "green", "blue"]),
        ("__animals/cat__", ["siamese", "tabby"]),
        ("__*/cat__", ["siamese", "tabby", "catnip"]),
        ("__animals/*__", ["siamese", "tabby", "husky", "collie"]),
        ("__animals/?at__", ["siamese", "tabby"]),
        ("__nested__", ["a small box", "a large box", "a red ball", "a green ball", "a blue ball", "plain"]),
        ("{__animals/cat__|x}", ["siamese", "tabby", "x"]),
        ("<lora:{a__color__b|x}:1>", ["<lora:a__color__b:1>", "<lora:x:1>"]),
        ("${cat=__animals/cat__}<lora:${cat}:1>", ["<lora:siamese:1>", "<lora:tabby:1>"]),
        ("x__color__y", ["xredy", "xgreeny", "xbluey"]),
    ],
)
def test_a_wildcard_is_a_line_of_its_file(text, expected):
    assert texts(text) == expected


def test_lines_have_weights_blank_ones_and_comments_are_left_out_and_the_same_twice_is_twice_as_likely():
    found = list_of("x", ["# head", "", "2::dog", " cat ", "0::never", "dog", "#2::no", ".5::owl"])
    assert (found.values, found.weights) == (("dog", "cat", "owl"), (3.0, 1.0, 0.5))


def test_lines_of_the_same_weight_need_no_weights():
    assert list_of("x", ["2::a", "2::b"]).weights == ()


def test_a_weight_never_comes_into_the_prompt():
    assert texts("__weighted__") == ["oak", "elm"]


class TestArguments:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("__coat__", ["a grey coat", "a grey grey scarf"]),
            ("__coat(colour=red)__", ["a red coat", "a red red scarf"]),
            ("__coat( colour = red , other=(x) )__", ["a red coat", "a red red scarf"]),
            (
                "__coat(colour={r|g})__",
                ["a r coat", "a g coat", "a r r scarf", "a r g scarf", "a g r scarf", "a g g scarf"],
            ),
            ("__coat(colour=!{r|g})__", ["a r coat", "a r r scarf", "a g coat", "a g g scarf"]),
            ("__coat(colour=red)__ ${colour:none}", ["a red coat none", "a red red scarf none"]),
            ("${colour=blue}__coat__", ["a blue coat", "a blue blue scarf"]),
            ("{1$$__coat(colour=red)__}", ["a red coat", "a red red scarf"]),
            ("{2$$ + $$__coat(colour=red)__}", ["a red coat + a red red scarf", "a red red scarf + a red coat"]),
        ],
    )
    def test_arguments_are_variables_for_the_lines_alone(self, text, expected):
        assert texts(text) == expected

    def test_a_sentence_in_brackets_is_no_argument(self):
        assert texts("__coat (a word) and __x") == ["__coat (a word) and __x"]


class TestMistakes:
    def test_a_name_that_there_is_not_is_an_error_with_names_that_there_are(self):
        (message,) = errors("__colors__")
        assert "“colors”" in message
        assert "color" in message

    def test_a_list_without_lines_is_an_error_with_its_file(self):
        (message,) = errors("__x__", files={"x": ["# nothing", "0::never"]})
        assert "x.txt" in message

    def test_a_broken_line_is_named_with_file_and_line(self):
        (message,) = errors("a __x__", files={"x": ["fine", "# note", "", "{a|b"]})
        assert message.startswith("x.txt, line 4: This { is never closed")

    def test_a_broken_line_of_several_files_is_named_with_its_own_file_and_line(self):
        (message,) = errors("__a/*__", files={"a/x": ["fine", "fine too"], "a/y": ["good", "bad }"]})
        assert message.startswith("a/y.txt, line 2:")

    def test_a_mistake_in_a_list_is_shown_where_the_prompt_names_it(self):
        files = {"x": ["fine", "a long line before __y__"], "y": ["in [[light]]", "{broken"]}
        found = Variants([PackPrompt("p", "p", "abc __x__", "", 7)], Randomizer(), wildcards(files))
        assert {(e.line, e.column) for e in found.errors} == {(7, 5)}

    def test_a_mistake_within_a_choice_is_shown_where_it_stands(self):
        found = pack("a {tram|\n  {bus|__none__}} x\nneg: {b|${v=!{c|__nor__}}${v}}")
        assert [(e.line, e.column) for e in found.errors] == [(2, 8), (3, 17)]

    def test_a_missing_name_in_a_list_says_in_which(self):
        assert "(named in x)" in errors("__x__", files={"x": ["__nothing__"]})[0]

    @pytest.mark.parametrize(
        ("files", "circle"),
        [
            ({"a": ["__a__"]}, "a → a"),
            ({"a": ["x", "__b__"], "b": ["__c__", "y"], "c": ["{z|__a__}"]}, "a → b → c → a"),
            ({"a": ["__b/*__"], "b/c": ["__b/*__ x"]}, "b/c → b/c"),
            ({"a": ["${x=__a__}${x}"]}, "a → a"),
        ],
    )
    def test_lists_that_name_each_other_in_a_circle_are_an_error(self, files, circle):
        assert any(circle in message for message in errors("__a__", files=files))


def test_a_packs_own_lists_win_over_files():
    settings = Randomizer(wildcards={"color": ("pink", "2::teal"), "mine": ("x",)})
    made = expand([PackPrompt("p", "p", "__color__ __mine__", "", 1)], settings, wildcards())
    assert [variant.prompt for variant in made.variants] == ["pink x", "teal x"]


def test_further_names_of_lists_find_them():
    lists = Wildcards([list_of("file/color", ["red", "blue"])], {"color": "file/color"})
    assert lists.find("Color") is lists.find("file/color")


class TestHostile:
    def test_lists_that_name_each_other_over_and_over_are_counted_at_once(self):
        files = {f"l{n}": [f"__l{n + 1}__ and __l{n + 1}__", "x"] for n in range(10)} | {"l10": ["a", "b"]}
        found = variants("__l0__", files=files)
        expected = 2
        for _ in range(10):
            expected = expected * expected + 1
        assert found.count == expected

    def test_more_than_can_be_counted_is_one_sentence(self):
        files = {f"l{n}": [f"__l{n + 1}__ __l{n + 1}__"] for n in range(60)} | {"l60": ["a", "b"]}
        (message,) = errors("__l0__", files=files)
        assert "too many variants" in message

    @pytest.mark.parametrize("line", ["__l{}__", "{{x|__l{}__}}", "${{v=__l{}__}}${{v}}"])
    def test_a_chain_of_a_thousand_lists_is_one_sentence(self, line):
        files = {f"l{n}": [line.format(n + 1), "[[light]]"] for n in range(1000)} | {"l1000": ["a", "b"]}
        (message,) = errors("__l0__ [[light]]", files=files, light="1;2")
        assert "100 deep" in message

    def test_a_chain_of_deeply_nested_lists_is_one_sentence(self):
        nested = "{" * 38 + "__l%d__|x" + "}" * 38
        files = {f"l{n}": [nested % (n + 1), "y"] for n in range(100)} | {"l100": ["a", "b"]}
        (message,) = errors("__l0__", files=files)
        assert "100 deep" in message

    def test_as_deep_as_is_allowed_works(self):
        files = {f"l{n}": [f"__l{n + 1}__", "y"] for n in range(90)} | {"l90": ["a", "b"]}
        found = variants("__l0__", files=files)
        assert found.count == 92
        assert len({variant.prompt for variant in found.sample(92, 1)}) == 3

    def test_many_lines_that_vary_are_bound_once_however_often_they_are_named(self):
        files = {"x": [f"{n} {{a|b}}" for n in range(2000)]}
        found = variants(" ".join(["__x__", "{2$$__x__}", "${v=1}__x__"] * 30), files=files)
        assert found.count == (4000 * (4000 * 3998) * 4000) ** 30


class TestBoundOnce:
    """What hangs on nothing but lists is bound once for all packs; mistakes and slots are looked at each time."""

    LISTS = (
        list_of("plain", ["x", "y"]),
        list_of("outer", ["{a|b} __plain__"]),
        list_of("broken", ["__nope__"]),
        list_of("around", ["q __broken__", "{1|2}"]),
        list_of("slotted", ["a [[light on]]"]),
    )

    def variants(self, wildcards, *texts, slots=()):
        prompts = [PackPrompt(f"p{n}", f"p{n}", text, "", 1) for n, text in enumerate(texts)]
        return Variants(prompts, Randomizer(), wildcards, slots)

    def test_a_list_of_lists_is_kept(self):
        wildcards = Wildcards(self.LISTS)
        first = self.variants(wildcards, "__outer__")
        assert list(wildcards.bodies) == ["outer"]
        again = self.variants(wildcards, "__outer__")
        assert [again.nth(n).prompt for n in range(4)] == [first.nth(n).prompt for n in range(4)]

    def test_a_mistake_is_told_every_time_also_behind_another_list(self):
        wildcards = Wildcards(self.LISTS)
        for named in (("__broken__", "__around__"), ("__around__",), ("__around__", "__broken__"), ("__around__",)):
            assert self.variants(wildcards, *named).errors
        assert not wildcards.bodies

    def test_what_may_be_a_slot_is_read_for_each_pack(self):
        wildcards = Wildcards(self.LISTS)
        assert self.variants(wildcards, "__slotted__").nth(0).prompt == "a [[light on]]"
        light = Slot("light on", ("1", "2"))
        assert self.variants(wildcards, "__slotted__", slots=[light]).nth(1).prompt == "a 2"
        assert not wildcards.bodies
