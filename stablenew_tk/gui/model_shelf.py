"""Which models are shown, and in which order: kind, search, sorting. Quick with tens of thousands of models.

What the search looks through is made once per model. After news only the changed models are made anew, a few
milliseconds at a time, so that the window never waits.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

from msgspec import Struct

from ..pipeline.events import LibrarySnapshot, ModelEntry
from . import model_words as words

Kind = Literal["checkpoint", "lora", "other"]
Column = Literal["name", "family", "sources", "size", "problems"]
KINDS: tuple[Kind, ...] = get_args(Kind)
BUDGET_S = 0.004


class ModelLine(Struct, frozen=True, gc=False):
    """One model as the table and the search see it. `name` is what is read, `hay` what is searched."""

    entry: ModelEntry
    path: str
    name: str
    family: str
    sources: str
    hay: str
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
    return "checkpoint" if entry.kind == "checkpoint" else "lora" if entry.kind == "lora" else "other"


def line_of(entry: ModelEntry) -> ModelLine:
    """A model made ready for table and search."""
    family = words.family(entry.family)
    kind = words.kind(entry.kind) if kind_of(entry) == "other" else ""
    sources = ", ".join(words.tools(entry))
    shown = entry.stem or entry.key
    hay = f"{shown}\n{entry.title}\n{family}\n{kind}\n{sources}\n{entry.folder}".casefold()
    shown_family = " · ".join(filter(None, (kind, family)))
    return ModelLine(entry, path_of(entry), shown, shown_family, sources, hay, shown.casefold())


_SORTS: Mapping[Column, Callable[[ModelLine], object]] = {
    "name": lambda line: line.order,
    "family": lambda line: (not line.family, line.family, line.order),
    "sources": lambda line: (not line.sources, not words.is_ours(line.entry), line.sources, line.order),
    "size": lambda line: (-line.entry.size, line.order),
    "problems": lambda line: (-len(line.entry.problems), line.order),
}


class ModelShelf:
    """All models as lines; `lines` are those shown now."""

    def __init__(self) -> None:
        self.lines: Sequence[ModelLine] = ()
        self.counts: Mapping[Kind, int] = dict.fromkeys(KINDS, 0)
        self.kind: Kind = "checkpoint"
        self.search = ""
        self.column: Column = "name"
        self.backwards = False
        self._made: dict[int, ModelLine] = {}
        self._all: dict[Kind, list[ModelLine]] = {kind: [] for kind in KINDS}
        self._fresh: dict[Kind, list[ModelLine]] = {}
        self._fresh_made: dict[int, ModelLine] = {}
        self._left: Sequence[ModelEntry] = ()
        self._at = 0

    def take(self, snapshot: LibrarySnapshot) -> None:
        """News: `work` makes the lines. What is shown stays as it is until then."""
        self._left, self._at = snapshot.entries, 0
        self._fresh, self._fresh_made = {kind: [] for kind in KINDS}, {}

    def work(self, budget_s: float = BUDGET_S) -> bool:
        """Go on for about so long; True when everything is made and `lines` are those of the latest news."""
        deadline = time.perf_counter() + budget_s
        entries, made, fresh = self._left, self._made, self._fresh
        while self._at < len(entries):
            for entry in entries[self._at : self._at + 50]:
                line = made.get(id(entry))
                # The library keeps the entry of a model that says the same as before.
                if line is None or line.entry is not entry:
                    line = line_of(entry)
                self._fresh_made[id(entry)] = line
                fresh[kind_of(entry)].append(line)
            self._at += 50
            if time.perf_counter() > deadline:
                return False
        if fresh:
            self._all, self._made = fresh, self._fresh_made
            self._fresh, self._fresh_made, self._left = {}, {}, ()
            self.counts = {kind: len(lines) for kind, lines in self._all.items()}
            self.arrange()
        return True

    @property
    def is_busy(self) -> bool:
        """Whether news wait for `work`."""
        return bool(self._fresh)

    def arrange(self) -> None:
        """Choose and order the lines anew, after kind, search or sorting changed."""
        wanted = self.search.casefold().split()
        lines = self._all[self.kind]
        if wanted:
            lines = [line for line in lines if all(word in line.hay for word in wanted)]
        self.lines = sorted(lines, key=_SORTS[self.column], reverse=self.backwards)  # type: ignore[arg-type]  # each key gives one type

    def sort_by(self, column: Column) -> None:
        """Order by a column; by the same one again turns it round."""
        self.backwards = column == self.column and not self.backwards
        self.column = column
        self.arrange()

    def place_of(self, path: str) -> int:
        """Where a model stands among the lines shown, −1 when it does not."""
        return next((at for at, line in enumerate(self.lines) if line.path == path), -1)

    def known(self, path: str) -> ModelLine | None:
        """A model of any kind by its path."""
        return next((line for lines in self._all.values() for line in lines if line.path == path), None)
