"""Finds pictures that were moved or renamed, by their checksums: the recorded ones whose files are missing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from msgspec import Struct

from ...domain.base.errors import StorageError
from ..disk.files import read_bounded
from .images import FILE_LIMIT, pixel_hash
from .unrecorded import picture_files


class MissingPicture(Struct, frozen=True):
    """A recorded picture without a file: its id, the name of the file, and the checksums of file and pixels."""

    image_id: str
    name: str
    sha256: str
    pixels: str


def look_for(
    folder: Path, missing: Collection[MissingPicture], known: Collection[Path], stopped: Callable[[], bool]
) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Each file below a folder that was looked at, with the ids of the missing pictures that it is. A picture that
    another program wrote stars into is known by its name and its pixels. Ends when nothing is missing any more.

    Raises Unreadable when the folder cannot be listed. Files in `known` are those of other pictures.
    """
    by_digest: dict[str, list[MissingPicture]] = {}
    by_name: dict[str, list[MissingPicture]] = {}
    for one in missing:
        by_digest.setdefault(one.sha256, []).append(one)
        by_name.setdefault(one.name, []).append(one)
    left = {one.image_id for one in missing}
    for path in picture_files(folder):
        if not left or stopped():
            return
        if path in known:
            continue
        try:
            data = read_bounded(path, FILE_LIMIT)
        except StorageError:
            continue  # what cannot be read is not found
        found = [one for one in by_digest.get(hashlib.sha256(data).hexdigest(), ()) if one.image_id in left]
        if not found and path.name in by_name:
            pixels = pixel_hash(data)
            found = [one for one in by_name[path.name] if pixels and one.pixels == pixels and one.image_id in left]
        left.difference_update(one.image_id for one in found)
        yield path, tuple(one.image_id for one in found)
