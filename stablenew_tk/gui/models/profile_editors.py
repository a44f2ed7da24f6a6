"""The editors of profiles: the one of a checkpoint, the one of a LoRA, and the frame both fill."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from ...app.models import wording as words
from ...domain.models.profile import LEARNED, TIERS, LoraProfile, ModelProfile, Tier
from ...domain.models.profile_draft import (
    LoraDraft,
    ModelDraft,
    PairingDraft,
    PresetDraft,
    WeightDraft,
    draft_of_lora,
    draft_of_model,
    new_preset,
)
from ...domain.models.recommendations import ModelSettings
from ...domain.models.style import NONE, StyleCatalogue
from ..forms.captioned import EditableList, captioned, field, grid
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.entries import Entry
from ..widgets.flow import pack_if
from ..widgets.popups import ChoiceField, MenuEntry
from ..widgets.row_list import ListRow, ScrollArea
from ..widgets.text_field import TextField

Profile = ModelProfile | LoraProfile
Draft = TypeVar("Draft", ModelDraft, LoraDraft)
Thing = TypeVar("Thing")
OVERTAKEN = "The file was changed meanwhile. Undo changes shows what it says now; Save writes over it."
# What nearly every WebUI has, for a profile that is written while none answers.
_SAMPLERS = ("Euler a", "Euler", "DPM++ 2M", "DPM++ 2M SDE", "DPM++ 3M SDE", "DPM++ SDE", "UniPC", "DDIM", "LCM")
_SCHEDULERS = ("Automatic", "Karras", "Exponential", "SGM Uniform", "Simple", "Normal", "Beta")
_UNSAID = MenuEntry("", "(not said)")
_TIERS = tuple(MenuEntry(tier, words.TIER_WORDS[tier]) for tier in reversed(TIERS))


class ProfileEditorActions(Struct, frozen=True):
    """What an editor asks of the page: `save(profile)` writes it, `leave()` closes the editor."""

    save: Callable[[Profile], object]
    leave: Callable[[], object]


class ProfileEditor(Box, Generic[Draft]):
    """A frame with a heading, a column of fields that scrolls (`body`), and buttons.

    Subclasses fill the column and keep it and `draft` in line; `draft_of` makes a draft of what files say.
    """

    def __init__(
        self, parent: tk.Misc, actions: ProfileEditorActions, draft_of: Callable[[str, ModelSettings], Draft]
    ) -> None:
        super().__init__(parent, "surface")
        self._actions = actions
        self._draft_of: Callable[[str, ModelSettings], Draft] = draft_of
        self._name, self._settings = "", ModelSettings()
        self._own_plans: frozenset[str] = frozenset()
        self.draft: Draft = draft_of("", self._settings)
        self._first: Draft = self.draft
        self.problem = ""
        self.is_saving = False
        head = Box(self)
        head.pack(fill="x", padx=theme.px(theme.PAD), pady=(theme.px(14), theme.px(8)))
        self.title = Label(head, size=15, bold=True, wrap=True)
        self.title.pack(fill="x")
        self._where = Label(head, size=12, ink="text3", wrap=True)
        self._where.pack(fill="x", pady=(theme.px(2), 0))
        Separator(self).pack(fill="x")
        self.area = ScrollArea(self, "surface")
        self.body = Box(self.area.body)
        self.body.pack(fill="x", padx=(theme.px(theme.PAD - theme.RING), theme.px(theme.PAD)), pady=theme.px(8))
        # Made last, so that Tab comes to the buttons last.
        self._build_foot()
        self.area.pack(fill="both", expand=True)

    def begin(self, name: str, file: str, settings: ModelSettings, own_plans: frozenset[str]) -> None:
        """Start with what `settings` say of the model `name`; `file` is where its profile will be written. Of what was
        learned, the journal knows `own_plans`.
        """
        self._name, self._settings, self._own_plans = name, settings, own_plans
        self.draft = self._first = self._draft_of(name, settings)
        self.title.show(f"Profile of {name}")
        self._where.show(f"Saved as {file}. The files of other tools stay as they are.")
        self.is_saving = False
        self.tell("")
        self.area.scroll_to(0)

    def profile(self) -> Profile:
        """The profile as typed. Raises InvalidInput while there is a problem."""
        return self.draft.profile()

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to save."""
        return self.draft != self._first

    def revert(self) -> None:
        """Go back to what the profile says on disk."""
        self.draft = self._first
        self._show_draft()

    def changed_outside(self, settings: ModelSettings) -> None:
        """The files beside the model say something else now: show that, or keep what was typed and say so."""
        fresh, was_changed, self._settings = self._draft_of(self._name, settings), self.is_changed, settings
        if fresh == self._first:
            return
        self._first = fresh
        if was_changed:
            self._judge()
            self.tell(OVERTAKEN, bad=True)
        else:
            self.revert()

    def _show_draft(self) -> None:
        """Fill the fields from the draft and judge it."""
        raise NotImplementedError

    def _judge(self) -> None:
        """Show the draft's problems and its lists."""
        raise NotImplementedError

    def section(self, text: str) -> None:
        """A bold caption in the column."""
        Label(self.body, text, bold=True).pack(anchor="w", padx=theme.px(theme.RING), pady=(theme.px(8), theme.px(4)))

    def tell(self, sentence: str, *, bad: bool = False) -> None:
        """A line above the buttons; "" takes it away."""
        self.message.show(sentence, "danger" if bad else "text2")
        place = {"padx": theme.px(theme.PAD), "pady": (theme.px(8), 0), "before": self._buttons}
        pack_if(sentence, self.message, fill="x", **place)

    def _conclude(self, problem: str) -> None:
        """Say whether it can be saved: `problem` is the first thing that is wrong."""
        self.problem = problem
        why = problem or ("" if self.is_changed else "Nothing was changed yet.")
        if self.is_changed or problem:
            self.tell(problem, bad=bool(problem))
        self.save.enable(not why and not self.is_saving, why)
        self.undo.enable(self.is_changed and not self.is_saving, "Nothing was changed yet.")

    def saving(self, on: bool) -> None:
        """Busy while the profile is on its way to the disk."""
        self.is_saving = on
        self.save.busy(on)
        self.undo.enable(not on and self.is_changed)

    def _build_foot(self) -> None:
        foot = Box(self)
        foot.pack(side="bottom", fill="x")
        Separator(foot).pack(fill="x")
        self.message = Label(foot, size=12, ink="text2", wrap=True)
        self._buttons = Box(foot)
        self._buttons.pack(fill="x", padx=theme.px(10), pady=theme.px(8))
        save = self._save
        self.save = Button(self._buttons, "Save profile", save, kind="main", height=theme.ACTION, busy_text="Saving…")
        self.save.pack(side="left")
        self.undo = Button(self._buttons, "Undo changes", self.revert, height=theme.ACTION)
        self.undo.pack(side="left")
        self.cancel = Button(self._buttons, "Cancel", self._actions.leave, kind="quiet", height=theme.ACTION)
        self.cancel.pack(side="left")

    def _save(self) -> None:
        profile = self.profile()
        self.saving(True)
        self._actions.save(profile)


