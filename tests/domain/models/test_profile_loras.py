"""Which LoRAs of a checkpoint's profile a run gets, with what weight, and why one of them is left out."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.models.profile import LEARNED, LoraOverlay, ModelPreset, ModelProfile
from stablenew_tk.domain.models.profile_loras import (
    MOST_REMEMBERED,
    added,
    left_out,
    profile_loras,
    switched_off,
    turned,
)


def preset(name, *loras, rating="good", source=""):
    overlays = tuple(LoraOverlay(*one) for one in loras)
    return ModelPreset(id=name, label=name.title(), rating=rating, source=source, lora_overlays=overlays)


def weights(loras):
    return {one.tag: one.weight for one in added(loras)}


PROFILE = ModelProfile(recommended_presets=(preset("fine", ("rain", 0.6), ("snow", 0.3)),))
BOTH = ("rain", "snow")


def test_the_loras_of_the_best_preset_are_added_with_their_weights():
    best = preset("best", ("rain", 0.8), rating="best")
    profile = ModelProfile(recommended_presets=(*PROFILE.recommended_presets, best))
    (rain,) = profile_loras(profile, prompts=["a street"], backend=BOTH)
    assert (rain.words, rain.preset, rain.tag, rain.why) == ("LoRA rain 0.8", "Best", "rain", "")
    assert weights(profile_loras(PROFILE, prompts=["a street"], backend=BOTH)) == {"rain": 0.6, "snow": 0.3}


def test_what_was_learned_adds_to_what_a_person_wrote_and_bad_presets_add_nothing():
    learned = preset("steps", ("snow", 0.5), rating="best", source=LEARNED)
    bad = preset("bad", ("fog", 1.0), rating="bad")
    profile = ModelProfile(recommended_presets=(*PROFILE.recommended_presets, learned, bad))
    assert weights(profile_loras(profile)) == {"snow": 0.5, "rain": 0.6}
    assert profile_loras(None) == profile_loras(ModelProfile()) == ()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"prompts": ["a <lora:rain:1>", "b <lora:Rain:0.2>"]}, "already in the prompt, which decides"),
        (
            {"prompts": ["a <lora:rainy-days:1>"], "aliases": {"rain": ["Rainy-Days"]}},
            "already in the prompt, which decides",
        ),
        ({"backend": ["snow"]}, "not on this server, so it is left out"),
        ({"backend": []}, "not on this server, so it is left out"),
        ({"off": ["rain"]}, "switched off"),
        ({"varied": ["rain"]}, "varied by the pack, which decides"),
    ],
)
def test_each_reason_to_leave_a_lora_out_is_told(changes, why):
    rain = profile_loras(PROFILE, **{"prompts": ["a street"], "backend": BOTH, **changes})[0]
    assert (rain.tag, rain.why) == ("", why)


def test_a_lora_that_some_prompts_name_is_added_to_the_others():
    rain, snow = profile_loras(PROFILE, prompts=["a <lora:rain:1>", "b"], backend=BOTH)
    assert (rain.tag, rain.why) == ("rain", "1 of 2 prompts name it already")
    assert (snow.tag, snow.why) == ("snow", "")


def test_the_tag_is_the_name_the_server_has_for_it():
    (rain, _) = profile_loras(PROFILE, backend=("weather/Rain.safetensors", "snow"))
    assert rain.tag == "weather/Rain.safetensors"
    assert profile_loras(PROFILE, backend=None)[0].tag == "rain"


def test_one_line_tells_what_is_missing_and_is_silent_about_the_users_own_choice():
    loras = profile_loras(PROFILE, prompts=["a"], backend=("snow",))
    assert left_out(loras) == "LoRA rain 0.6 is not on this server, so it is left out"
    assert left_out(profile_loras(PROFILE, prompts=["a"], backend=BOTH, off=["rain"])) == ""
    assert left_out(()) == ""


def test_what_is_switched_off_belongs_to_one_checkpoint_whatever_hash_its_name_has():
    off = turned((), "dream.safetensors [abcdef0123]", "rain", on=False)
    assert switched_off(off, "dream.safetensors") == {"rain"}
    assert switched_off(off, "other.safetensors") == frozenset()
    assert turned(off, "dream.safetensors", "rain", on=True) == ()
    many = ()
    for number in range(MOST_REMEMBERED + 5):
        many = turned(many, "dream", f"lora{number}", on=False)
    assert len(many) == MOST_REMEMBERED
    assert "lora4" not in switched_off(many, "dream")
