"""Reads our own sidecars, NAME.modelprofile.json and NAME.loraprofile.json, and the styles.

People may write them by hand, so an invalid value is skipped and the others count. `profile_writer` writes them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

from ...domain.base.errors import InvalidInput, Unreadable
from ...domain.config.catalogue import Value, catalogue, check_value
from ...domain.config.lenient_reader import Fields, number_in, shown
from ...domain.config.spellings import family_of
from ...domain.models.families import FamilyCatalogue
from ...domain.models.family_reader import read_families
from ...domain.models.profile import (
    LEARNED,
    LORA_PROFILE,
    MODEL_PROFILE,
    TIERS,
    VERSION,
    LearningSummary,
    LoraOverlay,
    LoraProfile,
    ModelPreset,
    ModelProfile,
    Pairing,
    RecommendedWeight,
    Tier,
    best_first,
    presets_in_force,
)
from ...domain.models.recommendations import DENOISE, REFINER, SAMPLER, SCHEDULER, UPSCALER, FileRecommendation
from ...domain.models.style import StyleCatalogue, read_catalogue
from ..disk.files import is_there, read_bounded
from ..disk.places import asset
from .sidecar_values import CFG, STEPS, WEIGHT_LIMIT, put, put_sampling, put_size, size_in

_SHIPPED = ("styles.json", "aliases.json")
FAMILIES = "families.json"
_CATALOGUE_LIMIT = 1024 * 1024


def load_styles(user_file: Path) -> tuple[StyleCatalogue, tuple[str, ...]]:
    """Load the shipped styles, aliases and families, and those of the user: the styles and aliases of this file and
    the families of `families.json` beside it, if they exist. Also returns the problems of both.

    Raises Unreadable when the program's own files are missing.
    """
    families, of_families = load_families(user_file.with_name(FAMILIES))
    styles = StyleCatalogue(families=families)
    for name in _SHIPPED:
        styles = styles.extended(read_catalogue(read_bounded(asset(name), _CATALOGUE_LIMIT), name)[0])
    if not is_there(user_file):
        return styles, of_families
    try:
        own, problems = read_catalogue(read_bounded(user_file, _CATALOGUE_LIMIT), str(user_file))
    except Unreadable as error:
        return styles, (str(error), *of_families)
    return styles.extended(own), (*problems, *of_families)


def load_families(user_file: Path) -> tuple[FamilyCatalogue, tuple[str, ...]]:
    """Load the shipped table of families with what the user's file adds and changes, and its problems. Raises as
    `load_styles`.
    """
    known = read_families(read_bounded(asset(FAMILIES), _CATALOGUE_LIMIT), FAMILIES, FamilyCatalogue())[0]
    if not is_there(user_file):
        return known, ()
    try:
        return read_families(read_bounded(user_file, _CATALOGUE_LIMIT), str(user_file), known)
    except Unreadable as error:
        return known, (str(error),)


def read_model_fields(fields: Fields, file: str) -> FileRecommendation:
    """The recommendations of a checkpoint's profile: the values of its best preset, and learned values."""
    profile = model_profile(fields)
    values: dict[str, Value] = {}
    evidence: dict[str, str] = {}
    learned: dict[str, str] = {}
    for preset in presets_in_force(profile):
        preset_values: dict[str, Value] = {}
        _put_preset(preset_values, preset)
        if SAMPLER in values and SCHEDULER not in values:
            preset_values.pop(SCHEDULER, None)  # it belongs to another sampler
        source_text = f"preset {preset.label or preset.id}"
        # Whose ratings these are, a file cannot tell.
        source_text = f"{source_text}, {preset.ratings} ratings" if preset.ratings else source_text
        evidence = dict.fromkeys(preset_values, source_text) | evidence
        if preset.source == LEARNED:
            learned |= dict.fromkeys(preset_values.keys() - values.keys(), preset.plan_id)
        values = preset_values | values
    defaults: dict[str, Value] = {}
    put(defaults, REFINER, profile.default_refiner_id)
    put(defaults, UPSCALER, profile.default_hires_upscaler_id)
    put(defaults, DENOISE, profile.default_hires_denoise)
    # They go before presets, but not before what was learned by trying just this.
    for path in defaults.keys() - learned.keys():
        values[path] = defaults[path]
        evidence.pop(path, None)
    return FileRecommendation(
        file=file,
        dialect="modelprofile",
        kind="checkpoint",
        family=family_of(profile.base_type),
        base=profile.base_type,
        title=profile.model_name,
        values=values,
        evidence=evidence,
        learned=learned,
        style_id=profile.style_profile_id or "",
        profile=profile,
        problems=fields.problems.sentences(),
    )


