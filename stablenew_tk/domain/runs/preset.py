"""Values that Learning Runs have shown to be good, as written to the journal with what they rest on: presets."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from ..base.journal_line import Line
from ..config.catalogue import Value
from ..config.sweep import LORA
from ..models.preset_scope import PresetScope
from .plan import VerdictState


class PresetEvidence(Struct, frozen=True, kw_only=True):
    """The verdict that a preset was made from. `by_hand`: the user chose the value without such a verdict."""

    plan_id: str = ""
    state: VerdictState = "too_early"
    probability: float = 0.0
    sentence: str = ""
    rated: int = 0
    rows: int = 0
    by_hand: bool = False


class LearnedValues(Line, frozen=True, kw_only=True):
    """Values by catalogue path and weights by LoRA, and what they were learned for: `pack_id` to `workflow`, as in
    `PresetScope`. A LoRA in `lora_instead` is put into prompts that do not name it, in place of the LoRAs there.
    """

    values: Mapping[str, Value] = {}
    lora_weights: Mapping[str, float] = {}
    lora_instead: Mapping[str, tuple[str, ...]] = {}
    pack_id: str = ""
    prompt_ids: tuple[str, ...] = ()
    checkpoint: str = ""
    checkpoint_hash: str = ""
    engine: str = ""
    family: str = ""
    workflow: str = ""

    @property
    def scope(self) -> PresetScope:
        """What it was learned for, as its line tells it; `PlanBook.scope` also knows the engine of older lines."""
        where = (self.checkpoint_hash, self.engine, self.family, self.workflow)
        return PresetScope(self.pack_id, self.prompt_ids, self.checkpoint, *where)


class Preset(LearnedValues, tag="preset", frozen=True, kw_only=True):
    """Values to start from, by catalogue path. A later line with the same `preset_id` replaces an earlier one.

    Lines of older versions have only pack and checkpoint of its scope ("" = anything). `evidence` is that of the values
    it began with, `added` of those that came later: by path, "lora:NAME" for a weight.
    """

    preset_id: str
    name: str
    evidence: PresetEvidence = PresetEvidence()
    added: Mapping[str, PresetEvidence] = {}

    def evidence_of(self, path: str) -> PresetEvidence:
        """What one of its values rests on."""
        return self.added.get(path, self.evidence)

    def with_values_of(self, other: Preset) -> Preset:
        """A copy with the values of another preset of the same scope, in place of its own for the same paths."""
        came = (*other.values, *(f"{LORA}{name}" for name in other.lora_weights))
        return msgspec.structs.replace(
            self,
            values={**self.values, **other.values},
            lora_weights={**self.lora_weights, **other.lora_weights},
            lora_instead={**self.lora_instead, **other.lora_instead},
            added={**self.added, **{path: other.evidence_of(path) for path in came}},
        )
