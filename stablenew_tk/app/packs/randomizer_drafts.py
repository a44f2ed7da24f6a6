"""Input of the randomizer form of a pack: invalid text is kept as typed, and the last valid values are used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from ...domain.base.errors import InvalidInput
from ...domain.config.catalogue import Value, catalogue
from ...domain.config.number_text import whole_number
from ...domain.config.sweep import parse_values, spell
from ...domain.prompts.randomizer_text import FIELDS
from ...domain.prompts.settings import Axis, Randomizer


class ListDrafts:
    """Texts of the randomizer's lists (slots, rules …), by pack and name of the field."""

    def __init__(self) -> None:
        self._typed: dict[tuple[Path, str], str] = {}

    def type(self, path: Path, name: str, text: str) -> object:
        """Keep a text and return the field's value: what its valid lines say."""
        self._typed[path, name] = text
        return FIELDS[name].value(text)

    def text(self, path: Path, name: str, randomizer: Randomizer) -> str:
        """The text to show: what was typed, unless the randomizer says something else by now."""
        typed = self._typed.get((path, name))
        if typed is not None and not FIELDS[name].says(typed, randomizer):
            typed = self._typed.pop((path, name), None) and None
        return FIELDS[name].write(randomizer) if typed is None else typed


class AxesDraft:
    """Settings that vary. `axes` has those without values, too; `at` is the chosen one, -1 for none."""

    def __init__(self) -> None:
        self.axes: tuple[Axis, ...] = ()
        self.at = -1
        self._typed: dict[str, str] = {}

    @property
    def chosen(self) -> Axis | None:
        """The chosen axis."""
        return self.axes[self.at] if 0 <= self.at < len(self.axes) else None

    @property
    def usable(self) -> tuple[Axis, ...]:
        """The axes that have values."""
        return tuple(axis for axis in self.axes if axis.values)

    @property
    def problems(self) -> Mapping[str, str]:
        """Why typed texts cannot be read, by path."""
        return {path: problem for path, text in self._typed.items() if (problem := axis_problem(path, text))}

    def set(self, axes: Sequence[Axis]) -> None:
        """Take over other axes; the choice stays where it can."""
        self.axes = tuple(axes)
        self.at = min(self.at, len(axes) - 1) if self.at >= 0 else len(axes) - 1

    def forget(self) -> None:
        """Drop what was typed: another pack is edited."""
        self._typed.clear()
        self.at = -1

    def add(self, path: str) -> None:
        """Add a parameter without values and choose it."""
        self.axes = (*self.axes, Axis(path, ()))
        self.at = len(self.axes) - 1

    def remove(self) -> bool:
        """Remove the chosen axis; False without one."""
        axis = self.chosen
        if axis is None:
            return False
        self._typed.pop(axis.path, None)
        self.axes = (*self.axes[: self.at], *self.axes[self.at + 1 :])
        self.at = min(self.at, len(self.axes) - 1)
        return True

    def type(self, text: str) -> bool:
        """Take the text of the chosen axis; True when its values have changed by it."""
        axis = self.axes[self.at]
        self._typed[axis.path] = text
        if axis_problem(axis.path, text):
            return False
        values: tuple[Value, ...] = parse_values(axis.path, text)
        changed = values != axis.values
        self.axes = (*self.axes[: self.at], replace(axis, values=values), *self.axes[self.at + 1 :])
        return changed

    def text(self, axis: Axis) -> str:
        """The text of an axis as it is typed."""
        return self._typed.get(axis.path, axis_text(axis))


def axis_text(axis: Axis) -> str:
    """The values of an axis as they would be typed."""
    return spell(axis.path, axis.values) if axis.values and axis.path in catalogue() else ""


def axis_problem(path: str, text: str) -> str:
    """Why a text cannot be read as values of a parameter, or ""."""
    try:
        parse_values(path, text)
    except InvalidInput as wrong:
        sentence = str(wrong).removeprefix(f"{path}: ")
        return sentence[:1].upper() + sentence[1:]
    return ""


def number_up_to(text: str, most: int) -> int | None:
    """The number in a text, None unless it is a whole one from 0 to `most`."""
    number = whole_number(text.replace(",", "").strip())
    return number if 0 <= number <= most else None
