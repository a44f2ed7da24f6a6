"""Our own profiles of checkpoints and LoRAs: presets in tiers, LoRA weights, pairings, and what learning found.

They live beside the model as NAME.modelprofile.json and NAME.loraprofile.json. The field names are those of the
files, so that the structs and the files cannot drift apart. What learning wrote carries `source` "local_learning";
everything else was written by a person and is never overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Literal, TypeVar, get_args

from msgspec import Struct
from msgspec.structs import replace

from ..config.catalogue import Value

Tier = Literal["bad", "neutral", "good", "better", "best"]
TIERS: tuple[Tier, ...] = get_args(Tier)

MODEL_PROFILE, LORA_PROFILE = "model_profile", "lora_profile"
VERSION = 1
LEARNED = "local_learning"


class LearningSummary(Struct, frozen=True, kw_only=True):
    """How many runs were seen with a model, and the mean stars (1–5, None before the first) of the pictures rated.

    `ratings` is the number of those pictures, `newest_run` the id of the last of the runs, and `counted` repeats the
    numbers as the journal gave them (`provenance`). These three are empty in files that others wrote.
    """

    runs_observed: int = 0
    mean_rating: float | None = None
    ratings: int = 0
    newest_run: str = ""
    counted: str = ""


class LoraOverlay(Struct, frozen=True):
    """A LoRA that belongs to a preset, with its weight."""

    name: str
    weight: float


class ModelPreset(Struct, frozen=True, kw_only=True):
    """One recommended set of settings. None and "" mean that the preset does not say.

    `values` holds settings without a field of their own, by catalogue path. `ratings`, `date` (YYYY-MM-DD) and
    `plan_id` are the evidence of a learned preset.
    """

    id: str
    label: str = ""
    rating: Tier = "neutral"
    source: str = ""
    sampler: str = ""
    scheduler: str | None = None
    steps: int | None = None
    cfg: float | None = None
    resolution: tuple[int, int] | None = None
    lora_overlays: tuple[LoraOverlay, ...] = ()
    values: Mapping[str, Value] = {}
    ratings: int = 0
    date: str = ""
    plan_id: str = ""


class ModelProfile(Struct, frozen=True, kw_only=True):
    """What is recommended for a checkpoint.

    Refiner, upscaler and style are logical ids (`domain.models.style`), never file names of one machine; None = nothing
    is recommended, "none" = better without.
    """

    model_name: str = ""
    base_type: str = ""
    tags: tuple[str, ...] = ()
    recommended_presets: tuple[ModelPreset, ...] = ()
    learning_summary: LearningSummary = LearningSummary()
    default_refiner_id: str | None = None
    default_hires_upscaler_id: str | None = None
    default_hires_denoise: float | None = None
    style_profile_id: str | None = None


class RecommendedWeight(Struct, frozen=True, kw_only=True):
    """A weight for a LoRA, and how good it is. The evidence fields are those of `ModelPreset`."""

    weight: float
    label: str = ""
    rating: Tier = "neutral"
    source: str = ""
    ratings: int = 0
    date: str = ""
    plan_id: str = ""


class Pairing(Struct, frozen=True, kw_only=True):
    """A checkpoint that a LoRA goes well (or badly) with; `preset_id` names a preset in that checkpoint's profile."""

    model: str
    preset_id: str | None = None
    rating: Tier = "neutral"


class LoraProfile(Struct, frozen=True, kw_only=True):
    """What is recommended for a LoRA."""

    lora_name: str = ""
    target_base_type: str = ""
    intended_use: tuple[str, ...] = ()
    trigger_phrases: tuple[str, ...] = ()
    recommended_weights: tuple[RecommendedWeight, ...] = ()
    recommended_pairings: tuple[Pairing, ...] = ()
    learning_summary: LearningSummary = LearningSummary()


_Rated = TypeVar("_Rated", ModelPreset, RecommendedWeight)


def best_first(rated: Sequence[_Rated]) -> tuple[_Rated, ...]:
    """By tier, best first. In one tier what was learned stands before what people wrote, else as written."""
    return tuple(sorted(rated, key=lambda one: (-TIERS.index(one.rating), one.source != LEARNED)))


def best_preset(profile: ModelProfile) -> ModelPreset | None:
    """The preset of the highest tier; None when there is none, or only bad ones."""
    first = next(iter(best_first(profile.recommended_presets)), None)
    return first if first is not None and first.rating != "bad" else None


def presets_in_force(profile: ModelProfile) -> tuple[ModelPreset, ...]:
    """The presets whose values count; where two name the same setting, the first one wins.

    Of those that people wrote only the best counts, for it is meant as a whole. What was learned is one setting
    each, and stands over or under it by its tier. Bad ones never count.
    """
    ordered = [one for one in best_first(profile.recommended_presets) if one.rating != "bad"]
    whole = next((one for one in ordered if one.source != LEARNED), None)
    return tuple(one for one in ordered if one is whole or one.source == LEARNED)


def with_learned_preset(profile: ModelProfile, preset: ModelPreset) -> ModelProfile:
    """The profile with this preset, marked as learned. It replaces what learning wrote under its id before; when a
    person's preset has that id, it is kept and the learned one gets another.
    """
    taken = {one.id for one in profile.recommended_presets if one.source != LEARNED}
    spare = next(name for number in count(1) if (name := _numbered(preset.id, number)) not in taken)
    learned = replace(preset, id=spare, source=LEARNED)
    others = tuple(one for one in profile.recommended_presets if one.source != LEARNED or one.id != spare)
    return replace(profile, recommended_presets=(*others, learned))


def with_learned_weight(profile: LoraProfile, weight: RecommendedWeight) -> LoraProfile:
    """The profile with this weight, marked as learned; it replaces the one learned before under the same label."""
    learned = replace(weight, source=LEARNED)
    others = (one for one in profile.recommended_weights if one.source != LEARNED or one.label != weight.label)
    return replace(profile, recommended_weights=(*others, learned))


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"
