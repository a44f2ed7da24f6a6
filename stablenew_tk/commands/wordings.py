"""The wordings that `learn --focus prompt`, `negative` or `slot:NAME` compares: typed, from a file, or of the pack."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from ..domain.base.errors import InvalidInput, Unreadable
from ..domain.config.catalogue import Value
from ..domain.config.sweep import NEGATIVE, PROMPT, SLOT, check_values, is_wording, slot_words
from ..domain.prompts.pack import PackPrompt, PromptPack, Slot
from ..domain.prompts.slot_values import slot_texts, slots_of_prompt
from ..domain.prompts.wildcards import Wildcards
from ..domain.runs.wordings import names_slot
from ..storage.disk.files import read_bounded, typed_path

_LARGEST_FILE = 1024 * 1024


def wordings_spec(args: argparse.Namespace, path: str) -> str | None:
    """The values as text: those of `--values`, or the lines of `--values-file`; None without either."""
    if args.values_file is None:
        return str(args.spec) if args.spec is not None else None
    where = "--values-file"
    if args.spec is not None:
        raise InvalidInput(f"{where}: --values names the wordings, too. Leave one of the two away.", where)
    if not is_wording(path):
        raise InvalidInput(f"{where}: it is for wordings: --focus prompt, negative or slot:NAME. Use --values.", where)
    file = typed_path(args.values_file)
    try:
        text = read_bounded(file, _LARGEST_FILE).decode("utf-8-sig")
    except Unreadable as error:
        raise InvalidInput(str(error), where) from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{where} {file.name}: this is not UTF-8 text.", where) from error
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise InvalidInput(f"{where} {file.name}: the file is empty. Write one wording in each line.", where)
    # Quoted, so that nothing in a line separates it.
    return "\n".join('"' + line.replace('"', '""') + '"' for line in lines)


def places_with(pack: PromptPack, path: str) -> list[int]:
    """The prompts of the pack, by their places, that have the slot or wildcard of this focus; all for any other.

    Raises InvalidInput when none has it.
    """
    found = [place for place, prompt in enumerate(pack.prompts) if names_slot(prompt, path)]
    if found:
        return found
    there = dict.fromkeys(name for prompt in pack.prompts for name in slots_of_prompt(prompt, pack.slots))
    known = ", ".join(f"{SLOT}{name}" for name in [*there][:8])
    words = f"--focus {path}: no prompt of {pack.pack_id} has {slot_words(path.removeprefix(SLOT))}."
    raise InvalidInput(f"{words} {f'There are: {known}.' if known else 'Its prompts have no slots.'}", "--focus")


def own_wordings(
    path: str, prompts: Sequence[PackPrompt], slots: Iterable[Slot], wildcards: Wildcards
) -> tuple[str, ...]:
    """The wordings that the pack has itself for this focus; () for any other."""
    if path.startswith(SLOT):
        return slot_texts(path.removeprefix(SLOT), slots, wildcards)
    if path in (PROMPT, NEGATIVE):
        return tuple(dict.fromkeys(one.positive if path == PROMPT else one.negative for one in prompts))
    return ()


def values_beside(path: str, values: Sequence[Value], own: Sequence[str]) -> tuple[Value, ...]:
    """The wordings to compare: those given; beside a single one that of the prompt; for a slot alone all it has."""
    if not values and path.startswith(SLOT):
        if len(own) < 2:
            name = slot_words(path.removeprefix(SLOT))
            words = f'--focus {path}: {name} has no two texts to compare. Give them: --values "one, other".'
            raise InvalidInput(words, "--values")
        return check_values(path, own)
    # One new wording is a question about the one that is there.
    return check_values(path, [*own, *values]) if len(values) == 1 and len(own) == 1 else tuple(values)
