"""Which checkpoints are mixes of the same models, or of one training, and in which order they stand."""

from __future__ import annotations

import pytest

from stablenew_tk.domain.models.checkpoint_series import (
    CheckpointFile,
    Merge,
    checkpoint_series,
    merge_by_name,
    merge_by_recipe,
)

A, B = "a" * 64, "b" * 64


def recipe(ratio, *, one=A, other=B, way="Weighted sum"):
    told = {"type": "webui", "primary_model_hash": one, "secondary_model_hash": other, "interp_method": way}
    return merge_by_recipe({**told, "tertiary_model_hash": None, "multiplier": ratio})


def series(*files):
    found = checkpoint_series(one if isinstance(one, CheckpointFile) else CheckpointFile(one) for one in files)
    return [(one.name, one.stems, one.by) for one in found]


def test_mixes_of_the_same_models_stand_in_the_order_of_their_ratio():
    mixes = ("0.5(ink) + 0.5(dream)", "0.9(ink) + 0.1(dream)", "0.3(ink) + 0.7(dream)")
    assert series(*mixes, "0.5(ink) + 0.5(haze)", "ink", "dream") == [
        ("ink + dream", (mixes[1], mixes[0], mixes[2]), "merge")
    ]


def test_differences_that_were_added_are_a_series_of_their_own():
    assert merge_by_name("ink + 0.5(dream - base)") == Merge("ink + (dream - base)", 0.5, "ink + (dream - base)")
    added = ("ink + 0.8(dream - base)", "ink + 0.2(dream - base)", "0.8(ink) + 0.2(dream)")
    assert series(*added) == [("ink + (dream - base)", (added[1], added[0]), "merge")]


def test_recipes_in_headers_tell_what_renamed_files_do_not():
    files = [CheckpointFile(name, merge=recipe(ratio)) for name, ratio in (("best", 0.6), ("old try", 0.2))]
    files += [CheckpointFile("again", merge=recipe(0.2)), CheckpointFile("other", merge=recipe(0.4, other="c" * 64))]
    assert series(*files) == [("mix of best", ("again", "best"), "merge")], "one ratio twice is one mix"


@pytest.mark.parametrize("told", [{}, {"multiplier": 0.5}, {"primary_model_hash": A, "secondary_model_hash": 7}])
def test_half_a_recipe_is_none(told):
    assert merge_by_recipe(told) == Merge()


def test_epochs_of_a_training_go_by_the_habits_of_trainers_and_a_version_is_none():
    saved = ("rainy-000002", "rainy-000004", "rainy")
    assert series(*reversed(saved), "dream8", "dream9", "xl_v9", "xl_v8") == [("rainy", saved, "training")]
