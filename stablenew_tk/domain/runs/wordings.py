"""The words of a prompt as what a Learning Run varies: where they stand in it, and short names for them.

The prompt of such a plan has a place for the wording: [[prompt]], [[negative]], or the slot by its name. What stands
around it (global texts, LoRAs of the profile) is the same for every value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile

from msgspec.structs import replace

from ..base.errors import InvalidInput
from ..base.lora_tags import lora_key, loras_in, with_lora_instead
from ..config.catalogue import Value
from ..config.sweep import NEGATIVE, PROMPT, SLOT, is_wording, slot_words, value_text
from ..prompts.pack import PackPrompt

LONGEST_NAME = 40
# Stands for the wording while the rest of a prompt is expanded; no prompt has this character.
_HELD = "\ue000"


def place_for(path: str) -> str:
    """The place of the wording in the prompts of a plan: "[[light]]"."""
    return f"[[{path.removeprefix(SLOT)}]]"


def filled(text: str, path: str, value: Value) -> str:
    """The text with the wording in its place. What has no place for it stays as it is."""
    place = place_for(path)
    if place not in text:
        return text
    named = [lora_key(name) for name in loras_in(str(value))]
    # A LoRA that the wording names itself must not be there twice.
    around = with_lora_instead(text, "", None, named) if named else text
    return around.replace(place, str(value))


def filled_or_whole(text: str, path: str, value: Value) -> str:
    """The same, or the wording alone where the text has no place for it."""
    return filled(text, path, value) if place_for(path) in text else str(value)


def held_open(prompt: PackPrompt, path: str) -> PackPrompt:
    """A prompt of a pack to expand, with a mark where the slot or wildcard of that focus stands in it."""
    if not path.startswith(SLOT):
        return prompt
    name = slot_words(path.removeprefix(SLOT))
    return replace(prompt, positive=prompt.positive.replace(name, _HELD), negative=prompt.negative.replace(name, _HELD))


def with_place(prompt: PackPrompt, path: str) -> PackPrompt:
    """The expanded prompt with the place for the wordings of that focus."""
    if path == PROMPT:
        return replace(prompt, positive=place_for(path))
    if path == NEGATIVE:
        return replace(prompt, negative=place_for(path))
    if not path.startswith(SLOT):
        return prompt
    place = place_for(path)
    return replace(
        prompt, positive=prompt.positive.replace(_HELD, place), negative=prompt.negative.replace(_HELD, place)
    )


def names_slot(prompt: PackPrompt, path: str) -> bool:
    """Whether a prompt of a pack, not yet expanded, names the slot or wildcard of that focus; True for any other."""
    name = slot_words(path.removeprefix(SLOT))
    return not path.startswith(SLOT) or name in prompt.positive or name in prompt.negative


def check_wordings(path: str, prompts: Sequence[Sequence[str]], values: Sequence[Value]) -> None:
    """Raise InvalidInput where the wordings vary themselves, or have no place in the texts of a prompt."""
    if not is_wording(path):
        return
    if path == PROMPT and len(prompts) > 1:
        words = f"{path}: whole prompts are compared in place of one prompt, not of {len(prompts)}. Choose one."
        raise InvalidInput(words, "prompts")
    if path.startswith(SLOT) and not all(any(place_for(path) in text for text in texts) for texts in prompts):
        name = slot_words(path.removeprefix(SLOT))
        raise InvalidInput(f"{path}: {name} is not in the prompt. Choose prompts that have it.", "prompts")
    for number, value in enumerate(values):
        if varies_itself(str(value)):
            field = f"variant_values[{number}]"
            raise InvalidInput(
                f"{field}: “{_cut(str(value))}” varies itself ({{a|b}}, __name__ or [[name]]). "
                "Write the words that are to be sent.",
                field,
            )


def varies_itself(text: str) -> bool:
    """Whether a wording holds a choice, a wildcard or a slot, so that it is no one text."""
    # Not above: the patterns of the parser take longer to make ready than the window to open.
    from ..prompts.parser import parse
    from ..prompts.template import Choice

    parsed = parse(text)
    parts = [part for part in parsed.body if not isinstance(part, str)]
    return bool(parsed.troubles) or any(not isinstance(part, Choice) or len(part.options) > 1 for part in parts)


def short_texts(path: str, values: Sequence[Value]) -> Callable[[Value], str]:
    """Return a function that gives each of these values a short text of its own.

    Long wordings are told by the words in which they differ: "…neon light…".
    """
    texts = [str(value) for value in values] if is_wording(path) else []
    if max(map(len, texts), default=0) <= LONGEST_NAME:
        return lambda value: value_text(value, path)
    names = dict(zip(texts, told_apart(texts), strict=True))
    return lambda value: names.get(str(value), _cut(value_text(value, path)))


def told_apart(texts: Sequence[str]) -> tuple[str, ...]:
    """A name for each text, of the words in which they differ."""
    words = [text.split() for text in texts]
    several = len(words) > 1
    first = _alike(words) if several else 0
    last = _alike([list(reversed(one[first:])) for one in words]) if several else 0
    names: list[str] = []
    for one in words:
        own = " ".join(one[first : len(one) - last]).strip(" ,;")
        name = _cut(own) if own else "nothing more"
        if own:
            name = ("…" if first else "") + name + ("…" if last and not name.endswith("…") else "")
        again = sum(known.partition(" (")[0] == name for known in names)
        names.append(f"{name} ({again + 1})" if again else name)
    return tuple(names)


def listed_texts(path: str, values: Sequence[Value]) -> str:
    """The short texts of all these values in one line, bars between them where commas would not do."""
    texts = list(map(short_texts(path, values), values))
    return (" || " if any("," in text for text in texts) else ", ").join(texts)


def _alike(texts: Sequence[Sequence[str]]) -> int:
    """How many words all of them begin with."""
    pairs = zip(*texts, strict=False)
    return sum(1 for _ in takewhile(lambda words: len({word.strip(",;.") for word in words}) == 1, pairs))


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_NAME else line[:LONGEST_NAME].rsplit(" ", 1)[0].rstrip(",;. ") + "…"
