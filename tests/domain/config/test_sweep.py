"""The values of a Learning Run: what is written is what is tried, never more."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.catalogue import catalogue
from stablenew_tk.domain.config.pipeline_config import STAGES
from stablenew_tk.domain.config.sweep import (
    MAX_VALUES,
    around,
    check_values,
    finer,
    focus,
    focuses,
    not_offered,
    parse_values,
    spell,
    unknown_choices,
    value_text,
    wider,
)

STEPS, CFG, DENOISE, WIDTH = "txt2img.steps", "txt2img.cfg_scale", "hires.denoise", "txt2img.width"
GROW, SAMPLER, LORA = "adetailer.passes.0.dilate_erode", "txt2img.sampler", "lora:rainy-streets"
NUMBERS = [spec.path for spec in focuses() if spec.ordered] + [LORA]


def exact(values):
    return [Decimal(str(value)) for value in values]


@pytest.mark.parametrize(
    ("path", "text", "values"),
    [
        (STEPS, "12, 20, 28", (12, 20, 28)),
        (STEPS, "28", (28,)),
        (STEPS, "15-45 (+5)", (15, 20, 25, 30, 35, 40, 45)),
        (STEPS, "15-45(+10)", (15, 25, 35, 45)),
        (STEPS, " 45 - 15 ( -10 ) ", (45, 35, 25, 15)),
        (STEPS, "15–18", (15, 16, 17, 18)),
        (STEPS, "18-15", (18, 17, 16, 15)),
        (STEPS, "7-7", (7,)),
        (CFG, "5-8 [4]", (5.0, 6.0, 7.0, 8.0)),
        (CFG, "8-5 [3]", (8.0, 6.5, 5.0)),
        (CFG, "5-6 [4]", (5.0, 5.333, 5.667, 6.0)),
        (CFG, "5-6.5", (5.0, 5.5, 6.0, 6.5)),
        (STEPS, "15-20 [4]", (15, 17, 18, 20)),
        (STEPS, "15-17 [50]", (15, 16, 17)),
        (WIDTH, "512-1024 [4]", (512, 680, 856, 1024)),
        (WIDTH, "512-704", (512, 576, 640, 704)),
        (STEPS, "1, 2, .., 5", (1, 2, 3, 4, 5)),
        (STEPS, "1,2,...,5", (1, 2, 3, 4, 5)),
        (STEPS, "1, 3 … 8", (1, 3, 5, 7)),
        (STEPS, "10, 8, .., 2", (10, 8, 6, 4, 2)),
        (CFG, "5 .. 6.5", (5.0, 5.5, 6.0, 6.5)),
        (STEPS, "1,2,..,4, 10, 20, .., 40", (1, 2, 3, 4, 10, 20, 30, 40)),
        (GROW, "-4-4 (+4)", (-4, 0, 4)),
        (GROW, "-2 - −4", (-2, -3, -4)),
        (GROW, "-8, -4, .., 4", (-8, -4, 0, 4)),
        (DENOISE, ".1-.3 (+.1)", (0.1, 0.2, 0.3)),
        (DENOISE, "0-1 (+0.5)", (0.0, 0.5, 1.0)),
        (LORA, "0.4-1 (+0.2)", (0.4, 0.6, 0.8, 1.0)),
        (STEPS, "20, 20, 30, 20-30 (+5)", (20, 30, 25)),
        (STEPS, "20,\n30,\n", (20, 30)),
        ("hires.steps", "1-9 (+4)", (1, 5, 9)),
        ("hires.enabled", "on, off, yes", (True, False)),
        ("upscale.mode", "single, img2img", ("single", "img2img")),
    ],
)
def test_every_notation_means_exactly_these_values(path, text, values):
    found = parse_values(path, text)
    assert (found, [type(value) for value in found]) == (values, [type(value) for value in values])


@pytest.mark.parametrize(
    ("path", "text", "values"),
    [
        (DENOISE, "0.5-1.0 (+0.2)", (0.5, 0.7, 0.9)),
        (STEPS, "15-44 (+10)", (15, 25, 35)),
        (STEPS, "1,4,..,9", (1, 4, 7)),
    ],
)
def test_a_range_stops_before_an_end_it_does_not_meet(path, text, values):
    assert parse_values(path, text) == values


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        (STEPS, "", "at least one value"),
        (STEPS, " , ,", "at least one value"),
        (SAMPLER, " , ", "at least one value"),
        (STEPS, "many", "'many' is no number"),
        (STEPS, "1-2-3", "'1-2-3' is no number"),
        (STEPS, "15:45:5", "'15:45:5' is no number"),
        (STEPS, "15-45 (+-5)", "'15-45 (+-5)' is no number"),
        (STEPS, "1e308", "'1e308' is no number"),
        (STEPS, "nan", "'nan' is no number"),
        (STEPS, "15-45 (+0)", "'15-45 (+0)' is 0"),
        (STEPS, "5, 5, .., 9", "'5, 5, .., 9' is 0"),
        (STEPS, "45-15 (+5)", "'45-15 (+5)' steps up and never comes to 15"),
        (STEPS, "15-45 (-5)", "'15-45 (-5)' steps down and never comes to 45"),
        (STEPS, "1, 2, .., -3", "outside 1 to 150"),
        (STEPS, "9, 8, .., 20", "'9, 8, .., 20' steps down"),
        (STEPS, ".., 5", "'..' needs a number in front"),
        (STEPS, "5, .., .., 9", "'..' needs a number in front"),
        (STEPS, "5, ..", "'..' needs a number behind"),
        (STEPS, "5, .., 7-9", "'7-9' is no number"),
        (STEPS, "2.5", "2.5 is not a whole number"),
        (STEPS, "15-45 (+2.5)", "'15-45 (+2.5)' must be a whole number"),
        (STEPS, "15-200 (+5)", "200 is outside 1 to 150 steps"),
        (STEPS, "1-1000000000", "outside 1 to 150"),
        (STEPS, "1-150", "'1-150' makes 150 values; 100 is the most"),
        (STEPS, "1-80, 81-150", "150 values are too many"),
        (STEPS, "15-45 [0]", "the count in '15-45 [0]' must be 2 to 100"),
        (STEPS, "15-45 [1]", "must be 2 to 100"),
        (STEPS, "15-45 [999999999]", "must be 2 to 100"),
        (CFG, "1-30 (+0.000000001)", "makes 29000000001 values"),
        (WIDTH, "513", "513 is not a multiple of 8"),
        (WIDTH, "512-704 (+50)", "'512-704 (+50)' must be a multiple of 8"),
        ("hires.steps", "0-20 (+5)", "0 means as in the stage before"),
        ("clip_skip", "0-2", "0 means the server's"),
        (LORA, "0-20 (+5)", "20.0 is not a weight from -15 to 15"),
        ("upscale.mode", "single, magic", "'magic' is not one of single, img2img"),
        ("hires.enabled", "on, maybe", "maybe' is neither on nor off"),
        (SAMPLER, 'Euler a, ""', "an empty name is no value"),
        (SAMPLER, ",".join(map(str, range(101))), "101 values are too many"),
    ],
)
def test_what_cannot_be_meant_costs_one_sentence_that_names_path_and_piece(path, text, says):
    with pytest.raises(InvalidInput) as caught:
        parse_values(path, text)
    assert says in str(caught.value)
    assert str(caught.value).startswith(path)
    assert caught.value.where == path


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Euler a, Heun ,DPM++ 2M", ("Euler a", "Heun", "DPM++ 2M")),
        ('"a, b", c', ("a, b", "c")),
        ("a, b\nc\n", ("a, b", "c")),
        ("a, b || c|d", ("a, b", "c|d")),
        ('"x || y", z', ("x || y", "z")),
        ('"say ""hi""", 5" lens', ('say "hi"', '5" lens')),
        ("Heun, Heun", ("Heun",)),
        ("euler, Euler", ("euler", "Euler")),
    ],
)
def test_names_may_hold_commas_when_quoted_or_on_lines_of_their_own(text, names):
    assert parse_values(SAMPLER, text) == names


