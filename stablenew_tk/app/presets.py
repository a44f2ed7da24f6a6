"""Presets as sources of values: those in force, which of them hold for a run, and what is said and asked about them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ..domain.base.errors import InvalidInput
from ..domain.config.catalogue import Value, parameter
from ..domain.config.sweep import LORA, focus
from ..domain.config.user_settings import Settings
from ..domain.models.preset_scope import LEARNED, Situation, engine_name, reasons, scope_words
from ..domain.models.recommendations import ModelSettings
from ..domain.models.value_sources import CHECKPOINT, PresetInForce, PresetValues, ValueSources, agreed_for, judged
from ..domain.runs.preset import Preset
from .controller import Controller
from .wording import value_text

if TYPE_CHECKING:
    from ..domain.journal.plan_log import PlanBook

MOST_AGREED = 200
_MOST_VALUES = 3


def preset_values(preset: Preset, plans: PlanBook, *, anyway: bool = False) -> PresetValues:
    """A preset as a source of values. `anyway`: it is used whatever it was learned for."""
    return PresetValues(
        preset.name,
        preset.values,
        preset.evidence.sentence,
        preset_id=preset.preset_id,
        lora_weights=preset.lora_weights,
        lora_instead=preset.lora_instead,
        evidences={path: evidence.sentence for path, evidence in preset.added.items()},
        scope=plans.scope(preset),
        anyway=anyway,
    )


def presets_in_force(controller: Controller) -> tuple[PresetValues, ...]:
    """The presets chosen in the settings that are still there, the latest chosen first."""
    history = controller.history
    if history is None or not controller.settings.presets:
        return ()
    known = {preset.preset_id: preset for preset in history.plans.presets()}
    chosen = [known[one] for one in reversed(controller.settings.presets) if one in known]
    return tuple(preset_values(preset, history.plans) for preset in chosen)


def model_of(controller: Controller, checkpoint: str) -> ModelSettings | None:
    """What the model library knows of a checkpoint; None for nothing, or not yet."""
    entry = controller.models.find(checkpoint)
    return controller.models.settings(entry.path) if entry is not None else None


# ---- what the settings remember


def choosing(settings: Settings, preset: Preset, sources: ValueSources) -> Settings:
    """The settings with a preset in force, too. Those that it leaves without any value of their own here go."""
    named = named_by(preset)
    covered = {
        one.preset.preset_id for one in sources.presets_in_force if one.applied and named >= named_by(one.preset)
    }
    kept = (one for one in settings.presets if one not in covered and one != preset.preset_id)
    return replace(settings, presets=(*kept, preset.preset_id))


def from_now_on(controller: Controller, preset: Preset) -> str:
    """Put a preset in force where it holds; returns what that means, in a sentence."""
    history, settings = controller.history, controller.settings
    scope = history.plans.scope(preset) if history is not None else preset.scope
    there = ValueSources(
        pack_id=scope.pack_id,
        prompts=scope.prompt_ids,
        typed={CHECKPOINT: scope.checkpoint} if scope.checkpoint else {},
        presets=presets_in_force(controller),
        engine=scope.engine,
        agreed=settings.presets_agreed,
    )
    controller.change_settings(choosing(settings, preset, there))
    now = controller.learning.engine
    other = f" It is left out while {engine_name(now)} makes the pictures." if scope.engine not in ("", now) else ""
    return f"“{preset.name}” is in force for {scope_words(scope)}.{other}"


def dropping(settings: Settings, preset_ids: Collection[str]) -> Settings:
    """The settings without these presets in force, and without what was agreed about them."""
    agreed = {one: contexts for one, contexts in settings.presets_agreed.items() if one not in preset_ids}
    left = tuple(one for one in settings.presets if one not in preset_ids)
    return replace(settings, presets=left, presets_agreed=agreed)


def agreeing(settings: Settings, preset: PresetValues, now: Situation, *, yes: bool = True) -> Settings:
    """The settings once the user has said whether a preset is used in a situation outside of its scope.

    It holds for exactly this pack, checkpoint and kind of engine.
    """
    context = agreed_for(preset, now)
    pairs = [(one, at) for one, contexts in settings.presets_agreed.items() for at in contexts]
    kept = [pair for pair in pairs if pair != (preset.preset_id, context)]
    if yes:
        kept.append((preset.preset_id, context))
    agreed: dict[str, tuple[str, ...]] = {}
    for one, at in kept[-MOST_AGREED:]:
        agreed[one] = (*agreed.get(one, ()), at)
    return replace(settings, presets_agreed=agreed)


# ---- what is offered and said


class PresetOffer(Struct, frozen=True):
    """A preset of the list, as it stands here. `in_force`: it is chosen; it counts if it also is `standing.applied`."""

    preset: Preset
    standing: PresetInForce
    in_force: bool


def preset_offers(controller: Controller, sources: ValueSources) -> list[PresetOffer]:
    """All presets, newest first, as each stands in the situation of these sources."""
    history, chosen, now = controller.history, controller.settings.presets, sources.situation
    if history is None:
        return []
    return [
        PresetOffer(one, judged(preset_values(one, history.plans), now, sources.agreed), one.preset_id in chosen)
        for one in history.plans.presets()
    ]


def left_out_words(one: PresetInForce) -> str:
    """What a preset knows, and why that does not count here: "CFG 7 is known for Rain city, not for Harbour."."""
    words, why = values_words(one.preset), reasons(one.check)
    verb = "are" if " and " in words or words.endswith("steps") else "is"
    if one.preset.plan_id and not why.startswith(LEARNED):
        return f"{words} {verb} known, but not used here: {why}."
    if not why.startswith(LEARNED):
        return f"{words} of “{one.preset.name}” does not count here: {why}."
    return f"{words} {verb} known {why.removeprefix(LEARNED)}."


def used_outside_words(one: PresetInForce) -> str:
    """That a preset counts here although it was learned for something else."""
    return f"“{one.preset.name}” is used outside its scope: {reasons(one.check)}."


def values_words(preset: PresetValues) -> str:
    """The values of a preset in a sentence: "CFG 7 and 28 steps"."""
    words = [_named(path, value) for path, value in preset.values.items() if not _is_switch(path, preset)]
    words += [_named(f"{LORA}{name}", weight) for name, weight in preset.lora_weights.items()]
    shown = words[:_MOST_VALUES]
    if len(words) > _MOST_VALUES:
        shown = [*shown[:-1], f"{len(words) - _MOST_VALUES + 1} more"]
    text = " and ".join(part for part in (", ".join(shown[:-1]), shown[-1] if shown else "nothing") if part)
    return f"{text[0].upper()}{text[1:]}" if text[1:2].islower() and " " in text else text


def _named(path: str, value: Value) -> str:
    # Not above: what analyses need takes longer to import than the window to open.
    from ..domain.insights.naming import naming

    try:
        return naming(focus(path))(value)
    except InvalidInput:
        # Not everything that a preset may hold can be varied.
        try:
            return f"{parameter(path).title} {value_text(path, value)}"
        except InvalidInput:
            return path


def _is_switch(path: str, preset: PresetValues) -> bool:
    """Whether a value only turns on the feature that another value is about."""
    block, _, name = path.rpartition(".")
    return name == "enabled" and any(other.startswith(f"{block}.") for other in preset.values if other != path)


def named_by(preset: Preset | PresetValues) -> set[str]:
    """Paths of all values of a preset, "lora:NAME" for its weights."""
    return {*preset.values, *(f"{LORA}{name}" for name in preset.lora_weights)}
