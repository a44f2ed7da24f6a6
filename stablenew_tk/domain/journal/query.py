"""Filtering, sorting and grouping of recorded pictures (the queries of Review), on a copy of the history's columns.

Working on a copy allows another thread to do it, because a million pictures take some time.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from itertools import compress
from typing import Literal, NamedTuple

from msgspec import Struct

from ..base.grid_layout import shared_shapes

SUSPECT, TAGGED, NOTED, FINAL, SKETCH, NOT_OK, HIDDEN, REJECTED = (1 << bit for bit in range(8))


class RunFacts(Struct, frozen=True, array_like=True, gc=False):
    """What the pictures of a run have in common. A run with several checkpoints, on several machines (`node`), or with
    other LoRAs in other prompts, has one of these for each.
    """

    run_id: str
    run_name: str
    pack_id: str
    checkpoint: str
    time_ms: int
    loras: tuple[str, ...] = ()
    node: str = ""


class RecordPlaces(NamedTuple):
    """Where the texts of pictures are. Each row has the number of its `record`, its index in the outputs there
    (`output`) and the number of its `note` in `notes`; each record its `segment`, `offset` and `length` in the journal.
    """

    record: array[int]
    output: array[int]
    note: array[int]
    segment: array[int]
    offset: array[int]
    length: array[int]
    notes: tuple[str, ...]


class HistoryColumns(Struct, frozen=True, kw_only=True):
    """A copy of the history with one row for each picture: `rating` and `flags` are bytes, `run` and `tags` 32-bit
    indexes into `runs` and `tag_sets`, `shape` 16-bit shapes of pictures (`grid_layout.shape_of`), `rated` the 64-bit
    times of their stars in ms, 0 = none. Pictures of the runs in `hidden_runs` are left out of all results and totals.
    `trashed` has a 1 for each picture in the trash; b"" = none is.
    """

    rating: bytes
    flags: bytes
    run: memoryview
    tags: memoryview
    shape: memoryview
    rated: memoryview
    runs: tuple[RunFacts, ...]
    tag_sets: tuple[tuple[str, ...], ...]
    hidden_runs: frozenset[str] = frozenset()
    trashed: bytes = b""
    places: RecordPlaces | None = None


class Query(Struct, frozen=True, kw_only=True):
    """The filter and order. Empty text = any. `min_stars` 1–5 is used with rating "stars" only. Rejected pictures are
    neither unrated nor rated, but among all. What is in the trash is left out, with `trashed` everything else is.
    `rated_from_ms` to before `rated_to_ms`: when the stars were given, in ms since 1970; 0 = no bound.
    """

    rating: Literal["all", "unrated", "stars", "rejected"] = "all"
    min_stars: int = 1
    pack: str = ""
    checkpoint: str = ""
    tag: str = ""
    node: str = ""
    suspect_only: bool = False
    trashed: bool = False
    text: str = ""
    finals_only: bool = False
    run_id: str = ""
    rated_from_ms: int = 0
    rated_to_ms: int = 0
    order: Literal["newest", "oldest", "best"] = "newest"


class Group(Struct, frozen=True, gc=False):
    """Rows of a selection under one heading: `count` rows from index `first` on. Texts are empty in the order "best";
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
    """Numbers of pictures out of the trash: all, unrated, rated 4 or 5, suspect, rejected. And of those in it."""

    all: int
    unrated: int
    four_up: int
    suspect: int
    rejected: int
    trashed: int = 0


class Selection(Struct, frozen=True, kw_only=True):
    """The result of a query. `rows` are rows of the history in the order to show, `shapes` those of their pictures;
    `group_shapes` has one for each group, as `grid_layout.shared_shapes` tells it. `totals` ignore the rating and
    suspect filters; `packs`, `checkpoints`, `tags` and `nodes` are all values that exist in the history, sorted.
    """

    rows: array[int]
    shapes: array[int]
    groups: tuple[Group, ...]
    group_shapes: array[int]
    totals: Totals
    packs: tuple[str, ...]
    checkpoints: tuple[str, ...]
    tags: tuple[str, ...]
    nodes: tuple[str, ...] = ()


