"""Schemas (msgspec) of valid sidecar files. A file that matches has no problem, so a summary need not read it in full.

Only the fields we use are declared. Ranges of settings come from the catalogue, as in the full reading. Text has no
length limit, because the full reading cuts it silently.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from ...domain.config.catalogue import range_of
from ...domain.models.profile import VERSION, Tier
from ...domain.models.recommendations import DENOISE, Dialect
from .sidecar_values import CFG, STEPS, WEIGHT_LIMIT


def _within(path: str) -> Meta:
    low, high = range_of(path)
    return Meta(ge=low, le=high)


def _zero_or_within(path: str) -> Meta:
    """0 means "not set" in some tools; what lies between it and the range is found by `below_range`."""
    return Meta(ge=0, le=range_of(path)[1])


def below_range(path: str, value: float | None) -> bool:
    """Whether a value that passed `_zero_or_within` is neither 0 nor in the range."""
    return value is not None and 0 < value < range_of(path)[0]


_Words = list[str | None] | str | None
_Weight = Annotated[float, Meta(ge=-WEIGHT_LIMIT, le=WEIGHT_LIMIT)] | None
_Count = Annotated[float, Meta(ge=0, le=1e9)] | None
_Cfg = Annotated[float, _within(CFG)] | None
_Pixels = Annotated[list[Annotated[float, Meta(gt=0, le=1e6)]], Meta(min_length=2, max_length=2)] | None


class WebUi(Struct):
    """NAME.json."""

    description: str | None = None
    notes: str | None = None
    vae: _Words = None
    vae_te: _Words = None
    version: str | None = field(default=None, name="sd version")
    version_text: str | None = field(default=None, name="sd_version_str")
    activation: _Words | UnsetType = field(default=UNSET, name="activation text")
    weight: _Weight | UnsetType = field(default=UNSET, name="preferred weight")
    negative: str | UnsetType | None = field(default=UNSET, name="negative text")


class PageModel(Struct):
    """The model of a Civitai page."""

    name: str | None = None
    type: str | None = None


class _PageFile(Struct):
    name: str | None = None
    hashes: dict[str, Raw] | None = None


class CivitaiPage(Struct):
    """NAME.civitai.info."""

    name: str | None = None
    words: _Words = field(default=None, name="trainedWords")
    base: str | None = field(default=None, name="baseModel")
    description: str | None = None
    model: PageModel | None = None
    files: list[_PageFile] | None = None
    images: list[Raw] | None = None


class _Named(Struct):
    name: str | None = field(default=None, name="Name")


class _Defaults(Struct):
    sampler: _Named | str | None = field(default=None, name="Sampler")
    scheduler: _Named | str | None = field(default=None, name="Scheduler")
    steps: Annotated[int, _zero_or_within(STEPS)] | None = field(default=None, name="Steps")
    cfg: Annotated[float, _zero_or_within(CFG)] | None = field(default=None, name="CfgScale")
    width: Annotated[int, Meta(ge=0, le=100_000)] | None = field(default=None, name="Width")
    height: Annotated[int, Meta(ge=0, le=100_000)] | None = field(default=None, name="Height")


class StabilityMatrix(Struct):
    """NAME.cm-info.json."""

    type: str | None = field(default=None, name="ModelType")
    base: str | None = field(default=None, name="BaseModel")
    title: str | None = field(default=None, name="UserTitle")
    name: str | None = field(default=None, name="ModelName")
    description: str | None = field(default=None, name="ModelDescription")
    words: _Words = field(default=None, name="TrainedWords")
    hashes: dict[str, Raw] | None = field(default=None, name="Hashes")
    defaults: _Defaults | None = field(default=None, name="InferenceDefaults")


class LoraNotes(Struct):
    """NAME.metadata.json."""

    file_name: str | None = None
    name: str | None = field(default=None, name="model_name")
    base: str | None = field(default=None, name="base_model")
    notes: str | None = None
    description: str | None = field(default=None, name="modelDescription")
    words: _Words = field(default=None, name="trainedWords")
    tips: str | UnsetType | None = field(default=UNSET, name="usage_tips")
    page: CivitaiPage | None = field(default=None, name="civitai")
    sha256: Any = None


class Tips(Struct):
    """The usage tips of LoRA Manager, a JSON text of their own."""

    strength: _Weight = None
    strength_min: _Weight = None
    strength_max: _Weight = None
    # Written in several ways, so the full reading looks at it.
    strength_range: None = None
    clip_skip: Annotated[int, _zero_or_within("clip_skip")] | None = None


class _ModelSpec(Struct):
    """The keys of ModelSpec, as a header and NAME.swarm.json both hold them."""

    architecture: str | None = field(default=None, name="modelspec.architecture")
    implementation: str | None = field(default=None, name="modelspec.implementation")
    title: str | None = field(default=None, name="modelspec.title")
    resolution: str | None = field(default=None, name="modelspec.resolution")
    phrase: str | None = field(default=None, name="modelspec.trigger_phrase")
    hint: str | None = field(default=None, name="modelspec.usage_hint")
    description: str | None = field(default=None, name="modelspec.description")
    weight: str | float | UnsetType | None = field(default=UNSET, name="modelspec.lora_default_weight")


class Swarm(_ModelSpec):
    """NAME.swarm.json, with and without "modelspec." before its keys."""

    architecture_: str | None = field(default=None, name="architecture")
    implementation_: str | None = field(default=None, name="implementation")
    title_: str | None = field(default=None, name="title")
    resolution_: str | None = field(default=None, name="resolution")
    phrase_: str | None = field(default=None, name="trigger_phrase")
    hint_: str | None = field(default=None, name="usage_hint")
    description_: str | None = field(default=None, name="description")
    weight_: str | float | UnsetType | None = field(default=UNSET, name="lora_default_weight")


class Metadata(_ModelSpec):
    """The metadata in the header of a model file."""

    network: str | None = field(default=None, name="ss_network_module")
    base: str | None = field(default=None, name="ss_base_model_version")
    version_2: Any = field(default=None, name="ss_v2")
    name: str | None = field(default=None, name="ss_output_name")
    display: str | None = field(default=None, name="ssmd_display_name")
    trained_resolution: Any = field(default=None, name="ss_resolution")
    based_on: Any = field(default=None, name="ss_sd_model_name")
    whole_hash: Any = field(default=None, name="sshs_model_hash")


class _Overlay(Struct):
    name: str | None = None
    weight: _Weight = None


class _Preset(Struct):
    id: Any = None
    label: str | None = None
    rating: Tier | None = None
    source: str | None = None
    sampler: str | None = None
    sampler_name: str | None = None
    scheduler: str | None = None
    steps: Annotated[int, _within(STEPS)] | None = None
    cfg: _Cfg = None
    cfg_scale: _Cfg = None
    resolution: _Pixels = None
    lora_overlays: list[_Overlay] | None = None
    # Settings by path: only the full reading knows the catalogue.
    values: None = None
    ratings: _Count = None
    date: str | None = None
    plan_id: str | None = None


class _Summary(Struct):
    runs_observed: _Count = None
    mean_rating: Annotated[float, Meta(ge=1, le=5)] | None = None
    ratings: _Count = None
    newest_run: str | None = None
    counted: str | None = None


class Profile(Struct, tag_field="kind", tag="model_profile"):
    """NAME.modelprofile.json."""

    version: Annotated[int, Meta(le=VERSION)] | None = None
    model_name: str | None = None
    base_type: str | None = None
    tags: _Words = None
    recommended_presets: list[_Preset] | None = None
    learning_summary: _Summary | None = None
    default_refiner_id: str | None = None
    default_hires_upscaler_id: str | None = None
    default_hires_denoise: Annotated[float, _within(DENOISE)] | None = None
    style_profile_id: str | None = None


class _RecommendedWeight(Struct):
    weight: _Weight = None
    label: str | None = None
    rating: Tier | None = None
    source: str | None = None
    ratings: _Count = None
    date: str | None = None
    plan_id: str | None = None


class _Pairing(Struct):
    model: str | None = None
    preset_id: str | None = None
    rating: Tier | None = None


class Lora(Struct, tag_field="kind", tag="lora_profile"):
    """NAME.loraprofile.json."""

    version: Annotated[int, Meta(le=VERSION)] | None = None
    lora_name: str | None = None
    target_base_type: str | None = None
    intended_use: _Words = None
    trigger_phrases: _Words = None
    recommended_weights: list[_RecommendedWeight] | None = None
    recommended_pairings: list[_Pairing] | None = None
    learning_summary: _Summary | None = None


TIPS = msgspec.json.Decoder(Tips)
METADATA = msgspec.json.Decoder(Metadata)
SIDECARS: dict[Dialect, msgspec.json.Decoder[Any]] = {
    "webui": msgspec.json.Decoder(WebUi),
    "civitai": msgspec.json.Decoder(CivitaiPage),
    "cm-info": msgspec.json.Decoder(StabilityMatrix),
    "metadata": msgspec.json.Decoder(LoraNotes),
    "swarm": msgspec.json.Decoder(Swarm),
    "modelprofile": msgspec.json.Decoder(Profile),
    "loraprofile": msgspec.json.Decoder(Lora),
}
