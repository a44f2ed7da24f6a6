"""A profile while it is edited: what is typed, what is wrong with it, and the profile that comes of it.

Empty fields mean that the profile does not say. What the form does not show, such as the evidence of what was
learned, stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ..base.errors import InvalidInput
from ..base.lora_tags import lora_key
from ..config.catalogue import parse_value
from .profile import (
    LEARNED,
    LoraOverlay,
    LoraProfile,
    ModelPreset,
    ModelProfile,
    Pairing,
    RecommendedWeight,
    Tier,
)
from .profile_loras import overlays_in_force
from .recommendations import ModelSettings

_SIZE = re.compile(r"\s*(\d{1,6})\s*[x×*,]\s*(\d{1,6})\s*", re.IGNORECASE)
_OVERLAY = re.compile(r"(.*?\S)\s*[\s:]\s*(-?\d+(?:\.\d+)?)")
Problems = Mapping[tuple[int, str], str]  # (number of the row, field): a sentence; row −1 is the profile itself


class PresetDraft(Struct, frozen=True, kw_only=True):
    """One preset as typed."""

    id: str = ""
    label: str = ""
    rating: Tier = "good"
    sampler: str = ""
    scheduler: str = ""
    steps: str = ""
    cfg: str = ""
    size: str = ""
    loras: str = ""
    kept: ModelPreset = ModelPreset(id="")

    @property
    def title(self) -> str:
        """What the list of presets shows."""
        return self.label.strip() or self.id.strip() or "without a name"


class WeightDraft(Struct, frozen=True, kw_only=True):
    """One weight of a LoRA as typed."""

    weight: str = ""
    label: str = ""
    rating: Tier = "good"
    kept: RecommendedWeight = RecommendedWeight(weight=1.0)

    @property
    def title(self) -> str:
        """What the list of weights shows."""
        return " · ".join(part for part in (self.weight.strip() or "?", self.label.strip()) if part)


class PairingDraft(Struct, frozen=True, kw_only=True):
    """One pairing as typed."""

    model: str = ""
    preset_id: str = ""
    rating: Tier = "good"

    @property
    def title(self) -> str:
        """What the list of pairings shows."""
        return " · ".join(part for part in (self.model.strip() or "?", self.preset_id.strip()) if part)


class ModelDraft(Struct, frozen=True, kw_only=True):
    """A checkpoint's profile as typed."""

    presets: tuple[PresetDraft, ...] = ()
    refiner: str = ""
    upscaler: str = ""
    denoise: str = ""
    style: str = ""
    kept: ModelProfile = ModelProfile()

    def problems(self) -> Problems:
        """What cannot be saved, one sentence per field."""
        found = {(-1, "denoise"): _wrong(lambda: _number("hires.denoise", self.denoise))}
        for at, one in enumerate(self.presets):
            others = {other.id.strip() for other in self.presets[:at] + self.presets[at + 1 :]}
            found[at, "id"] = _wrong(lambda one=one, others=others: _check_id(one.id, others))  # type: ignore[misc]
            found[at, "steps"] = _wrong(lambda one=one: _number("txt2img.steps", one.steps))  # type: ignore[misc]
            found[at, "cfg"] = _wrong(lambda one=one: _number("txt2img.cfg_scale", one.cfg))  # type: ignore[misc]
            found[at, "loras"] = _wrong(lambda one=one: _overlays(one.loras))  # type: ignore[misc]
            found[at, "size"] = _wrong(lambda one=one: _size(one.size))  # type: ignore[misc]
        return {place: sentence for place, sentence in found.items() if sentence}

    def profile(self) -> ModelProfile:
        """The profile. Raises InvalidInput while there are problems."""
        denoise = _number("hires.denoise", self.denoise)
        return replace(
            self.kept,
            recommended_presets=tuple(_preset(one) for one in self.presets),
            default_refiner_id=self.refiner or None,
            default_hires_upscaler_id=self.upscaler or None,
            default_hires_denoise=denoise,
            style_profile_id=self.style or None,
        )


