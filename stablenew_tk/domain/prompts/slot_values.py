"""The texts that a slot or wildcard of a pack offers as they are, for comparing them with each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .pack import PackPrompt, Slot
from .parser import parse
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
        values = _lines(slot.file, wildcards) if slot.file else slot.values
        body = parse(f"{{{'|'.join(values)}}}").body if len(values) > 1 else ()
        texts = _options(body) if not slot.file else values
    else:
        body = parse(name).body
        first = body[0] if len(body) == 1 else ""
        texts = _lines(first.name, wildcards) if isinstance(first, Wildcard) else _options(body)
    plain = tuple(dict.fromkeys(text.strip() for text in texts if not parse(text).varies))
    if len(plain) <= MOST_TEXTS:
        return plain
    return tuple(plain[round(place * (len(plain) - 1) / (MOST_TEXTS - 1))] for place in range(MOST_TEXTS))


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
    return found.values if found is not None else ()


def _options(body: Sequence[object]) -> tuple[str, ...]:
    first = body[0] if len(body) == 1 else None
    return tuple(written(option.body) for option in first.options) if isinstance(first, Choice) else ()
