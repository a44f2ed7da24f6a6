"""`Library`: incremental scan of the model folders (checkpoints, LoRAs, VAEs …) and the recommendations of their files.

A scan is done in small portions, so that its thread can do other work in between. First, folders are listed and every
new model is summarised (kind, problems); then models are read in full one by one. While a sidecar is half-written or
broken, its earlier reading stays in effect, with a sentence that says so.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from ...domain.models.style import StyleCatalogue
from .entries import entry_of, is_shown_differently, read_in_full
from .index import FolderRecord, load_index, save_index
from .model_entry import LibrarySnapshot, ModelEntry
from .scan import FolderListing, listing, real_tops, unlisted
from .sidecars import grouped
from .tensor_tables import TensorTables

_END = object()
_ENTRIES_A_STEP = 8


class LibraryChange(Struct, frozen=True):
    """Result of one portion of work. `changed`: paths of models that were added, removed or changed.

    `folders_left`: number of folders not listed yet; `models_left`: of models not read in full yet.
    """

    snapshot: LibrarySnapshot
    changed: frozenset[str]
    folders_left: int
    models_left: int

    @property
    def is_done(self) -> bool:
        """Whether the scan is complete."""
        return not self.folders_left and not self.models_left


class _ModelRoot:
    """One of the user's folders. `away` says why it cannot be listed now; its records are kept for its return."""

    def __init__(self, path: str, records: Iterable[FolderRecord]) -> None:
        self.path = path
        self.away = ""
        self.folders = {record.path: record for record in records}


