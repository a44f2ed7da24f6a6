"""Filtering, search and sorting of models, quick with tens of thousands of them.

The search text of a model is made once. After a change only that of the changed models is made again, a few
milliseconds at a time, so that the window never waits.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Literal, get_args

from msgspec import Struct, structs

from ...domain.base.wording import counted
from ...domain.journal.seen import Seen
from ...domain.models.best_setting import BestSetting, Estimates
from ...domain.models.recommendations import is_kind
from ...pipeline.messages.models import ModelSeries
from ...storage.models.model_entry import LibrarySnapshot, ModelEntry
from . import wording as words
from .estimates import EstimateChart, estimate_chart, worth_of

Kind = Literal["checkpoint", "lora", "other"]
Column = Literal["name", "family", "rated", "mean", "best", "used", "sources", "size", "problems"]
KINDS: tuple[Kind, ...] = get_args(Kind)
OF_STARS: tuple[Column, ...] = ("rated", "mean", "best", "used")
BUDGET_S, PORTION = 0.003, 50
_LAST = "\U0010ffff"  # behind every name
_END = object()
Nested = tuple["ModelLine", Sequence["ModelLine"]]  # a series, and its files


class ModelLine(Struct, frozen=True, gc=False):
    """One model as the table and the search see it. `name` is what is shown, `searched` the text that is searched."""

    entry: ModelEntry
    path: str
    name: str
    family: str
    sources: str
    searched: str
    order: str
    key: str = ""  # that of a series for its row, else the path
    note: str = ""
    depth: int = 0

    @property
    def is_series(self) -> bool:
        """Whether it stands for all files of a training; `entry` and `path` are those of the best one."""
        return self.key != self.path

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
    path = path_of(entry)
    return ModelLine(entry, path, shown, shown_family, sources, searched, shown.casefold(), key=path)


# Lines stand in order of their names already, and sorting keeps that among equals; so each key may be a simple one.
_SORTS: Mapping[Column, Callable[[ModelLine], str | int]] = {
    "family": lambda line: line.family or _LAST,
    "sources": lambda line: line.sources or _LAST,
    "size": lambda line: -line.entry.size,
    "problems": lambda line: -len(line.entry.problems),
}


class ModelStars(Struct, frozen=True):
    """What ratings say of the models, by path: counts, the answers of Learning Runs, newest first, and their estimates
    of files.
    """

    seen: Mapping[str, Seen] = {}
    answers: Mapping[str, tuple[BestSetting, ...]] = {}
    series: Sequence[ModelSeries] = ()
    estimates: Sequence[Estimates] = ()

    def mean(self, key: str) -> float:
        """For ordering: 0 = no stars yet."""
        found = self.seen.get(key)
        return found.mean or 0.0 if found is not None else 0.0

    def chart(self, line: ModelLine, key: str) -> EstimateChart | None:
        """What Learning Runs found of a model's files or weights. `key` is that of the series it is of, "" for none."""
        series = next((one for one in self.series if one.key == key), None)
        return estimate_chart(self.estimates, line.path, series, whole=line.is_series)

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


def nested(one: ModelSeries, stars: ModelStars, known: Mapping[str, ModelLine]) -> Nested | None:
    """The line of a series and those of its files, the best one first; None when fewer than two of them are known. That
    of the series is about its best file, without stars its last.
    """
    inside = [structs.replace(known[path], note=where, depth=1) for path, where in one.members if path in known]
    if len(inside) < 2:
        return None
    note, last = _span([line.note for line in inside]), inside[-1]
    # Only a comparison on the same seeds tells which file is better.
    worth = worth_of(stars.estimates, {line.path for line in inside})
    inside.sort(key=lambda line: (-worth.get(line.path, 0.0), -stars.mean(line.path)))
    best = inside[0] if inside[0].path in worth or stars.mean(inside[0].path) else last
    return structs.replace(best, name=one.name, key=one.key, note=note, depth=0), inside


