"""Which pictures to show, in which order, and under which headings: filters over the columns of the history.

Everything here works on a snapshot, so that another thread can do it: a million pictures take a moment.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from itertools import compress, groupby
from typing import Literal, NamedTuple

from msgspec import Struct

SUSPECT, TAGGED, NOTED, FINAL, SKETCH, NOT_OK, HIDDEN = (1 << bit for bit in range(7))


class Run(NamedTuple):
    """What the pictures of a run share. A run that switches checkpoints has one of these per checkpoint."""

    run_id: str
    run_name: str
    pack_id: str
    checkpoint: str
    time_ms: int


class Columns(Struct, frozen=True, kw_only=True):
    """A snapshot of the history, a row per picture: `rating` and `flags` one byte, `run` and `tags` 32-bit numbers
    that point into `runs` and `tag_sets`.
    """

    rating: bytes
    flags: bytes
    run: memoryview
    tags: memoryview
    runs: tuple[Run, ...]
    tag_sets: tuple[tuple[str, ...], ...]


class Query(Struct, frozen=True, kw_only=True):
    """What to show. Empty text = any. `min_stars` 1–5 counts with rating "stars" only."""

    rating: Literal["all", "unrated", "stars"] = "all"
    min_stars: int = 1
    pack: str = ""
    checkpoint: str = ""
    tag: str = ""
    suspect_only: bool = False
    finals_only: bool = False
    run_id: str = ""
    order: Literal["newest", "oldest", "best"] = "newest"


class Group(Struct, frozen=True, gc=False):
    """Neighbours in a selection with one heading: `count` rows from index `first` on. Texts are empty for "best";
    `checkpoint` is empty too when a run used several.
    """

    first: int
    count: int
    run_id: str
    run_name: str
    pack_id: str
    checkpoint: str
    time_ms: int


class Totals(NamedTuple):
    """How many pictures there are, and how many of them are unrated, rated 4 or 5, suspect."""

    all: int
    unrated: int
    four_up: int
    suspect: int


class Selection(Struct, frozen=True, kw_only=True):
    """The answer. `rows` are rows of the history in the order to show. `totals` count what the query without its
    rating and suspect filters holds; `packs`, `checkpoints` and `tags` are the values that exist at all, sorted.
    """

    rows: array[int]
    groups: tuple[Group, ...]
    totals: Totals
    packs: tuple[str, ...]
    checkpoints: tuple[str, ...]
    tags: tuple[str, ...]


def select(columns: Columns, query: Query) -> Selection:
    """Filter, order and group. Pure; safe in any thread."""
    visible = _mask(columns.flags, lambda flags: not flags & HIDDEN)
    base = _within(columns, query, visible)
    chosen = base
    if query.rating == "unrated":
        chosen = _both(chosen, _mask(columns.rating, lambda rating: rating == 0))
    elif query.rating == "stars":
        chosen = _both(chosen, _mask(columns.rating, lambda rating: rating >= query.min_stars))
    if query.suspect_only:
        chosen = _both(chosen, _mask(columns.flags, lambda flags: bool(flags & SUSPECT)))
    rows = array("I", compress(range(len(chosen)), chosen))
    rows, groups = _best(columns, rows) if query.order == "best" else _by_run(columns, rows, query.order == "newest")
    runs = [columns.runs[index] for index in set(compress(columns.run, visible))]
    used_tags = {tag for index in set(compress(columns.tags, visible)) for tag in columns.tag_sets[index]}
    return Selection(
        rows=rows,
        groups=groups,
        totals=totals(columns.rating, columns.flags, base),
        packs=tuple(sorted({run.pack_id for run in runs})),
        checkpoints=tuple(sorted({run.checkpoint for run in runs} - {""})),
        tags=tuple(sorted(used_tags)),
    )


def totals(rating: bytes | bytearray, flags: bytes | bytearray, mask: bytes | None = None) -> Totals:
    """Count the pictures in `mask` (one byte, 0 or 1, per row; None = all that are not taken back)."""
    base = _mask(flags, lambda flag: not flag & HIDDEN) if mask is None else mask
    return Totals(
        base.count(1),
        _both(base, _mask(rating, lambda stars: stars == 0)).count(1),
        _both(base, _mask(rating, lambda stars: stars >= 4)).count(1),
        _both(base, _mask(flags, lambda flag: bool(flag & SUSPECT))).count(1),
    )


def _mask(column: bytes | bytearray, wanted: Callable[[int], bool]) -> bytes:
    # translate works on the whole column at once; the test itself is asked 256 times, whatever the number of rows.
    return bytes(column.translate(bytes(wanted(value) for value in range(256))))


def _both(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "little") & int.from_bytes(other, "little")).to_bytes(len(one), "little")


def _within(columns: Columns, query: Query, visible: bytes) -> bytes:
    """The mask of all filters but rating and suspect."""
    mask = visible
    if query.finals_only:
        mask = _both(mask, _mask(columns.flags, lambda flags: bool(flags & FINAL)))
    if query.pack or query.checkpoint or query.run_id:
        fits = bytes(_run_fits(run, query) for run in columns.runs)
        mask = _both(mask, bytes(map(fits.__getitem__, columns.run)))
    if query.tag:
        tagged = bytes(query.tag in tags for tags in columns.tag_sets)
        mask = _both(mask, bytes(map(tagged.__getitem__, columns.tags)))
    return mask


def _run_fits(run: Run, query: Query) -> bool:
    return (
        query.pack in ("", run.pack_id)
        and query.checkpoint in ("", run.checkpoint)
        and query.run_id in ("", run.run_id)
    )


def _best(columns: Columns, rows: array[int]) -> tuple[array[int], tuple[Group, ...]]:
    newest_first = rows[::-1]
    ratings = bytes(map(columns.rating.__getitem__, newest_first))
    ordered = array("I")
    for stars in range(5, -1, -1):
        ordered.extend(compress(newest_first, _mask(ratings, lambda rating, stars=stars: rating == stars)))  # type: ignore[misc]
    return ordered, (Group(0, len(ordered), "", "", "", "", 0),) if ordered else ()


def _by_run(columns: Columns, rows: array[int], newest: bool) -> tuple[array[int], tuple[Group, ...]]:
    pieces: dict[str, list[array[int]]] = {}
    runs: dict[str, list[Run]] = {}
    start = 0
    for index, same in groupby(map(columns.run.__getitem__, rows)):
        count = len(list(same))
        run = columns.runs[index]
        pieces.setdefault(run.run_id, []).append(rows[start : start + count])
        runs.setdefault(run.run_id, []).append(run)
        start += count
    # Sorting keeps the order of what is equal, so runs of the same moment stay in the order of the journal.
    names = sorted(runs, key=lambda name: min(run.time_ms for run in runs[name]))
    ordered: array[int] = array("I")
    groups = []
    for name in reversed(names) if newest else names:
        first = len(ordered)
        for piece in reversed(pieces[name]) if newest else pieces[name]:
            ordered.extend(piece[::-1] if newest else piece)
        of_run = runs[name]
        shared = of_run[0].checkpoint if len({run.checkpoint for run in of_run}) == 1 else ""
        began = min(run.time_ms for run in of_run)
        groups.append(Group(first, len(ordered) - first, name, of_run[0].run_name, of_run[0].pack_id, shared, began))
    return ordered, tuple(groups)
