"""From the files of one model to its entry in the library, keeping what is known and reading only what changed."""

from __future__ import annotations

import os
import time

from msgspec.structs import replace

from ..domain.priors import Reading, merged
from ..domain.style import StyleCatalogue
from .glance import look
from .library_index import FolderRecord, ModelEntry, SidecarFile, decoded, encoded, readings_of, way_of
from .library_scan import Listing, Stamp
from .sidecars import HEADER_SUFFIXES, ModelFiles, readings

# A file changed twice within a tick of the file system's clock looks the same after as before.
_CLOCK_TICK_NS = 20_000_000
# No file has this stamp, so it is read again at the next look.
_UNSURE: Stamp = (-1, -1, -1)
_EMBEDDING_LIMIT = 1024 * 1024


def entry_of(files: ModelFiles, seen: Listing, old: FolderRecord, styles: StyleCatalogue) -> ModelEntry:
    """A model as its folder shows it now. What is new gets a glance (blocks on the disk), the rest keeps what it said."""
    before = old.entries.get(files.name)
    entry = _listed(files, seen, old, before)
    if before is None:
        told = look(old.path, way_of(old.path), files, styles, seen.outside)
        return replace(
            entry,
            kind=_kind(told.kind, entry),
            family=told.family,
            title=told.title,
            sources=told.sources,
            problems=told.problems,
        )
    if entry.is_read:
        return before if entry == _bare(before) else _summed(entry, styles)
    # Soon it is read in full; until then what it said before is better than nothing.
    return replace(
        entry,
        kind=before.kind,
        family=before.family,
        title=before.title,
        sources=before.sources,
        problems=before.problems,
    )


def read_in_full(entry: ModelEntry, record: FolderRecord, styles: StyleCatalogue) -> ModelEntry:
    """Read those files of a model that were not read yet. Blocks on the disk, never on a pipe or a device."""
    missing = {one.name for one in entry.files if not one.is_read}
    wanted = ModelFiles(
        stem=entry.stem,
        model=entry.name if entry.name in missing else "",
        sidecars=tuple((one.name, one.dialect) for one in entry.sidecars if one.name in missing),
    )
    fresh = {one.file: one for one in readings(entry.folder, wanted, outside=record.outside)}
    files = tuple(_read(one, fresh[one.name], record) if one.name in fresh else one for one in entry.files)
    return _summed(replace(entry, files=files), styles)


def _listed(files: ModelFiles, seen: Listing, old: FolderRecord, before: ModelEntry | None) -> ModelEntry:
    names = list(files.sidecars)
    if files.model.lower().endswith(HEADER_SUFFIXES):
        names.append((files.model, "header"))
    known = {one.name: one for one in before.files} if before is not None else {}
    parts = []
    for name, dialect in names:
        stamp, said = seen.stamps[name], known.get(name)
        same = old.stamps.get(name) == stamp and (name in old.outside) == (name in seen.outside)
        is_read = same and said is not None and said.is_read
        parts.append(SidecarFile(name, dialect, stamp[0], stamp[1], is_read, said.reading if said is not None else b""))
    model = seen.stamps[files.model] if files.model else (0, 0, 0)
    return ModelEntry(
        folder=old.path,
        name=files.model,
        stem=files.stem,
        size=model[0],
        mtime_ns=model[1],
        files=tuple(parts),
        previews=files.previews,
    )


def _bare(entry: ModelEntry) -> ModelEntry:
    return replace(entry, kind="", family="", title="", sources=(), problems=())


def _read(file: SidecarFile, now: Reading, record: FolderRecord) -> SidecarFile:
    stamp = record.stamps.get(file.name, _UNSURE)
    broken = bool(now.problems) and not now.says_anything
    if broken and not _stands(os.path.join(record.path, file.name), stamp):  # noqa: PTH118
        # It vanished or is being written; that is no news about what it says.
        record.stamps[file.name] = _UNSURE
        return file
    if abs(time.time_ns() - stamp[1]) < _CLOCK_TICK_NS:
        record.stamps[file.name] = _UNSURE
    before = decoded(file.reading)
    if broken and before is not None and before.says_anything:
        still = f"{file.name}: what it said before stays in force until it can be read."
        now = replace(before, problems=(*now.problems, still))
    return replace(file, is_read=True, reading=encoded(now))


def _stands(path: str, stamp: Stamp) -> bool:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns) == stamp


def _summed(entry: ModelEntry, styles: StyleCatalogue) -> ModelEntry:
    """With what the model is by all that its files said."""
    found = merged(readings_of(entry), styles, folders=way_of(entry.folder))
    return replace(
        entry,
        kind=_kind(found.kind, entry),
        family=found.family,
        title=found.title,
        sources=found.sources,
        problems=found.problems,
    )


def _kind(told: str, entry: ModelEntry) -> str:
    """What nobody tells counts as a checkpoint; but no checkpoint comes as such a file."""
    if told != "checkpoint":
        return told
    name = entry.name.lower()
    if name.endswith(".pth"):
        return "upscaler"
    return "embedding" if name.endswith((".pt", ".bin")) and entry.size < _EMBEDDING_LIMIT else told