@given(
    path=st.sampled_from(NUMBERS),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    times=st.integers(1, 20),
)
def test_a_range_keeps_order_inside_its_ends_with_exact_steps(path, ends, times):
    first, last = (on_grid(path, part) for part in ends)
    step = Decimal(str(focus(path).step)) * times
    count = abs(last - first) // step + 1
    assume(count <= MAX_VALUES)
    values = exact(parse_values(path, f"{first:f}-{last:f} ({'-' if last < first else '+'}{step:f})"))
    signed = step if last >= first else -step
    assert values == [first + signed * nth for nth in range(int(count))]
    assert min(first, last) <= min(values)
    assert max(values) <= max(first, last)


def on_grid(path, part):
    """A value of the parameter, `part` of the way from its minimum to its maximum."""
    spec = focus(path)
    low, high, step = (Decimal(str(number)) for number in (spec.minimum, spec.maximum, spec.step))
    return low + int((high - low) / step * Decimal(str(part))) * step


@given(
    path=st.sampled_from(NUMBERS), ends=st.tuples(st.floats(0, 1), st.floats(0, 1)), count=st.integers(2, MAX_VALUES)
)
def test_a_count_includes_both_ends_and_stays_between_them(path, ends, count):
    first, last = (on_grid(path, part) for part in ends)
    values = exact(parse_values(path, f"{first:f}-{last:f} [{count}]"))
    assert (values[0], values[-1]) == (first, last)
    assert values == sorted(set(values), reverse=last < first)
    if focus(path).kind == "float" and first != last:
        assert len(values) == count


