"""Whether what a profile says was learned here: only what this journal knows, as long as nobody changed it."""

from __future__ import annotations

from msgspec.structs import replace

from stablenew_tk.domain.models.profile import (
    LEARNED,
    LearningSummary,
    LoraProfile,
    ModelPreset,
    ModelProfile,
    RecommendedWeight,
)
from stablenew_tk.domain.models.provenance import is_from_here, own_plans, recounted
from stablenew_tk.domain.models.recommendations import ModelSettings

NOW = LearningSummary(runs_observed=5, mean_rating=3.8, ratings=24, newest_run="R5")


def here(run_id):
    return run_id == "R5"


def test_a_learned_entry_is_from_here_when_the_journal_knows_its_learning_run():
    presets = tuple(ModelPreset(id=name, source=LEARNED, plan_id=name) for name in ("P1", "P2", ""))
    by_hand = ModelPreset(id="x", plan_id="P3")
    weight = RecommendedWeight(weight=1, source=LEARNED, plan_id="P4")
    settings = ModelSettings(
        profile=ModelProfile(recommended_presets=(*presets, by_hand)),
        lora_profile=LoraProfile(recommended_weights=(weight,)),
    )
    assert own_plans(settings, lambda _plan_id: True) == {"P1", "P2", "P4"}
    assert own_plans(settings, lambda plan_id: plan_id == "P2") == {"P2"}
    assert own_plans(None, lambda _plan_id: True) == frozenset()


def test_what_was_counted_here_is_counted_again_and_known_as_such():
    first = recounted(LearningSummary(), NOW, here)
    assert is_from_here(first, here)
    later = recounted(first, replace(NOW, runs_observed=6, ratings=30), here)
    assert (later.runs_observed, later.ratings) == (6, 30)
    assert is_from_here(later, here)


def test_numbers_of_another_journal_are_neither_from_here_nor_replaced():
    theirs = recounted(LearningSummary(), replace(NOW, newest_run="R9"), lambda _run_id: True)
    assert not is_from_here(theirs, here)
    assert recounted(theirs, NOW, here) == theirs
    bare = LearningSummary(runs_observed=140, mean_rating=4.1)
    assert not is_from_here(bare, here)
    assert recounted(bare, NOW, here) == bare
    assert not is_from_here(LearningSummary(), here)


def test_numbers_that_a_person_changed_are_the_persons_from_then_on():
    first = recounted(LearningSummary(), NOW, here)
    for changed in (replace(first, mean_rating=5.0), replace(first, runs_observed=99), replace(first, ratings=1)):
        assert not is_from_here(changed, here)
        assert recounted(changed, NOW, here) == changed


def test_nothing_is_written_about_a_model_nobody_saw():
    assert recounted(LearningSummary(), LearningSummary(), here) == LearningSummary()
