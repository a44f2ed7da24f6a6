"""Seeds as they are typed."""

from __future__ import annotations

import reprlib

from ..base.errors import InvalidInput
from .number_text import whole_number, without_thousands
from .origins import MAX_SEED, MOST_SEEDS, RANDOM_SEED


def parse_seed(text: str) -> int:
    """The first seed of a run, −1 (random) for no text. Raises InvalidInput."""
    return _whole_number(text, RANDOM_SEED, 0, MAX_SEED, "a seed")


def parse_seed_count(text: str) -> int:
    """How many seeds each prompt gets, 1 for no text. Raises InvalidInput."""
    return _whole_number(text, 1, 1, MOST_SEEDS, "the seeds per prompt")


def _whole_number(text: str, empty: int, low: int, high: int, what: str) -> int:
    typed = without_thousands(text).strip()
    if not typed:
        return empty
    number = whole_number(typed)
    if not low <= number <= high:
        shown = reprlib.repr(typed)
        raise InvalidInput(f"{shown} is not {what}: give a whole number from {low} to {high:,}.", what)
    return number
