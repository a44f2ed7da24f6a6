"""Seeds that the backend in force does not take."""

from __future__ import annotations

from collections.abc import Iterable

from ...backends.base import Capabilities, beyond
from ...domain.base.errors import InvalidInput
from ...domain.config.engines import most_seed
from ...domain.config.origins import MAX_SEED


def seed_beyond(found: Capabilities | None, seeds: Iterable[int]) -> str:
    """A sentence about the first seed that the backend does not take; "" for none, or when nobody knows it yet."""
    most = most_seed(found.kind) if found is not None else 0
    # What no engine takes is refused for itself.
    wrong = next((seed for seed in seeds if most < seed <= MAX_SEED), None) if most else None
    return beyond(found.name, wrong, most) if found is not None and wrong is not None else ""


def check_seeds(found: Capabilities | None, seeds: Iterable[int]) -> None:
    """Raise InvalidInput for a seed that the backend does not take."""
    if words := seed_beyond(found, seeds):
        raise InvalidInput(words, "seed")
