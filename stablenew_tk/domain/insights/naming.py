"""Names of tested values in a sentence: 28 steps, CFG 7, Euler a, denoise 0.35; pairs: CFG 7 and 30 steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..config.catalogue import Value
from ..config.sweep import LORA_FILE, NO_LORA, Focus, is_wording
from ..runs.plan import LearningPlan
from ..runs.wordings import short_texts
from .pair_words import named_pair


def naming(subject: Focus, values: Sequence[Value] = ()) -> Callable[[Value], str]:
    """Return a function that names values of this parameter in a sentence: 28 steps, CFG 7, Euler a, denoise 0.35.

    Long wordings are named by what tells them from the other `values`.
    """
    text_of = short_texts(subject.path, values)
    short, _, note = subject.label.removesuffix(" scale").partition(" (")
    # A word with capitals inside is a name (CFG, LoRA, CodeFormer) and keeps the one it starts with.
    label = short[0].lower() + short[1:] if short.split()[0][1:].islower() else short
    unit = f" {subject.unit}" if subject.unit not in ("", "×") else subject.unit

    def name(value: Value) -> str:
        text = text_of(value)
        if is_wording(subject.path):
            return f"“{text}”" if value else f"nothing as {label}"
        if subject.kind == "str":
            return "no LoRA" if subject.path == LORA_FILE and value == NO_LORA else text
        if value == 0 and note.startswith("0 = same"):
            return f"the same {label}"
        if subject.unit == "steps":
            return f"{text} step" if value == 1 else f"{text} steps"
        return f"{label} {text}{unit}"

    return name


def plan_naming(plan: LearningPlan, *, short: bool = False) -> Callable[[Value], str]:
    """Return a function that names the tested values of a plan in a sentence, as `naming` does; pairs: CFG 7 and 30
    steps. `short`: pairs as they stand in a list of several.
    """
    subjects = plan.subjects
    lists = (plan.variant_values, plan.second_values)
    names = tuple(naming(subject, values) for subject, values in zip(subjects, lists, strict=False))
    if len(names) == 1:
        return names[0]

    def name(value: Value) -> str:
        first, second = plan.values_of(value)
        if second is None:
            return names[0](first)
        return named_pair(subjects[0], subjects[1], (names[0](first), names[1](second)), short=short)

    return name
