"""What a journal saw of one model: how many runs, how many pictures, and their mean stars."""

from __future__ import annotations

from collections import Counter
from itertools import compress
from typing import Literal

from msgspec import Struct

from .query import FINAL, HIDDEN, NOT_OK, SKETCH, SUSPECT, HistoryColumns, RunFacts

_NO_EVIDENCE = HIDDEN | SUSPECT | SKETCH | NOT_OK


class Seen(Struct, frozen=True, kw_only=True):
    """Numbers of runs, of finished pictures, and of those with stars; their mean (1–5, None before the first) and the
    id of the newest run.
    """

    runs: int = 0
    pictures: int = 0
    rated: int = 0
    mean: float | None = None
    newest_run: str = ""


class SeenModel(Struct, frozen=True, kw_only=True):
    """A copy of the history, and the names by which it calls one checkpoint or LoRA. Any thread."""

    columns: HistoryColumns
    kind: Literal["checkpoint", "lora"]
    names: frozenset[str]

    def knows(self, run_id: str) -> bool:
        """Whether the journal holds this run."""
        return any(run.run_id == run_id for run in self.columns.runs)

    def count(self) -> Seen:
        """Count its pictures. Suspect ones, sketches and those of blind plans that are still hidden say nothing."""
        columns = self.columns
        fits = [run.run_id not in columns.hidden_runs and self._is_of(run) for run in columns.runs]
        good = columns.flags.translate(bytes(bool(flag & FINAL and not flag & _NO_EVIDENCE) for flag in range(256)))
        runs = Counter(compress(columns.run, good))
        mine = {number: count for number, count in runs.items() if fits[number]}
        if not mine:
            return Seen()
        rated = compress(zip(columns.run, columns.rating, strict=True), _both(good, columns.rating))
        stars = [stars for number, stars in rated if fits[number]]
        newest = max((columns.runs[number] for number in mine), key=lambda run: run.time_ms)
        return Seen(
            runs=len({columns.runs[number].run_id for number in mine}),
            pictures=sum(mine.values()),
            rated=len(stars),
            mean=round(sum(stars) / len(stars), 2) if stars else None,
            newest_run=newest.run_id,
        )

    def _is_of(self, run: RunFacts) -> bool:
        return run.checkpoint in self.names if self.kind == "checkpoint" else not self.names.isdisjoint(run.loras)


def _both(good: bytes, rating: bytes) -> bytes:
    return bytes(map(min, good, rating))
