"""Takes a picture and the XMP files beside it to another place, in two steps: what is there is known before it goes."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ...domain.base.errors import InvalidInput, NotSaved, StorageError
from ..disk.files import discard, is_file, is_folder, is_there, make_folder, read_bounded, remove, write_atomic
from .images import NAME_BYTES, portable, read_picture
from .xmp import LIMIT, Naming, sidecar_path
from .xmp_sync import sidecars


def folder_to_fill(folder: Path) -> None:
    """Make a folder for pictures where it is missing. Raises InvalidInput for a file of that name, NotSaved."""
    try:
        if is_there(folder) and not is_folder(folder):
            raise InvalidInput(f"{folder} is a file. Name a folder.", "folder")
        make_folder(folder)
    except OSError as error:
        raise NotSaved(f"The folder {folder} cannot be made: {error.strerror or error}.") from error


def free_name(folder: Path, name: str, ending: str) -> Path:
    """A path for a picture in `folder` where nothing is, and no XMP file beside it by either name."""
    stem = portable(name, NAME_BYTES)
    for number in range(1, 1_000_000):
        target = folder / (f"{stem}{ending}" if number == 1 else f"{stem}-{number}{ending}")
        if not in_the_way(target):
            return target
    raise NotSaved(f"{folder}: there are too many files called {stem}.")


def in_the_way(target: Path) -> Path | None:
    """What is there where a picture and the XMP files beside it are to be; None when the place is free."""
    taken = (one for one in (target, *(sidecar_path(target, name) for name in _NAMINGS)) if is_there(one))
    return next(taken, None)


def carry(file: Path, target: Path) -> None:
    """Copy a picture and the XMP files that belong to it, with their dates, under the names that go with `target`.

    Replaces nothing: the place must be free. Raises Unreadable and NotSaved; then nothing is left at the new place.
    """
    written: list[Path] = []
    try:
        for old, new in ((file, target), *_beside(file, target)):
            data = read_picture(old) if old == file else read_bounded(old, LIMIT)
            write_atomic(new, data)
            written.append(new)
            _date_from(old, new)
    except StorageError:
        for new in written:
            discard(new)
        raise


def forget(file: Path) -> None:
    """Remove a picture that was carried to another place, and the XMP files that belong to it. Raises NotSaved."""
    try:
        for gone in (*sidecars(file), file):
            remove(gone)
    except OSError as error:
        raise NotSaved(f"{file} could not be removed: {error.strerror or error}. It is in both folders.") from error


_NAMINGS: tuple[Naming, ...] = ("full", "stem")


def _beside(file: Path, target: Path) -> list[tuple[Path, Path]]:
    own = sidecars(file)
    pairs = ((sidecar_path(file, name), sidecar_path(target, name)) for name in _NAMINGS)
    return [(old, new) for old, new in pairs if old in own and is_file(old)]


def _date_from(old: Path, new: Path) -> None:
    # Some drives keep no dates.
    with suppress(OSError):
        status = os.stat(old)  # noqa: PTH116
        os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
