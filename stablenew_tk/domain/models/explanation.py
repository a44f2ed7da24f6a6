"""The rows of "Why this value?": each source of a field with its value, or why it gave none."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from ..config.origins import Origin

LEARNED_WORD = "learned"


class WhyRow(Struct, frozen=True):
    """One origin in "Why this value?": its evidence or why it gave nothing, and its value ("" = none)."""

    origin: Origin
    note: str
    value: str = ""
    wins: bool = False
    name: str = ""  # instead of the usual name: "Style SDXL · Realism"
    icon: str = ""  # instead of the usual mark: "star" for a learned profile
    use: Callable[[], object] | None = None  # what "Use instead" does, for a value that did not win
