"""The randomizer as text, a line for each thing: reading and writing.

    light: dawn | dusk          a slot, or a list for __light__
    harbour => river | lake     search and replace
    rain | snow: 0.6, 0.8       LoRAs and their weights; none stands for no LoRA
    Film: film grain neg: flat  words that are added or not

A line that is wrong is named by its number; the others count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from .pack import Slot
from .settings import LoraAxis, Randomizer, SearchReplace, StyleToggle

T = TypeVar("T")
Parsed = tuple[tuple[T, ...], tuple[str, ...]]

_NAME_LIMIT = 200
_FILE_ENDINGS = (".txt", ".json", ".yaml", ".yml")
NO_LORA = "none"


class _Wrong(ValueError):
    """Why a line cannot be used."""


def slots_of(text: str) -> Parsed[Slot]:
    """Slots: `name: a | b`, or `name: file.txt` for the lines of a wildcard file."""
    return _read(text, _slot)


def lists_of(text: str) -> Parsed[tuple[str, tuple[str, ...]]]:
    """Lists for wildcards: `name: a | b`."""
    return _read(text, _list)


def rules_of(text: str) -> Parsed[SearchReplace]:
    """Search and replace: `search => a | b`; an empty piece takes the words away."""
    return _read(text, _rule)


def loras_of(text: str) -> Parsed[LoraAxis]:
    """LoRAs with weights: `name | name: 0.6, 0.8`."""
    return _read(text, _lora)


def styles_of(text: str) -> Parsed[StyleToggle]:
    """Words to add or not: `name: words neg: words`."""
    return _read(text, _style)


def slot_lines(slots: Sequence[Slot]) -> str:
    """Slots as they are typed."""
    return "\n".join(f"{one.name}: {one.file or ' | '.join(one.values)}" for one in slots)


def list_lines(lists: Mapping[str, tuple[str, ...]]) -> str:
    """Lists as they are typed."""
    return "\n".join(f"{name}: {' | '.join(values)}" for name, values in lists.items())


def rule_lines(rules: Sequence[SearchReplace]) -> str:
    """Search and replace as it is typed."""
    return "\n".join(f"{one.search} => {' | '.join(one.values)}" for one in rules)


def lora_lines(loras: Sequence[LoraAxis]) -> str:
    """LoRAs and weights as they are typed."""
    return "\n".join(
        f"{' | '.join(name or NO_LORA for name in one.names)}: {', '.join(f'{weight:g}' for weight in one.weights)}"
        for one in loras
    )


def style_lines(styles: Sequence[StyleToggle]) -> str:
    """Styles as they are typed."""
    return "\n".join(
        f"{one.name}: {one.text}".rstrip() + (f" neg: {one.negative}" if one.negative else "") for one in styles
    )


class RandomizerField:
    """One of the lists: `name` is its field of the randomizer, `read` and `write` its text."""

    def __init__(self, name: str, read: Callable[[str], Parsed[object]], write: Callable[[Randomizer], str]) -> None:
        self.name, self.read, self.write = name, read, write

    def value(self, text: str) -> object:
        """What the valid lines of a text say, as the randomizer has it."""
        return dict(lists_of(text)[0]) if self.name == "wildcards" else self.read(text)[0]

    def problem(self, text: str) -> str:
        """The first line that cannot be read and why, with the number of further ones; "" without any."""
        wrong = self.read(text)[1]
        return "".join(wrong) if len(wrong) <= 1 else f"{wrong[0]} {len(wrong) - 1} more below it."

    def says(self, text: str, randomizer: Randomizer) -> bool:
        """Whether a text says what the randomizer has, however it is spaced."""
        return self.read(text)[0] == self.read(self.write(randomizer))[0]


FIELDS: Mapping[str, RandomizerField] = {
    one.name: one
    for one in (
        RandomizerField("slots", slots_of, lambda randomizer: slot_lines(randomizer.slots)),
        RandomizerField("rules", rules_of, lambda randomizer: rule_lines(randomizer.rules)),
        RandomizerField("wildcards", lists_of, lambda randomizer: list_lines(randomizer.wildcards)),
        RandomizerField("loras", loras_of, lambda randomizer: lora_lines(randomizer.loras)),
        RandomizerField("styles", styles_of, lambda randomizer: style_lines(randomizer.styles)),
    )
}


def _read(text: str, read: Callable[[str], T]) -> Parsed[T]:
    found: list[T] = []
    wrong: list[str] = []
    for number, line in _lines(text):
        try:
            found.append(read(line))
        except _Wrong as error:
            wrong.append(f"Line {number}: {error}")
    return tuple(found), tuple(wrong)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.strip()


def _named(line: str, example: str) -> tuple[str, str]:
    name, colon, words = line.partition(":")
    name = name.strip().removeprefix("[[").removesuffix("]]").strip("_ ")
    if not colon:
        raise _Wrong(f"there is no colon behind the name. Write it as {example}.")
    if not name:
        raise _Wrong(f"there is no name before the colon. Write it as {example}.")
    if len(name) > _NAME_LIMIT:
        raise _Wrong("the name is too long.")
    return name, words.strip()


def _values(words: str, example: str) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(part.strip() for part in words.split("|")))
    if not any(values):
        raise _Wrong(f"there are no values. Write it as {example}.")
    return values


def _slot(line: str) -> Slot:
    example = "light: dawn | dusk"
    name, words = _named(line, example)
    if words.lower().endswith(_FILE_ENDINGS) and "|" not in words:
        return Slot(name, file=words)
    return Slot(name, _values(words, example))


def _list(line: str) -> tuple[str, tuple[str, ...]]:
    example = "mood: calm | stormy"
    name, words = _named(line, example)
    return name, _values(words, example)


def _rule(line: str) -> SearchReplace:
    search, arrow, words = line.partition("=>")
    example = "harbour => river | lake"
    if not arrow:
        raise _Wrong(f"there is no => between what is looked for and what comes in its place. Write it as {example}.")
    if not search.strip():
        raise _Wrong(f"there is nothing to look for. Write it as {example}.")
    return SearchReplace(search.strip(), tuple(dict.fromkeys(part.strip() for part in words.split("|"))))


def _lora(line: str) -> LoraAxis:
    names, colon, weights = line.rpartition(":")
    if not colon:
        names, weights = line, "1"
    found = tuple(
        dict.fromkeys("" if part.strip().casefold() == NO_LORA else part.strip() for part in names.split("|"))
    )
    if not names.strip() or any(sign in names for sign in "<>"):
        raise _Wrong("there is no name of a LoRA. Write it as rain | snow: 0.6, 0.8.")
    return LoraAxis(found, tuple(dict.fromkeys(_weight(part) for part in weights.replace("|", ",").split(","))))


def _weight(text: str) -> float:
    try:
        weight = float(text.strip())
    except ValueError:
        raise _Wrong(f"“{text.strip()}” is no weight. Write weights between commas: rain: 0.6, 0.8.") from None
    if not -10 <= weight <= 10:
        raise _Wrong(f"the weight {weight:g} is beyond all measure; usual are 0 to 1.5.")
    return weight


def _style(line: str) -> StyleToggle:
    name, words = _named(line, "Film: film grain, 35 mm")
    text, _, negative = words.partition("neg:")
    if not text.strip() and not negative.strip():
        raise _Wrong("there are no words to add. Write it as Film: film grain, 35 mm.")
    return StyleToggle(name, text.strip(), negative.strip())
