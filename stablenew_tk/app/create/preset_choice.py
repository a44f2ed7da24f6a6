"""`PresetChoice`: what the user does with presets in Create: choose, answer the question outside a scope, take away."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from ...domain.base.errors import InvalidInput
from ...domain.models.preset_scope import question
from ...domain.models.value_sources import PresetInForce
from ...domain.runs.preset import Preset
from ..controller import Controller
from ..presets import (
    PresetOffer,
    left_out_words,
    named_by,
    preset_offers,
    used_outside_words,
)
from .form_values import FormValues


class PresetLine(Struct, frozen=True):
    """A line about a preset that does not simply count, and its buttons: words, and whether to use the preset here."""

    sentence: str
    answers: tuple[tuple[str, bool], ...]
    about: PresetInForce


class PresetChoice:
    """Presets of the form. Main thread only; what is chosen stands in the settings. Call `refresh` of the form's values
    after every action.
    """

    def __init__(self, controller: Controller, values: FormValues) -> None:
        self._controller, self._values = controller, values
        self._asked: tuple[Preset, PresetInForce, str] | None = None
        self._offers: tuple[object, list[PresetOffer]] = None, []

    def offers(self) -> list[PresetOffer]:
        """All presets as they stand for what the form is about, newest first."""
        # Asked for at every key that is typed, while what decides about scopes seldom changes.
        sources, history = self._values.sources, self._controller.history
        ids = [preset.event_id for preset in history.plans.presets()] if history is not None else []
        known = ids, sources.situation, sources.agreed, self._controller.settings.presets
        if known != self._offers[0]:
            self._offers = known, preset_offers(self._controller, sources)
        return self._offers[1]

    def pick(self, preset: Preset | None) -> None:
        """Put a preset in force; one that counts here already is taken away, None takes all away. Outside its scope
        `line` asks first.
        """
        self._asked = None
        if preset is None:
            self._values.drop_presets(self._controller.settings.presets)
            return
        standing = next(offer.standing for offer in self.offers() if offer.preset.preset_id == preset.preset_id)
        if preset.preset_id in self._controller.settings.presets and standing.applied:
            self._values.drop_presets((preset.preset_id,))
        elif standing.applied:
            self._values.choose_preset(preset)
        else:
            self._asked = preset, standing, self._values.sources.situation.context

    def rename(self, preset_id: str, name: str) -> str:
        """Give a preset another name; returns what is wrong with it, "" for nothing."""
        presets = {offer.preset.preset_id: offer.preset for offer in self.offers()}
        if any(one.name.casefold() == name.casefold() for key, one in presets.items() if key != preset_id):
            return f"There is a preset “{name}” already."
        try:
            self._controller.learning.keep_preset(replace(presets[preset_id], name=name))
        except InvalidInput as wrong:
            return str(wrong)
        return ""

    def delete(self, preset_id: str) -> None:
        """Take a preset away, also out of force; one undo brings it back."""
        self._values.drop_presets((preset_id,))
        self._controller.known.remove_preset(preset_id)

    @property
    def line(self) -> PresetLine | None:
        """What is to be asked or said: the open question, else a preset in force that is left out here, else one that
        is used outside its scope.
        """
        sources = self._values.sources
        if self._asked is not None and self._asked[2] == sources.situation.context:
            words = question(self._asked[0].name, self._asked[1].preset.scope, sources.situation)
            return PresetLine(words, (("Yes, use it here", True), ("No", False)), self._asked[1])
        self._asked = None
        standing = sources.presets_in_force
        given = {path for one in standing if one.applied for path in named_by(one.preset)}
        left_out = [one for one in standing if not one.applied and not given >= named_by(one.preset)]
        if left_out:
            more = len(left_out) - 1
            others = f" {more} more {'is' if more == 1 else 'are'} left out, too." if more else ""
            return PresetLine(f"{left_out_words(left_out[0])}{others}", (("Use it here, too", True),), left_out[0])
        used = next((one for one in standing if one.used_outside), None)
        return PresetLine(used_outside_words(used), (("No longer here", False),), used) if used is not None else None

    def answer(self, line: PresetLine, *, yes: bool) -> None:
        """The user's answer to a line. A yes holds for this pack with this checkpoint on this kind of engine."""
        asked, self._asked = self._asked, None
        if yes or asked is None:
            self._values.agree(line.about.preset, yes=yes)
        if yes and asked is not None:
            self._values.refresh()
            self._values.choose_preset(asked[0])
