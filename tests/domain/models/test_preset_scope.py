"""What a preset was learned for, and whether a run is inside of that. What is not known never counts as equal."""

import pytest
from msgspec.structs import replace

from stablenew_tk.domain.models.preset_scope import (
    UNKNOWN_ENGINE,
    PresetScope,
    PresetUse,
    Situation,
    as_made,
    compare,
    question,
    reasons,
    same_scope,
    scope_words,
    without_values,
)
from stablenew_tk.domain.models.value_sources import PresetValues, ValueSources

HASH, OTHER_HASH = "0123456789abcdef", "fedcba9876543210"
HERE = Situation(pack_id="Rain city", prompt_ids=("Tram",), checkpoint="dream", engine="webui", family="sdxl")


@pytest.mark.parametrize(
    ("scope", "why"),
    [
        ({"pack_id": "Harbour"}, "learned for Harbour, not for Rain city"),
        ({"pack_id": "Rain city", "prompt_ids": ("Quay",)}, "learned for Quay of Rain city, not for Tram"),
        ({"checkpoint": "ink"}, "learned with ink, not with dream"),
        ({"engine": "sketch"}, "learned on sketch pictures, which are no evidence about a checkpoint"),
        ({"engine": "comfyui"}, "learned on ComfyUI, not on a WebUI"),
        ({"engine": UNKNOWN_ENGINE}, "nothing tells on which kind of engine it was learned"),
        ({"family": "sd15"}, "learned with SD 1.5 models, not with SDXL"),
        ({"workflow": "Garden"}, "learned in the workflow “Garden”, not for runs without it"),
    ],
)
def test_every_difference_is_told(scope, why):
    found = compare(PresetScope(**scope), HERE)
    assert (found.inside, found.differences) == (False, (why,))


def test_what_was_learned_in_a_workflow_holds_in_it_alone():
    scope = PresetScope("Rain city", workflow="Garden")
    assert compare(scope, replace(HERE, workflow="Garden")).inside
    other = replace(HERE, workflow="Lake")
    assert compare(scope, other).differences == ("learned in the workflow “Garden”, not in “Lake”",)
    assert scope_words(scope) == "Rain city in the workflow “Garden”"
    assert len({HERE.context, other.context}) == 2, "a yes for one is none for the other"
    assert not same_scope(scope, PresetScope("Rain city")).inside


GARDEN, OTHER_GARDEN, RENAMED = "Garden [aaaaaaaaaaaa]", "Garden [bbbbbbbbbbbb]", "Park [aaaaaaaaaaaa]"


def test_a_workflow_is_known_by_its_graph_where_both_tell_it_else_by_its_name():
    scope, here = PresetScope("Rain city", workflow=GARDEN), replace(HERE, workflow=GARDEN)
    renamed = replace(HERE, workflow=RENAMED)
    assert compare(scope, renamed) == compare(scope, here)
    assert renamed.context == here.context, "a yes for one is a yes for the other"
    other = replace(HERE, workflow=OTHER_GARDEN)
    why = "learned in another workflow called “Garden” (aaaaaaaaaaaa, not bbbbbbbbbbbb)"
    assert compare(scope, other).differences == (why,)
    assert other.context != here.context
    assert scope_words(scope) == "Rain city in the workflow “Garden”"
    older = compare(replace(scope, workflow="Garden"), here)
    assert (older.inside, older.unproven) == (True, ("that it is the workflow “Garden” is known by its name only",))
    assert compare(replace(scope, workflow="Garden"), renamed).differences == (
        "learned in the workflow “Garden”, not in “Park”",
    )


def test_a_workflow_that_an_older_version_told_by_another_hash_is_known_by_its_name():
    earlier = compare(
        PresetScope(workflow="Garden [aaaaaaaaaaaa]"), replace(HERE, workflow="Garden [bbbbbbbbbbbbbbbb]")
    )
    assert (earlier.inside, earlier.unproven) == (True, ("that it is the workflow “Garden” is known by its name only",))


def test_several_differences_are_one_phrase():
    found = compare(PresetScope("Harbour", (), "ink", "", "sketch"), HERE)
    assert reasons(found) == (
        "learned for Harbour, not for Rain city; with ink, not with dream; "
        "on sketch pictures, which are no evidence about a checkpoint"
    )


@pytest.mark.parametrize("scope", [{}, {"pack_id": "Rain city"}, {"prompt_ids": ("Tram", "Quay")}, {"engine": "webui"}])
def test_what_a_scope_does_not_name_binds_nothing(scope):
    assert compare(PresetScope(**scope), HERE).inside


@pytest.mark.parametrize("unknown", ["pack_id", "checkpoint", "engine", "family", "prompt_ids"])
def test_what_nobody_knows_yet_does_not_count_as_equal(unknown):
    bound = {"pack_id": "Rain city", "prompt_ids": ("Tram",), "engine": "webui"}
    scope = PresetScope(**bound, **({"family": "sdxl"} if unknown == "family" else {"checkpoint": "dream"}))
    assert compare(scope, HERE).inside
    assert len(compare(scope, replace(HERE, **{unknown: () if unknown == "prompt_ids" else ""})).differences) == 1