class Library:
    """The models below some folders. One thread only; returned values may be used on any thread."""

    def __init__(self, roots: Iterable[Path], styles: StyleCatalogue, index_file: Path | None = None) -> None:
        """Starts with the content of the index; `rescan` and `work` update it.

        A folder inside another one is covered by that one.
        """
        paths = _outermost(roots)
        known = load_index(index_file, paths, styles) if index_file is not None else {}
        self._roots = {path: _ModelRoot(path, known.get(path, ())) for path in paths}
        self._styles, self._tables = styles, TensorTables(styles.families)
        self._index_file = index_file
        self._tops = real_tops(paths)
        # Both are used as stacks: what the user changed last is scanned first.
        self._folders: dict[str, bool] = {}
        self._unread: dict[tuple[str, str], None] = {}
        self._listing: Iterator[None] | None = None
        self._changed: set[str] = set()
        self._is_saved = True
        for root in self._roots.values():
            self._ask_for_unread(root.folders.values())
        self._snapshot, self._is_shown = self._taken(), True

    @property
    def roots(self) -> tuple[str, ...]:
        """The folders, without those inside another one."""
        return tuple(self._roots)

    @property
    def snapshot(self) -> LibrarySnapshot:
        """The models as of the last portion of work."""
        return self._snapshot

    def rescan(self, *, folders: Iterable[str] = (), trees: Iterable[str] = ()) -> None:
        """Mark folders, or whole trees, to be scanned again by `work`. Paths outside the roots are ignored."""
        self._tops = real_tops(self._roots)
        for path, deep in [*((one, False) for one in folders), *((one, True) for one in trees)]:
            root = self._root_of(path)
            if root is None:
                continue
            # A folder that is not known yet is found from the nearest one above it that is known.
            known = path
            while known != root.path and known not in root.folders:
                known = os.path.dirname(known)  # noqa: PTH120
            self._folders[known] = self._folders.pop(known, False) or (deep and known == path)

    def read_first(self, path: Path) -> None:
        """Move a model to the front of those to be read in full."""
        place = (str(path.parent), path.name)
        if place in self._unread:
            self._unread[place] = self._unread.pop(place)

    def work(self, budget_s: float = 0.05) -> LibraryChange:
        """Continue the scan for about `budget_s` seconds. Blocks on the disk; problems with files do not raise."""
        deadline = time.monotonic() + budget_s
        while self._step() and time.monotonic() < deadline:
            pass
        return self._change()

    def scan(self, *, in_full: bool = True) -> LibraryChange:
        """Complete the scan. Without `in_full`, new models are only summarised."""
        self.rescan(trees=self._roots)
        while self._step(in_full=in_full):
            pass
        return self._change()

    def save(self) -> None:
        """Write the index if anything changed. Raises NotSaved or OSError."""
        if self._index_file is not None and not self._is_saved:
            save_index(self._index_file, {one.path: one.folders.values() for one in self._roots.values()}, self._styles)
            self._is_saved = True

    # ---- one step at a time

    def _step(self, *, in_full: bool = True) -> bool:
        """Do one step of the scan. False when nothing is left to do."""
        if self._listing is not None:
            if next(self._listing, _END) is _END:
                self._listing = None
                if not self._folders:
                    self._tables.forget()
        elif self._folders:
            path, deep = self._folders.popitem()
            self._listing = self._list(path, deep=deep)
        elif in_full and self._unread:
            self._read(*self._unread.popitem()[0])
        else:
            return False
        return True

    def _change(self) -> LibraryChange:
        if not self._is_shown:
            self._snapshot, self._is_shown = self._taken(), True
        changed, self._changed = frozenset(self._changed), set()
        folders = len(self._folders) + (self._listing is not None)
        return LibraryChange(self._snapshot, changed, folders, len(self._unread))

    def _taken(self) -> LibrarySnapshot:
        entries: list[ModelEntry] = []
        problems = [root.away for root in self._roots.values() if root.away]
        for root in self._roots.values():
            if not root.away:
                for _, record in sorted(root.folders.items()):
                    entries += record.entries.values()
                    problems += record.problems
        return LibrarySnapshot(tuple(entries), tuple(problems))

    def _list(self, path: str, *, deep: bool) -> Iterator[None]:
        """List one folder, queue those below it, and update changed models one at a time."""
        root = self._root_of(path)
        if root is None:
            return
        try:
            seen = listing(path, self._tops)
        except OSError as error:
            self._lost(root, path, error)
            return
        if root.away:
            root.away, deep = "", True
            self._tell(root.folders.values())
            self._ask_for_unread(root.folders.values())
        known = root.folders.get(path)
        for name in set(known.below if known else ()) - set(seen.below):
            self._drop(root, os.path.join(path, name))  # noqa: PTH118
        for name in reversed(seen.below):
            below = os.path.join(path, name)  # noqa: PTH118
            if deep or below not in root.folders:
                self._folders[below] = True
        if known is None or not _is_as_seen(known, seen):
            yield from self._take_in(root, known or FolderRecord(path), seen)

    def _take_in(self, root: _ModelRoot, old: FolderRecord, seen: FolderListing) -> Iterator[None]:
        entries: dict[str, ModelEntry] = {}
        for count, files in enumerate(grouped(seen.states)):
            entries[files.name] = entry_of(files, seen, old, self._styles, self._tables)
            if not count % _ENTRIES_A_STEP:
                yield
        record = FolderRecord(old.path, seen.states, seen.below, seen.outside, seen.problems, entries)
        root.folders[old.path] = record
        self._is_shown = self._is_saved = False
        if not old.entries:
            self._tell([record])
        for key in old.entries.keys() | entries.keys() if old.entries else ():
            if is_shown_differently(old.entries.get(key), entries.get(key)):
                self._changed.add(os.path.join(old.path, key))  # noqa: PTH118
        self._ask_for_unread([record])

    def _read(self, path: str, key: str) -> None:
        """Read one model in full, if it is still there."""
        root = self._root_of(path)
        record = root.folders.get(path) if root is not None and not root.away else None
        entry = record.entries.get(key) if record is not None else None
        if record is None or entry is None:
            return
        now = read_in_full(entry, record, self._styles)
        if now != entry:
            record.entries[key] = now
            self._is_shown = self._is_saved = False
        if is_shown_differently(entry, now):
            self._changed.add(os.path.join(path, key))  # noqa: PTH118

    def _lost(self, root: _ModelRoot, path: str, error: OSError) -> None:
        if path == root.path or not os.path.isdir(root.path):  # noqa: PTH112
            # The whole drive may be unplugged; its records are used again when it returns.
            if not root.away:
                self._tell(root.folders.values())
            root.away, self._is_shown = unlisted(root.path, error), False
            return
        self._drop(root, path)
        if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
            root.folders[path] = FolderRecord(path, problems=(unlisted(path, error),))

    def _drop(self, root: _ModelRoot, path: str) -> None:
        """Forget a folder and all below it."""
        gone = [one for one in root.folders if one == path or one.startswith(path + os.sep)]
        self._tell(root.folders.pop(one) for one in gone)
        self._is_shown = self._is_saved = False

    def _tell(self, records: Iterable[FolderRecord]) -> None:
        """Report all models of these folders as changed."""
        for record in records:
            start = _with_end(record.path)
            self._changed.update([start + key for key in record.entries])
        self._is_shown = False

    def _ask_for_unread(self, records: Iterable[FolderRecord]) -> None:
        for record in records:
            for key, entry in record.entries.items():
                if not entry.is_read:
                    place = record.path, key
                    self._unread.pop(place, None)
                    self._unread[place] = None

    def _root_of(self, path: str) -> _ModelRoot | None:
        return next((one for top, one in self._roots.items() if path == top or path.startswith(_with_end(top))), None)


def _is_as_seen(known: FolderRecord, seen: FolderListing) -> bool:
    same = known.states == seen.states and known.below == seen.below
    return same and known.outside == seen.outside and known.problems == seen.problems


def _outermost(roots: Iterable[Path]) -> tuple[str, ...]:
    """Absolute, each once, without those inside another one."""
    paths = {os.path.abspath(root): None for root in roots}  # noqa: PTH100
    # Two names of one folder count as the first of them.
    real = {_with_end(os.path.realpath(path)): path for path in reversed(paths)}
    inner = {path for one, path in real.items() if any(one != other and one.startswith(other) for other in real)}
    return tuple(path for path in paths if path in real.values() and path not in inner)


def _with_end(path: str) -> str:
    return path.rstrip(os.sep) + os.sep
