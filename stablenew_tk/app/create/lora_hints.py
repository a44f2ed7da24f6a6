"""Hints about the LoRAs of a prompt: trigger phrases, recommended weight, recommended checkpoint."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from ...domain.models.profile import TIERS
from ...domain.models.recommendations import ModelSettings
from ...domain.prompts.pack import with_lora_weight
from ..controller import Controller

_TAG = re.compile(r"<lora:([^:<>]{1,200})(?::([^:<>]{0,40}))?[^<>]{0,200}>")


class LoraHint(Struct, frozen=True):
    """One thing that could be done about a LoRA of the prompt: phrases to insert, a weight, or a checkpoint to use."""

    name: str
    source: str
    phrases: tuple[str, ...] = ()
    weight: float | None = None
    weight_now: str = ""
    checkpoint: str = ""

    @property
    def words(self) -> tuple[str, str]:
        """What it says, and what its button says."""
        if self.phrases:
            return (
                f"Its trigger {'phrase' if len(self.phrases) == 1 else 'phrases'}: {', '.join(self.phrases)}",
                "Insert",
            )
        if self.weight is not None:
            return f"Recommended weight {self.weight:g}, now {self.weight_now}", f"Take {self.weight:g}"
        return f"Goes well with {self.checkpoint}", "Use it"

    def applied(self, prompt: str) -> str:
        """The prompt with the phrases inserted or the weight changed; as it is for a checkpoint."""
        if self.phrases:
            return ", ".join([prompt.rstrip(" ,"), *self.phrases])
        return with_lora_weight(prompt, self.name, self.weight) if self.weight is not None else prompt


def lora_hints(controller: Controller, prompt: str, checkpoint: str) -> Iterator[LoraHint]:
    """What could be done about the LoRAs of a prompt; `checkpoint` is the one in force.

    Files that are not read yet say nothing: they are asked for, and ModelRead tells when that has changed.
    """
    for name, weight in dict(_TAG.findall(prompt)).items():
        entry = controller.models.find(name, "lora")
        known = controller.models.settings(entry.path) if entry is not None else None
        if known is not None:
            yield from _hints_about(name, weight, known, prompt)
            if partner := _partner(controller, known, checkpoint):
                yield LoraHint(name=name, source="a pairing in its profile", checkpoint=partner)


def _hints_about(name: str, weight: str, known: ModelSettings, prompt: str) -> Iterator[LoraHint]:
    text = _plain(prompt)
    missing = tuple(phrase for phrase in known.trigger_phrases if _plain(phrase) not in text)
    if missing:
        yield LoraHint(name=name, source=known.trigger_source, phrases=missing)
    best = next((one for one in known.weights if one.rating != "bad"), None)
    if best is not None and f"{best.weight:g}" != _number(weight):
        yield LoraHint(name=name, source=best.source, weight=best.weight, weight_now=_number(weight))


def _partner(controller: Controller, known: ModelSettings, checkpoint: str) -> str:
    """The checkpoint it goes best with, when the backend has it and another one is chosen."""
    found, profile = controller.capabilities, known.lora_profile
    if found is None or profile is None:
        return ""
    good = [one for one in profile.recommended_pairings if TIERS.index(one.rating) > TIERS.index("neutral")]
    names = [
        controller.models.styles.resolve_alias(one.model, found.checkpoints)
        for one in sorted(good, key=lambda one: -TIERS.index(one.rating))
    ]
    return "" if checkpoint in names else next((name for name in names if name is not None), "")


def _plain(text: str) -> str:
    return " ".join(_TAG.sub(" ", text).casefold().split())


def _number(weight: str) -> str:
    try:
        return f"{float(weight or 1):g}"
    except ValueError:
        return weight
