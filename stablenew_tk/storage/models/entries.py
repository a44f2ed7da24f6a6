"""Makes the library entry of a model from its files. Only changed files are read; earlier readings are reused."""

from __future__ import annotations

import os
import time

from msgspec.structs import replace

from ...domain.models.recommendations import Dialect, FileRecommendation, merged
from ...domain.models.style import StyleCatalogue
from .index import FolderRecord, decoded, encoded, readings_of, way_of
from .model_entry import ModelEntry, SidecarFile
from .scan import UNASKED, FileState, FolderListing
from .sidecars import HEADER_SUFFIXES, ModelFiles, readings
from .summary import ModelSummary, model_summary
from .tensor_tables import TensorTables

# A file changed twice within one tick of the file system's clock keeps the same state.
CLOCK_TICK_NS = 20_000_000
# No file has this state, so it is read again at the next scan.
_UNSURE: FileState = (-1, -1, -1)
_EMBEDDING_LIMIT = 1024 * 1024


def entry_of(
    files: ModelFiles, seen: FolderListing, old: FolderRecord, styles: StyleCatalogue, tables: TensorTables
) -> ModelEntry:
    """The entry of a model from the listing of its folder. A new model is summarised (blocks on the disk), with what
    the `tables` of others told; others keep their earlier readings.
    """
    before = old.entries.get(files.name)
    if before is None:
        return _new(
            files, seen, old.path, model_summary(old.path, way_of(old.path), files, styles, seen.outside, tables=tables)
        )
    model = seen.states[files.model] if files.model else UNASKED
    parts = _parts(files, seen, old, before)
    same = (before.files, before.previews, before.size, before.mtime_ns) == (parts, files.previews, *model[:2])
    entry = before if same else replace(before, files=parts, previews=files.previews, size=model[0], mtime_ns=model[1])
    # Changed files are read soon; until then the earlier readings are used.
    return entry if same or not entry.is_read else _summed(entry, styles)


def read_in_full(entry: ModelEntry, record: FolderRecord, styles: StyleCatalogue) -> ModelEntry:
    """The entry after reading those files that were not read yet. Blocks on the disk, never on a pipe or a device."""
    missing = {one.name for one in entry.files if not one.is_read}
    wanted = ModelFiles(
        stem=entry.stem,
        model=entry.name if entry.name in missing else "",
        sidecars=tuple((one.name, one.dialect) for one in entry.sidecars if one.name in missing),
    )
    fresh = {one.file: one for one in readings(entry.folder, wanted, styles.families, outside=record.outside)}
    files = tuple(_read(one, fresh[one.name], record) if one.name in fresh else one for one in entry.files)
    return _summed(replace(entry, files=files), styles)


def is_shown_differently(before: ModelEntry | None, after: ModelEntry | None) -> bool:
    """Whether two entries differ in anything that the user sees."""
    if before is after or before is None or after is None:
        return before is not after
    return _as_read(before) != _as_read(after)


def _as_read(entry: ModelEntry) -> ModelEntry:
    if entry.is_read:
        return entry
    return replace(entry, files=tuple(one if one.is_read else replace(one, is_read=True) for one in entry.files))


def _new(files: ModelFiles, seen: FolderListing, path: str, summary: ModelSummary) -> ModelEntry:
    size, mtime_ns, _ = seen.states[files.model] if files.model else UNASKED
    return ModelEntry(
        folder=path,
        name=files.model,
        stem=files.stem,
        kind=_kind(summary.kind, files.model, size),
        family=summary.family,
        title=summary.title,
        size=size,
        mtime_ns=mtime_ns,
        files=tuple([SidecarFile(name, dialect) for name, dialect in _telling(files)]),
        previews=files.previews,
        sources=summary.sources,
        problems=summary.problems,
    )


def _parts(files: ModelFiles, seen: FolderListing, old: FolderRecord, before: ModelEntry) -> tuple[SidecarFile, ...]:
    """The files as listed now; unchanged ones keep their reading."""
    known = {one.name: one for one in before.files}
    parts = []
    for name, dialect in _telling(files):
        file = known.get(name) or SidecarFile(name, dialect)
        same = old.states.get(name) == seen.states[name] and (name in old.outside) == (name in seen.outside)
        parts.append(file if same or not file.is_read else replace(file, is_read=False))
    return tuple(parts)


def _telling(files: ModelFiles) -> tuple[tuple[str, Dialect], ...]:
    if files.model.lower().endswith(HEADER_SUFFIXES):
        return (*files.sidecars, (files.model, "header"))
    return files.sidecars


def _read(file: SidecarFile, now: FileRecommendation, record: FolderRecord) -> SidecarFile:
    state = record.states.get(file.name, _UNSURE)
    broken = bool(now.problems) and not now.says_anything
    if broken and not _stands(os.path.join(record.path, file.name), state):  # noqa: PTH118
        # It vanished or is being written, so the earlier reading stays.
        record.states[file.name] = _UNSURE
        return file
    if abs(time.time_ns() - state[1]) < CLOCK_TICK_NS:
        record.states[file.name] = _UNSURE
    before = decoded(file.reading)
    if broken and before is not None and before.says_anything:
        still = f"{file.name}: what it said before stays in force until it can be read."
        now = replace(before, problems=(*now.problems, still))
    return replace(file, is_read=True, reading=encoded(now))


def _stands(path: str, state: FileState) -> bool:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns) == state


def _summed(entry: ModelEntry, styles: StyleCatalogue) -> ModelEntry:
    """The entry with kind, family, title, sources and problems derived from the readings of its files."""
    found = merged(readings_of(entry), styles, name=entry.stem, folders=way_of(entry.folder))
    return replace(
        entry,
        kind=_kind(found.kind, entry.name, entry.size),
        family=found.family,
        title=found.title,
        sources=found.sources,
        problems=found.problems,
    )


def _kind(kind: str, name: str, size: int) -> str:
    """A model of unknown kind counts as a checkpoint, unless no checkpoint comes as such a file."""
    if kind != "checkpoint":
        return kind
    if name.lower().endswith(".pth"):
        return "upscaler"
    return "embedding" if name.lower().endswith((".pt", ".bin")) and size < _EMBEDDING_LIMIT else kind
