"""The menu of presets: what Learning Runs have taught, each with a word about what it stands on."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...app.controller import Controller
from ...domain.base import wording
from ...domain.insights.verdict_text import percent
from ...domain.runs.plan import Preset, PresetEvidence
from ..widgets import theme
from ..widgets.basics import Box
from ..widgets.popups import ChoiceField, MenuEntry
from ..widgets.tooltips import tip

_NO_PRESET = "No preset"
_STATES = {"settled": "settled", "best": "best", "no_difference": "no difference"}


def evidence_words(evidence: PresetEvidence) -> str:
    """What a preset stands on, short enough for a menu: "settled 94 %, 24 rated"."""
    rated = f"{evidence.rated} rated" if evidence.rated else ""
    state = _STATES.get(evidence.state, "")
    proof = f"{state} {percent(evidence.probability)}" if state else ""
    return ", ".join(part for part in ("by hand" if evidence.by_hand else proof, rated) if part)


class PresetMenu(Box):
    """All presets and "No preset"; shows the one in force.

    `chosen(preset)` follows the user's choice, None = no preset; nothing else changes. Call `refresh` when presets or
    the setting changed.
    """

    def __init__(
        self, parent: tk.Misc, controller: Controller, *, chosen: Callable[[Preset | None], None], width: int = 176
    ) -> None:
        super().__init__(parent)
        self._controller, self._chosen = controller, chosen
        self._presets: dict[str, Preset] = {}
        self.choice = ChoiceField(self, (MenuEntry("", _NO_PRESET),), self._picked, width=width)
        self.choice.pack(fill="x")
        self.refresh()

    def refresh(self) -> None:
        """Show what there is and what is in force now."""
        history = self._controller.history
        presets = history.plans.presets() if history is not None else ()
        self._presets = {preset.preset_id: preset for preset in presets}
        entries = [
            MenuEntry(preset.preset_id, preset.name, note=_shortened(evidence_words(preset.evidence)))
            for preset in presets
        ]
        self.choice.set_entries([MenuEntry("", _NO_PRESET), *entries])
        in_force = self._presets.get(self._controller.settings.preset)
        self.choice.set(in_force.preset_id if in_force is not None else "")
        self._explain(in_force)

    def _picked(self, preset_id: str) -> None:
        preset = self._presets.get(preset_id)
        self._explain(preset)
        self._chosen(preset)

    def _explain(self, preset: Preset | None) -> None:
        if preset is not None:
            told = " ".join(part for part in (f"{preset.name}.", preset.evidence.sentence, _scope(preset)) if part)
        elif self._presets:
            told = f"Values that Learning Runs have settled: {wording.counted(len(self._presets), 'preset')}."
        else:
            told = "Values that a Learning Run has settled. Make one in Insights."
        tip(self.choice, told)


def _scope(preset: Preset) -> str:
    learned = " and ".join(part for part in (preset.pack_id, preset.checkpoint) if part)
    return f"Learned for {learned}." if learned else ""


def _shortened(words: str) -> str:
    return theme.elide(words, theme.font(12), theme.px(170))
