"""Profiles: tiers, and what learning may write into them."""

from __future__ import annotations

from stablenew_tk.domain.models.profile import (
    LEARNED,
    TIERS,
    LoraProfile,
    ModelPreset,
    ModelProfile,
    RecommendedWeight,
    best_first,
    best_preset,
    presets_in_force,
    with_learned_preset,
    with_learned_weight,
)


def preset(name, rating="neutral", source=""):
    return ModelPreset(id=name, rating=rating, source=source)


def test_the_highest_tier_is_the_one_to_begin_with():
    presets = tuple(preset(tier, tier) for tier in TIERS)
    assert [one.id for one in best_first(presets)] == ["best", "better", "good", "neutral", "bad"]
    assert best_preset(ModelProfile(recommended_presets=presets)).id == "best"


def test_in_one_tier_what_was_learned_here_comes_before_what_others_say():
    presets = (preset("web", "best", "internet_prior"), preset("mine", "best", LEARNED))
    assert best_preset(ModelProfile(recommended_presets=presets)).id == "mine"


def test_a_bad_preset_is_never_where_one_begins():
    assert best_preset(ModelProfile(recommended_presets=(preset("no", "bad"),))) is None
    assert best_preset(ModelProfile()) is None


def test_what_was_learned_stands_over_a_persons_preset_of_its_tier_and_does_not_take_its_place():
    mine = (preset("whole", "best"), preset("other", "better"), preset("cfg", "best", LEARNED))
    also = (preset("steps", "good", LEARNED), preset("no", "bad", LEARNED))
    ordered = presets_in_force(ModelProfile(recommended_presets=(*mine, *also)))
    assert [one.id for one in ordered] == ["cfg", "whole", "steps"]


def test_learning_replaces_its_own_preset_and_no_other():
    profile = ModelProfile(recommended_presets=(preset("mine", "good"),))
    once = with_learned_preset(profile, preset("learned", "better"))
    twice = with_learned_preset(once, preset("learned", "best"))
    assert [(one.id, one.rating) for one in twice.recommended_presets] == [("mine", "good"), ("learned", "best")]


def test_a_persons_preset_is_never_overwritten_even_when_it_has_the_same_id():
    profile = ModelProfile(recommended_presets=(preset("learned", "good", "hand"),))
    after = with_learned_preset(profile, preset("learned", "best"))
    assert after.recommended_presets[0] is profile.recommended_presets[0]
    assert after.recommended_presets[1].id == "learned-2"
    assert after.recommended_presets[1].source == LEARNED


def test_a_learned_weight_replaces_the_one_learned_before():
    hand = RecommendedWeight(weight=0.5, label="learned")
    profile = with_learned_weight(
        LoraProfile(recommended_weights=(hand,)), RecommendedWeight(weight=0.7, label="learned")
    )
    profile = with_learned_weight(profile, RecommendedWeight(weight=0.8, label="learned"))
    assert [(one.weight, one.source) for one in profile.recommended_weights] == [(0.5, ""), (0.8, LEARNED)]
