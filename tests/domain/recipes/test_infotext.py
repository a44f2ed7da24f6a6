"""Generation text of WebUIs: every odd form that is out there, and never more than linear work."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablenew_tk.domain.recipes.infotext import (
    LIMIT,
    Infotext,
    applied_values,
    format_infotext,
    named_values,
    parse,
    split_sampler,
    written,
)

LINE = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x768"


def test_prompt_negative_and_values_of_an_ordinary_text_are_found():
    info = parse(f"a red cube\nsecond line\nNegative prompt: photo, (blurry:1.3)\nlowres\n{LINE}, Model: demo")
    assert (info.prompt, info.negative) == ("a red cube\nsecond line", "photo, (blurry:1.3)\nlowres")
    assert info.values["Sampler"] == "Euler a"
    assert info.values["Model"] == "demo"
    assert info.size == (512, 768)


def test_text_of_a_full_job_is_read():
    info = parse(
        "ink crane <lora:wash:0.8>\nSteps: 30, Sampler: DPM++ 2M, Schedule type: Karras, "
        "CFG scale: 5.5, Seed: 4294967295, "
        'Size: 832x1216, Hires prompt: "ink, detailed: yes", Refiner: other [fedcba9876], Refiner switch at: 0.8, '
        'ADetailer prompt: "face, smile", Lora hashes: "wash: abcdef012345", Version: v1'
    )
    assert info.values["Hires prompt"] == "ink, detailed: yes"
    assert info.values["ADetailer prompt"] == "face, smile"
    assert info.values["Lora hashes"] == "wash: abcdef012345"
    assert info.values["Version"] == "v1"


@pytest.mark.parametrize(
    ("tail", "key", "value"),
    [
        ('Hires prompt: ""', "Hires prompt", ""),
        ("Model: my, model", "Model", "my"),
        ('Note: say "hi"', "Note", 'say "hi"'),
        ('Note: "unterminated', "Note", '"unterminated'),
        ('Note: "a" b, Version: 1', "Note", '"a" b'),
        (r'Note: "a \"quoted\", word"', "Note", 'a "quoted", word'),
        ('Hashes: {"model":"abc","lora:x":"def"}, Version: 1', "Version", "1"),
        ('Hashes: {"model":"abc","lora:x":"def"}', "Hashes", '{"model":"abc","lora:x":"def"}'),
        ("Hashes: {broken, Version: 1", "Version", "1"),
        ("Lora/x-y: 1", "Lora/x-y", "1"),
    ],
)
def test_odd_values_are_read_as_the_writer_meant(tail, key, value):
    assert parse(f"p\n{LINE}, {tail}").values[key] == value


@pytest.mark.parametrize("key", ["X", "a(b)", "v1.5 x"])
def test_keys_that_no_webui_writes_are_dropped(key):
    assert key not in parse(f"p\n{LINE}, {key}: 1").values


@pytest.mark.parametrize(
    "text",
    ["Steps: 20, Sampler: Euler a", "a portrait, style: oil, medium: canvas, light: soft", "just a prompt", ""],
)
def test_a_prompt_with_colons_stays_a_prompt(text):
    assert parse(text) == parse(text).__class__(text, "", {})


def test_a_prompt_line_that_looks_like_values_stays_in_the_prompt_when_values_follow():
    info = parse(f"a tricky one\n{LINE}\n{LINE.replace('20', '33')}")
    assert info.prompt.endswith(LINE)
    assert info.values["Steps"] == "33"


def test_a_prompt_that_itself_says_negative_prompt_loses_that_part_to_the_negative():
    info = parse(f"a\nNegative prompt: b\nNegative prompt: c\n{LINE}")
    assert (info.prompt, info.negative) == ("a", "b\nc")


def test_windows_line_ends_and_a_trailing_nul_do_no_harm():
    info = parse(f"a\r\nNegative prompt: b\r\n{LINE}\0")
    assert (info.prompt, info.negative, info.values["Size"]) == ("a", "b", "512x768")


def test_a_text_without_a_prompt_is_read():
    assert parse(LINE).values["Seed"] == "5"
    assert parse(f"Negative prompt: b\n{LINE}").negative == "b"


def test_too_long_text_is_cut_but_its_values_are_kept():
    info = parse("x" * (LIMIT * 3) + "\n" + LINE)
    assert len(info.prompt) == LIMIT
    assert info.values["Seed"] == "5"


@pytest.mark.parametrize("unit", ["Hashes: {", 'Ab: "', "a" * 50, ",,,,x", "ab: ", r'Ab:"\"', ",", " ", "Ab:{"])
def test_hostile_text_takes_linear_work(unit):
    parse("Steps: 1, " + unit * (LIMIT // len(unit)))


@given(st.text(max_size=300))
def test_no_text_ever_raises(text):
    info = parse(text)
    applied_values(info.values, "txt2img")
    assert info.size >= (0, 0)


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=30)


@given(prompt=words, negative=words, value=words)
def test_what_we_write_is_what_we_read(prompt, negative, value):
    info = parse(format_infotext(prompt, negative, [("Steps", 20), ("Sampler", f"x, {value}"), ("Seed", 1)]))
    assert (info.prompt, info.negative, info.values["Sampler"]) == (prompt, negative, f"x, {value}")


def test_values_are_quoted_only_when_needed():
    text = format_infotext("p", "", [("Steps", 3), ("A b", "x, y"), ("C d", "x:y"), ("E f", 'say "hi"')])
    assert text == 'p\nSteps: 3, A b: "x, y", C d: "x:y", E f: say "hi"'


def test_old_texts_carry_the_scheduler_inside_the_sampler():
    assert split_sampler("DPM++ 2M SDE Karras") == ("DPM++ 2M SDE", "Karras")
    assert split_sampler("DPM++ 2M SDE SGM Uniform") == ("DPM++ 2M SDE", "SGM Uniform")
    assert split_sampler("Euler a") == ("Euler a", "")
    assert applied_values({"Sampler": "DPM++ 2M Karras"}, "txt2img")["txt2img.scheduler"] == "Karras"


def test_values_are_mapped_to_the_catalogue_of_their_stage():
    values = parse(f"p\n{LINE}, Model: demo, Denoising strength: 0.35, Hires upscale: 1.5, Clip skip: 2").values
    first = applied_values(values, "txt2img")
    assert first["txt2img.steps"] == 20
    assert first["txt2img.cfg_scale"] == 7.0
    assert (first["seed"], first["checkpoint"], first["clip_skip"]) == (5, "demo", 2)
    assert (first["hires.denoise"], first["hires.scale"]) == (0.35, 1.5)
    second = applied_values(values, "img2img")
    assert second["img2img.denoise"] == 0.35
    assert "hires.denoise" not in second
    assert applied_values(values, "upscale")["upscale.denoise"] == 0.35


def test_detailer_passes_are_told_apart():
    values = {"ADetailer model": "face.pt", "ADetailer confidence": "0.3", "ADetailer model 2nd": "hand.pt"}
    applied = applied_values({**values, "ADetailer denoising strength 3rd": "0.4"}, "adetailer")
    assert applied == {
        "adetailer.passes.0.model": "face.pt",
        "adetailer.passes.0.confidence": 0.3,
        "adetailer.passes.1.model": "hand.pt",
        "adetailer.passes.2.denoise": 0.4,
    }


def test_half_a_surrogate_pair_never_gets_in():
    value = parse(f'p\n{LINE}, Note: "\\ud800, x"').values["Note"]
    value.encode("utf-8")


def test_numbers_that_are_none_are_left_out():
    assert applied_values({"Steps": "many", "CFG scale": "nan", "Seed": "9" * 50}, "txt2img") == {}


FULL = (
    "masterpiece, (paper boat:1.2) <lora:wash:0.8>\nsecond line, [cat:dog:0.4] BREAK sky\n"
    "Negative prompt: photo, (blurry:1.3)\nlowres\n"
    "Steps: 30, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 5.5, Seed: 4294967295, Size: 832x1216, "
    "Model hash: 0123456789, Model: demoXL, VAE: demo.safetensors, Denoising strength: 0.35, Clip skip: 2, "
    "Hires Module 1: Use same choices, Hires CFG Scale: 5, Hires upscale: 1.5, Hires steps: 15, "
    'Hires upscaler: 4x-UltraSharp, Hires prompt: "ink, detailed: yes", Refiner: other [fedcba9876], '
    'Refiner switch at: 0.8, Lora hashes: "wash: abcdef012345", TI hashes: "badhand: 112233445566", Version: v1.10.1'
)
EDGES = {
    "a whole text": FULL,
    "two pairs are words": "a boat\nSteps: 20, Sampler: Euler a",
    "no values but colons": "a portrait, style: oil, medium: canvas, light: soft",
    "an empty quoted value": f'p\n{LINE}, Hires prompt: ""',
    "keys that are dropped": f"p\n{LINE}, X: 1, a(b): 2, v1.5 x: 3",
    "an unquoted comma": f"p\n{LINE}, Model: my, model",
    "quotes inside": f'p\n{LINE}, Note: say "hi"',
    "an unterminated quote": f'p\n{LINE}, Note: "unterminated',
    "a quoted value and more": f'p\n{LINE}, Note: "a" b',
    "quotes around quotes": rf'p\n{LINE}, Note: "\"a\""',
    "a value with line breaks": rf'p\n{LINE}, Note: "a\nb\r\u0000c"',
    "blanks around a value": f'p\n{LINE}, Note: "  a  "',
    "Windows line ends": f"a\r\nNegative prompt: b\r\n{LINE}\r\n",
    "old Mac line ends": f"a\rNegative prompt: b\r{LINE}",
    "zero bytes": f"a\0 b\nNegative prompt: b\0\n{LINE}\0\0",
    "no last line": "a boat\nNegative prompt: b\nc",
    "no prompt": LINE,
    "only a negative": f"Negative prompt: b\n{LINE}",
    "a negative inside the prompt": f"a\nNegative prompt: b\nNegative prompt: Negative prompt: c\n{LINE}",
    "an empty negative": f"a\nNegative prompt:\n{LINE}",
    "hashes as JSON": f'p\n{LINE}, Hashes: {{"model":"abc","lora:x":"d, e"}}, Version: 1',
    "broken hashes": f"p\n{LINE}, Hashes: {{broken, Version: 1",
    "two lines of values": f"p\n{LINE}\n{LINE}",
    "odd blanks behind a line of values": f"p\n{LINE}\n\x0b\x1c",
    "a bare key": f"p\n{LINE}, Tiling, Version: 1",
    "half a surrogate pair": f"a \ud800 b\n{LINE}",
    "a resize": f"p\n{LINE}, Hires resize: 1024x1536, Denoising strength: 0.4",
    "nothing": "",
}


@pytest.mark.parametrize("text", EDGES.values(), ids=EDGES)
def test_what_was_read_and_is_written_is_read_the_same(text):
    info = parse(text)
    assert parse(written(info)) == info
    written(info).encode("utf-8")


@given(st.text(st.characters(), max_size=200), st.lists(st.text(st.characters(), max_size=30), max_size=4))
def test_any_text_is_read_the_same_after_it_is_written(text, values):
    line = ", ".join(f'Key {nth}: "{value}"' for nth, value in enumerate(values))
    for whole in (text, f"{text}\n{LINE}", f"{text}\n{LINE}, {line}", f"Negative prompt: {text}\n{LINE}, Note: {text}"):
        info = parse(whole)
        assert parse(written(info)) == info


def test_hashes_are_written_as_webuis_write_them():
    text = f'p\n{LINE}, Hashes: {{"model":"abc","lora:x":"def"}}, Version: 1'
    assert written(parse(text)) == text


def test_what_is_missing_is_not_made_up():
    values = parse(f"p\n{LINE}").values
    assert not {"Clip skip", "RNG", "Schedule type", "Hires sampler"} & set(values)
    assert set(applied_values(values, "txt2img")) == {
        f"txt2img.{name}" for name in ("steps", "sampler", "cfg_scale")
    } | {"seed"}


def test_four_detailer_passes_have_a_path_each():
    values = {f"ADetailer model{end}": f"{nth}.pt" for nth, end in enumerate(("", " 2nd", " 3rd", " 4th"))}
    assert named_values(values, "adetailer") == {f"adetailer.passes.{nth}.model": f"{nth}.pt" for nth in range(4)}


def test_an_infotext_without_values_is_its_words():
    assert written(Infotext("a\nb", "c")) == "a\nb\nNegative prompt: c"