def _put_preset(values: dict[str, Value], preset: ModelPreset) -> None:
    values.update(preset.values)
    put_sampling(values, preset.sampler, preset.scheduler or "")
    put(values, STEPS, preset.steps)
    put(values, CFG, preset.cfg)
    put_size(values, preset.resolution)


def read_lora_fields(fields: Fields, file: str) -> FileRecommendation:
    """The recommendations of a LoRA's profile, the best weight first."""
    profile = lora_profile(fields)
    return FileRecommendation(
        file=file,
        dialect="loraprofile",
        kind="lora",
        family=family_of(profile.target_base_type),
        base=profile.target_base_type,
        title=profile.lora_name,
        names=(profile.lora_name,) if profile.lora_name else (),
        trigger_phrases=profile.trigger_phrases,
        weights=tuple((one.weight, one.rating) for one in best_first(profile.recommended_weights)),
        lora_profile=profile,
        problems=fields.problems.sentences(),
    )


def model_profile(fields: Fields) -> ModelProfile:
    """The profile in the fields of a file; what cannot be used is told in the fields' problems."""
    _check_kind(fields, MODEL_PROFILE)
    return ModelProfile(
        model_name=fields.text("model_name"),
        base_type=fields.text("base_type"),
        tags=fields.words("tags"),
        recommended_presets=tuple(
            _preset(one, number) for number, one in enumerate(fields.items("recommended_presets"), 1)
        ),
        learning_summary=_summary(fields),
        default_refiner_id=fields.text("default_refiner_id") or None,
        default_hires_upscaler_id=fields.text("default_hires_upscaler_id") or None,
        default_hires_denoise=_float(fields.setting("default_hires_denoise", DENOISE)),
        style_profile_id=fields.text("style_profile_id") or None,
    )


def lora_profile(fields: Fields) -> LoraProfile:
    """The profile in the fields of a file; what cannot be used is told in the fields' problems."""
    _check_kind(fields, LORA_PROFILE)
    weights = [weight for one in fields.items("recommended_weights") if (weight := _weight(one)) is not None]
    pairings = [pairing for one in fields.items("recommended_pairings") if (pairing := _pairing(one)) is not None]
    return LoraProfile(
        lora_name=fields.text("lora_name"),
        target_base_type=fields.text("target_base_type"),
        intended_use=fields.words("intended_use"),
        trigger_phrases=fields.words("trigger_phrases"),
        recommended_weights=tuple(weights),
        recommended_pairings=tuple(pairings),
        learning_summary=_summary(fields),
    )


def _check_kind(fields: Fields, kind: str) -> None:
    written = fields.text("kind")
    if written and written != kind:
        fields.refuse(
            "kind", f'is "{written[:40]}" although the file is named as a {kind}. Rename the file or correct it.'
        )
    version = number_in(fields.value("version"))
    if version is not None and version > VERSION:
        fields.refuse("version", f"is {shown(version)}; this program knows {VERSION} and reads what it understands.")


