"""Numbers with plurals for sentences."""

from __future__ import annotations


def counted(number: int, thing: str) -> str:
    """ "1 image", "12 images", "10,000 images"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
