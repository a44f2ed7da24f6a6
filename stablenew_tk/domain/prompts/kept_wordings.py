"""The texts that are known to be best for slots of a pack, in place of what the pack would draw there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ..config.sweep import slot_words
from .pack import PackPrompt, Slot, as_words


def with_wordings(
    prompts: Sequence[PackPrompt], slots: Sequence[Slot], wordings: Mapping[str, str]
) -> tuple[tuple[PackPrompt, ...], tuple[Slot, ...]]:
    """The prompts and slots to expand, with one text for each of these names: a slot (`light`), a wildcard
    (`__artists__`) or a choice (`{calm|busy}`), as they stand in the prompts. A name that they do not have changes
    nothing.
    """
    kept = tuple(Slot(name, (_option(text),)) for name, text in wordings.items() if slot_words(name) != name)
    in_place = {name: as_words(text) for name, text in wordings.items() if slot_words(name) == name}

    def put_in(text: str) -> str:
        for name, words in in_place.items():
            text = text.replace(name, words)
        return text

    changed = (
        replace(prompt, positive=put_in(prompt.positive), negative=put_in(prompt.negative)) if in_place else prompt
        for prompt in prompts
    )
    # A slot that comes later goes before one of the same name.
    return tuple(changed), (*slots, *kept)


def _option(text: str) -> str:
    """A text as the only value of a slot; "2::neon" at its beginning is no weight then."""
    return f"1::{as_words(text)}"
