"""The profile of a checkpoint in fields: its presets, the refiner and upscaler that suit it, hires denoise, style."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from ...domain.models.profile import LEARNED, ModelProfile
from ...domain.models.profile_draft import ModelDraft, PresetDraft, draft_of_model, new_preset
from ...domain.models.recommendations import ModelSettings
from ...domain.models.style import NONE, StyleCatalogue
from ..forms.captioned import EditableList, field, grid
from ..widgets.basics import Label
from ..widgets.popups import MenuEntry
from ..widgets.row_list import ListRow
from . import wording as words
from .profile_form import OVERTAKEN, TIER_ENTRIES, EditorFrame, ProfileEditorActions, menu, put, tier_of

# What nearly every WebUI has, for a profile that is written while none answers.
_SAMPLERS = ("Euler a", "Euler", "DPM++ 2M", "DPM++ 2M SDE", "DPM++ 3M SDE", "DPM++ SDE", "UniPC", "DDIM", "LCM")
_SCHEDULERS = ("Automatic", "Karras", "Exponential", "SGM Uniform", "Simple", "Normal", "Beta")
_UNSAID = MenuEntry("", "(not said)")


class ModelEditor(EditorFrame):
    """The fields. `open` fills them; every change is judged at once."""

    def __init__(self, parent: tk.Misc, doors: ProfileEditorActions, styles: StyleCatalogue) -> None:
        self.draft = self._first = ModelDraft()
        self.at = -1
        self._name, self._settings = "", ModelSettings()
        super().__init__(parent, doors)
        self._build_defaults(styles)
        self._build_presets()

    def open(self, name: str, file: str, settings: ModelSettings, offered: Callable[[str], Sequence[str]]) -> None:
        """Edit the profile of a checkpoint; `offered` gives the backend's names."""
        self._name, self._settings = name, settings
        self.draft = self._first = draft_of_model(name, settings)
        self.head(name, file)
        for choice, path, usual in ((self.sampler, "samplers", _SAMPLERS), (self.scheduler, "schedulers", _SCHEDULERS)):
            names = tuple(dict.fromkeys((*offered(path), *usual)))
            choice.set_entries((_UNSAID, *(MenuEntry(one, one) for one in names)))
        self._choose(0)

    def profile(self) -> ModelProfile:
        """The profile as typed."""
        return self.draft.profile()

    @property
    def is_changed(self) -> bool:
        """Whether anything differs from the beginning."""
        return self.draft != self._first

    def changed_outside(self, settings: ModelSettings) -> None:
        """Take the file as it is now for the beginning; what was typed stays."""
        fresh, was_changed, self._settings = draft_of_model(self._name, settings), self.is_changed, settings
        if fresh == self._first:
            return
        self._first = fresh
        if was_changed:
            self._judge()
            self.tell(OVERTAKEN, bad=True)
        else:
            self.revert()

    def revert(self) -> None:
        """Begin again."""
        self.draft = self._first
        self._choose(min(self.at, len(self.draft.presets) - 1))

    # ---- building

    def _build_defaults(self, styles: StyleCatalogue) -> None:
        self.section("Defaults")
        box = grid(self.body, 2)
        box.pack(fill="x")
        kinds = {"refiner": [_UNSAID, MenuEntry(NONE, "None")], "upscaler": [_UNSAID, MenuEntry(NONE, "None")]}
        for alias in styles.aliases.values():
            kinds[alias.kind].append(MenuEntry(alias.id, alias.label, words.family(alias.family)))
        named = [MenuEntry(one.style_profile_id, one.label) for one in styles.styles.values()]
        self.style = menu(box, "Style", (_UNSAID, *named), self._edited, place=(0, 0))
        self.denoise = field(box, "Hires denoise", self._edited, place=(0, 1))
        self.refiner = menu(box, "Refiner", kinds["refiner"], self._edited, place=(1, 0))
        self.upscaler = menu(box, "Hires upscaler", kinds["upscaler"], self._edited, place=(1, 1))

    def _build_presets(self) -> None:
        self.section("Presets, the best one counts")
        self.presets = EditableList(
            self.body,
            add="Add preset",
            remove="Remove",
            empty="No presets yet.",
            chosen=self._choose,
            added=self._add,
            removed=self._remove,
        )
        self.presets.pack(fill="x")
        self._fields = grid(self.body, 6)
        box = self._fields
        self.label = field(box, "Name", self._edited, place=(0, 0), span=3)
        self.tier = menu(box, "Quality", TIER_ENTRIES, self._edited, place=(0, 3), span=3)
        self.sampler = menu(box, "Sampler", (), self._edited, place=(1, 0), span=3)
        self.scheduler = menu(box, "Scheduler", (), self._edited, place=(1, 3), span=3)
        self.steps = field(box, "Steps", self._edited, place=(2, 0), span=2)
        self.cfg = field(box, "CFG scale", self._edited, place=(2, 2), span=2)
        self.picture_size = field(box, "Size, px", self._edited, place=(2, 4), span=2)
        self.id = field(box, "Id, by which pairings call it", self._edited, place=(3, 0), span=3)
        self.stands_on = Label(box, size=11, ink="text3", wrap=True)
        self.stands_on.grid(row=3, column=3, columnspan=3, sticky="ew")

    # ---- between fields and draft

    def _choose(self, at: int) -> None:
        self.at = at if 0 <= at < len(self.draft.presets) else len(self.draft.presets) - 1
        self._fill()

    def _fill(self) -> None:
        """Show the draft."""
        draft = self.draft
        for choice, value in (
            (self.style, draft.style),
            (self.refiner, draft.refiner),
            (self.upscaler, draft.upscaler),
        ):
            choice.set(value)
        put(self.denoise, draft.denoise)
        if self.at >= 0:
            self._fill_preset(draft.presets[self.at])
            self._fields.pack(fill="x")
        else:
            self._fields.pack_forget()
        self._judge()

    def _fill_preset(self, one: PresetDraft) -> None:
        for entry, text in (
            (self.label, one.label),
            (self.steps, one.steps),
            (self.cfg, one.cfg),
            (self.picture_size, one.size),
            (self.id, one.id),
        ):
            put(entry, text)
        for choice, value in (
            (self.tier, str(one.rating)),
            (self.sampler, one.sampler),
            (self.scheduler, one.scheduler),
        ):
            choice.set(value)
        told = words.evidence(one.kept)
        changed = " Changing it makes it yours." if one.kept.source == LEARNED else ""
        self.stands_on.show(f"{told[:1].upper()}{told[1:]}.{changed}" if told else "")

    def _edited(self, _text: str) -> None:
        presets = list(self.draft.presets)
        if self.at >= 0:
            presets[self.at] = replace(
                presets[self.at],
                label=self.label.get(),
                rating=tier_of(self.tier),
                sampler=self.sampler.value,
                scheduler=self.scheduler.value,
                steps=self.steps.get(),
                cfg=self.cfg.get(),
                size=self.picture_size.get(),
                id=self.id.get(),
            )
        self.draft = replace(
            self.draft,
            presets=tuple(presets),
            style=self.style.value,
            denoise=self.denoise.get(),
            refiner=self.refiner.value,
            upscaler=self.upscaler.value,
        )
        self._judge()

    def _judge(self) -> None:
        problems = self.draft.problems()
        for name, entry in (("id", self.id), ("steps", self.steps), ("cfg", self.cfg), ("size", self.picture_size)):
            entry.error(problems.get((self.at, name), ""))
        self.denoise.error(problems.get((-1, "denoise"), ""))
        broken = {at for at, _ in problems}
        rows = [
            ListRow(
                one.title,
                right="" if at in broken else words.TIER_WORDS[one.rating],
                warn=at in broken,
                mark="star" if one.kept.source == LEARNED else "triangle",
                mark_ink="accent_text" if one.kept.source == LEARNED else "text2",
            )
            for at, one in enumerate(self.draft.presets)
        ]
        self.presets.show(rows, self.at)
        place, sentence = next(iter(problems.items()), ((-1, ""), ""))
        whose = f"{self.draft.presets[place[0]].title}: " if sentence and place[0] >= 0 else ""
        self.judge(f"{whose}{sentence}")

    def _add(self) -> None:
        self.draft = replace(self.draft, presets=(*self.draft.presets, new_preset(self.draft, self._settings)))
        self._choose(len(self.draft.presets) - 1)
        self.label.focus_set()
        self.label.field.select_range(0, "end")

    def _remove(self) -> None:
        if self.at >= 0:
            kept = (*self.draft.presets[: self.at], *self.draft.presets[self.at + 1 :])
            self.draft = replace(self.draft, presets=kept)
            self._choose(self.at)
