"""The profile of a LoRA in fields: trigger phrases, weights with their quality, and checkpoints it goes with."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from msgspec.structs import replace

from ...domain.models.profile import LEARNED, LoraProfile
from ...domain.models.profile_draft import LoraDraft, PairingDraft, WeightDraft, draft_of_lora
from ...domain.models.recommendations import ModelSettings
from ..forms.captioned import EditableList, field, grid
from ..widgets import theme
from ..widgets.basics import Label
from ..widgets.row_list import ListRow
from ..widgets.text_field import TextField
from . import wording as words
from .profile_form import OVERTAKEN, TIER_ENTRIES, EditorFrame, ProfileEditorActions, menu, put, tier_of


class LoraEditor(EditorFrame):
    """The fields. `open` fills them; every change is judged at once."""

    def __init__(self, parent: tk.Misc, doors: ProfileEditorActions) -> None:
        self.draft = self._first = LoraDraft()
        self.weight_at = self.pairing_at = -1
        self._name = ""
        super().__init__(parent, doors)
        self.section("Trigger phrases, one per line")
        self.phrases = TextField(self.body, least=3, on_edit=self._phrases_edited)
        self.phrases.pack(fill="x")
        self._build_weights()
        self._build_pairings()

    def open(self, name: str, file: str, settings: ModelSettings) -> None:
        """Edit the profile of a LoRA."""
        self._name = name
        self.draft = self._first = draft_of_lora(name, settings)
        self.head(name, file)
        self._choose(0, 0)

    def profile(self) -> LoraProfile:
        """The profile as typed."""
        return self.draft.profile()

    @property
    def is_changed(self) -> bool:
        """Whether anything differs from the beginning."""
        return self.draft != self._first

    def changed_outside(self, settings: ModelSettings) -> None:
        """Take the file as it is now for the beginning; what was typed stays."""
        fresh, was_changed = draft_of_lora(self._name, settings), self.is_changed
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
        self._choose(self.weight_at, self.pairing_at)

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
        self.weight_tier = menu(self._weight_fields, "Quality", TIER_ENTRIES, self._edited, place=(0, 2))
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
        self.pairing_tier = menu(self._pairing_fields, "Quality", TIER_ENTRIES, self._edited, place=(0, 2))

    # ---- between fields and draft

    def _choose(self, weight_at: int, pairing_at: int) -> None:
        draft = self.draft
        self.weight_at = min(max(weight_at, 0), len(draft.weights) - 1)
        self.pairing_at = min(max(pairing_at, 0), len(draft.pairings) - 1)
        self.phrases.set(draft.phrases)
        if self.weight_at >= 0:
            one = draft.weights[self.weight_at]
            put(self.weight, one.weight)
            put(self.weight_label, one.label)
            self.weight_tier.set(one.rating)
            told = words.evidence(one.kept)
            self.stands_on.show(f"{told[:1].upper()}{told[1:]}." if told else "")
            self._weight_fields.pack(fill="x", before=self._pairing_head)
        else:
            self._weight_fields.pack_forget()
        if self.pairing_at >= 0:
            pair = draft.pairings[self.pairing_at]
            put(self.model, pair.model)
            put(self.preset_id, pair.preset_id)
            self.pairing_tier.set(pair.rating)
            self._pairing_fields.pack(fill="x")
        else:
            self._pairing_fields.pack_forget()
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
                rating=tier_of(self.weight_tier),
            )
        if self.pairing_at >= 0:
            pairings[self.pairing_at] = PairingDraft(
                model=self.model.get(), preset_id=self.preset_id.get(), rating=tier_of(self.pairing_tier)
            )
        self.draft = replace(self.draft, weights=tuple(weights), pairings=tuple(pairings))
        self._judge()

    def _judge(self) -> None:
        draft, problems = self.draft, self.draft.problems()
        count = len(draft.weights)
        self.weight.error(problems.get((self.weight_at, "weight"), ""))
        self.model.error(problems.get((count + self.pairing_at, "model"), ""))
        broken = {at for at, _ in problems}
        self.weights.show([_weight_row(one, at in broken) for at, one in enumerate(draft.weights)], self.weight_at)
        self.pairings.show(_pairing_rows(draft.pairings, broken, count), self.pairing_at)
        self.judge(next(iter(problems.values()), ""))

    # ---- rows

    def _add_weight(self) -> None:
        self.draft = replace(self.draft, weights=(*self.draft.weights, WeightDraft(weight="1")))
        self._choose(len(self.draft.weights) - 1, self.pairing_at)
        self.weight.focus_set()
        self.weight.field.select_range(0, "end")

    def _remove_weight(self) -> None:
        if self.weight_at >= 0:
            kept = (*self.draft.weights[: self.weight_at], *self.draft.weights[self.weight_at + 1 :])
            self.draft = replace(self.draft, weights=kept)
            self._choose(self.weight_at, self.pairing_at)

    def _add_pairing(self) -> None:
        self.draft = replace(self.draft, pairings=(*self.draft.pairings, PairingDraft()))
        self._choose(self.weight_at, len(self.draft.pairings) - 1)
        self.model.focus_set()

    def _remove_pairing(self) -> None:
        if self.pairing_at >= 0:
            kept = (*self.draft.pairings[: self.pairing_at], *self.draft.pairings[self.pairing_at + 1 :])
            self.draft = replace(self.draft, pairings=kept)
            self._choose(self.weight_at, self.pairing_at)


def _weight_row(one: WeightDraft, broken: bool) -> ListRow:
    learned = one.kept.source == LEARNED
    return ListRow(
        one.title,
        right="" if broken else words.TIER_WORDS[one.rating],
        warn=broken,
        mark="star" if learned else "triangle",
        mark_ink="accent_text" if learned else "text2",
    )


def _pairing_rows(pairings: Sequence[PairingDraft], broken: set[int], first: int) -> list[ListRow]:
    return [
        ListRow(
            one.title, right="" if first + at in broken else words.TIER_WORDS[one.rating], warn=first + at in broken
        )
        for at, one in enumerate(pairings)
    ]
