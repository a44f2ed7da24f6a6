"""Where the choices of a variant stand in its prompt, and the colour of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ...domain.base.colour_roles import Role

# Ink and ground of one choice after the other; from the fifth on they come again, underlined.
PALETTE: Sequence[tuple[Role, Role]] = (
    ("accent_text", "selection"), ("info", "info_soft"), ("ok", "ok_soft"), ("warn", "warn_soft")
)  # fmt: skip
TINTS = 2 * len(PALETTE)


def places(prompt: str, choices: Mapping[str, str]) -> tuple[tuple[int, int, str], ...]:
    """(start, end, name of the choice) for the text of every choice that can be found, none over another.

    Longer texts are looked for first, so that "red" does not take its place inside "dark red".
    """
    taken: list[tuple[int, int, str]] = []
    for name, words in sorted(choices.items(), key=lambda one: -len(one[1])):
        for start, end in _found(prompt, words):
            if all(end <= left or right <= start for left, right, _ in taken):
                taken.append((start, end, name))
                if not name.startswith("[["):
                    break
    return tuple(sorted(taken))


def _found(prompt: str, words: str) -> list[tuple[int, int]]:
    plain = words.strip()
    if not plain:
        return []
    before = r"(?<!\w)" if plain[0].isalnum() else ""
    after = r"(?!\w)" if plain[-1].isalnum() else ""
    return [found.span() for found in re.finditer(f"{before}{re.escape(plain)}{after}", prompt)]