class LoraDraft(Struct, frozen=True, kw_only=True):
    """A LoRA's profile as typed; `phrases` has one trigger phrase per line."""

    phrases: str = ""
    weights: tuple[WeightDraft, ...] = ()
    pairings: tuple[PairingDraft, ...] = ()
    kept: LoraProfile = LoraProfile()

    def problems(self) -> Problems:
        """What cannot be saved, one sentence per field. Pairings are counted behind the weights."""
        found = {
            (at, "weight"): _wrong(lambda one=one: _weight(one.weight))  # type: ignore[misc]
            for at, one in enumerate(self.weights)
        }
        for at, one in enumerate(self.pairings, start=len(self.weights)):
            if not one.model.strip():
                found[at, "model"] = "Name the checkpoint it goes with."
        return {place: sentence for place, sentence in found.items() if sentence}

    def profile(self) -> LoraProfile:
        """The profile. Raises InvalidInput while there are problems."""
        phrases = tuple(dict.fromkeys(line.strip() for line in self.phrases.splitlines() if line.strip()))
        return replace(
            self.kept,
            trigger_phrases=phrases,
            recommended_weights=tuple(_recommended(one) for one in self.weights),
            recommended_pairings=tuple(
                Pairing(model=one.model.strip(), preset_id=one.preset_id.strip() or None, rating=one.rating)
                for one in self.pairings
            ),
        )


def draft_of_model(name: str, settings: ModelSettings) -> ModelDraft:
    """The profile as it is; for a checkpoint without one, an empty profile with its name."""
    profile = settings.profile or ModelProfile(model_name=name, base_type=settings.family)
    denoise = profile.default_hires_denoise
    return ModelDraft(
        presets=tuple(_typed(one) for one in profile.recommended_presets),
        refiner=profile.default_refiner_id or "",
        upscaler=profile.default_hires_upscaler_id or "",
        denoise=f"{denoise:g}" if denoise is not None else "",
        style=profile.style_profile_id or "",
        kept=profile,
    )


def draft_of_lora(name: str, settings: ModelSettings) -> LoraDraft:
    """The profile as it is; for a LoRA without one, what other files say of it as a beginning."""
    profile = settings.lora_profile
    if profile is None:
        profile = LoraProfile(lora_name=name, target_base_type=settings.family)
        phrases = settings.trigger_phrases
        begun = tuple(
            WeightDraft(weight=f"{one.weight:g}", rating=one.rating or "good") for one in settings.weights[:1]
        )
        return LoraDraft(phrases="\n".join(phrases), weights=begun, kept=profile)
    return LoraDraft(
        phrases="\n".join(profile.trigger_phrases),
        weights=tuple(
            WeightDraft(weight=f"{one.weight:g}", label=one.label, rating=one.rating, kept=one)
            for one in profile.recommended_weights
        ),
        pairings=tuple(
            PairingDraft(model=one.model, preset_id=one.preset_id or "", rating=one.rating)
            for one in profile.recommended_pairings
        ),
        kept=profile,
    )


def new_preset(draft: ModelDraft, settings: ModelSettings) -> PresetDraft:
    """One more preset, beginning with what is recommended now, under an id that is free."""
    taken = {one.id.strip() for one in draft.presets}
    number = next(number for number in range(1, len(taken) + 2) if f"preset-{number}" not in taken)
    values = {path: field.value for path, field in settings.values.items()}
    width, height = values.get("txt2img.width"), values.get("txt2img.height")

    def text_of(path: str) -> str:
        value = values.get(path, "")
        return f"{value:g}" if isinstance(value, float) else str(value)

    return PresetDraft(
        id=f"preset-{number}",
        label=f"Preset {number}",
        sampler=text_of("txt2img.sampler"),
        scheduler=text_of("txt2img.scheduler"),
        steps=text_of("txt2img.steps"),
        cfg=text_of("txt2img.cfg_scale"),
        size=f"{width} × {height}" if width and height else "",
        loras=overlay_text([overlay for overlay, _ in overlays_in_force(settings.profile)]),
    )


def overlay_text(overlays: Sequence[LoraOverlay]) -> str:
    """LoRAs with their weights as they are typed: "harbour 0.6, rain 0.4"."""
    return ", ".join(f"{one.name} {one.weight:g}" for one in overlays)