@given(
    path=st.sampled_from(NUMBERS),
    parts=st.lists(st.floats(0, 1), min_size=1, max_size=20, unique=True),
)
def test_numbers_spelled_are_read_back_as_the_same_values(path, parts):
    spec = focus(path)
    span = spec.maximum - spec.minimum
    raw = [spec.minimum + part * span if spec.kind == "float" else int(on_grid(path, part)) for part in parts]
    values = check_values(path, raw)
    assert parse_values(path, spell(path, values)) == values


@given(st.lists(st.text(max_size=12).filter(bool), min_size=1, max_size=8))
def test_names_spelled_are_read_back_as_the_same_names(names):
    values = check_values(SAMPLER, names)
    assert parse_values(SAMPLER, spell(SAMPLER, values)) == values


@given(st.text(alphabet="0123456789-+.,()[] …–a\n", max_size=40), st.sampled_from(NUMBERS))
def test_any_text_gives_allowed_distinct_values_or_a_sentence(text, path):
    try:
        values = parse_values(path, text)
    except InvalidInput:
        return
    assert 1 <= len(values) == len(set(values)) <= MAX_VALUES
    assert all(focus(path).minimum <= value <= focus(path).maximum for value in values)
    assert check_values(path, list(values)) == values


@pytest.mark.parametrize(
    ("path", "values", "text"),
    [
        (STEPS, (12, 20, 28, 36, 44), "12-44 (+8)"),
        (STEPS, (45, 30, 15), "45-15 (-15)"),
        (STEPS, (12, 20), "12, 20"),
        (STEPS, (12, 20, 29), "12, 20, 29"),
        (DENOISE, (0.1, 0.2, 0.3), "0.1-0.3 (+0.1)"),
        (CFG, (5.0, 15.0, 25.0), "5-25 (+10)"),
        (GROW, (-4, -2, 0), "-4-0 (+2)"),
        (SAMPLER, ("Euler a", "a, b"), 'Euler a, "a, b"'),
        ("hires.enabled", (True, False), "on, off"),
    ],
)
def test_values_are_spelled_in_the_shortest_way(path, values, text):
    assert spell(path, values) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(7.0, "7"), (0.1 + 0.2, "0.3"), (28, "28"), (True, "on"), (False, "off"), (-0.0, "0"), (0.05, "0.05"), ("x", "x")],
)
def test_a_value_is_shown_exact_and_short(value, text):
    assert value_text(value) == text


def test_an_empty_name_is_shown_as_what_it_means():
    assert (value_text("", "checkpoint"), value_text("", "adetailer.passes.0.sampler")) == ("the loaded one", "same")


