"""Sentences about two settings that were varied together: a pair by name, which of the two matters."""

from __future__ import annotations

from collections.abc import Iterator

from ..config.sweep import LORA_FILE, LORA_WEIGHT, Focus
from .analysis import FactorInsight, PairInsight
from .verdict_text import percent

_MATTERS, _LEVEL, _TOGETHER, _LEANS = 0.9, 0.8, 0.8, 0.9


def named_pair(first: Focus, second: Focus, names: tuple[str, str], *, short: bool = False) -> str:
    """Two named values in a sentence: "CFG 7 and 30 steps", "Euler a with Karras", "rainy-000004 at weight 0.8".

    `short`, for lists of several pairs: "CFG 7 + 30 steps".
    """
    if (first.path, second.path) == (LORA_FILE, LORA_WEIGHT):
        return f"{names[0]} at {names[1].removeprefix('LoRA ')}"
    if short:
        return f"{names[0]} + {names[1]}"
    return f"{names[0]} {'with' if first.kind == second.kind == 'str' else 'and'} {names[1]}"


def label_of(subject: Focus) -> str:
    """A setting in a sentence: "steps", "CFG", "LoRA weight"."""
    short = subject.label.removesuffix(" scale").partition(" (")[0]
    return short[0].lower() + short[1:] if short.split()[0][1:].islower() else short


def unimportant(found: FactorInsight) -> bool:
    """Whether it may be said that a setting makes no difference that can be seen."""
    return found.p_level >= _LEVEL


def matters(found: PairInsight, subjects: tuple[Focus, Focus], leader: tuple[str, str]) -> str:
    """Which of the two matters: "Steps matter (97 %, up to 1.2 stars); CFG makes no difference …". `leader` has the
    names of the two values to take, "" where there is none.
    """
    words = [
        _factor(one, subject, beside)
        for one, subject, beside in zip(found.factors, subjects, reversed(leader), strict=True)
    ]
    both = "; ".join(words)
    return " ".join([f"{both[:1].upper()}{both[1:]}.", *_together(found, subjects)])


def _factor(found: FactorInsight, subject: Focus, beside: str) -> str:
    label = label_of(subject)
    plural = label.endswith("s")
    if found.p_level >= _LEVEL:
        where = f" beside {beside}" if beside else ""
        does = "make" if plural else "makes"
        return f"{label} {does} no difference you can see{where} ({percent(found.p_level)})"
    if found.p_matters >= _MATTERS:
        return f"{label} {'matter' if plural else 'matters'} ({percent(found.p_matters)}, {found.span:.1f} stars)"
    return f"whether {label} {'matter' if plural else 'matters'} is not clear yet ({percent(found.p_matters)})"


def _together(found: PairInsight, subjects: tuple[Focus, Focus]) -> Iterator[str]:
    if found.p_together < _TOGETHER:
        return
    words = f"The best value of one depends on the other ({percent(found.p_together)})"
    first, second = map(label_of, subjects)
    if found.leaning is not None and max(found.leaning, 1 - found.leaning) >= _LEANS:
        way = "lower" if found.leaning > 0.5 else "higher"
        words += f": higher {first} {'go' if first.endswith('s') else 'goes'} best with {way} {second}"
    yield f"{words}."
