"""Checkpoints called by their hash are shown by their name."""

import pytest

from stablenew_tk.app.engines.checkpoint_names import name_of, plan_with_names, values_here, with_names
from stablenew_tk.backends.base import Capabilities
from stablenew_tk.domain.base.errors import InvalidInput
from stablenew_tk.domain.config.catalogue import with_values
from stablenew_tk.domain.config.pipeline_config import PipelineConfig
from stablenew_tk.domain.recipes.reader import recipe_from
from stablenew_tk.domain.runs.plan import LearningPlan

FOUND = Capabilities(
    kind="webui", name="Forge", checkpoints=("ink", "photo"), checkpoint_hashes={"ink": "5f6a7b8c9d" + "0" * 54}
)


def test_every_field_of_a_config_that_names_a_checkpoint_gets_the_name():
    asked = dict.fromkeys(("checkpoint", "refiner.checkpoint", "hires.checkpoint"), "5f6a7b8c9d")
    config = with_names(with_values(PipelineConfig(), asked), FOUND)
    assert (config.checkpoint, config.refiner.checkpoint, config.hires.checkpoint) == ("ink", "ink", "ink")


@pytest.mark.parametrize("name", ["", "photo", "nobody", "5f6a"])
def test_other_names_stay_as_they_are(name):
    assert name_of("checkpoint", name, FOUND) == name
    assert name_of("checkpoint", "5f6a7b8c9d", None) == "5f6a7b8c9d"


def test_an_unknown_hash_is_refused_with_its_field():
    with pytest.raises(InvalidInput, match=r"hash abcdef1234\. It does not tell the hash of photo") as refused:
        name_of("hires.checkpoint", "abcdef1234", FOUND)
    assert refused.value.where == "hires.checkpoint"


def test_a_learning_run_compares_checkpoints_by_name():
    plan = LearningPlan(
        plan_id="P",
        name="",
        pack_id="p",
        prompts=(),
        seeds=(),
        focus_parameter="checkpoint",
        variant_values=("5f6a7b8c9d", "photo"),
    )
    assert plan_with_names(plan, FOUND).variant_values == ("ink", "photo")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Model hash: 5f6a7b8c9d, Model: called_otherwise", "ink"),
        ("Model hash: 5f6a7b8c9d", "ink"),
        ("Model hash: abcdef1234, Model: called_otherwise", "called_otherwise"),
        ("Model hash: 5f6a7b8c9d, Model: photo", "photo"),
    ],
)
def test_a_picture_of_a_checkpoint_with_another_name_here_is_made_with_it(written, name):
    recipe = recipe_from({"parameters": f"a boat\nSteps: 20, Sampler: Euler, Seed: 1, {written}"})
    assert values_here(recipe, FOUND)["checkpoint"] == name
