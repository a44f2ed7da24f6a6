"""The lists behind `__name__`: their lines, weights and names. `storage.packs.wildcards` reads the files."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from .expansion import ExpansionNode
from .parser import MAY_VARY, without_comment

_WEIGHT = re.compile(r"(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})[ \t]*::")
_GLOB = re.compile(r"[*?\[]")
_SLASHES = re.compile(r"[\\/]+")
# Most names in a sentence.
_NAMED = 6


class WildcardList(Struct, frozen=True):
    """The values of one list, each once. `weights` is empty when all are alike; `where` names the file.

    `lines` has the line number (in JSON: the number of the value), from 1, of each value that varies; all others are
    plain text. `files` names the file of those among them that come from another file than `where`.
    """

    name: str
    values: tuple[str, ...]
    weights: tuple[float, ...] = ()
    lines: Mapping[int, int] = {}
    where: str = ""
    files: Mapping[int, str] = {}

    @property
    def is_plain(self) -> bool:
        """Whether all values are plain text."""
        return not self.lines

    def spot(self, place: int) -> str:
        """File and line of a value that varies, for a sentence."""
        file = self.files.get(place, self.where)
        # Of a JSON file only the values are known, not the lines that they stand in.
        return f"{file}, {'value' if file.casefold().endswith('.json') else 'line'} {self.lines[place]}"


def list_of(name: str, lines: Iterable[str], where: str = "") -> WildcardList:
    """Make a list of the lines of a file: blank ones and comments (#) are left out, `2::dog` is twice as likely.

    A value that stands twice counts once and is twice as likely; one of weight 0 is left out.
    """
    found: dict[str, float] = {}
    numbers: dict[str, int] = {}
    for number, raw in enumerate(lines, start=1):
        line = without_comment(raw.strip())
        if not line:
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
    varying = {place: numbers[value] for place, value in enumerate(values) if MAY_VARY.search(value)}
    return WildcardList(name, values, () if len(set(weights)) <= 1 else weights, varying, where)


def _key(name: str) -> str:
    """A name for comparing: on a Mac accents are letters of their own, on Windows folders end with a backslash."""
    return _SLASHES.sub("/", unicodedata.normalize("NFC", name)).strip("/").casefold()


class Wildcards:
    """All lists by name, like `animals/cat`. Immutable for callers; for any thread.

    `aliases` are further names under which lists are found, those with the name of their file.
    """

    def __init__(self, lists: Iterable[WildcardList] = (), aliases: Mapping[str, str] | None = None) -> None:
        self._lists = {one.name: one for one in lists}
        self._aliases = dict(aliases or {})
        self._keys = {_key(name): name for name in (*self._aliases, *self._lists)}
        self._deeper: dict[str, list[str]] | None = None
        self._merged: dict[str, WildcardList | None] = {}
        # Lists whose lines depend on nothing but lists are bound once for all packs.
        self.bodies: dict[str, list[ExpansionNode | str]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in alphabetical order."""
        return tuple(sorted(self._lists))

    def find(self, name: str) -> WildcardList | None:
        """The list of that name, or all lists that fit a name with *, ? or [] as one.

        Case, the direction of slashes and the way accents are written do not matter. The folders above may be left out
        where only one list is called so.
        """
        if name not in self._merged:
            found = self._single(name)
            if found is None and _GLOB.search(name):
                found = self._glob(_key(name)) or self._glob(f"*/{_key(name)}")
            elif found is None and len(deeper := self.candidates(name)) == 1:
                found = self._lists[deeper[0]]
            self._merged[name] = found
        return self._merged[name]

    def candidates(self, name: str) -> tuple[str, ...]:
        """The lists that are called so in some folder, in alphabetical order."""
        if self._deeper is None:
            self._deeper = {}
            for one in self.names:
                self._deeper.setdefault(_key(one).rpartition("/")[2], []).append(one)
        key = _key(name)
        return tuple(one for one in self._deeper.get(key.rpartition("/")[2], ()) if _key(one).endswith(f"/{key}"))

    def with_lists(self, own: Mapping[str, Sequence[str]]) -> Wildcards:
        """A copy with further lists, which win over those of the same name."""
        if not own:
            return self
        added = [list_of(name, values, "the pack's settings") for name, values in own.items()]
        return Wildcards([*self._lists.values(), *added], self._aliases)

    def near(self, name: str) -> str:
        """Names to suggest for an unknown one, as the end of a sentence; "" when there are no lists."""
        last = name.rpartition("/")[2].casefold()
        alike = [one for one in self.names if last and (last in one.casefold() or one.casefold() in last)]
        named = alike or self.names
        more = "" if len(named) <= _NAMED else ", …"
        return f"{', '.join(named[:_NAMED])}{more}"

    def _single(self, name: str) -> WildcardList | None:
        known = self._keys.get(_key(name), "")
        known = name if name in self._lists else self._aliases.get(name) or self._aliases.get(known, known)
        return self._lists.get(known)

    def _glob(self, pattern: str) -> WildcardList | None:
        fits = re.compile(fnmatch.translate(pattern)).match
        found = [self._lists[name] for name in self.names if fits(_key(name))]
        if len(found) < 2:
            return found[0] if found else None
        weights: dict[str, float] = {}
        varying: dict[str, tuple[str, int]] = {}
        for one in found:
            for place, value in enumerate(one.values):
                weights[value] = max(weights.get(value, 0.0), one.weights[place] if one.weights else 1.0)
                if place in one.lines:
                    varying.setdefault(value, (one.where, one.lines[place]))
        places = {place: varying[value] for place, value in enumerate(weights) if value in varying}
        alike = len(set(weights.values())) <= 1
        return WildcardList(
            name=pattern,
            values=tuple(weights),
            weights=() if alike else tuple(weights.values()),
            lines={place: line for place, (_, line) in places.items()},
            where=", ".join(one.where for one in found[:_NAMED]),
            files={place: file for place, (file, _) in places.items()},
        )
