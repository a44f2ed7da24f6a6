"""The question that a hint from everyday runs raises, for a Learning Run that confirms it or not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from ..base.errors import InvalidInput
from ..config.catalogue import Value, catalogue, is_of_workflow
from ..config.sweep import LORA_FILE, SLOT, check_values, focus
from ..runs.wordings import varies_itself
from .association import Association
from .model.discovery import FALSE_RATE

# Few values get a clear answer with few pictures.
_MOST_NUMBERS, _MOST_NAMES = 5, 6
_LORAS = "<lora>"
CANNOT = "A Learning Run compares settings, LoRA files, slots and wildcards. This is none of them."


class HintQuestion(Struct, frozen=True):
    """What to vary, and the values: the one that the hint is about beside others that pictures have."""

    focus: str
    values: tuple[Value, ...]


def hint_question(hint: Association) -> HintQuestion | None:
    """The question of a hint; None where no Learning Run can ask it (`CANNOT`)."""
    path = _focus(hint)
    if not path:
        return None
    try:
        values = check_values(path, _values(hint, path))
        focus(path)
    except InvalidInput:
        return None
    return HintQuestion(path, values) if len(values) > 1 else None


def _focus(hint: Association) -> str:
    if not hint.slot:
        return hint.what
    if hint.what == _LORAS:
        return LORA_FILE
    name = re.fullmatch(r"\[\[(.+)\]\]|(__[^ ]+__|\{.*\})", hint.what)
    # The second use of a slot, styles and replaced words have no place of their own in the prompt.
    return f"{SLOT}{name[1] or name[2]}" if name is not None else ""


def _values(hint: Association, path: str) -> list[Value]:
    numbers = all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in hint.all_values)
    # What a value of a workflow takes is known there only.
    if (path in catalogue() and focus(path).ordered) or (is_of_workflow(path) and numbers):
        ordered = sorted(hint.all_values, key=float)
        last = len(ordered) - 1
        if last < _MOST_NUMBERS:
            return ordered
        return [ordered[round(last * place / (_MOST_NUMBERS - 1))] for place in range(_MOST_NUMBERS)]
    fixed = [value for value in hint.all_values if not (hint.slot and varies_itself(str(value)))]
    about = [value for value in fixed if str(value) == hint.value]
    return [*about, *(value for value in fixed if value not in about)][:_MOST_NAMES]


def expected_false(found: Iterable[Association]) -> float:
    """How many of the hints of one pack and checkpoint are expected to be false at most, all of them together."""
    return FALSE_RATE * sum(one.telling for one in found)


def doubt_words(found: Sequence[Association]) -> str:
    """How many things were compared, how many hints came of it, and how many of these are expected to be false."""
    hints = sum(one.telling for one in found)
    looked_at = max((one.looked_at for one in found), default=0)
    if not looked_at:
        return ""
    compared = f"{looked_at} slots and settings compared" if looked_at > 1 else "1 slot or setting compared"
    if not hints:
        return f"{compared}: nothing stands out."
    them = f"{hints} hints stand out; up to {expected_false(found):.1f} of them are"
    one = f"1 hint stands out; up to 1 in {1 / FALSE_RATE:.0f} such hints is"
    return f"{compared}, {one if hints == 1 else them} expected to be false."
