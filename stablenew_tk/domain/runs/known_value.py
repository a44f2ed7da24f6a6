"""A learned value that the user has taken over, as written to the journal: the layer "What I know" is made of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ..config.catalogue import Value
from ..config.sweep import LORA_FILE, LORA_WEIGHT, lora_file
from ..config.user_settings import Settings
from ..models.lora_series import numbered
from ..models.preset_scope import Situation, compare
from .plan import LearningPlan
from .preset import LearnedValues, PresetEvidence


class KnownValue(LearnedValues, tag="known", frozen=True, kw_only=True):
    """One value of what is known for a pack with a checkpoint on a kind of engine, with the evidence for it.

    A later line with the same `known_id` replaces it. `path` is what was varied: a catalogue path, "lora:NAME", or
    "lora" for the file of a training; the value stands in `values` (with the switch that it needs) or `lora_weights`.
    `on` False: switched off, but still known. `forgot` is what the last runs had there until then, by context and path;
    undoing the line gives it back.
    """

    known_id: str
    path: str
    evidence: PresetEvidence = PresetEvidence()
    on: bool = True
    forgot: Mapping[str, Mapping[str, Value]] = {}

    @property
    def value(self) -> Value:
        """The value itself; of a LoRA file its name with its weight."""
        if self.path in self.values:
            return self.values[self.path]
        name, weight = next(iter(self.lora_weights.items()), ("", 0.0))
        return f"{name}:{weight:g}" if self.path == LORA_FILE else weight

    @property
    def subject(self) -> str:
        """What it is about: its path, and of a LoRA file the training, because there may be several."""
        return self.path if self.path != LORA_FILE else training_of(tuple(self.lora_weights))


def training_of(names: Sequence[str]) -> str:
    """What values of LoRA files are about: "lora" with the name that the files of one training share."""
    bases = [numbered(name).base.casefold() for name in names]
    return f"{LORA_FILE} {min(bases, key=len)}" if bases else LORA_FILE


def subject_of(plan: LearningPlan) -> str:
    """What the answer of a plan is about, as `KnownValue.subject` of it would tell."""
    if plan.focus_parameter != LORA_FILE:
        return plan.focus_parameter
    return training_of([name for value in plan.variant_values if (name := lora_file(value)[0])])


def subjects_of(plan: LearningPlan) -> tuple[str, ...]:
    """What the answer of a plan is about, of two settings both. The weight of a tested LoRA file belongs to it."""
    second = plan.second_parameter
    return (subject_of(plan), second) if second not in ("", LORA_WEIGHT) else (subject_of(plan),)


def what_goes_before(known: KnownValue, settings: Settings) -> dict[str, dict[str, Value]]:
    """What the last runs have where a known value holds, by context; "" = the values of the form.

    They would go before it, although it was taken over later and on purpose.
    """
    found: dict[str, dict[str, Value]] = {}
    for context, run in (("", settings.values), *settings.last_runs.items()):
        had = {path: run[path] for path in known.values if path in run}
        if had and (not context or compare(known.scope, _there(known, context)).inside):
            found[context] = had
    return found


def _there(known: KnownValue, context: str) -> Situation:
    """The situation of a remembered run, of which only pack and checkpoint are known."""
    pack_id, _, checkpoint = context.partition("\n")
    scope = known.scope
    return Situation(
        pack_id=pack_id,
        prompt_ids=scope.prompt_ids,
        checkpoint=checkpoint,
        engine=scope.engine,
        family=scope.family,
        workflow=scope.workflow,
    )


def settings_after(settings: Settings, known: KnownValue, *, holds: bool) -> Settings:
    """The settings once a known value was taken over: without what went before it. With `holds` False, once that was
    undone: what it had taken away is there again, unless something newer is.
    """
    values, runs = dict(settings.values), {context: dict(run) for context, run in settings.last_runs.items()}
    for context, had in known.forgot.items():
        run = runs.get(context) if context else values
        if run is None:
            continue
        for path, value in had.items():
            if holds and run.get(path) == value:
                del run[path]
            elif not holds:
                run.setdefault(path, value)
    return replace(settings, values=values, last_runs=runs)
