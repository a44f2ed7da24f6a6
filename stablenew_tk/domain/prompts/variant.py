"""A prompt with every choice made, and the result of expanding the prompts of a pack."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

from ..config.catalogue import Value
from .pack import PackProblem, PackPrompt


class Variant(Struct, frozen=True, kw_only=True):
    """One combination of values. `index` counts in the full enumeration of the run, from 0, so it can be made again.

    `choices` names every choice: `light` for `[[light]]`, `__mood__` for a wildcard, `{a|b}` for words in braces, a
    catalogue path for an axis, with what was chosen. `overrides` are the values of axes, by catalogue path.
    """

    prompt_id: str
    name: str
    prompt: str
    negative: str
    index: int = 0
    choices: Mapping[str, str] = {}
    overrides: Mapping[str, Value] = {}


class Expansion(Struct, frozen=True, kw_only=True):
    """`variants` of all `count` combinations, by index. With `errors` nothing may be run, and there are no variants.

    `mode` as in the randomizer; "none" where nothing varies.
    """

    count: int
    variants: tuple[Variant, ...]
    mode: str = "none"
    errors: tuple[PackProblem, ...] = ()
    warnings: tuple[PackProblem, ...] = ()


def as_written(prompts: Iterable[PackPrompt]) -> tuple[Variant, ...]:
    """Variants of prompts that are final: nothing in them is read as a choice."""
    return tuple(
        Variant(prompt_id=one.prompt_id, name=one.name, prompt=one.positive, negative=one.negative, index=place)
        for place, one in enumerate(prompts)
    )


def choice_spans(prompt: str, choices: Mapping[str, str]) -> tuple[tuple[int, int, str], ...]:
    """(start, end, name of the choice) for the text of every choice that is found in the prompt; none overlap.

    Longer texts are searched first, so that "red" does not match inside "dark red".
    """
    taken: list[tuple[int, int, str]] = []
    for name, words in sorted(choices.items(), key=lambda one: -len(one[1])):
        for start, end in _occurrences(prompt, words):
            if all(end <= left or right <= start for left, right, _ in taken):
                taken.append((start, end, name))
                if not name.startswith("[["):
                    break
    return tuple(sorted(taken))


def _occurrences(prompt: str, words: str) -> list[tuple[int, int]]:
    plain = words.strip()
    if not plain:
        return []
    before = r"(?<!\w)" if plain[0].isalnum() else ""
    after = r"(?!\w)" if plain[-1].isalnum() else ""
    return [found.span() for found in re.finditer(f"{before}{re.escape(plain)}{after}", prompt)]