def _preset(fields: Fields, number: int) -> ModelPreset:
    return ModelPreset(
        id=_identity(fields, "id", number),
        label=fields.text("label"),
        rating=_tier(fields),
        source=fields.text("source"),
        sampler=fields.text("sampler", "sampler_name"),
        scheduler=fields.text("scheduler") or None,
        steps=_int(fields.setting("steps", STEPS)),
        cfg=_float(fields.setting("cfg" if "cfg" in fields else "cfg_scale", CFG)),
        resolution=_resolution(fields),
        lora_overlays=_overlays(fields),
        values=_values(fields.inner("values")),
        ratings=int(fields.number("ratings", 0, 1e9) or 0),
        date=fields.text("date"),
        plan_id=fields.text("plan_id"),
    )


def _pairing(fields: Fields, _number: int = 0) -> Pairing | None:
    model = fields.text("model")
    return Pairing(model=model, preset_id=fields.text("preset_id") or None, rating=_tier(fields)) if model else None


def _weight(fields: Fields, _number: int = 0) -> RecommendedWeight | None:
    weight = fields.number("weight", -WEIGHT_LIMIT, WEIGHT_LIMIT)
    if weight is None:
        return None
    return RecommendedWeight(
        weight=weight,
        label=fields.text("label"),
        rating=_tier(fields),
        source=fields.text("source"),
        ratings=int(fields.number("ratings", 0, 1e9) or 0),
        date=fields.text("date"),
        plan_id=fields.text("plan_id"),
    )


def _overlays(fields: Fields) -> tuple[LoraOverlay, ...]:
    return tuple(found for one in fields.items("lora_overlays") if (found := _overlay(one)) is not None)


def _overlay(fields: Fields, _number: int = 0) -> LoraOverlay | None:
    name, weight = fields.text("name"), fields.number("weight", -WEIGHT_LIMIT, WEIGHT_LIMIT)
    return LoraOverlay(name, weight) if name and weight is not None else None


def _identity(fields: Fields, key: str, number: int) -> str:
    value = fields.value(key)
    return str(value)[:200].strip() if isinstance(value, (str, int)) and value != "" else f"preset-{number}"


def _tier(fields: Fields) -> Tier:
    written = fields.text("rating").casefold()
    tier = next((one for one in TIERS if one == written), None)
    if tier is None and written:
        fields.refuse("rating", f'is "{written[:40]}" and counts as neutral. Write one of {", ".join(get_args(Tier))}.')
    return tier or "neutral"


def _resolution(fields: Fields) -> tuple[int, int] | None:
    value = fields.value("resolution")
    size = size_in(value)
    if size is None and value is not None:
        fields.refuse("resolution", f"is {shown(value)}, no size, and was left out. Write [width, height] in pixels.")
    return size


def _values(fields: Fields) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for path in fields.names():
        spec = catalogue().get(path)
        if spec is None:
            fields.refuse(path, "is no setting of this program and was left out. Correct its name.")
        elif spec.kind in ("int", "float"):
            put(found, path, fields.setting(path, path))
        else:
            try:
                value = fields.value(path)
                found[path] = check_value(path, value)  # type: ignore[arg-type]  # it checks any value
            except InvalidInput:
                fields.refuse(path, f"is {shown(value)}, which it cannot be, and was left out. Correct it.")
    return found


def _summary(fields: Fields) -> LearningSummary:
    inner = fields.inner("learning_summary")
    return LearningSummary(
        runs_observed=int(inner.number("runs_observed", 0, 1e9) or 0),
        mean_rating=inner.number("mean_rating", 1, 5),
        ratings=int(inner.number("ratings", 0, 1e9) or 0),
        newest_run=inner.text("newest_run"),
        counted=inner.text("counted"),
    )


def _int(value: Value | None) -> int | None:
    return None if value is None else int(value)


def _float(value: Value | None) -> float | None:
    return None if value is None else float(value)


ITEMS: dict[str, Callable[[Fields, int], ModelPreset | RecommendedWeight | Pairing | LoraOverlay | None]] = {
    "lora_overlays": _overlay,
    "recommended_presets": _preset,
    "recommended_weights": _weight,
    "recommended_pairings": _pairing,
}
