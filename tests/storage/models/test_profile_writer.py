"""Our own sidecars are written so that whatever else is in them keeps every byte."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from msgspec.structs import replace

from stablenew_tk.domain.base.errors import InvalidInput, NotSaved
from stablenew_tk.domain.models.profile import (
    LoraOverlay,
    LoraProfile,
    ModelPreset,
    ModelProfile,
    RecommendedWeight,
    with_learned_preset,
    with_learned_weight,
)
from stablenew_tk.storage.models.profile_writer import profile_path, save_profile, take_back
from stablenew_tk.storage.models.sidecars import read_sidecar, sidecar_of

FIXTURES = Path(__file__).parents[2] / "fixtures" / "sidecars"
LEARNED = ModelPreset(id="learned", rating="best", steps=28, cfg=5.5, ratings=24, date="2026-11-22", plan_id="P1")


def profile_in(path):
    reading = read_sidecar(path.read_bytes(), path.name, sidecar_of(path.name)[1])
    return reading.profile or reading.lora_profile


@pytest.fixture
def cobalt(tmp_path):
    path = tmp_path / "cobalt.modelprofile.json"
    path.write_bytes((FIXTURES / path.name).read_bytes())
    return path


@pytest.fixture
def harbour(tmp_path):
    path = tmp_path / "harbour.loraprofile.json"
    path.write_bytes((FIXTURES / path.name).read_bytes())
    return path


def test_saving_what_was_read_changes_no_byte(cobalt, harbour):
    for path in (cobalt, harbour):
        before = path.read_bytes()
        save_profile(path, profile_in(path))
        assert path.read_bytes() == before


def test_a_changed_value_changes_only_its_own_bytes(cobalt):
    before = cobalt.read_text()
    save_profile(cobalt, replace(profile_in(cobalt), default_hires_denoise=0.4))
    assert cobalt.read_text() == before.replace('"default_hires_denoise": 0.32', '"default_hires_denoise": 0.4')


def test_a_learned_preset_is_added_and_all_others_keep_their_text(cobalt):
    before = cobalt.read_text()
    save_profile(cobalt, with_learned_preset(profile_in(cobalt), LEARNED))
    after = cobalt.read_text()
    start, end = before.index('"id": "quick"'), before.index('"author": "somebody"')
    assert before[start:end] in after
    assert '"our_lab": {\n    "batch": 7\n  }' in after
    learned = profile_in(cobalt).recommended_presets[-1]
    assert (learned.source, learned.steps, learned.ratings, learned.plan_id) == ("local_learning", 28, 24, "P1")


def test_learning_again_rewrites_only_what_learning_wrote(cobalt):
    save_profile(cobalt, with_learned_preset(profile_in(cobalt), LEARNED))
    once = cobalt.read_text()
    save_profile(cobalt, with_learned_preset(profile_in(cobalt), replace(LEARNED, steps=31)))
    assert cobalt.read_text() == once.replace('"steps": 28', '"steps": 31')


def test_keys_of_others_inside_a_changed_preset_stay(cobalt):
    profile = profile_in(cobalt)
    quick, fine = profile.recommended_presets
    save_profile(cobalt, replace(profile, recommended_presets=(quick, replace(fine, cfg=6.0))))
    assert '"author": "somebody"' in cobalt.read_text()
    assert '"steps": "34"' in cobalt.read_text()
    assert profile_in(cobalt).recommended_presets[1].cfg == 6.0


def test_a_removed_preset_goes_and_what_could_not_be_read_stays(tmp_path):
    path = tmp_path / "m.modelprofile.json"
    path.write_text('{"recommended_presets": [{"id": "a"}, "odd", {"id": "b", "mine": 1}]}')
    profile = profile_in(path)
    save_profile(path, replace(profile, recommended_presets=profile.recommended_presets[1:]))
    assert json.loads(path.read_text())["recommended_presets"] == [{"id": "b", "mine": 1}, "odd"]


def test_presets_by_name_become_a_list_with_everything_in_them(tmp_path):
    path = tmp_path / "m.modelprofile.json"
    path.write_text('{"recommended_presets": {"night": {"steps": 20, "mine": [1,  2]}}}')
    save_profile(path, with_learned_preset(profile_in(path), LEARNED))
    first, second = json.loads(path.read_text())["recommended_presets"]
    assert (first["id"], first["mine"], second["id"]) == ("night", [1, 2], "learned")


def test_byte_order_mark_line_ends_and_doubled_keys_stay(tmp_path):
    path = tmp_path / "m.modelprofile.json"
    path.write_bytes(b'\xef\xbb\xbf{\r\n\t"x": 1,\r\n\t"x": 2,\r\n\t"model_name": "A"\r\n}\r\n')
    save_profile(path, replace(profile_in(path), model_name="B", base_type="sdxl"))
    assert path.read_bytes() == (
        b'\xef\xbb\xbf{\r\n\t"x": 1,\r\n\t"x": 2,\r\n\t"model_name": "B",\r\n\t"base_type": "sdxl"\r\n}\r\n'
    )


def test_a_new_profile_is_a_readable_file(tmp_path):
    path = profile_path(tmp_path / "night.v2.safetensors", LoraProfile())
    profile = LoraProfile(lora_name="night", recommended_weights=(RecommendedWeight(weight=0.8, rating="good"),))
    assert save_profile(path, profile).before is None
    assert path.name == "night.v2.loraprofile.json"
    assert json.loads(path.read_text())["kind"] == "lora_profile"
    assert profile_in(path) == profile


def test_a_learned_weight_lands_beside_those_of_a_person(harbour):
    profile = with_learned_weight(profile_in(harbour), RecommendedWeight(weight=0.85, label="learned", rating="best"))
    save_profile(harbour, profile)
    assert profile_in(harbour) == profile
    assert '"weight": 0.75' in harbour.read_text()


def test_a_write_can_be_taken_back_to_the_byte(cobalt, tmp_path):
    before = cobalt.read_bytes()
    take_back(save_profile(cobalt, with_learned_preset(profile_in(cobalt), LEARNED)))
    assert cobalt.read_bytes() == before
    fresh = tmp_path / "new.modelprofile.json"
    take_back(save_profile(fresh, ModelProfile(model_name="x")))
    assert not fresh.exists()


def test_a_file_changed_since_is_not_taken_back(cobalt):
    written = save_profile(cobalt, with_learned_preset(profile_in(cobalt), LEARNED))
    cobalt.write_text('{"model_name": "by hand"}')
    with pytest.raises(NotSaved, match="changed in the meantime"):
        take_back(written)
    assert cobalt.read_text() == '{"model_name": "by hand"}'


@pytest.mark.parametrize("name", ["cobalt.json", "harbour.civitai.info", "harbour.metadata.json", "m.loraprofile.json"])
def test_no_foreign_file_is_ever_written(tmp_path, name):
    (tmp_path / name).write_text("{}")
    with pytest.raises(InvalidInput, match="not ours"):
        save_profile(tmp_path / name, ModelProfile(model_name="x"))
    assert (tmp_path / name).read_text() == "{}"


@pytest.mark.parametrize("data", [b'{"model_name": "cut', b"[]", "{}".encode("utf-16"), b""])
def test_a_damaged_file_is_not_overwritten(tmp_path, data):
    path = tmp_path / "m.modelprofile.json"
    path.write_bytes(data)
    with pytest.raises(InvalidInput):
        save_profile(path, ModelProfile(model_name="x"))
    assert path.read_bytes() == data


def test_a_link_is_not_written_through(cobalt, tmp_path):
    link = tmp_path / "other.modelprofile.json"
    link.symlink_to(cobalt)
    before = cobalt.read_bytes()
    with pytest.raises(InvalidInput, match="link"):
        save_profile(link, ModelProfile())
    assert cobalt.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"default_hires_denoise": 1.5},
        {"recommended_presets": (ModelPreset(id="a", steps=1000),)},
        {"recommended_presets": (ModelPreset(id="a", resolution=(0, 0)),)},
    ],
)
def test_a_value_that_would_not_be_read_back_is_refused_and_nothing_written(cobalt, change):
    before = cobalt.read_bytes()
    with pytest.raises(InvalidInput, match="Nothing was saved"):
        save_profile(cobalt, replace(profile_in(cobalt), **change))
    assert cobalt.read_bytes() == before


def test_unknown_keys_survive_any_change_in_any_layout():
    from stablenew_tk.storage.disk.json_edit import replaced, value_text

    rng = random.Random(3)
    for _ in range(300):
        document = {
            f"k{n}": rng.choice([1, 'a\u00e9"}', [1, {"x": "]"}], None, {"y": {}}]) for n in range(rng.randrange(1, 6))
        }
        text = json.dumps(document, indent=rng.choice([None, 0, 1, 4]), ensure_ascii=rng.random() < 0.5)
        key = rng.choice([*document, "new"])
        after = replaced(text, {key: '"changed"'})
        assert json.loads(after) == {**document, key: "changed"}
        assert all(value_text(after, other) == value_text(text, other) for other in document if other != key)


def test_loras_of_a_preset_change_without_what_others_wrote_beside_them(tmp_path):
    path = tmp_path / "dream.modelprofile.json"
    first = '{"name": "rain", "weight": 0.6, "why": "wet"}'
    path.write_text(f'{{"recommended_presets": [{{"id": "a", "lora_overlays": [{first}, {{"name": "odd"}}]}}]}}')
    before = profile_in(path)
    (preset,) = before.recommended_presets
    changed = replace(preset, lora_overlays=(*preset.lora_overlays, LoraOverlay("snow", 0.3)))
    save_profile(path, replace(before, recommended_presets=(changed,)))
    overlays = json.loads(path.read_text())["recommended_presets"][0]["lora_overlays"]
    assert overlays == [json.loads(first), {"name": "snow", "weight": 0.3}, {"name": "odd"}]
    assert first in path.read_text()
