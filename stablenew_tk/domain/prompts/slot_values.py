"""The texts that a slot or wildcard of a pack offers as they are, for comparing them with each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .pack import PackPrompt, Slot
from .parser import options_of, parse
from .template import Choice, SlotUse, Wildcard, written
from .wildcards import Wildcards

# Never more than a Learning Run can compare with some hope of an answer.
MOST_TEXTS = 12


def slot_texts(name: str, slots: Iterable[Slot], wildcards: Wildcards) -> tuple[str, ...]:
    """The texts of a slot (`light`), wildcard (`__artists__`) or choice (`{calm|busy}`), each once, in their order.

    Those that vary themselves are left out. Of many, `MOST_TEXTS` are taken, spread over the list. () where it is not
    known.
    """
    # A slot in the text of a pack comes before one of its settings.
    slot = next((one for one in reversed([*slots]) if one.name == name), None)
    if slot is not None:
        texts = _lines(slot.file, wildcards) if slot.file else _plain(options_of(slot.values)[0])
    else:
        body = parse(name).body
        first = body[0] if len(body) == 1 else ""
        texts = _lines(first.name, wildcards) if isinstance(first, Wildcard) else ()
        texts = _plain(first) if isinstance(first, Choice) else texts
    plain = tuple(dict.fromkeys(text.strip() for text in texts))
    if len(plain) <= MOST_TEXTS:
        return plain
    return tuple(plain[round(place * (len(plain) - 1) / (MOST_TEXTS - 1))] for place in range(MOST_TEXTS))


def wordings_of(
    prompts: Iterable[PackPrompt], slots: Sequence[Slot], wildcards: Wildcards
) -> dict[str, tuple[str, ...]]:
    """The texts of everything that these prompts name and that has two texts or more, by its name."""
    names = dict.fromkeys(name for prompt in prompts for name in slots_of_prompt(prompt, slots))
    found = ((name, slot_texts(name, slots, wildcards)) for name in names)
    return {name: texts for name, texts in found if len(texts) > 1}


def slots_of_prompt(prompt: PackPrompt, slots: Iterable[Slot]) -> tuple[str, ...]:
    """The slots and wildcards that a prompt names, as `slot_texts` takes them, in their order."""
    known = {slot.name for slot in slots}
    found: dict[str, None] = {}
    for text in (prompt.positive, prompt.negative):
        for part in parse(text, is_slot=known.__contains__).body:
            if isinstance(part, SlotUse) and part.name in known:
                found[part.name] = None
            elif isinstance(part, (Wildcard, Choice)) and _one_of_several(part):
                found[part.source] = None
    return tuple(found)


def _one_of_several(part: Wildcard | Choice) -> bool:
    if isinstance(part, Wildcard):
        return not part.arguments and part.source.startswith("__")
    return len(part.options) > 1 and (part.least, part.most) == (1, 1)


def _lines(name: str, wildcards: Wildcards) -> tuple[str, ...]:
    found = wildcards.find(name)
    return tuple(text for place, text in enumerate(found.values) if place not in found.lines) if found else ()


def _plain(choice: Choice) -> tuple[str, ...]:
    return tuple(written(one.body) for one in choice.options if all(isinstance(part, str) for part in one.body))