@pytest.mark.parametrize(
    ("path", "values", "where", "says"),
    [
        (STEPS, 5, "variant_values", "must be a list"),
        (STEPS, "15-45 (+5)", "variant_values", "must be a list"),
        (STEPS, None, "variant_values", "must be a list"),
        (STEPS, [], "variant_values", "at least one value"),
        (STEPS, list(range(1, 102)), "variant_values", "101 values are too many"),
        (STEPS, [20, 30, 200], "variant_values[2]", "200 is outside 1 to 150 steps"),
        (STEPS, [True], "variant_values[0]", "True is not a number"),
        (STEPS, ["20"], "variant_values[0]", "'20' is not a number"),
        (STEPS, [20, None], "variant_values[1]", "None is not a value"),
        (STEPS, [20, [30]], "variant_values[1]", "[30] is not a value"),
        (STEPS, [2.5], "variant_values[0]", "2.5 is not a whole number"),
        (STEPS, [10**400], "variant_values[0]", "outside every range"),
        (CFG, [float("nan")], "variant_values[0]", "outside 0 to 30"),
        (LORA, [0.5, True], "variant_values[1]", "not a weight from -15 to 15"),
        (LORA, [float("nan")], "variant_values[0]", "not a weight from -15 to 15"),
        (SAMPLER, ["Heun", ""], "variant_values[1]", "an empty name"),
        (SAMPLER, [1], "variant_values[0]", "1 is not text"),
        ("hires.enabled", [True, 0], "variant_values[1]", "neither on nor off"),
    ],
)
def test_a_bad_list_is_refused_with_the_field_named(path, values, where, says):
    with pytest.raises(InvalidInput) as caught:
        check_values(path, values)
    assert says in str(caught.value)
    assert caught.value.where == where


def test_a_list_is_brought_into_the_kind_of_its_parameter_and_each_value_kept_once():
    assert check_values(CFG, [7, 7.0, 0.1 + 0.2 + 1]) == (7.0, 1.3)
    assert check_values(STEPS, [20.0, 20, 10]) == (20, 10)
    assert check_values(DENOISE, [0, 0.0]) == (0.0,)


def test_a_zero_that_stands_for_another_setting_is_no_place_on_an_axis():
    stand_ins = [spec.path for spec in focuses() if spec.minimum != catalogue()[spec.path].minimum]
    assert stand_ins[:3] == ["clip_skip", "txt2img.guidance", "txt2img.shift"]
    assert {focus(path).minimum for path in stand_ins} == {1, 0.5}
    assert 0 not in around("hires.cfg_scale", 0)
    assert check_values(DENOISE, [0.0, 0.3]) == (0.0, 0.3)


def test_a_focus_is_a_catalogue_entry_with_its_stage():
    stages = {path: focus(path).stage for path in ("checkpoint", DENOISE, "refiner.switch_at", GROW, "upscale.scale")}
    assert list(stages.values()) == ["txt2img", "txt2img", "txt2img", "adetailer", "upscale"]
    spec = focus(CFG)
    assert (spec.label, spec.title, spec.kind, spec.ordered) == ("CFG scale", "txt2img · CFG scale", "float", True)
    assert (spec.minimum, spec.maximum, spec.step, spec.sensible) == (0.0, 30.0, 0.5, (3.0, 10.0))
    assert (focus(SAMPLER).choices, focus("upscale.mode").options) == ("samplers", ("single", "img2img"))
    assert not any(focus(path).ordered for path in (SAMPLER, "upscale.mode", "hires.enabled"))


@pytest.mark.parametrize("name", ["rainy-streets", "detail v1.5", "Größe"])
def test_the_weight_of_a_lora_is_a_focus(name):
    spec = focus(f"lora:{name}")
    assert (spec.label, spec.title, spec.stage, spec.kind) == (f"LoRA {name}", f"LoRA {name}", "txt2img", "float")
    assert (spec.minimum, spec.maximum, spec.step, spec.sensible) == (-15, 15, 0.1, (0.4, 1.0))


