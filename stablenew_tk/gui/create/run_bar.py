"""The bottom of the Create page: the Run button, the preset in force, and why a run cannot start."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...app.controller import Controller
from ...app.create.form_values import preset_in_force
from ...app.create.preset_text import evidence_words, preset_words
from ...domain.base import wording
from ...domain.base.colour_roles import Role
from ...domain.journal.estimate import about
from ...domain.runs.job import RunRequest
from ...domain.runs.plan import Preset
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator, ShortLabel
from ..widgets.controls import Check
from ..widgets.flow import pack_if
from ..widgets.popups import ChoiceField, MenuEntry
from ..widgets.tooltips import tip

_NO_PRESET = "No preset"


class RunBar(Box):
    """What is chosen about the run itself, and the button that starts it.

    `run()` starts it, `changed()` tells that the record switch was turned, `unfold()` shows the preview,
    `forget_last_run()` lets the preset decide where the last run has another value.
    """

    def __init__(
        self,
        parent: tk.Misc,
        controller: Controller,
        *,
        run: Callable[[], object],
        changed: Callable[[], object],
        choose_preset: Callable[[Preset | None], None],
        forget_last_run: Callable[[], object],
        unfold: Callable[[], object],
    ) -> None:
        super().__init__(parent, "surface")
        bar = Box(self, "surface", height=theme.px(theme.ACTION_BAR))
        bar.pack_propagate(False)
        bar.pack(side="bottom", fill="x")
        # A line of its own: beside the button there is too little room for a sentence.
        self.message = Label(self, "", size=12, ink="danger", wrap=True)
        self._rule = Separator(self)
        self._rule.pack(side="bottom", fill="x")
        self._overruled = Box(self, "surface")
        self.forget_button = Button(self._overruled, "Forget what the last run had", forget_last_run, kind="link")
        self.forget_button.pack(side="right")
        self._overruled_words = ShortLabel(self._overruled, size=12, ink="warn")
        self._overruled_words.pack(side="left", fill="x", expand=True)
        self.record = Check(bar, "Record this run", lambda _on: changed(), on=True)
        self.presets = PresetMenu(bar, controller, chosen=choose_preset)
        self.button = Button(bar, "Run", run, kind="main", height=theme.MAIN)
        # Where there is little room, the menu gets narrower, never the button that says what will be made.
        self.button.pack(side="right", padx=theme.px(12))
        self.record.pack(side="left", padx=theme.px(12))
        self.presets.pack(side="left")
        self._unfold = Button(bar, "Preview", unfold, kind="outline", height=theme.ACTION)
        tip(self._unfold, "What is being made, and the latest pictures (I)")

    def offer_preview(self, on: bool) -> None:
        """Show the button that unfolds the preview, or hide it."""
        if on:
            self._unfold.pack(side="right", after=self.button)
        else:
            self._unfold.pack_forget()

    def overruled(self, sentence: str) -> None:
        """Say above the bar what the last run decides in place of the preset; "" takes the line away."""
        self._overruled_words.show(sentence)
        tip(self._overruled_words, sentence)
        pack_if(sentence, self._overruled, side="bottom", fill="x", padx=theme.px(16), after=self._rule)

    def tell(self, words: str, ink: Role) -> None:
        """Say this above the bar; "" takes the line away."""
        self.message.show(words, ink)
        if words and not self.message.winfo_manager():
            self.message.pack(side="bottom", fill="x", padx=theme.px(16), pady=(theme.px(8), 0), before=self._rule)
        elif not words:
            self.message.pack_forget()

    def refuse(self, why: str) -> None:
        """Nothing can be run now."""
        self.button.set_text("Run")
        self.button.enable(False, why)

    def show(self, request: RunRequest, seconds: float | None) -> None:
        """Say what a click will make and how long it will take (None = not known)."""
        jobs = len(request.variants) * request.seeds_per_prompt
        images = wording.counted(jobs * request.config.txt2img.batch_size, "image")
        note = f"· {images}" + (f" · {about(seconds)}" if seconds is not None else "")
        self.button.set_text(f"Run {wording.counted(jobs, 'job')}", note)
        self.button.enable(True)


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
        in_force = preset_in_force(self._controller)
        self.choice.set(in_force.preset_id if in_force is not None else "")
        tip(self.choice, preset_words(in_force, len(presets)))

    def _picked(self, preset_id: str) -> None:
        preset = self._presets.get(preset_id)
        tip(self.choice, preset_words(preset, len(self._presets)))
        self._chosen(preset)


def _shortened(words: str) -> str:
    return theme.elide(words, theme.font(12), theme.px(170))
