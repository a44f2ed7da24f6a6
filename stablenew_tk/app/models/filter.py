"""Filtering, search and sorting of models, quick with tens of thousands of them.

The search text of a model is made once. After a change only that of the changed models is made again, a few
milliseconds at a time, so that the window never waits.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Literal, get_args

from msgspec import Struct

from ...domain.journal.seen import Seen
from ...domain.models.best_setting import BestSetting
from ...domain.models.recommendations import is_kind
from ...storage.models.model_entry import LibrarySnapshot, ModelEntry
from . import wording as words

Kind = Literal["checkpoint", "lora", "other"]
Column = Literal["name", "family", "rated", "mean", "best", "used", "sources", "size", "problems"]
KINDS: tuple[Kind, ...] = get_args(Kind)
OF_STARS: tuple[Column, ...] = ("rated", "mean", "best", "used")
BUDGET_S, PORTION = 0.003, 50
_LAST = "\U0010ffff"  # behind every name
_END = object()


class ModelLine(Struct, frozen=True, gc=False):
    """One model as the table and the search see it. `name` is what is shown, `searched` the text that is searched."""

    entry: ModelEntry
    path: str
    name: str
    family: str
    sources: str
    searched: str
    order: str

    @property
    def preview(self) -> str:
        """The path of its best picture, "" for none."""
        return os.path.join(self.entry.folder, self.entry.previews[0]) if self.entry.previews else ""  # noqa: PTH118


def path_of(entry: ModelEntry) -> str:
    """The path by which the library tells of a model."""
    return os.path.join(entry.folder, entry.key)  # noqa: PTH118  # a Path would take ten times as long


def kind_of(entry: ModelEntry) -> Kind:
    """Which of the three lists a model belongs to."""
    return "checkpoint" if is_kind(entry.kind, "checkpoint") else "lora" if entry.kind == "lora" else "other"


def line_of(entry: ModelEntry) -> ModelLine:
    """A model made ready for table and search."""
    family = words.family(entry.family)
    kind = words.kind(entry.kind) if kind_of(entry) == "other" else ""
    sources = ", ".join(words.tools(entry))
    shown = entry.stem or entry.key
    searched = f"{shown}\n{entry.title}\n{family}\n{kind}\n{sources}\n{entry.folder}".casefold()
    shown_family = " · ".join(filter(None, (kind, family)))
    return ModelLine(entry, path_of(entry), shown, shown_family, sources, searched, shown.casefold())


# Lines stand in order of their names already, and sorting keeps that among equals; so each key may be a simple one.
_SORTS: Mapping[Column, Callable[[ModelLine], str | int]] = {
    "family": lambda line: line.family or _LAST,
    "sources": lambda line: line.sources or _LAST,
    "size": lambda line: -line.entry.size,
    "problems": lambda line: -len(line.entry.problems),
}


class ModelStars(Struct, frozen=True):
    """What ratings say of the models, by path: counts, and the answers of Learning Runs, newest first."""

    seen: Mapping[str, Seen] = {}
    answers: Mapping[str, tuple[BestSetting, ...]] = {}

    def best(self, path: str) -> BestSetting | None:
        """The answer for the column: the newest certain one, else the newest lead."""
        found = self.answers.get(path, ())
        return next((one for one in found if one.certain), found[0] if found else None)

    def known(self, column: Column) -> Mapping[str, float]:
        """What a column sorts by, for the models that have it: the smallest comes first."""
        if column == "best":
            # What is certain before what leads, then the newest.
            shown = ((path, self.best(path)) for path in self.answers)
            return {path: -one.time_ms - (1e15 if one.certain else 0) for path, one in shown if one is not None}
        if column == "mean":
            return {path: -one.mean for path, one in self.seen.items() if one.mean is not None}
        if column == "rated":
            return {path: -one.rated for path, one in self.seen.items() if one.rated}
        return {path: -one.newest_ms for path, one in self.seen.items()}


class ModelFilter:
    """All models as lines; `lines` are those shown now."""

    def __init__(self) -> None:
        self.lines: Sequence[ModelLine] = ()
        self.counts: Mapping[Kind, int] = dict.fromkeys(KINDS, 0)
        self.kind: Kind = "checkpoint"
        self.search = ""
        self.column: Column = "name"
        self.backwards = False
        self.stars = ModelStars()
        self._made: dict[int, ModelLine] = {}
        self._by_path: dict[str, ModelLine] = {}
        self._all: dict[Kind, list[ModelLine]] = {kind: [] for kind in KINDS}
        self._work: Iterator[None] = iter(())

    def take(self, snapshot: LibrarySnapshot) -> None:
        """News: `work` makes the lines. What is shown stays as it is until then."""
        self._work = self._taking(snapshot.entries)

    def work(self, budget_s: float = BUDGET_S) -> bool:
        """Go on for about so long; True when everything is made and `lines` are those of the latest news."""
        deadline = time.perf_counter() + budget_s
        while next(self._work, _END) is not _END:
            if time.perf_counter() > deadline:
                return False
        return True

    def arrange(self) -> None:
        """Choose and order the lines anew, after kind, search or sorting changed."""
        lines = self._all[self.kind]
        for word in self.search.casefold().split():
            lines = [line for line in lines if word in line.searched]
        if self.column == "name":
            self.lines = lines[::-1] if self.backwards else lines
        elif self.column in OF_STARS:
            known = self.stars.known(self.column)
            # Nobody looks for models without stars, whichever way round.
            found = [line for line in lines if line.path in known]
            found.sort(key=lambda line: known[line.path], reverse=self.backwards)
            self.lines = [*found, *(line for line in lines if line.path not in known)]
        else:
            self.lines = sorted(lines, key=_SORTS[self.column], reverse=self.backwards)

    def sort_by(self, column: Column) -> None:
        """Order by a column; by the same one again turns it round."""
        self.backwards = column == self.column and not self.backwards
        self.column = column
        self.arrange()

    def place_of(self, path: str) -> int:
        """Where a model stands among the lines shown, −1 when it does not."""
        line = self.known(path)
        if line is not None:
            for place, other in enumerate(self.lines):
                if other is line:
                    return place
        return -1

    def known(self, path: str) -> ModelLine | None:
        """A model of any kind by its path."""
        return self._by_path.get(path)

    def _taking(self, entries: Sequence[ModelEntry]) -> Iterator[None]:
        """Make the lines in small portions; then they are in force all at once."""
        made: dict[int, ModelLine] = {}
        by_path: dict[str, ModelLine] = {}
        fresh: dict[Kind, list[ModelLine]] = {kind: [] for kind in KINDS}
        for number, entry in enumerate(entries):
            line = self._made.get(id(entry))
            # The library keeps the entry of a model that says the same as before.
            if line is None or line.entry is not entry:
                line = line_of(entry)
            made[id(entry)] = by_path[line.path] = line
            fresh[kind_of(entry)].append(line)
            if number % PORTION == PORTION - 1:
                yield
        for lines in fresh.values():
            lines.sort(key=attrgetter("order"))
            yield
        self._all, self._made, self._by_path = fresh, made, by_path
        self.counts = {kind: len(lines) for kind, lines in fresh.items()}
        self.arrange()
