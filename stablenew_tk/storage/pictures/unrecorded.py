"""Finds pictures in the output folder that no record names, with the settings and the stars that stand in them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from msgspec import Struct

from ...domain.base.errors import InvalidInput, StorageError, Unreadable
from ...domain.journal.rebuilt import FoundPicture
from ..disk.files import read_bounded
from .images import DAMAGE, FILE_LIMIT, opened, pixel_hash
from .metadata import read_recipe
from .xmp import LIMIT, Naming, read_sidecar, read_xmp, sidecar_path

ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
_DEEPEST = 12
_EXIF_RATING = 0x4746


class Left(Struct, frozen=True):
    """A picture that cannot be recorded again, and why."""

    path: str
    why: str


def unrecorded(root: Path, paths: Collection[str], digests: Collection[str]) -> Iterator[FoundPicture | Left]:
    """The pictures below the output folder `root` whose path and SHA-256 are in no record. Links are not followed.

    Raises Unreadable when the folder cannot be listed.
    """
    for path in picture_files(root):
        relative = path.relative_to(root).as_posix()
        if relative in paths:
            continue
        try:
            data = read_bounded(path, FILE_LIMIT, within=root)
            digest = hashlib.sha256(data)
            if digest.hexdigest() not in digests:
                yield _found(path, relative, data, digest.digest())
        except (StorageError, InvalidInput) as problem:
            yield Left(relative, str(problem))


def _found(path: Path, relative: str, data: bytes, digest: bytes) -> FoundPicture:
    try:
        with opened(data) as image:
            width, height = image.size
    except DAMAGE as error:
        raise Unreadable(f"{path.name} is no picture that can be shown.") from error
    made_ms = path.stat().st_mtime_ns // 1_000_000
    made = datetime.fromtimestamp(made_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return FoundPicture(
        path=relative,
        made_ms=made_ms,
        made=made.replace("+00:00", "Z"),
        digest=digest,
        width=width,
        height=height,
        pixels=pixel_hash(data),
        recipe=read_recipe(path),
        stars=stars_of(path, data),
    )


def stars_of(path: Path, data: bytes) -> int:
    """The stars of another program for a picture: in an XMP file beside it, else inside it. 0 = none. Never raises."""
    for naming in get_args(Naming):
        try:
            beside = read_sidecar(sidecar_path(path, naming))
        except StorageError:
            continue
        if beside is not None and beside.marks.rating > 0:
            return beside.marks.rating
    try:
        with opened(data) as image:
            raw = image.info.get("XML:com.adobe.xmp") or image.info.get("xmp") or b""
            exif = image.getexif().get(_EXIF_RATING)
    except DAMAGE:
        return 0
    return _embedded_stars(raw, path.name) or (exif if isinstance(exif, int) and 1 <= exif <= 5 else 0)


def _embedded_stars(raw: str | bytes, where: str) -> int:
    packet = raw.encode() if isinstance(raw, str) else raw
    if len(packet) > LIMIT:
        return 0
    try:
        # Some programs fill the room for a longer packet with zeros.
        return max(0, read_xmp(packet.strip(b"\0"), where).marks.rating)
    except Unreadable:
        return 0


def picture_files(root: Path) -> Iterator[Path]:
    """All pictures below a folder, by their names. No link is followed. Raises Unreadable when it cannot be listed."""
    waiting = [(root, 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            with os.scandir(folder) as listed:
                entries = sorted(listed, key=lambda one: one.name)
        except OSError as error:
            if folder == root:
                raise Unreadable(f"{root} cannot be listed: {error.strerror or error}.") from error
            continue  # the pictures of the other folders still count
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and depth < _DEEPEST and not entry.name.startswith("."):
                waiting.append((Path(entry.path), depth + 1))
            elif entry.name.lower().endswith(ENDINGS) and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)