class CheckpointEditor(ProfileEditor[ModelDraft]):
    """The profile of a checkpoint: its presets, the refiner and upscaler that suit it, hires denoise, style."""

    def __init__(self, parent: tk.Misc, actions: ProfileEditorActions, styles: StyleCatalogue) -> None:
        super().__init__(parent, actions, draft_of_model)
        self.at = -1
        self._build_defaults(styles)
        self._build_presets()

    def open(
        self,
        name: str,
        file: str,
        settings: ModelSettings,
        offered: Mapping[str, Sequence[str]],
        own_plans: frozenset[str] = frozenset(),
    ) -> None:
        """Edit the profile of a checkpoint; `offered` are the backend's names of "samplers" and "schedulers"."""
        self.begin(name, file, settings, own_plans)
        for choice, kind, usual in ((self.sampler, "samplers", _SAMPLERS), (self.scheduler, "schedulers", _SCHEDULERS)):
            names = tuple(dict.fromkeys((*offered.get(kind, ()), *usual)))
            choice.set_entries((_UNSAID, *(MenuEntry(one, one) for one in names)))
        self._choose(0)

    # ---- building

    def _build_defaults(self, styles: StyleCatalogue) -> None:
        self.section("Defaults")
        box = grid(self.body, 2)
        box.pack(fill="x")
        kinds = {"refiner": [_UNSAID, MenuEntry(NONE, "None")], "upscaler": [_UNSAID, MenuEntry(NONE, "None")]}
        for alias in styles.aliases.values():
            kinds[alias.kind].append(MenuEntry(alias.id, alias.label, words.family(alias.family)))
        named = [MenuEntry(one.style_profile_id, one.label) for one in styles.styles.values()]
        self.style = _menu(box, "Style", (_UNSAID, *named), self._edited, place=(0, 0))
        self.denoise = field(box, "Hires denoise", self._edited, place=(0, 1))
        self.refiner = _menu(box, "Refiner", kinds["refiner"], self._edited, place=(1, 0))
        self.upscaler = _menu(box, "Hires upscaler", kinds["upscaler"], self._edited, place=(1, 1))

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
        self._fields = grid(self.body, 12)
        box = self._fields
        self.label = field(box, "Name", self._edited, place=(0, 0), span=6)
        self.tier = _menu(box, "Quality", _TIERS, self._edited, place=(0, 6), span=6)
        self.sampler = _menu(box, "Sampler", (), self._edited, place=(1, 0), span=6)
        self.scheduler = _menu(box, "Scheduler", (), self._edited, place=(1, 6), span=6)
        self.steps = field(box, "Steps", self._edited, place=(2, 0), span=3)
        self.cfg = field(box, "CFG scale", self._edited, place=(2, 3), span=3)
        self.picture_size = field(box, "Size, px", self._edited, place=(2, 6), span=6)
        caption = "LoRAs it adds, with weight: harbour 0.6, rain 0.4"
        self.loras = field(box, caption, self._edited, place=(3, 0), span=12)
        self.id = field(box, "Id, by which pairings call it", self._edited, place=(4, 0), span=6)
        self.stands_on = Label(box, size=11, ink="text3", wrap=True)
        self.stands_on.grid(row=4, column=6, columnspan=6, sticky="ew")

    # ---- between fields and draft

    def _choose(self, at: int) -> None:
        self.at = at
        self._show_draft()

    def _show_draft(self) -> None:
        draft = self.draft
        self.at = self.at if 0 <= self.at < len(draft.presets) else len(draft.presets) - 1
        for choice, value in (
            (self.style, draft.style),
            (self.refiner, draft.refiner),
            (self.upscaler, draft.upscaler),
        ):
            choice.set(value)
        _put(self.denoise, draft.denoise)
        if self.at >= 0:
            self._fill_preset(draft.presets[self.at])
        pack_if(self.at >= 0, self._fields, fill="x")
        self._judge()

    def _fill_preset(self, one: PresetDraft) -> None:
        for entry, text in (
            (self.label, one.label),
            (self.steps, one.steps),
            (self.cfg, one.cfg),
            (self.picture_size, one.size),
            (self.loras, one.loras),
            (self.id, one.id),
        ):
            _put(entry, text)
        for choice, value in (
            (self.tier, str(one.rating)),
            (self.sampler, one.sampler),
            (self.scheduler, one.scheduler),
        ):
            choice.set(value)
        told = words.evidence(one.kept, self._own_plans)
        changed = " Changing it makes it yours." if one.kept.source == LEARNED else ""
        self.stands_on.show(f"{told[:1].upper()}{told[1:]}.{changed}" if told else "")

    def _edited(self, _text: str) -> None:
        presets = list(self.draft.presets)
        if self.at >= 0:
            presets[self.at] = replace(
                presets[self.at],
                label=self.label.get(),
                rating=_tier_of(self.tier),
                sampler=self.sampler.value,
                scheduler=self.scheduler.value,
                steps=self.steps.get(),
                cfg=self.cfg.get(),
                size=self.picture_size.get(),
                loras=self.loras.get(),
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
        fields = {"id": self.id, "steps": self.steps, "cfg": self.cfg, "size": self.picture_size, "loras": self.loras}
        for name, entry in fields.items():
            entry.error(problems.get((self.at, name), ""))
        self.denoise.error(problems.get((-1, "denoise"), ""))
        broken = {at for at, _ in problems}
        rows = [_row(one, at in broken, self._own_plans) for at, one in enumerate(self.draft.presets)]
        self.presets.show(rows, self.at)
        place, sentence = next(iter(problems.items()), ((-1, ""), ""))
        whose = f"{self.draft.presets[place[0]].title}: " if sentence and place[0] >= 0 else ""
        self._conclude(f"{whose}{sentence}")

    def _add(self) -> None:
        self.draft = replace(self.draft, presets=(*self.draft.presets, new_preset(self.draft, self._settings)))
        self._choose(len(self.draft.presets) - 1)
        self.label.focus_set()
        self.label.field.select_range(0, "end")

    def _remove(self) -> None:
        if self.at >= 0:
            self.draft = replace(self.draft, presets=_without(self.draft.presets, self.at))
            self._choose(self.at)


class LoraEditor(ProfileEditor[LoraDraft]):
    """The profile of a LoRA: trigger phrases, weights with their quality, and checkpoints it goes with."""

    def __init__(self, parent: tk.Misc, actions: ProfileEditorActions) -> None:
        super().__init__(parent, actions, draft_of_lora)
        self.weight_at = self.pairing_at = -1
        self.section("Trigger phrases, one per line")
        self.phrases = TextField(self.body, least=3, on_edit=self._phrases_edited)
        self.phrases.pack(fill="x")
        self._build_weights()
        self._build_pairings()

    def open(self, name: str, file: str, settings: ModelSettings, own_plans: frozenset[str] = frozenset()) -> None:
        """Edit the profile of a LoRA."""
        self.begin(name, file, settings, own_plans)
        self._choose(0, 0)

    # ---- building

    def _build_weights(self) -> None:
        self.section("Weights, the best one counts")
        self.weights = EditableList(
            self.body,
            add="Add weight",
            remove="Remove",
            empty="No weights yet.",
            chosen=lambda at: self._choose(at, self.pairing_at),
            added=self._add_weight,
            removed=self._remove_weight,
        )
        self.weights.pack(fill="x")
        self._weight_fields = grid(self.body, 3)
        self.weight = field(self._weight_fields, "Weight", self._edited, place=(0, 0))
        self.weight_label = field(self._weight_fields, "Name", self._edited, place=(0, 1))
        self.weight_tier = _menu(self._weight_fields, "Quality", _TIERS, self._edited, place=(0, 2))
        self.stands_on = Label(self._weight_fields, size=11, ink="text3", wrap=True)
        self.stands_on.grid(row=1, column=0, columnspan=3, sticky="ew", padx=theme.px(theme.RING))

    def _build_pairings(self) -> None:
        self._pairing_head = Label(self.body, "Goes with", bold=True)
        self._pairing_head.pack(anchor="w", padx=theme.px(theme.RING), pady=(theme.px(8), theme.px(4)))
        self.pairings = EditableList(
            self.body,
            add="Add checkpoint",
            remove="Remove",
            empty="No checkpoints named yet.",
            chosen=lambda at: self._choose(self.weight_at, at),
            added=self._add_pairing,
            removed=self._remove_pairing,
            rows=2,
        )
        self.pairings.pack(fill="x")
        self._pairing_fields = grid(self.body, 3)
        self.model = field(self._pairing_fields, "Checkpoint", self._edited, place=(0, 0))
        self.preset_id = field(self._pairing_fields, "Its preset, by id", self._edited, place=(0, 1))
        self.pairing_tier = _menu(self._pairing_fields, "Quality", _TIERS, self._edited, place=(0, 2))

    # ---- between fields and draft

    def _choose(self, weight_at: int, pairing_at: int) -> None:
        self.weight_at, self.pairing_at = weight_at, pairing_at
        self._show_draft()

    def _show_draft(self) -> None:
        draft = self.draft
        self.weight_at = min(max(self.weight_at, 0), len(draft.weights) - 1)
        self.pairing_at = min(max(self.pairing_at, 0), len(draft.pairings) - 1)
        self.phrases.set(draft.phrases)
        if self.weight_at >= 0:
            one = draft.weights[self.weight_at]
            _put(self.weight, one.weight)
            _put(self.weight_label, one.label)
            self.weight_tier.set(one.rating)
            told = words.evidence(one.kept, self._own_plans)
            self.stands_on.show(f"{told[:1].upper()}{told[1:]}." if told else "")
        if self.pairing_at >= 0:
            pair = draft.pairings[self.pairing_at]
            _put(self.model, pair.model)
            _put(self.preset_id, pair.preset_id)
            self.pairing_tier.set(pair.rating)
        pack_if(self.weight_at >= 0, self._weight_fields, fill="x", before=self._pairing_head)
        pack_if(self.pairing_at >= 0, self._pairing_fields, fill="x")
        self._judge()

    def _phrases_edited(self, text: str) -> None:
        self.draft = replace(self.draft, phrases=text)
        self._judge()

    def _edited(self, _text: str) -> None:
        weights, pairings = list(self.draft.weights), list(self.draft.pairings)
        if self.weight_at >= 0:
            weights[self.weight_at] = replace(
                weights[self.weight_at],
                weight=self.weight.get(),
                label=self.weight_label.get(),
                rating=_tier_of(self.weight_tier),
            )
        if self.pairing_at >= 0:
            pairings[self.pairing_at] = PairingDraft(
                model=self.model.get(), preset_id=self.preset_id.get(), rating=_tier_of(self.pairing_tier)
            )
        self.draft = replace(self.draft, weights=tuple(weights), pairings=tuple(pairings))
        self._judge()

    def _judge(self) -> None:
        draft, problems = self.draft, self.draft.problems()
        count = len(draft.weights)
        self.weight.error(problems.get((self.weight_at, "weight"), ""))
        self.model.error(problems.get((count + self.pairing_at, "model"), ""))
        broken = {at for at, _ in problems}
        own = self._own_plans
        self.weights.show([_row(one, at in broken, own) for at, one in enumerate(draft.weights)], self.weight_at)
        pairings = [_row(one, count + at in broken, own) for at, one in enumerate(draft.pairings)]
        self.pairings.show(pairings, self.pairing_at)
        self._conclude(next(iter(problems.values()), ""))

    # ---- adding and removing

    def _add_weight(self) -> None:
        self.draft = replace(self.draft, weights=(*self.draft.weights, WeightDraft(weight="1")))
        self._choose(len(self.draft.weights) - 1, self.pairing_at)
        self.weight.focus_set()
        self.weight.field.select_range(0, "end")

    def _remove_weight(self) -> None:
        if self.weight_at >= 0:
            self.draft = replace(self.draft, weights=_without(self.draft.weights, self.weight_at))
            self._choose(self.weight_at, self.pairing_at)

    def _add_pairing(self) -> None:
        self.draft = replace(self.draft, pairings=(*self.draft.pairings, PairingDraft()))
        self._choose(self.weight_at, len(self.draft.pairings) - 1)
        self.model.focus_set()

    def _remove_pairing(self) -> None:
        if self.pairing_at >= 0:
            self.draft = replace(self.draft, pairings=_without(self.draft.pairings, self.pairing_at))
            self._choose(self.weight_at, self.pairing_at)


def _row(one: PresetDraft | WeightDraft | PairingDraft, broken: bool, own_plans: frozenset[str]) -> ListRow:
    quality = "" if broken else words.TIER_WORDS[one.rating]
    if isinstance(one, PairingDraft):
        return ListRow(one.title, right=quality, warn=broken)
    who = words.entry_mark(one.kept, own_plans)
    return ListRow(one.title, right=quality, warn=broken, mark=who.icon, mark_ink=who.ink)


def _without(things: tuple[Thing, ...], at: int) -> tuple[Thing, ...]:
    return (*things[:at], *things[at + 1 :])


def _tier_of(choice: ChoiceField) -> Tier:
    return next((tier for tier in TIERS if tier == choice.value), "neutral")


def _menu(
    parent: tk.Misc,
    text: str,
    entries: Sequence[MenuEntry],
    edited: Callable[[str], object],
    *,
    place: tuple[int, int],
    **more: int,
) -> ChoiceField:
    """A captioned choice."""
    choice = ChoiceField(captioned(parent, text, place=place, **more), entries, edited, width=60)
    choice.pack(fill="x")
    return choice


def _put(entry: Entry, text: str) -> None:
    """Setting a text takes its error away and moves the cursor, so only a new text is set."""
    if entry.get() != text:
        entry.set(text)