def _span(words: Sequence[str]) -> str:
    """ "6 epochs, 2 to 12"; "6 files, epoch 2 to step 900" where they are counted in both ways."""
    unit, first = words[0].rpartition(" ")[::2]
    if unit and all(one.startswith(f"{unit} ") for one in words):
        last = words[-1].removeprefix(f"{unit} ").removesuffix(", last")
        return f"{counted(len(words), unit)}, {first} to {last}"
    return f"{counted(len(words), 'file')}, {words[0]} to {words[-1]}"


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
        self.open: set[str] = set()  # keys of the series whose files are shown
        self._made: dict[int, ModelLine] = {}
        self._by_path: dict[str, ModelLine] = {}
        self._all: dict[Kind, list[ModelLine]] = {kind: [] for kind in KINDS}
        self._rows: Mapping[Kind, Sequence[ModelLine]] = self._all  # a series in place of its files
        self._nested: Mapping[str, Nested] = {}
        self._tops: Mapping[str, ModelLine] = {}  # the line of its series by the path of a file
        self._work: Iterator[None] = iter(())

    def take(self, snapshot: LibrarySnapshot) -> None:
        """News: `work` makes the lines. What is shown stays as it is until then."""
        self._work = chain(self._taking(snapshot.entries), self._nesting())

    def take_stars(self, stars: ModelStars) -> None:
        """What ratings say is in force now; files of one training stand together once `work` is done."""
        self.stars = stars
        self._work = chain(self._work, self._nesting())

    def work(self, budget_s: float = BUDGET_S) -> bool:
        """Go on for about so long; True when everything is made and `lines` are those of the latest news."""
        deadline = time.perf_counter() + budget_s
        while next(self._work, _END) is not _END:
            if time.perf_counter() > deadline:
                return False
        return True

    def arrange(self) -> None:
        """Choose and order the lines anew, after kind, search or sorting changed."""
        lines = self._rows[self.kind]
        if words := self.search.casefold().split():
            found = self._all[self.kind]
            for word in words:
                found = [line for line in found if word in line.searched]
            lines = self._topmost(found)
        if self.column == "name":
            self.lines = lines[::-1] if self.backwards else lines
        elif self.column in OF_STARS:
            known = self.stars.known(self.column)
            # Nobody looks for models without stars, whichever way round.
            starred = [line for line in lines if line.key in known]
            starred.sort(key=lambda line: known[line.key], reverse=self.backwards)
            self.lines = [*starred, *(line for line in lines if line.key not in known)]
        else:
            self.lines = sorted(lines, key=_SORTS[self.column], reverse=self.backwards)
        if self.open and self._nested:
            self.lines = [one for line in self.lines for one in (line, *self._inside(line))]

    def unfold(self, key: str, on: bool) -> bool:
        """Show the files of a series, or no longer. False when there is nothing to change."""
        if key not in self._nested or on == (key in self.open):
            return False
        self.open ^= {key}
        self.arrange()
        return True

    def series_of(self, path: str) -> str:
        """The key of the series that a file is shown in, "" for none."""
        top = self._tops.get(path)
        return top.key if top is not None else ""

    def search_for(self, line: ModelLine) -> str:
        """The search in Review that finds the pictures of a model, or of all files of a series."""
        if kind_of(line.entry) == "checkpoint":
            return f'checkpoint:"{line.entry.stem}"'
        if not line.is_series:
            return f'prompt:"<lora:{line.entry.stem}:"'
        named = all(one.entry.stem.startswith(line.name) for one in self._nested[line.key][1])
        return f'prompt:"<lora:{line.name if named else line.entry.stem}"'

    def _inside(self, line: ModelLine) -> Sequence[ModelLine]:
        return self._nested[line.key][1] if line.is_series and line.key in self.open else ()

    def sort_by(self, column: Column) -> None:
        """Order by a column; by the same one again turns it round."""
        self.backwards = column == self.column and not self.backwards
        self.column = column
        self.arrange()

    def place_of(self, path: str) -> int:
        """Where a model stands among the lines shown, −1 when it does not."""
        return next((place for place, line in enumerate(self.lines) if line.key == path), -1)

    def known(self, path: str) -> ModelLine | None:
        """A model of any kind by its path, or a series by its key."""
        return self._nested[path][0] if path in self._nested else self._by_path.get(path)

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

    def _topmost(self, lines: Sequence[ModelLine]) -> Sequence[ModelLine]:
        """The same with a series in place of its files."""
        if not self._tops:
            return lines
        shown = map(self._tops.get, map(attrgetter("path"), lines), lines)
        return list({top.key: top for top in shown}.values())

    def _nesting(self) -> Iterator[None]:
        """Put the files of each training together, in small portions."""
        found: dict[str, Nested] = {}
        tops: dict[str, ModelLine] = {}
        for number, one in enumerate(self.stars.series):
            made = nested(one, self.stars, self._by_path)
            if made is not None:
                found[one.key] = made
                tops.update((line.path, made[0]) for line in made[1])
            if number % PORTION == PORTION - 1:
                yield
        yield
        self._nested, self._tops = found, tops
        self._rows = {kind: self._topmost(lines) for kind, lines in self._all.items()}
        yield
        self.arrange()