def test_sliders_go_below_nothing_and_far_beyond_one():
    assert parse_values(LORA, "-2-2 (+1)") == (-2.0, -1.0, 0.0, 1.0, 2.0)
    assert parse_values(LORA, "-15, 15") == (-15.0, 15.0)


@pytest.mark.parametrize("path", ["lora:", "lora: ", "lora:a<b", "lora:a>", "lora:a:0.7", "lora:a\nb", "lora: a"])
def test_a_lora_name_that_would_break_the_tag_is_refused(path):
    with pytest.raises(InvalidInput, match="names no LoRA"):
        focus(path)


def test_an_unknown_focus_is_answered_with_the_nearest_names():
    with pytest.raises(InvalidInput, match=r"txt2img\.cfg_scale"):
        focus("img2img.cfg")


@pytest.mark.parametrize("path", [*(f"{stage}.enabled" for stage in STAGES), "txt2img.batch_size"])
def test_what_would_make_another_kind_of_picture_is_no_focus(path):
    assert path not in [spec.path for spec in focuses()]
    with pytest.raises(InvalidInput, match="cannot be varied"):
        focus(path)


def test_all_else_in_the_catalogue_can_be_varied_in_catalogue_order():
    prompts = {path for path in catalogue() if path.endswith((".prompt", ".negative"))}
    left_out = (
        prompts
        | {f"{stage}.enabled" for stage in STAGES}
        | {"txt2img.batch_size", "txt2img.subseed", "inpaint.mask", "controlnet"}
    )
    assert [spec.path for spec in focuses()] == [path for path in catalogue() if path not in left_out]
    assert all(spec.step and spec.minimum is not None and spec.maximum is not None for spec in map(focus, NUMBERS))


@pytest.mark.parametrize(
    ("path", "centre", "sensible", "values"),
    [
        (CFG, 7, None, (4, 5.5, 7, 8.5, 10)),
        (STEPS, 28, (15, 60), (18, 28, 38, 48, 58)),
        (STEPS, 20, None, (15, 20, 25, 30, 35)),
        (DENOISE, 0.3, None, (0.2, 0.3, 0.4, 0.5, 0.6)),
        (DENOISE, 0.28, (0.20, 0.35), (0.23, 0.28, 0.33)),
        (LORA, 0.7, None, (0.5, 0.6, 0.7, 0.8, 0.9)),
        (WIDTH, 832, None, (640, 832, 1024, 1216, 1408)),
        ("hires.scale", 2, None, (1.5, 1.75, 2, 2.25, 2.5)),
        (CFG, 2, None, (2, 4, 6, 8, 10)),
        (DENOISE, 0.5, (0.20, 0.35), (0.2, 0.25, 0.3, 0.35, 0.5)),
        (STEPS, 25, (1, 8), (1, 3, 5, 7, 25)),
        (CFG, 7, (1, 5), (1, 2, 3, 4, 7)),
        (CFG, 7, (1, 1), (1, 7)),
    ],
)
def test_values_around_a_centre_are_spread_over_the_sensible_range(path, centre, sensible, values):
    assert around(path, centre, sensible) == values


@given(path=st.sampled_from(NUMBERS), part=st.floats(0, 1), count=st.integers(1, 12))
def test_values_around_a_centre_hold_it_and_stay_in_range_on_whole_steps(path, part, count):
    spec, centre = focus(path), on_grid(path, part)
    values = exact(around(path, float(centre), None, count))
    low, high = exact(spec.sensible or (spec.minimum, spec.maximum))
    assert centre in values
    assert len(values) <= count
    assert all(min(low, centre) <= value <= max(high, centre) for value in values)
    assert all(low <= value <= high for value in values if value != centre)
    assert all((value - centre) % Decimal(str(spec.step)) == 0 for value in values)


def test_a_centre_out_of_range_is_moved_to_the_nearest_end():
    assert max(around(STEPS, 500)) == 150
    with pytest.raises(InvalidInput, match="no values around nan"):
        around(STEPS, float("nan"))


