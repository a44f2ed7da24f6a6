"""Which Learning Run or preset a person means by what was typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ..domain.errors import InvalidInput
from ..domain.history import History
from ..domain.plan import LearningPlan, Preset

_LAST = "last"
_Named = TypeVar("_Named", LearningPlan, Preset)


def find_plan(history: History, name: str) -> LearningPlan:
    """The Learning Run of that id, beginning of an id, or name; "last" is the newest. Raises InvalidInput."""
    plans = history.plans.plans()
    if name == _LAST and plans:
        return plans[0]
    return _one("Learning Run", name, plans, [plan.plan_id for plan in plans])


def find_preset(history: History, name: str) -> Preset:
    """The preset of that id, beginning of an id, or name. Raises InvalidInput, listing the names there are."""
    presets = history.plans.presets()
    return _one("preset", name, presets, [preset.preset_id for preset in presets])


def _one(what: str, wanted: str, known: Sequence[_Named], ids: Sequence[str]) -> _Named:
    typed = wanted.strip().casefold()
    by_id = [one for one, own in zip(known, ids, strict=True) if own.casefold() == typed]
    by_name = [one for one in known if one.name.casefold() == typed]
    # Shorter beginnings fit too many ids, which start with the time.
    begun = [one for one, own in zip(known, ids, strict=True) if len(typed) >= 4 and own.casefold().startswith(typed)]
    hits = by_id or by_name or begun
    if len(hits) == 1:
        return hits[0]
    if hits:
        shown = ", ".join(f"{ids[known.index(one)]} ({one.name})" for one in hits[:5])
        raise InvalidInput(f"Several {what}s are called {wanted!r}. Give the id of one: {shown}.", wanted)
    names = ", ".join(dict.fromkeys(one.name for one in known[:8]))
    there = f"There are: {names}." if names else "There is none yet."
    raise InvalidInput(f"There is no {what} {wanted!r}. {there}", wanted)
