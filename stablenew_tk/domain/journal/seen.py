"""What a journal saw of models: how many runs, how many pictures, their mean stars, the best of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import compress
from typing import Literal

import msgspec
from msgspec import Struct

from ..models.profile import LearningSummary
from .query import FINAL, HIDDEN, NOT_OK, REJECTED, SKETCH, SUSPECT, HistoryColumns, RunFacts

MOST_BEST = 4  # of the best pictures of a model
_NO_EVIDENCE = HIDDEN | SUSPECT | SKETCH | NOT_OK

SeenKind = Literal["checkpoint", "lora"]


class Seen(Struct, frozen=True, kw_only=True, gc=False):
    """Numbers of runs, of finished pictures, and of those with stars; their mean (1–5, None before the first), id and
    time (ms) of the newest run, and the rows of its best pictures, the best first and among equals the newest.
    """

    runs: int = 0
    pictures: int = 0
    rated: int = 0
    mean: float | None = None
    newest_run: str = ""
    newest_ms: int = 0
    best: tuple[int, ...] = ()

    @property
    def summary(self) -> LearningSummary:
        """The numbers as a profile holds them."""
        return LearningSummary(
            runs_observed=self.runs, mean_rating=self.mean, ratings=self.rated, newest_run=self.newest_run
        )


class SeenModel(Struct, frozen=True, kw_only=True):
    """A copy of the history, and whether a name in it means one checkpoint or LoRA. Any thread."""

    columns: HistoryColumns
    kind: SeenKind
    is_it: Callable[[str], bool]

    def knows(self, run_id: str) -> bool:
        """Whether the journal holds this run."""
        return any(run.run_id == run_id for run in self.columns.runs)

    def count(self) -> Seen:
        """Count its pictures."""

        def owner(name: str, kind: SeenKind) -> str:
            return "it" if kind == self.kind and self.is_it(name) else ""

        return seen_of_all(self.columns, owner).get("it", Seen())


class _Tally(Struct):
    runs: set[str] = msgspec.field(default_factory=set)
    pictures: int = 0
    rated: int = 0
    stars: int = 0
    newest: RunFacts | None = None
    best: list[int] = msgspec.field(default_factory=list)


def seen_of_all(columns: HistoryColumns, owner: Callable[[str, SeenKind], str]) -> dict[str, Seen]:
    """What the journal saw of every model, in one pass. Suspect pictures, sketches and those of blind plans that are
    still hidden say nothing. Any thread.

    `owner(name, kind)` gives the key for the name of a checkpoint or LoRA, "" for one that is not asked about. It is
    called once for each name.
    """
    keys = _keys(columns, owner)
    good = columns.flags.translate(bytes(bool(flag & FINAL and not flag & _NO_EVIDENCE) for flag in range(256)))
    found: dict[str, _Tally] = {}
    for number, count in Counter(compress(columns.run, good)).items():
        run = columns.runs[number]
        for key in keys[number]:
            one = found.setdefault(key, _Tally())
            one.runs.add(run.run_id)
            one.pictures += count
            if one.newest is None or run.time_ms > one.newest.time_ms:
                one.newest = run
    rated = _both(good, columns.rating)
    given = Counter(compress(zip(columns.run, columns.rating, strict=True), rated))
    for (number, stars), count in given.items():
        for key in keys[number]:
            found[key].rated += count
            found[key].stars += stars * count
    _find_best(columns, rated, keys, found)
    return {key: _seen(one) for key, one in found.items()}


def _keys(columns: HistoryColumns, owner: Callable[[str, SeenKind], str]) -> Sequence[tuple[str, ...]]:
    """The models that took part, for each entry of `columns.runs`."""
    known: dict[tuple[str, SeenKind], str] = {}

    def key_of(name: str, kind: SeenKind) -> str:
        if (name, kind) not in known:
            known[name, kind] = owner(name, kind) if name else ""
        return known[name, kind]

    def of(run: RunFacts) -> tuple[str, ...]:
        if run.run_id in columns.hidden_runs:
            return ()
        named = (key_of(run.checkpoint, "checkpoint"), *(key_of(name, "lora") for name in run.loras))
        return tuple(dict.fromkeys(filter(None, named)))

    return [of(run) for run in columns.runs]


def _find_best(
    columns: HistoryColumns, rated: bytes, keys: Sequence[tuple[str, ...]], found: dict[str, _Tally]
) -> None:
    missing = sum(min(MOST_BEST, one.rated) for one in found.values())
    kept = columns.flags.translate(bytes(0 if flag & REJECTED else 255 for flag in range(256)))
    stars_of = bytes(
        map(min, kept, columns.rating, rated.translate(bytes(255 if value else 0 for value in range(256))))
    )
    rows, run = range(len(stars_of) - 1, -1, -1), columns.run
    for stars in range(5, 0, -1):
        these = stars_of.translate(bytes(value == stars for value in range(256)))
        for row in compress(rows, reversed(these)):
            for key in keys[run[row]]:
                best = found[key].best
                if len(best) < MOST_BEST:
                    best.append(row)
                    missing -= 1
            if not missing:
                return


def _seen(one: _Tally) -> Seen:
    return Seen(
        runs=len(one.runs),
        pictures=one.pictures,
        rated=one.rated,
        mean=round(one.stars / one.rated, 2) if one.rated else None,
        newest_run=one.newest.run_id if one.newest is not None else "",
        newest_ms=one.newest.time_ms if one.newest is not None else 0,
        best=tuple(one.best),
    )


def _both(good: bytes, rating: bytes) -> bytes:
    return bytes(map(min, good, rating))