@pytest.mark.parametrize(
    "name", ["dream", "Dream.safetensors", "sd/dream.safetensors [0123456789]", r"sd\dream", "dream [0123456789]"]
)
def test_names_of_a_checkpoint_are_compared_without_folder_ending_and_hash(name):
    assert compare(PresetScope(checkpoint="dream"), replace(HERE, checkpoint=name)).inside


@pytest.mark.parametrize("name", ["dream2", "daydream", "xl/dream"])
def test_other_names_are_other_checkpoints(name):
    assert not compare(PresetScope(checkpoint="sd/dream"), replace(HERE, checkpoint=name)).inside


def test_two_known_hashes_decide_against_any_names():
    scope = PresetScope(checkpoint="dream", checkpoint_hash=HASH)
    renamed = compare(scope, replace(HERE, checkpoint="renamed", checkpoint_hash=HASH[:10]))
    assert (renamed.inside, renamed.unproven) == (True, ())
    swapped = compare(scope, replace(HERE, checkpoint_hash=OTHER_HASH))
    assert swapped.differences == ("learned with another file called dream (0123456789, not fedcba9876)",)


@pytest.mark.parametrize("mine", ["", HASH])
def test_a_name_counts_where_a_hash_is_missing_and_that_is_told(mine):
    found = compare(PresetScope(checkpoint="dream", checkpoint_hash=mine), HERE)
    assert (found.inside, found.unproven) == (True, ("that it is dream is known by its name only",))


def test_values_of_another_scope_are_not_added_to_a_preset():
    scope = PresetScope("Rain city", ("Tram",), "dream", "", "webui", "sdxl")
    assert same_scope(scope, replace(scope, checkpoint="dream.safetensors", family="")).inside
    for change in (
        {"pack_id": "Harbour"},
        {"prompt_ids": ()},
        {"checkpoint": ""},
        {"engine": "sketch"},
        {"engine": ""},
    ):
        assert not same_scope(scope, replace(scope, **change)).inside
        assert not same_scope(replace(scope, **change), scope).inside


def test_a_preset_that_names_the_checkpoint_is_bound_to_none_and_asked_about_none():
    preset = PresetValues("Ink", {"checkpoint": "ink"}, preset_id="p", scope=PresetScope("Rain city", engine="webui"))
    sources = ValueSources(pack_id="Rain city", presets=(preset,), engine="webui", loaded="dream")
    assert (sources.checkpoint, sources.resolve().origins["checkpoint"]) == ("ink", "preset")
    elsewhere = replace(sources, pack_id="Harbour")
    assert elsewhere.checkpoint == "dream"
    assert replace(elsewhere, agreed={"p": ("Harbour\n\nwebui",)}).checkpoint == "ink"


def test_the_question_names_both_sides():
    scope = PresetScope("Rain city", (), "dreamshaper [0123456789]", "", "webui")
    now = replace(HERE, pack_id="Harbour evening", checkpoint="sdxl-base")
    assert question("Calm", scope, now) == (
        "“Calm” was learned for Rain city with dreamshaper. Use it for Harbour evening with sdxl-base, too?"
    )
    assert question("Calm", replace(scope, engine="sketch"), now) == (
        "“Calm” was learned for Rain city with dreamshaper, on sketch pictures, which are no evidence about a "
        "checkpoint. Use it for Harbour evening with sdxl-base, on a WebUI, too?"
    )
    assert scope_words(replace(scope, engine="sketch")) == "Rain city with dreamshaper, on sketch pictures"
    assert scope_words(PresetScope(family="sdxl")) == "any pack with SDXL models"


def test_a_preset_that_others_overrule_gave_nothing():
    use = PresetUse(preset_id="p", name="Calm", gave=("txt2img.steps", "lora:rain"))
    assert without_values((use,), ("txt2img.steps",)) == (replace(use, gave=("lora:rain",)),)
    assert without_values((use,), use.gave) == ()


def test_a_record_tells_by_what_was_made_whether_a_preset_was_inside_of_its_scope():
    scope = PresetScope("Rain city", ("Tram",), "dream", "", "webui", "sdxl")
    use = PresetUse(preset_id="p", name="Calm", gave=("txt2img.steps",), scope=scope)
    made = replace(HERE, family="")
    assert as_made((use,), made) == (use,)
    assert as_made((use,), replace(made, checkpoint="")) == (use,), "some engines do not tell it"
    again = as_made((use,), replace(made, engine="sketch"))
    assert again[0].outside == ("learned on a WebUI, not on the sketch engine",)
    agreed = replace(use, outside=("learned for something else",))
    assert as_made((agreed,), made) == (agreed,)
