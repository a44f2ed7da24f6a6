"""All variants of a pack: counted, numbered, sampled evenly, and the same for the same seed everywhere."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from scipy.stats import chisquare
from variations import errors, pack, prompt, slots, texts, variants, wildcards

from stablenew_tk.domain.prompts import randomizer
from stablenew_tk.domain.prompts.pack import LONGEST_TEXT, Slot, parse_pack
from stablenew_tk.domain.prompts.randomizer import PromptMemory, Variants, expand, may_vary
from stablenew_tk.domain.prompts.settings import Axis, LoraAxis, Randomizer, SearchReplace, StyleToggle


def made(text: str, randomizer: Randomizer, negative: str = "", seed: int = 1, limit: int | None = None):
    expansion = expand([prompt(text, negative)], randomizer, wildcards(), seed=seed, limit=limit)
    assert expansion.errors == ()
    return expansion


def product_of(sides: int, places: int) -> str:
    return " ".join("{" + "|".join(f"{place}-{side}" for side in range(sides)) + "}" for place in range(places))


class TestSlots:
    def test_a_slot_is_the_same_everywhere_the_negative_too(self):
        found = variants("[[light]], {x|[[light]]}", "not [[light]]", light="dawn;noon")
        assert {(v.prompt, v.negative) for v in map(found.nth, range(found.count))} == {
            ("dawn, x", "not dawn"),
            ("dawn, dawn", "not dawn"),
            ("noon, x", "not noon"),
            ("noon, noon", "not noon"),
        }

    @pytest.mark.parametrize(
        ("text", "count"),
        [
            ("plain", 1),
            ("[[light]]", 3),
            ("[[light]] [[light]]", 3),
            ("{[[light]]|x}", 4),
            ("{[[light]] [[light]]|x} y", 4),
            ("{[[light]]|x} [[light]]", 6),
            ("{a {[[light]]|b}|c}", 5),
            ("__lit__", 4),
            ("__lit__ [[light]]", 6),
            ("{2$$[[light]]|x}", 6),
            ("${v=[[light]]}${v}${v}", 3),
            ("{~[[light]]|x}", 3),
            ("[[place]]", 4),
            ("[[place]] [[light]]", 6),
            ("{[[place]]|x}", 5),
        ],
    )
    def test_a_slot_counts_only_where_it_is_used(self, text, count):
        found = variants(text, light="dawn;noon;dusk", place="at sea in [[light]];indoors")
        assert found.count == count

    def test_a_slot_in_another_slot_has_the_same_value_as_in_the_prompt(self):
        for text in ("[[place]] [[light]]", "[[light]] [[place]]", "{[[place]]} x [[light]]"):
            for one in texts(text, light="dawn;noon", place="sea in [[light]]"):
                assert one.count("dawn") in (0, 2)

    def test_slots_that_name_each_other_in_a_circle_are_an_error(self):
        assert any("[[a]] → [[b]] → [[a]]" in one for one in errors("[[a]]", a="x [[b]]", b="y [[a]]"))

    def test_values_have_weights_and_may_vary_themselves(self):
        assert texts("[[x]]", x="2::{a|b};__animals/cat__;plain") == ["a", "b", "siamese", "tabby", "plain"]

    def test_values_come_from_a_file(self):
        read = Variants([prompt("[[c]] [[c]]")], Randomizer(slots=(Slot("c", file="color"),)), wildcards())
        assert [read.nth(n).prompt for n in range(read.count)] == ["red red", "green green", "blue blue"]

    def test_a_file_that_is_not_there_is_an_error_where_the_slot_stands(self):
        read = Variants([prompt("a [[c]]")], Randomizer(slots=(Slot("c", file="nothing"),)), wildcards())
        assert [(e.line, e.column) for e in read.errors] == [(1, 3)]

    def test_a_slot_without_anything_to_choose_is_an_error(self):
        assert errors("[[x]]", x="0::a;0::b") == ["[[x]]: All weights here are 0, so nothing can be chosen."]

    def test_the_text_of_a_pack_defines_slots(self):
        expansion = pack("[[light]]: dawn | {deep|pale} dusk\n\na boat, [[light]]")
        assert [v.prompt for v in expansion.variants] == ["a boat, dawn", "a boat, deep dusk", "a boat, pale dusk"]


class TestRules:
    def test_each_value_is_tried_in_place_of_the_search_everywhere(self):
        randomizer = Randomizer(rules=(SearchReplace("cat", ("dog", "", "{big|small} __animals/cat__")),))
        found = [(v.prompt, v.negative) for v in made("a cat, {cat|x}", randomizer, "no cat").variants]
        assert ("a dog, dog", "no dog") in found
        assert ("a , x", "no") in found
        assert ("a big tabby, big tabby", "no big tabby") in found
        assert len(found) == 2 * (1 + 1 + 4)

    def test_values_may_name_slots(self):
        randomizer = Randomizer(rules=(SearchReplace("cat", ("dog at [[t]]",)),), slots=(Slot("t", ("1", "2")),))
        assert [v.prompt for v in made("cat [[t]]", randomizer).variants] == ["dog at 1 1", "dog at 2 2"]

    def test_a_search_that_is_nowhere_is_warned_about(self):
        expansion = made("a dog", Randomizer(rules=(SearchReplace("cat", ("x",)),)))
        assert ["cat" in warning.message for warning in expansion.warnings] == [True]

    @pytest.mark.parametrize("values", [(), ("{a|b",), ("__nothing__",)])
    def test_values_that_cannot_be_meant_are_an_error(self, values):
        found = Variants([prompt("cat")], Randomizer(rules=(SearchReplace("cat", values),)), wildcards())
        assert len(found.errors) == 1


class TestSamplers:
    def test_at_random_makes_no_more_variants(self):
        found = variants("{a|b} {~1|2|3}")
        assert found.count == 2
        assert {found.nth(0, seed).prompt for seed in range(40)} == {"a 1", "a 2", "a 3"}

    def test_at_random_the_same_list_twice_is_drawn_twice(self):
        found = variants("__x__ __x__", files={"x": ["{~1|2|3|4} x"]})
        assert any(len(set(found.nth(0, seed).prompt.split())) == 3 for seed in range(20))

    @pytest.mark.parametrize("text", ["{~a|b}", "{~__animals/cat__}", "__~animals/cat__", "{~2$$a|b|c}"])
    def test_every_place_for_the_sign_works(self, text):
        found = variants(f"{{x|y}} {text}")
        assert found.count == 2
        assert len({found.nth(0, seed).prompt for seed in range(40)}) > 1

    @pytest.mark.parametrize("text", ["{@a|b|c}", "{@__color__}", "__@color__"])
    def test_in_turn_the_next_one_each_time(self, text):
        assert len(texts(text)) == 3
        assert len(set(texts(text))) == 3
        assert [one[0] for one in texts(f"{{x|y}} {text}")] == ["x", "y", "x"]

    def test_each_is_as_without_the_sign(self):
        assert texts("{!a|b} __!animals/cat__") == texts("{a|b} __animals/cat__")


class TestAxes:
    def test_parameters_loras_styles_and_checkpoints_are_combined_with_the_words(self):
        randomizer = Randomizer(
            axes=(Axis("txt2img.steps", (20, 30)), Axis("checkpoint", ("one", "two"))),
            loras=(LoraAxis(("", "ink"), (0.5, 1.0)),),
            styles=(StyleToggle("film", "film still of {prompt}", "cartoon"),),
        )
        expansion = made("a {cat|dog}", randomizer, "ugly")
        assert expansion.count == 2 * 2 * 3 * 2 * 2
        found = {(v.prompt, v.negative, *v.overrides.values()) for v in expansion.variants}
        assert len(found) == expansion.count
        assert ("film still of a cat <lora:ink:0.5>", "ugly, cartoon", 30, "two") in found
        assert ("a dog", "ugly", 20, "one") in found
        assert expansion.variants[-1].choices == {
            "txt2img.steps": "30",
            "checkpoint": "two",
            "<lora>": "ink:1",
            "style: film": "on",
            "{cat|dog}": "dog",
        }

    def test_the_weight_of_a_lora_that_is_there_is_changed(self):
        expansion = made("a <lora:ink:0.3> b", Randomizer(loras=(LoraAxis(("ink",), (0.5,)),)))
        assert [v.prompt for v in expansion.variants] == ["a <lora:ink:0.5> b"]

    def test_refiner_and_hires_upscaler_vary_only_when_an_axis_names_them(self):
        expansion = made("a {b|c}", Randomizer(axes=(Axis("hires.upscaler", ("Latent", "ESRGAN")),)))
        latent, other = {"hires.upscaler": "Latent"}, {"hires.upscaler": "ESRGAN"}
        assert [v.overrides for v in expansion.variants] == [latent, latent, other, other]
        assert all(v.overrides == {} for v in made("a {b|c}", Randomizer()).variants)

    @pytest.mark.parametrize(
        "axes",
        [
            (Axis("txt2img.steps", ()),),
            (Axis("txt2img.steps", (20,)), Axis("txt2img.steps", (30,))),
            (Axis("no.such", (1,)),),
            (Axis("txt2img.steps", (-5,)),),
        ],
    )
    def test_an_axis_that_cannot_be_meant_is_an_error(self, axes):
        found = Variants([prompt("a")], Randomizer(axes=axes), wildcards())
        assert [(e.line, e.column) for e in found.errors] == [(0, 0)]

    def test_the_same_value_twice_counts_once(self):
        assert made("a", Randomizer(axes=(Axis("txt2img.steps", (20, 30, 20)),))).count == 2


class TestModes:
    TEXT = "{a|b|c|d} {1|2} {x}"

    @pytest.mark.parametrize(
        ("mode", "expected"),
        [
            ("all", ["a 1", "a 2", "b 1", "b 2", "c 1", "c 2", "d 1", "d 2"]),
            ("round_robin", ["a 1", "b 2", "c 1", "d 2"]),
            ("zip", ["a 1", "b 2"]),
            ("sequential", ["a 1", "b 1", "c 1", "d 1", "a 2"]),
        ],
    )
    def test_a_mode_combines_lists_as_it_says(self, mode, expected):
        expansion = made(self.TEXT, Randomizer(mode=mode))
        assert [v.prompt for v in expansion.variants] == [f"{one} x" for one in expected]
        assert (expansion.count, expansion.mode) == (len(expected), mode)

    def test_axes_and_slots_are_lists_too(self):
        randomizer = Randomizer(mode="zip", axes=(Axis("txt2img.steps", (20, 30)),), slots=(Slot("s", ("x", "y")),))
        expansion = made("{a|b} [[s]]", randomizer)
        assert [(v.prompt, v.overrides["txt2img.steps"]) for v in expansion.variants] == [("a x", 20), ("b y", 30)]

    def test_lists_of_different_length_are_warned_about_where_the_rest_is_left_out(self):
        assert "(4, 2)" in made(self.TEXT, Randomizer(mode="zip")).warnings[0].message
        assert made(self.TEXT, Randomizer(mode="round_robin")).warnings == ()

    def test_at_random_as_many_as_wanted_are_drawn_and_none_twice(self):
        expansion = made(product_of(6, 3), Randomizer(mode="random", limit=50))
        assert len({v.prompt for v in expansion.variants}) == 50

    def test_at_random_without_a_limit_each_prompt_is_made_once(self):
        expansion = pack("a {1|2}\n\nb {1|2}", Randomizer(mode="random", limit=0))
        assert [v.prompt[0] for v in expansion.variants] == ["a", "b"]

    def test_where_nothing_varies_there_is_no_mode(self):
        assert made("a", Randomizer(mode="random")).mode == "none"


class TestLimits:
    def test_at_most_the_limit_of_the_settings_and_never_more_than_ten_thousand(self):
        text = product_of(10, 5)
        assert len(made(text, Randomizer(limit=7)).variants) == 7
        assert len(made(text, Randomizer(limit=7), limit=9).variants) == 9
        assert len(made(text, Randomizer(limit=0), limit=10**9).variants) == 10_000

    def test_a_limit_is_shared_by_the_prompts(self):
        expansion = pack(
            f"name: a\n{product_of(10, 3)}\n\nname: b\nx\n\nname: c\n{product_of(9, 3)}", Randomizer(limit=21)
        )
        assert Counter(v.name for v in expansion.variants) == {"a": 10, "b": 1, "c": 10}

    @pytest.mark.parametrize(("places", "count"), [(12, 10**12), (40, 10**40)])
    def test_a_product_without_end_is_counted_at_once_and_sampled_evenly(self, places, count):
        expansion = made(product_of(10, places), Randomizer(limit=200))
        assert (expansion.count, len(expansion.variants)) == (count, 200)
        for place in range(places):
            seen = Counter(v.prompt.split()[place] for v in expansion.variants)
            assert set(seen.values()) == {20}

    def test_too_many_to_be_counted_is_one_sentence(self):
        assert [("too many" in one) for one in errors(product_of(10, 4001))] == [True]

    def test_the_index_of_a_variant_makes_it_again(self):
        found = Variants([prompt(f"{product_of(10, 15)} {{~a|b|c}}")], Randomizer(), wildcards())
        for variant in found.sample(50, 8):
            assert found.nth(variant.index, 8) == variant

    def test_a_limit_no_longer_leaves_the_first_slot_at_its_first_value(self):
        expansion = made("{a|b} {1|2|3|4|5|6|7|8}", Randomizer(limit=8))
        assert Counter(v.prompt[0] for v in expansion.variants) == {"a": 4, "b": 4}
        assert len({v.prompt[2] for v in expansion.variants}) == 8


@pytest.mark.parametrize("limit", [5, 12, 23, 40, 59])
def test_over_many_seeds_every_value_comes_as_often_as_the_others(limit):
    found = Variants(
        [prompt("{a|b|c} {d|e|f|g} __color__ [[s]]")], Randomizer(slots=(Slot("s", ("x", "y")),)), wildcards()
    )
    seen: Counter[str] = Counter()
    for seed in range(120):
        sample = found.sample(limit, seed)
        for place in range(4):
            part = Counter(v.prompt.split()[place] for v in sample)
            assert max(part.values()) - min(part.values()) <= 1
            seen.update(f"{place} {value}" for value in part.elements())
    for place, ways in enumerate((3, 4, 3, 2)):
        counts = [number for value, number in seen.items() if value.startswith(f"{place} ")]
        assert len(counts) == ways
        assert chisquare(counts).pvalue > 0.001


@pytest.mark.parametrize("mode", ["all", "random"])
@pytest.mark.parametrize("text", ["{3::a|b} 1", "{~3::a|b} 1", "{3::a|{b|c}} 1", "__weighted__ 1", "[[w]] 1"])
def test_weights_are_kept_in_proportion(mode, text):
    randomizer = Randomizer(mode=mode, slots=(Slot("w", ("3::a", "b")),))
    found = Variants([prompt(f"{text} __color__ {product_of(10, 3)}")], randomizer, wildcards())
    assert not found.errors
    sample = [variant for seed in range(10) for variant in found.sample(60, seed)]
    heavy = sum(variant.prompt[0] in "ao" for variant in sample)
    assert 600 * 0.75 - 45 < heavy < 600 * 0.75 + 45


# ---- the whole grammar at once

WORDS = st.sampled_from(["red", "a cat", "(x:1.2)", "[c|d]", "<lora:a__b__c:1>", "BREAK", "\\{"])
SIGN = st.sampled_from(["", "", "", "!", "~", "@"])


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    options = st.lists(inner, min_size=1, max_size=3)
    weighted = st.lists(
        st.tuples(st.sampled_from(["", "2::", "0.5::", "0::"]), inner).map("".join), min_size=2, max_size=3
    )
    return st.one_of(
        st.tuples(SIGN, options | weighted).map(lambda made: f"{{{made[0]}{'|'.join(made[1])}}}"),
        st.tuples(st.sampled_from(["1-2$$", "0-1$$", "-2$$", "2-$$ and $$", "2$$"]), options).map(
            lambda made: f"{{{made[0]}{'|'.join(made[1])}}}"
        ),
        st.lists(inner, min_size=1, max_size=3).map(" ".join),
        inner.map(lambda value: f"${{v={value}}}${{v}} ${{v}}"),
        inner.map(lambda value: f"${{v=!{value}}}${{v}} ${{v}}"),
        inner.map(lambda value: f"${{u:{value}}}"),
        inner.filter(lambda value: "(" not in value).map(lambda value: f"__coat(colour={value})__"),
        st.sampled_from(
            ["__color__", "__nested__", "__*/cat__", "__lit__", "{2$$__color__}", "[[light]]", "__~color__"]
        ),
    )


TEMPLATES = st.recursive(WORDS, nested, max_leaves=6)
QUICK = settings(max_examples=80, deadline=None, derandomize=True)


def build(text: str, negative: str = "") -> Variants:
    return Variants([prompt(f"x {text}", negative)], Randomizer(), wildcards(), slots(light="dawn;noon"))


def usable(text: str) -> bool:
    found = build(text, text)
    return not found.errors and found.count < 10**200


@QUICK
@given(TEMPLATES.filter(usable))
def test_every_variant_has_choices_of_its_own(text):
    found = build(text)
    count = min(found.count, 200)
    every = [found.nth(index) for index in (*range(count), found.count - 1)]
    assert len({tuple(variant.choices.items()) for variant in every}) == min(count + 1, found.count)


@QUICK
@given(TEMPLATES.filter(usable), st.integers(1, 30), st.integers(0, 2**63))
def test_a_sample_is_different_variants_in_order_and_the_same_again_for_the_seed(text, limit, seed):
    found = build(text, text)
    sample = found.sample(limit, seed)
    indexes = [variant.index for variant in sample]
    assert len(indexes) == min(limit, found.count)
    assert indexes == sorted(set(indexes))
    assert all(0 <= index < found.count for index in indexes)
    assert list(sample) == [found.nth(index, seed) for index in indexes]
    assert build(text, text).sample(limit, seed) == sample


@QUICK
@given(TEMPLATES.filter(usable), st.sampled_from(["all", "random", "round_robin", "sequential", "zip"]))
def test_every_mode_makes_variants_of_everything(text, mode):
    found = Variants([prompt(text or "x")], Randomizer(mode=mode), wildcards(), slots(light="dawn;noon"))
    sample = found.sample(5, 3)
    assert len(sample) == min(5, found.count)
    assert len({variant.index for variant in sample}) == len(sample)


# ---- the same everywhere

GOLDEN = [
    ("{a|b|c} {1|2|3} __color__", "all", 5, 7),
    ("{3::a|b} {2$$x|y|z} [[s]] {~k|l|m}", "all", 6, 123),
    ("__weighted__ __nested__ {1-2$$p|q}", "random", 6, 99),
    ("{a|b|c|d} {1|2|3}", "round_robin", 3, 5),
    ("{a|b|c|d} {1|2|3}", "sequential", 3, 5),
]
EXPECTED = [
    ["a 1 red", "b 2 blue", "b 3 blue", "c 1 green", "c 3 green"],
    ["a x, z u m", "b y, z u l", "b z, y u m", "a x, y v l", "a y, x v k", "a z, x v m"],
    [
        *("oak a large box p", "oak a large box q, p", "oak a blue ball p, q"),
        *("oak plain p", "oak plain q, p", "elm a green ball p"),
    ],
    ["b 2", "c 3", "d 1"],
    ["b 1", "d 1", "a 3"],
]


def golden(text: str, mode: str, limit: int, seed: int) -> list[str]:
    randomizer = Randomizer(mode=mode, slots=(Slot("s", ("u", "v")),))
    return [variant.prompt for variant in made(text, randomizer, seed=seed, limit=limit).variants]


@pytest.mark.parametrize(("case", "expected"), list(zip(GOLDEN, EXPECTED, strict=True)))
def test_the_same_seed_gives_this_list_on_every_platform(case, expected):
    assert golden(*case) == expected


# ---- hostile prompts

DEEP = "".join(f"${{a{n}=${{a{n - 1}}}${{a{n - 1}}}}}" for n in range(1, 60))
CHAIN = "".join(f"${{a{n}=${{a{n - 1}}}}}" for n in range(1, 400))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"${{a0={{0|1}}}}{DEEP}${{a59}}", "too many|no end"),
        (f"${{a0=x}}{DEEP}${{a59}}", "no end"),
        (f"${{a0={{0|1}}}}{CHAIN}${{a399}}", "100 deep"),
        ("".join(f"${{a{n}=1}}" for n in range(20_000)), "variables"),
        ("{99999$$" + "|".join(map(str, range(200))) + "}", "too many"),
        ("{50$$" + "|".join("{" + "|".join(map(str, range(n + 1))) + "}" for n in range(100)) + "}", "too many"),
        ("{" * 1000 + "a" + "}" * 1000, "40 deep"),
        ("{a|b}" * 40_000, "too many"),
    ],
)
def test_a_prompt_made_to_harm_is_one_sentence(text, message):
    found = errors(text)
    assert len(found) == 1
    assert any(one in found[0] for one in message.split("|"))


def test_more_mistakes_than_anybody_reads_are_cut_off():
    assert 0 < len(errors("__nothing__ " * 20_000)) <= 200


def test_an_option_may_be_as_long_as_a_prompt():
    found = variants("{" + "x" * LONGEST_TEXT + "|" + "y" * 50_000 + "}")
    assert [len(found.nth(0).prompt), len(found.nth(1).prompt)] == [LONGEST_TEXT, 50_000]
    assert len(next(iter(found.nth(0).choices))) <= 80


@pytest.mark.parametrize("text", ["${x=" + "y" * 1_000 + "}" + "${x}" * 201, "{a|" + "y" * LONGEST_TEXT + "} {c|d}"])
def test_a_variant_that_would_be_longer_than_any_prompt_is_a_sentence(text):
    found = expand([prompt(text, "")], Randomizer(), wildcards())
    assert [one.message for one in found.errors] == [
        "“p”: a variant of it would have more than 200,000 characters. Leave some of it away."
    ]
    assert not found.variants


def test_variants_that_would_not_fit_into_memory_are_a_sentence(monkeypatch):
    monkeypatch.setattr(randomizer, "MOST_CHARACTERS", 300)
    found = expand([prompt("{1-3$$a|b|c|d} " + "x" * 50, "")], Randomizer(), wildcards())
    assert "would have more than 300 characters" in found.errors[0].message
    assert not found.variants


def test_a_nul_in_a_prompt_does_not_part_it_from_its_negative():
    found = variants("a\0b", "c\0d")
    assert (found.nth(0).prompt, found.nth(0).negative) == ("a\0b", "c\0d")


def test_four_thousand_choices_have_names_of_their_own_and_every_one_is_in_the_prompt():
    found = variants("{0|1}" * 4000)
    for one in found.sample(5, 1):
        assert len(one.choices) == 4000
        assert "".join(one.choices.values()) == one.prompt


@pytest.mark.slow
def test_a_hundred_thousand_lines_that_vary_are_bound():
    found = variants("__x__ {2$$__x__}", files={"x": [f"{n} {{a|b}} in {{c|d}}" for n in range(100_000)]})
    assert found.count == 400_000 * (400_000 * 399_996)
    assert len(found.sample(100, 1)) == 100


@pytest.mark.parametrize(
    ("text", "may"), [("a, (b:1.2)", False), ("{a|b}", True), ("__x__", True), ("[[x]]", True), (r"\|", True)]
)
def test_what_cannot_vary_is_found_quickly(text, may):
    assert may_vary([prompt(text)], Randomizer()) is may
    assert may or texts(text) == [text]


class TestMemory:
    """A pack that is looked up again with a memory is the same as one looked up anew."""

    TEXTS = (
        "a {red|blue} cat", "[[light]] x", "__color__ y", "__nope__", "{a|b", "__nested__ [[light]]", "${x=!{a|b}}${x}",
        "plain", "__*/cat__ {2$$a|b|c}",
    )  # fmt: skip

    def seen(self, packs, memory):
        found = []
        for lines, light in packs:
            prompts = [replace(prompt(text), prompt_id=f"p{n}", line=n + 1) for n, text in enumerate(lines)]
            made = Variants(prompts, Randomizer(), self.lists, slots(light=light), memory)
            sample = made.sample(5, 1)
            found.append((made.count if not made.errors else 0, made.errors, made.warnings, sample))
        return found

    @QUICK
    @given(
        st.lists(
            st.tuples(st.lists(st.sampled_from(TEXTS), max_size=4), st.sampled_from(["dawn;noon", "dawn", "__nope__"])),
            max_size=5,
        )
    )
    def test_whatever_was_looked_up_before(self, packs):
        self.lists = wildcards()
        assert self.seen(packs, PromptMemory()) == self.seen(packs, None)

    def test_a_change_of_one_prompt_costs_only_that_one(self):
        memory, lists = PromptMemory(), wildcards()
        Variants([prompt("a {b|c}"), prompt("d")], Randomizer(), lists, (), memory)
        known = dict(memory.of(Randomizer(), lists, ()))
        Variants([prompt("a {b|c}"), prompt("e")], Randomizer(), lists, (), memory)
        again = memory.of(Randomizer(), lists, ())
        assert all(again[texts] is bound for texts, bound in known.items())
        assert len(again) == len(known) + 1


def test_a_mistake_in_a_slot_of_the_text_is_told_in_its_line():
    read = parse_pack("a [[light]] boat\n\n[[light]]: {dawn|neon\n", "p")
    (problem,) = Variants(read.prompts, Randomizer(), wildcards(), read.slots).errors
    assert (problem.line, problem.column) == (3, 1)


@pytest.mark.parametrize(
    ("styles", "message"),
    [
        ([StyleToggle("ink", "{prompt}, {a|b}")], "has words that vary"),
        ([StyleToggle("ink", negative="__color__")], "has words that vary"),
        ([StyleToggle("ink", "x"), StyleToggle("ink", "y")], "is there twice"),
    ],
)
def test_a_style_that_cannot_be_meant_is_told(styles, message):
    (problem,) = Variants([prompt("a boat")], Randomizer(styles=styles), wildcards()).errors
    assert message in problem.message


def test_a_style_around_the_prompt_is_no_mistake():
    found = Variants(
        [prompt("a boat")], Randomizer(styles=[StyleToggle("ink", "ink of {prompt}, [soft|hard]")]), wildcards()
    )
    assert [found.nth(n).prompt for n in range(2)] == ["a boat", "ink of a boat, [soft|hard]"]