def select(columns: HistoryColumns, query: Query, found: bytes | None = None) -> Selection:
    """Filter, order and group. `found` has a 1 for each row with the words of the query. Pure; safe in any thread."""
    visible = shown(columns.flags, columns.run, columns.runs, columns.hidden_runs)
    base = _within(columns, query, visible)
    base = base if found is None else _both(base, found)
    kept = _out_of_trash(base, columns.trashed)
    chosen = _both(base, columns.trashed or bytes(len(base))) if query.trashed else kept
    if query.rating == "unrated":
        chosen = _both(_both(chosen, _kept(columns.flags)), _mask(columns.rating, lambda rating: rating == 0))
    elif query.rating == "stars":
        stars = _mask(columns.rating, lambda rating: rating >= query.min_stars)
        chosen = _both(_both(chosen, _kept(columns.flags)), stars)
    elif query.rating == "rejected":
        chosen = _both(chosen, _mask(columns.flags, lambda flags: bool(flags & REJECTED)))
    if query.suspect_only:
        chosen = _both(chosen, _mask(columns.flags, lambda flags: bool(flags & SUSPECT)))
    rows = array("I", compress(range(len(chosen)), chosen))
    starts = _starts(columns.run)
    if query.order == "best":
        rows, groups = _best(columns, rows)
    else:
        rows, groups = _by_run(columns, rows, query.order == "newest", starts)
    runs = [columns.runs[index] for index in _used(columns.run, visible, starts)]
    used_tags = {tag for index in _used(columns.tags, visible) for tag in columns.tag_sets[index]}
    shapes, group_shapes = _shapes(columns.shape, rows, groups)
    return Selection(
        rows=rows,
        shapes=shapes,
        groups=groups,
        group_shapes=group_shapes,
        totals=totals(columns.rating, columns.flags, base, columns.trashed),
        packs=tuple(sorted({run.pack_id for run in runs})),
        checkpoints=tuple(sorted({run.checkpoint for run in runs} - {""})),
        tags=tuple(sorted(used_tags)),
        nodes=tuple(sorted({run.node for run in runs} - {""})),
    )


def _shapes(column: memoryview, rows: array[int], groups: Sequence[Group]) -> tuple[array[int], array[int]]:
    raw = column.tobytes()
    if raw == raw[:2] * len(column):
        # All pictures are of one shape, which is common, and told at once.
        one = array("H", raw[:2])
        return one * len(rows), one * len(groups)
    shapes = array("H", map(column.__getitem__, rows))
    return shapes, shared_shapes(shapes, [group.first for group in groups])


def judged(columns: HistoryColumns, rows: Sequence[int]) -> bytes:
    """One byte for each of these rows: 0 = neither rated nor rejected."""
    stars = bytes(map(columns.rating.__getitem__, rows))
    flags = bytes(map(columns.flags.__getitem__, rows)).translate(bytes(flag & REJECTED for flag in range(256)))
    either = int.from_bytes(stars, "little") | int.from_bytes(flags, "little")
    return either.to_bytes(len(stars), "little")


def rejected_among(columns: HistoryColumns, rows: Sequence[int]) -> list[int]:
    """Those of these rows that are rejected, in their order."""
    flags = columns.flags
    return [row for row in rows if flags[row] & REJECTED]


def shown(flags: bytes | bytearray, run: Sequence[int], runs: Sequence[RunFacts], hidden_runs: frozenset[str]) -> bytes:
    """One byte for each row: 1 = neither undone nor of a run in `hidden_runs`."""
    visible = _mask(flags, lambda flag: not flag & HIDDEN)
    if not hidden_runs:
        return visible
    fits = bytes(one.run_id not in hidden_runs for one in runs)
    return _both(visible, bytes(map(fits.__getitem__, run)))


def _used(column: memoryview, visible: bytes, starts: Sequence[int] = ()) -> set[int]:
    """The numbers that occur in the visible rows of a column. `starts` are its `_starts`, where they are known."""
    if 0 in visible:
        return set(compress(column, visible))
    return {column[start] for start in starts or _starts(column)}


def _starts(column: memoryview | array[int]) -> list[int]:
    """The rows whose number is another than that of the row above; told for the whole column at once."""
    if not column:
        return []
    size, raw = column.itemsize, column.tobytes()
    if raw == raw[:size] * len(column):
        return [0]
    differs = int.from_bytes(raw[size:], "little") ^ int.from_bytes(raw[:-size], "little")
    parts = differs.to_bytes(len(raw) - size, "little")
    change = 0
    for place in range(size):
        change |= int.from_bytes(parts[place::size], "little")
    return [0, *compress(range(1, len(column)), change.to_bytes(len(column) - 1, "little"))]


def totals(rating: bytes | bytearray, flags: bytes | bytearray, mask: bytes, trashed: bytes = b"") -> Totals:
    """Count the pictures in `mask`: one byte, 0 or 1, per row. Those in `trashed` (b"" = none) count apart."""
    everything, mask = mask, _out_of_trash(mask, trashed)
    kept = _both(mask, _kept(flags))
    return Totals(
        all=mask.count(1),
        unrated=_both(kept, _mask(rating, lambda stars: stars == 0)).count(1),
        four_up=_both(kept, _mask(rating, lambda stars: stars >= 4)).count(1),
        suspect=_both(mask, _mask(flags, lambda flag: bool(flag & SUSPECT))).count(1),
        rejected=mask.count(1) - kept.count(1),
        trashed=everything.count(1) - mask.count(1),
    )


