"""The index file of the model folders, so that the next start reads only changed files.

It is a cache: when it is damaged, from another version or made with other styles, it is ignored and the folders are
read again.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ... import __version__
from ...domain.base.errors import Unreadable
from ...domain.models.recommendations import FileRecommendation, ModelSettings, merged
from ...domain.models.style import StyleCatalogue
from ..disk.files import read_bounded, write_atomic
from .model_entry import ModelEntry
from .scan import FileState

_FORMAT = 1
_LIMIT = 1 << 30
_DECODER = msgspec.msgpack.Decoder(FileRecommendation)
_ENCODER = msgspec.msgpack.Encoder()


class FolderRecord(Struct, array_like=True):
    """The last listing of a folder, with its models by `ModelEntry.key`."""

    path: str
    states: dict[str, FileState] = {}
    below: tuple[str, ...] = ()
    outside: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()
    entries: dict[str, ModelEntry] = {}


class _IndexPayload(Struct, array_like=True):
    made_with: str
    roots: dict[str, list[FolderRecord]]


class _IndexFile(Struct, array_like=True):
    crc: int
    payload: bytes


_FILE = msgspec.msgpack.Decoder(_IndexFile)
_PAYLOAD = msgspec.msgpack.Decoder(_IndexPayload)


def settings_of(entry: ModelEntry, styles: StyleCatalogue) -> ModelSettings:
    """The settings recommended by all files of a model, each value with its source. Any thread; reads no file."""
    found = merged(readings_of(entry), styles, name=entry.stem, folders=way_of(entry.folder), previews=entry.previews)
    return replace(found, kind=entry.kind or found.kind, problems=entry.problems or found.problems)


def readings_of(entry: ModelEntry) -> list[FileRecommendation]:
    """The last successful reading of each file of a model."""
    return [_DECODER.decode(one.reading) for one in entry.files if one.reading]


def decoded(reading: bytes) -> FileRecommendation | None:
    """The reading a `SidecarFile` carries; None before the first one."""
    return _DECODER.decode(reading) if reading else None


def encoded(reading: FileRecommendation) -> bytes:
    """For `SidecarFile.reading`."""
    return _ENCODER.encode(reading)


@lru_cache(maxsize=64)
def way_of(folder: str) -> tuple[str, ...]:
    """The names of the folders down to one, the outermost first."""
    return Path(folder).parts[1:]


def load_index(path: Path, roots: Sequence[str], styles: StyleCatalogue) -> dict[str, list[FolderRecord]]:
    """Load the folder records of these roots; {} when the index cannot be used. Never raises."""
    try:
        file = _FILE.decode(read_bounded(path, _LIMIT))
        if zlib.crc32(file.payload) != file.crc:
            return {}
        payload = _PAYLOAD.decode(file.payload)
    except (Unreadable, msgspec.MsgspecError, ValueError, RecursionError):
        # Without the index the folders are read again, which only takes longer.
        return {}
    if payload.made_with != _made_with(styles):
        return {}
    return {root: payload.roots[root] for root in roots if root in payload.roots}


def save_index(path: Path, roots: dict[str, Iterable[FolderRecord]], styles: StyleCatalogue) -> None:
    """Write the index. Raises NotSaved; the old one stays then. OSError when its folder cannot be made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folders = {root: list(records) for root, records in roots.items()}
    payload = _ENCODER.encode(_IndexPayload(_made_with(styles), folders))
    write_atomic(path, _ENCODER.encode(_IndexFile(zlib.crc32(payload), payload)), mode=0o600)


def _made_with(styles: StyleCatalogue) -> str:
    """A key of everything that readings depend on besides the files: versions of the readers and formats, styles."""
    shape = zlib.crc32(msgspec.json.encode(msgspec.json.schema(FileRecommendation)))
    families = zlib.crc32(msgspec.msgpack.encode(styles.families))
    return f"{_FORMAT} {__version__} {shape:08x} {families:08x} {' '.join(sorted(styles.styles))}"
