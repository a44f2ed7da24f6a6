"""Prompts that vary, made and expanded for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stablenew_tk.domain.prompts.pack import PackPrompt, Slot, parse_pack
from stablenew_tk.domain.prompts.randomizer import Variants, expand
from stablenew_tk.domain.prompts.settings import Randomizer
from stablenew_tk.domain.prompts.variant import Expansion
from stablenew_tk.domain.prompts.wildcards import Wildcards, list_of

FILES = {
    "color": ("red", "green", "blue"),
    "animals/cat": ("siamese", "tabby"),
    "animals/dog": ("husky", "collie"),
    "plants/cat": ("catnip",),
    "weighted": ("3::oak", "elm"),
    "nested": ("a {small|large} box", "a __color__ ball", "plain"),
    "coat": ("a ${colour:grey} coat", "a ${colour:grey} ${colour:grey} scarf"),
    "lit": ("lit by [[light]]", "in the dark"),
}


def wildcards(files: Mapping[str, Sequence[str]] = FILES) -> Wildcards:
    return Wildcards(list_of(name, lines, f"{name}.txt") for name, lines in files.items())


def slots(**values: str) -> tuple[Slot, ...]:
    return tuple(Slot(name, tuple(text.split(";"))) for name, text in values.items())


def prompt(positive: str, negative: str = "") -> PackPrompt:
    return PackPrompt("p", "p", positive, negative, 1)


def variants(text: str, negative: str = "", files: Mapping[str, Sequence[str]] = FILES, **values: str) -> Variants:
    """All variants of one prompt, with nothing wrong in it; `values` are slots."""
    found = Variants([prompt(text, negative)], Randomizer(), wildcards(files), slots(**values))
    assert found.errors == []
    return found


def texts(text: str, **values: str) -> list[str]:
    """All prompts that one text makes."""
    found = variants(text, **values)
    return [found.nth(index).prompt for index in range(found.count)]


def errors(text: str, negative: str = "", files: Mapping[str, Sequence[str]] = FILES, **values: str) -> list[str]:
    """What is wrong with a prompt."""
    found = Variants([prompt(text, negative)], Randomizer(), wildcards(files), slots(**values))
    return [problem.message for problem in found.errors]


def pack(text: str, randomizer: Randomizer = Randomizer(), seed: int = 1, **more: object) -> Expansion:  # noqa: B008
    """The expansion of a pack's text."""
    read = parse_pack(text, "p")
    return expand(read.prompts, randomizer, wildcards(), slots=read.slots, seed=seed, **more)  # type: ignore[arg-type]