def _out_of_trash(mask: bytes, trashed: bytes) -> bytes:
    return _both(mask, trashed.translate(bytes(byte == 0 for byte in range(256)))) if trashed else mask


def _kept(flags: bytes | bytearray) -> bytes:
    """The mask of pictures that are not rejected."""
    return _mask(flags, lambda flag: not flag & REJECTED)


def _mask(column: bytes | bytearray, wanted: Callable[[int], bool]) -> bytes:
    # translate works on the whole column at once; the test itself is asked 256 times, whatever the number of rows.
    return bytes(column.translate(bytes(wanted(value) for value in range(256))))


def _both(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "little") & int.from_bytes(other, "little")).to_bytes(len(one), "little")


def _within(columns: HistoryColumns, query: Query, visible: bytes) -> bytes:
    """The mask of all filters but rating and suspect."""
    mask = visible
    if query.finals_only:
        mask = _both(mask, _mask(columns.flags, lambda flags: bool(flags & FINAL)))
    if query.pack or query.checkpoint or query.run_id or query.node:
        fits = bytes(_run_fits(run, query) for run in columns.runs)
        mask = _both(mask, bytes(map(fits.__getitem__, columns.run)))
    if query.tag:
        tagged = bytes(query.tag in tags for tags in columns.tag_sets)
        mask = _both(mask, bytes(map(tagged.__getitem__, columns.tags)))
    if query.rated_from_ms or query.rated_to_ms:
        first, end = max(1, query.rated_from_ms), query.rated_to_ms or 1 << 62
        mask = _both(mask, bytes([first <= moment < end for moment in columns.rated]))
    return mask


def _run_fits(run: RunFacts, query: Query) -> bool:
    return (
        query.pack in ("", run.pack_id)
        and query.checkpoint in ("", run.checkpoint)
        and query.run_id in ("", run.run_id)
        and query.node in ("", run.node)
    )


def _best(columns: HistoryColumns, rows: array[int]) -> tuple[array[int], tuple[Group, ...]]:
    newest_first = rows[::-1]
    ratings = bytes(map(columns.rating.__getitem__, newest_first))
    ordered = array("I")
    for stars in range(5, -1, -1):
        ordered.extend(compress(newest_first, _mask(ratings, lambda rating, stars=stars: rating == stars)))  # type: ignore[misc]
    return ordered, (Group(0, len(ordered), "", "", "", "", 0),) if ordered else ()


def _by_run(
    columns: HistoryColumns, rows: array[int], newest: bool, starts: list[int]
) -> tuple[array[int], tuple[Group, ...]]:
    """The rows run by run, and their groups. `starts` are those of the column of runs."""
    # Reading the column straight through is three times as quick as fetching its numbers row by row.
    numbers = columns.run if len(rows) == len(columns.run) else array("I", map(columns.run.__getitem__, rows))
    starts = starts if numbers is columns.run else _starts(numbers)
    known: dict[str, int] = {}
    same_run = [known.setdefault(run.run_id, index) for index, run in enumerate(columns.runs)]
    runs: list[int] = []
    edges: list[int] = []
    firsts = [numbers[start] for start in starts]
    for start, number in zip(starts, firsts, strict=True):
        if not runs or runs[-1] != same_run[number]:
            runs.append(same_run[number])
            edges.append(start)
    edges.append(len(numbers))
    began: dict[int, int] = {}
    shared: dict[int, str] = {}
    for number in set(firsts):
        run, index = columns.runs[number], same_run[number]
        if index not in began:
            began[index], shared[index] = run.time_ms, run.checkpoint
        else:
            began[index] = min(began[index], run.time_ms)
            shared[index] = run.checkpoint if shared[index] == run.checkpoint else ""
    # Most runs stand in one piece. Only those that do not get a list: a container per run would keep the cyclic
    # collector busy for as long as all the rest takes.
    first_piece: dict[int, int] = {}
    more: dict[int, list[int]] = {}
    for piece, index in enumerate(runs):
        if first_piece.setdefault(index, piece) != piece:
            more.setdefault(index, []).append(piece)
    # Sorting keeps the order of what is equal, so runs of the same moment stay in the order of the journal.
    order = sorted(first_piece, key=began.__getitem__)
    ordered = rows
    if more or order != list(first_piece):
        ordered = array("I")
        for index in order:
            for piece in (first_piece[index], *more.get(index, ())):
                ordered.extend(rows[edges[piece] : edges[piece + 1]])
    groups, place = [], 0
    for index in order[::-1] if newest else order:
        run, piece = columns.runs[index], first_piece[index]
        count = edges[piece + 1] - edges[piece]
        if index in more:
            count += sum(edges[piece + 1] - edges[piece] for piece in more[index])
        groups.append(Group(place, count, run.run_id, run.run_name, run.pack_id, shared[index], began[index]))
        place += count
    return ordered[::-1] if newest else ordered, tuple(groups)
