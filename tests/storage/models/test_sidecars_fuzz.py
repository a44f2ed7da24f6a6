"""Sidecars damaged by chance: every one of them reads as what is left of it and a few sentences."""

from __future__ import annotations

import json
import random
import tracemalloc
from pathlib import Path

import msgspec
import pytest

from stablenew_tk.domain.config.catalogue import catalogue, check_value
from stablenew_tk.domain.models.recommendations import merged
from stablenew_tk.domain.models.style import StyleCatalogue
from stablenew_tk.storage.models.profile_reader import load_styles
from stablenew_tk.storage.models.sidecars import ModelFiles, read_model_header, read_sidecar, readings, sidecar_of
from stablenew_tk.storage.models.summary import file_summary

FIXTURES = Path(__file__).parents[2] / "fixtures" / "sidecars"
ODD = (
    b"null", b"true", b"-1", b"1e400", b"1e308", b"-0", b"9" * 400, b"0.5", b'"30"', b'"1e999"', b'""', b"[]", b"{}",
    b"[" * 3000, b'{"a":' * 3000, b'"\\ud800"', b'"\xff"', b"\x00", b"NaN", b'"\\u202e"', b'"x", "x"', b"\xef\xbb\xbf",
    b'"' + b"<" * 3000 + b'"', b'"' + b"(" * 500 + b'"', b'["a", 1, null, {}]', b'{"Name": 5}', b'"5-1"', b'"9x9"',
    b"[832]", b"[0, 0]", b"100000", b'"lora/vae"', b'"dpmpp"', b'"style"', b"2.5",
)  # fmt: skip


def originals():
    for path in sorted(FIXTURES.iterdir()):
        data = path.read_bytes()
        if found := sidecar_of(path.name):
            yield path.name, found[1], data
        elif path.name == "harbour.safetensors":
            yield path.name, "header", data[8 : 8 + int.from_bytes(data[:8], "little")]


VALUES = (
    None, True, -1, 0, 1e308, -0.0, 10**300, 0.5, "30", "1e999", "", [], {}, "\u202e", "<" * 900, "(" * 500,
    {"Name": 5}, "5-1", "9x9", [832], [0, 0], [1e30, -1], 100_000, "lora/vae", "dpmpp", 2.5, "x" * 5000, "0,8",
    {"id": {}}, [{}] * 100, "Best", "none", "sdxl", "{}", '{"strength": 99}', '{"strength_range": "0.4-0.6"}', "-5",
    [["a"]], " ", [1, "a", None, {}], ["y"] * 300,
)  # fmt: skip


def reworked(data: bytes, rng: random.Random) -> bytes:
    """The same JSON with one value somewhere replaced, doubled or renamed."""
    document = msgspec.json.decode(data)
    node, places = document, []
    while isinstance(node, (dict, list)) and node:
        keys = list(node) if isinstance(node, dict) else range(len(node))
        places.append((node, rng.choice(keys)))
        node = node[places[-1][1]]
    node, key = rng.choice(places)
    node[key] = rng.choice(VALUES)
    return json.dumps(document, ensure_ascii=rng.random() < 0.5).encode()


def mutated(data: bytes, rng: random.Random) -> bytes:
    if rng.random() < 0.6 and data[:1] == b"{" and data.rstrip()[-1:] == b"}":
        return reworked(data, rng)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0:
                data = data[:at]
            case 1:
                data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
            case 2:
                end = min(len(data), at + rng.randrange(40))
                data = data[:at] + data[end:]
            case 3:
                data = data[:at] + data[at : at + rng.randrange(60)] + data[at:]
            case _:
                # A whole value by another one: damage that is still JSON gets furthest.
                colons = [i + 1 for i, byte in enumerate(data) if byte in b":[,"]
                start = rng.choice(colons) if colons else 0
                ends = [i for i in range(start, len(data)) if data[i] in b",}]\n"]
                data = data[:start] + b" " + rng.choice(ODD) + data[ends[0] if ends else start :]
    return data


def check(file, dialect, data, styles):
    reading = read_model_header(data, file) if dialect == "header" else read_sidecar(data, file, dialect)
    settings = merged([reading], styles)
    for sentence in settings.problems:
        assert sentence.startswith(file), sentence
        assert sentence.endswith("."), sentence
        assert len(sentence) < 400, sentence
    assert len(reading.problems) <= 9
    for path, field in settings.values.items():
        check_value(path, field.value)
        assert path in catalogue()
    assert all(-10 <= one.weight <= 10 for one in settings.weights)
    msgspec.json.encode(settings)
    seen = file_summary(data, file, dialect)
    assert (seen.kind, seen.family, seen.style_id) == (reading.kind, reading.family, reading.style_id), data
    # Which of two faults a text is refused for may hang on how deep the caller's own stack is.
    if not any("nested too deeply" in one for one in (*seen.problems, *reading.problems)):
        assert seen.problems == reading.problems, data
    return bool(settings.problems)


def fuzz(count: int, seed: int) -> int:
    rng, styles = random.Random(seed), load_styles(Path("none"))[0]
    whole = list(originals())
    return sum(check(file, dialect, mutated(data, rng), styles) for file, dialect, data in rng.choices(whole, k=count))


def test_two_thousand_damaged_sidecars_give_sentences_and_usable_values_only():
    assert fuzz(2_000, seed=4) > 1_000


@pytest.mark.slow
def test_a_hundred_thousand_damaged_sidecars_do_so_in_steady_memory():
    fuzz(1_000, seed=1)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        fuzz(100_000, seed=2)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 8e6
    assert peak - before < 64e6


@pytest.mark.parametrize(("file", "dialect", "data"), list(originals()))
def test_whole_files_say_the_same_at_a_glance_as_in_full(file, dialect, data):
    reading = read_model_header(data, file) if dialect == "header" else read_sidecar(data, file, dialect)
    seen = file_summary(data, file, dialect)
    assert (seen.kind, seen.family, seen.title, seen.has_content) == (
        reading.kind,
        reading.family,
        reading.title,
        reading.says_anything,
    )


def test_an_empty_catalogue_of_styles_is_no_reason_to_fail():
    file, dialect, data = next(one for one in originals() if one[1] == "modelprofile")
    assert "there is no style" in merged([read_sidecar(data, file, dialect)], StyleCatalogue()).problems[0]


def test_damaged_model_files_give_sentences_too(tmp_path):
    rng, whole = random.Random(8), (FIXTURES / "harbour.safetensors").read_bytes()
    files = ModelFiles(stem="m", model="m.safetensors")
    for _ in range(300):
        (tmp_path / "m.safetensors").write_bytes(mutated(whole, rng))
        (reading,) = readings(str(tmp_path), files)
        assert all(one.startswith("m.safetensors") and one.endswith(".") for one in reading.problems)