def _typed(one: ModelPreset) -> PresetDraft:
    return PresetDraft(
        id=one.id,
        label=one.label,
        rating=one.rating,
        sampler=one.sampler,
        scheduler=one.scheduler or "",
        steps="" if one.steps is None else str(one.steps),
        cfg="" if one.cfg is None else f"{one.cfg:g}",
        size="" if one.resolution is None else f"{one.resolution[0]} × {one.resolution[1]}",
        loras=overlay_text(one.lora_overlays),
        kept=one,
    )


def _preset(one: PresetDraft) -> ModelPreset:
    if one == _typed(one.kept):
        return one.kept
    steps = _number("txt2img.steps", one.steps)
    made = replace(
        one.kept,
        id=one.id.strip(),
        label=one.label.strip(),
        rating=one.rating,
        sampler=one.sampler.strip(),
        scheduler=one.scheduler.strip() or None,
        steps=int(steps) if steps is not None else None,
        cfg=_number("txt2img.cfg_scale", one.cfg),
        resolution=_size(one.size),
        lora_overlays=_overlays(one.loras),
    )
    return _by_hand(made) if one.kept.source == LEARNED else made


def _by_hand(preset: ModelPreset) -> ModelPreset:
    """What a person changed is no longer what was learned, and learning leaves it alone from now on."""
    return replace(preset, source="", ratings=0, date="", plan_id="")


def _recommended(one: WeightDraft) -> RecommendedWeight:
    weight = _weight(one.weight)
    before = (f"{one.kept.weight:g}", one.kept.label, one.kept.rating)
    if (one.weight, one.label, one.rating) == before:
        return one.kept
    made = replace(one.kept, weight=weight, label=one.label.strip(), rating=one.rating)
    return replace(made, source="", ratings=0, date="", plan_id="") if made.source == LEARNED else made


def _number(path: str, text: str) -> float | None:
    if not text.strip():
        return None
    value = parse_value(path, text.replace(",", "."))
    assert isinstance(value, int | float), "the catalogue says that it is a number"
    return value


def _size(text: str) -> tuple[int, int] | None:
    if not text.strip():
        return None
    match = _SIZE.fullmatch(text)
    if match is None:
        raise InvalidInput("size: write width × height, for example 832 × 1216.", "size")
    return int(parse_value("txt2img.width", match[1])), int(parse_value("txt2img.height", match[2]))


def _weight(text: str) -> float:
    try:
        weight = float(text.replace(",", "."))
    except ValueError:
        weight = float("nan")
    if not -10 <= weight <= 10:
        raise InvalidInput("weight: write a number such as 0.7.", "weight")
    return weight


def _overlays(text: str) -> tuple[LoraOverlay, ...]:
    """The LoRAs in "harbour 0.6, rain:0.4"; without a weight it is 1."""
    found: dict[str, LoraOverlay] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        match = _OVERLAY.fullmatch(part)
        name = (match[1] if match is not None else part).strip()
        weight = _weight(match[2]) if match is not None else 1.0
        # A bare number is what a decimal comma leaves behind.
        if re.search(r"[<>:]", name) or re.fullmatch(r"[-\d.]+", name):
            raise InvalidInput(f"loras: {part[:40]!r} is no LoRA with its weight. Write it so: harbour 0.6", "loras")
        if lora_key(name) in found:
            raise InvalidInput(f"loras: {name[:40]} is named twice.", "loras")
        found[lora_key(name)] = LoraOverlay(name, weight)
    return tuple(found.values())


def _check_id(text: str, others: set[str]) -> None:
    if not text.strip():
        raise InvalidInput("id: every preset needs one.", "id")
    if text.strip() in others:
        raise InvalidInput(f"id: there is already a preset {text.strip()!r}.", "id")


def _wrong(check: Callable[[], object]) -> str:
    """Why a text cannot be used, without the name of its field, which stands beside it."""
    try:
        check()
    except InvalidInput as problem:
        sentence = re.sub(r"^[a-z0-9_.]+: ", "", str(problem))
        return sentence[:1].upper() + sentence[1:]
    return ""
