"""The lists behind `__name__`: their lines, weights and names. Reading the files is storage's work."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

_WEIGHT = re.compile(r"(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})::")
# What makes a line more than text.
VARIES = re.compile(r"[{}\\]|__|\[\[|\$\{")
_GLOB = re.compile(r"[*?]")
# Most of a list that is named in a sentence.
_NAMED = 6


class WildcardList(Struct, frozen=True):
    """The values of one list, each once. `weights` is empty when all are alike; `where` names the file.

    `lines` tells for the values that vary in which line they stand, from 1; all others are plain text.
    """

    name: str
    values: tuple[str, ...]
    weights: tuple[float, ...] = ()
    lines: Mapping[int, int] = {}
    where: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether all values are text and nothing else."""
        return not self.lines


def list_of(name: str, lines: Iterable[str], where: str = "") -> WildcardList:
    """A list from the lines of a file: blank ones and comments (#) are left out, `2::dog` is twice as likely.

    A value that stands twice counts once and is twice as likely; one of weight 0 is left out.
    """
    found: dict[str, float] = {}
    numbers: dict[str, int] = {}
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        if not line or line[0] == "#":
            continue
        weight = 1.0
        if "::" in line and (match := _WEIGHT.match(line)):
            weight, line = float(match[1]), line[match.end() :].strip()
        if weight:
            found[line] = found.get(line, 0.0) + weight
            if line not in numbers:
                numbers[line] = number
    values = tuple(found)
    weights = tuple(found.values())
    varying = {place: numbers[value] for place, value in enumerate(values) if VARIES.search(value)}
    return WildcardList(name, values, () if len(set(weights)) <= 1 else weights, varying, where)


class Wildcards:
    """All lists by name, as `animals/cat`. Values only; safe to hand to any thread.

    `aliases` are further names of lists, for looking up alone: with the name of the file they stand in.
    """

    def __init__(self, lists: Iterable[WildcardList] = (), aliases: Mapping[str, str] | None = None) -> None:
        self._lists = {one.name: one for one in lists}
        self._aliases = dict(aliases or {})
        self._folded = {name.casefold(): name for name in (*self._aliases, *self._lists)}
        self._merged: dict[str, WildcardList | None] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in alphabetical order."""
        return tuple(sorted(self._lists))

    def find(self, name: str) -> WildcardList | None:
        """The list of that name (case does not matter), or all lists that fit a name with * or ? as one."""
        if name not in self._merged:
            self._merged[name] = self._glob(name) if _GLOB.search(name) else self._single(name)
        return self._merged[name]

    def with_lists(self, own: Mapping[str, Sequence[str]]) -> Wildcards:
        """The same with some lists of one's own, which win over those of the same name."""
        if not own:
            return self
        added = [list_of(name, values, "the pack's settings") for name, values in own.items()]
        return Wildcards([*self._lists.values(), *added], self._aliases)

    def near(self, name: str) -> str:
        """Names to offer for one that there is not, as the end of a sentence; "" when there are no lists."""
        last = name.rpartition("/")[2].casefold()
        alike = [one for one in self.names if last and (last in one.casefold() or one.casefold() in last)]
        named = alike or self.names
        more = "" if len(named) <= _NAMED else ", …"
        return f"{', '.join(named[:_NAMED])}{more}"

    def _single(self, name: str) -> WildcardList | None:
        known = self._folded.get(name.casefold(), "")
        known = name if name in self._lists else self._aliases.get(name) or self._aliases.get(known, known)
        return self._lists.get(known)

    def _glob(self, pattern: str) -> WildcardList | None:
        fits = re.compile(fnmatch.translate(pattern.casefold())).match
        found = [self._lists[name] for name in self.names if fits(name.casefold())]
        if len(found) < 2:
            return found[0] if found else None
        weights: dict[str, float] = {}
        for one in found:
            for value, weight in zip(one.values, one.weights or (1.0,) * len(one.values), strict=True):
                weights[value] = max(weights.get(value, 0.0), weight)
        values = tuple(weights)
        varying = {place: 0 for place, value in enumerate(values) if VARIES.search(value)}
        alike = len(set(weights.values())) <= 1
        where = ", ".join(one.where for one in found[:_NAMED])
        return WildcardList(pattern, values, () if alike else tuple(weights.values()), varying, where)
