"""A prompt that varies, as a tree: text, choices, wildcards, slots and variables."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Sampler = Literal["", "~", "@", "!"]

DEEPEST = 40
SEPARATOR = ", "
_NAME_LIMIT = 80


class Option(Struct, frozen=True, gc=False):
    """One option of a choice. `source` is its text without the weight."""

    weight: float
    body: Body
    source: str


class Choice(Struct, frozen=True, gc=False):
    """`least` to `most` of the options in any order, joined by `separator`. `at` is its place in the text, from 0."""

    options: tuple[Option, ...]
    source: str
    at: int
    least: int = 1
    most: int = 1
    separator: str = SEPARATOR
    sampler: Sampler = ""


class Wildcard(Struct, frozen=True, gc=False):
    """A line of a list. `arguments` are variables for its lines only."""

    name: str
    source: str
    at: int
    sampler: Sampler = ""
    arguments: tuple[Assign, ...] = ()


class SlotUse(Struct, frozen=True, gc=False):
    """The value of a slot."""

    name: str
    at: int


class Assign(Struct, frozen=True, gc=False):
    """Sets a variable; writes nothing. `once`: drawn here, else at each use."""

    name: str
    body: Body
    once: bool
    at: int


class Use(Struct, frozen=True, gc=False):
    """The value of a variable, or `default` where it has none."""

    name: str
    at: int
    default: Body | None = None


Part = str | Choice | Wildcard | SlotUse | Assign | Use
Body = tuple[Part, ...]


class Trouble(Struct, frozen=True, gc=False):
    """A mistake in a text; `at` counts characters from 0."""

    at: int
    message: str


class Template(Struct, frozen=True, gc=False):
    """A text as a tree, with its mistakes."""

    body: Body
    troubles: tuple[Trouble, ...] = ()

    @property
    def varies(self) -> bool:
        """Whether anything in it is more than text."""
        return any(not isinstance(part, str) for part in self.body)


def short(source: str) -> str:
    """The name of a construct in records and lists: its text, cut when it is long."""
    line = " ".join(source.split())
    return line if len(line) <= _NAME_LIMIT else f"{line[: _NAME_LIMIT - 1]}…"


def joined(pieces: list[Part]) -> Body:
    """A body with neighbouring texts joined."""
    found: list[Part] = []
    texts: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            texts.append(piece)
            continue
        if text := "".join(texts):
            found.append(text)
        texts.clear()
        found.append(piece)
    if text := "".join(texts):
        found.append(text)
    return tuple(found)


def written(body: Body) -> str:
    """The text of a body."""
    return "".join(_written(part) for part in body)


def _written(part: Part) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, (Choice, Wildcard)):
        return part.source
    if isinstance(part, SlotUse):
        return f"[[{part.name}]]"
    if isinstance(part, Assign):
        return f"${{{part.name}={'!' if part.once else ''}{written(part.body)}}}"
    return f"${{{part.name}{'' if part.default is None else ':' + written(part.default)}}}"


def merged(options: list[Option]) -> tuple[Option, ...]:
    """Each option once, with the weights of equal ones added up; without those of weight 0."""
    found: dict[tuple[str, bool], Option] = {}
    for option in options:
        # Escaped signs are text: \__a\__ reads like the wildcard and is none.
        key = option.source.strip(), all(isinstance(part, str) for part in option.body)
        known = found.get(key)
        if option.weight > 0 or len(options) == 1:
            weight = option.weight if known is None else known.weight + option.weight
            found[key] = Option(weight or 1.0, option.body, option.source)
    return tuple(found.values())
