"""Puts names in place of the hashes by which checkpoints may be called, so that forms and records show names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ...backends.base import Capabilities
from ...domain.base.errors import InvalidInput
from ...domain.base.model_hash import hash_digits, unknown_hash
from ...domain.config.catalogue import Value, get_value, with_values
from ...domain.config.pipeline_config import PipelineConfig
from ...domain.models.value_sources import CHECKPOINT_PATHS
from ...domain.runs.plan import LearningPlan
from ...storage.models.model_entry import ModelEntry

if TYPE_CHECKING:
    from ...domain.recipes.recipe import Recipe

# Finds a model in the model folders: its file may tell a hash that the backend does not.
Find = Callable[[str], ModelEntry | None]


def _nowhere(_name: str) -> None:
    return None


def name_of(path: str, name: str, found: Capabilities | None, find: Find = _nowhere) -> str:
    """The name that the backend has for a checkpoint called by its hash; other names stay as they are.

    Raises InvalidInput for a hash that no checkpoint of the backend is known by.
    """
    digits = hash_digits(name)
    if not digits or found is None or not found.checkpoints or name in found.checkpoints:
        return name
    if known := found.checkpoint_of_hash(digits):
        return known
    entry = find(f"[{digits}]")
    if entry is not None and entry.stem in found.checkpoints:
        return entry.stem
    untold = [one for one in found.checkpoints if one not in found.checkpoint_hashes]
    raise InvalidInput(unknown_hash(path, digits, found.name, untold), path)


def with_names(config: PipelineConfig, found: Capabilities | None, find: Find = _nowhere) -> PipelineConfig:
    """A config in which no checkpoint is called by a hash. Raises InvalidInput for a hash that is not known."""
    asked = {path: str(get_value(config, path)) for path in CHECKPOINT_PATHS}
    used: dict[str, Value] = {
        path: name for path, hash_ in asked.items() if (name := name_of(path, hash_, found, find)) != hash_
    }
    return with_values(config, used) if used else config


def values_here(recipe: Recipe, found: Capabilities | None, find: Find = _nowhere) -> dict[str, Value]:
    """The values of a recipe, with the checkpoint by the name that it has here, if its hash tells that."""
    values = dict(recipe.values)
    name = str(values.get("checkpoint", ""))
    if not recipe.model_hash or found is None or name in found.checkpoints:
        return values
    try:
        return {**values, "checkpoint": name_of("checkpoint", recipe.model_hash, found, find)}
    except InvalidInput:
        # The name is worth more than a hash that nobody knows.
        return values


def plan_with_names(plan: LearningPlan, found: Capabilities | None) -> LearningPlan:
    """The same for a Learning Run, also where checkpoints are what it compares."""
    first, second = (
        tuple(name_of(path, str(value), found) for value in values) if path in CHECKPOINT_PATHS else values
        for path, values in (
            (plan.focus_parameter, plan.variant_values),
            (plan.second_parameter, plan.second_values),
        )
    )
    return replace(plan, base_config=with_names(plan.base_config, found), variant_values=first, second_values=second)