def test_finer_halves_the_spacing_and_wider_doubles_it_around_the_middle():
    assert finer(STEPS, (12, 20, 28, 36, 44)) == (20, 24, 28, 32, 36)
    assert wider(STEPS, (20, 24, 28, 32, 36)) == (12, 20, 28, 36, 44)
    assert finer(STEPS, (45, 35, 25)) == (40, 35, 30)
    assert finer(DENOISE, (0.2, 0.35, 0.5)) == (0.3, 0.35, 0.4)


def test_finer_stays_in_the_sensible_range_and_goes_no_farther_out_of_it_than_the_middle_value():
    assert finer(DENOISE, (0.15, 0.25, 0.35, 0.45), (0.2, 0.35)) == (0.2, 0.25, 0.3, 0.35)
    assert finer(DENOISE, (0.3, 0.5, 0.7), (0.2, 0.35)) == (0.3, 0.4, 0.5)
    assert max(wider(DENOISE, (0.2, 0.3, 0.4))) == 0.5


def test_finer_ends_at_the_step_and_wider_at_the_limits():
    assert finer(CFG, (6.5, 7.0, 7.5)) == (6.5, 7.0, 7.5)
    assert finer(CFG, (7.0, 7.1, 7.2)) == (7.0, 7.1, 7.2)
    assert wider(STEPS, (4, 16, 28, 40, 52)) == (4, 28, 52, 76, 100)
    assert wider(DENOISE, (0.0, 0.5, 1.0)) == (0.0, 0.5, 1.0)
    assert finer(STEPS, (20,)) == wider(STEPS, (20,)) == (20,)


@given(path=st.sampled_from(NUMBERS), parts=st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_finer_and_wider_stay_in_range_and_never_go_below_the_step(path, parts):
    spec, step = focus(path), Decimal(str(focus(path).step))
    values = check_values(path, [float(on_grid(path, part)) for part in parts])
    for change in (finer, wider):
        changed = change(path, values)
        assert 1 <= len(changed) <= len(values)
        assert all(spec.minimum <= value <= spec.maximum for value in changed)
        ordered = sorted(exact(changed))
        assert all(after - before >= step for before, after in pairwise(ordered))


@pytest.mark.parametrize(
    "change", [lambda: around(SAMPLER, 1), lambda: finer(SAMPLER, ["a"]), lambda: wider(SAMPLER, [])]
)
def test_names_have_no_neighbours(change):
    with pytest.raises(InvalidInput, match="only numbers have a range"):
        change()


def test_names_the_backend_does_not_have_are_told_apart_exactly():
    assert unknown_choices(SAMPLER, ("Euler a", "euler a"), ["Euler a", "Heun"]) == ("euler a",)
    assert unknown_choices(STEPS, (20,), []) == ()
    assert unknown_choices("upscale.mode", ("single",), []) == ()


@pytest.mark.parametrize(
    ("path", "value", "offered", "sentence"),
    [
        (
            SAMPLER,
            "Euler x",
            ["Heun", "Euler a"],
            "txt2img.sampler: the backend has no sampler 'Euler x'. Did you mean",
        ),
        (
            SAMPLER,
            "DPM++ 2M Karras",
            ["DPM++ 2M", "Euler"],
            "the sampler DPM++ 2M with the scheduler Karras. Compare DPM++",
        ),
        (SAMPLER, "DPM++ 2M Karras", ["DPM++ 2M Karras+"], "no sampler 'DPM++ 2M Karras'"),
        (SAMPLER, "EULER A", ["Heun", "Euler a"], "Did you mean Euler a?"),
        ("vae", "zzz", ["one", "two"], "the backend has no VAE 'zzz'. It has one, two."),
        ("checkpoint", "zzz", list("abcdefg"), "no checkpoint 'zzz'. It has a, b, c, d, e and others."),
        ("hires.upscaler", "zzz", [], "no hires upscaler 'zzz'. It has none."),
        (LORA, "rainy-streets", ["rainy-street"], "no LoRA 'rainy-streets'. Did you mean rainy-street?"),
    ],
)
def test_a_name_the_backend_lacks_is_answered_with_the_nearest(path, value, offered, sentence):
    assert sentence in not_offered(path, value, offered)
