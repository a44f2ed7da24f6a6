"""Changes packs on disk: saves text and settings, creates, copies and trashes packs.

A text keeps the BOM and the line ends of its file. What another program has changed meanwhile is not overwritten.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import send2trash

from ...domain.base.errors import ChangedMeanwhile, InvalidInput, NotSaved, StorageError, Unreadable
from ...domain.prompts.settings import PackSettings
from ..disk.files import discard, is_file, is_there, read_bounded, reserve, write_atomic
from .catalog import is_predecessor, make_pack_folder, names_in, pack_paths
from .reader import PREDECESSOR, SIZE_LIMIT, beside, imported_by, load_pack, open_pack, plain
from .settings_file import SUFFIX, read_sidecar, sidecar_path, write_sidecar

_BOM = "\ufeff"
_UNUSABLE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_NAME_BYTES = 120
_LINE_END = re.compile(r"(\r\n|\r|\n)")


def save_text(path: Path, text: str, seen: str) -> Path:
    """Write a pack's text and return the path it was written to: for a predecessor's JSON a text file beside it.

    `seen` is the fingerprint of the text it was made from, "" writes over anything. The text is on disk on return.
    Raises ChangedMeanwhile, NotSaved; then the file is as before.
    """
    target = path.with_suffix(".txt") if path.suffix.lower() == PREDECESSOR else path
    if seen and _seen_now(target if is_there(target) else path) != seen:
        raise ChangedMeanwhile(f"{path.name} was changed or removed by another program since it was opened.")
    try:
        there = os.path.lexists(target)
        before = read_bounded(target, SIZE_LIMIT, within=target.parent).decode("utf-8") if there else ""
        data = _written(before, plain(text)).encode("utf-8")
    except UnicodeError as error:
        raise NotSaved(f"{path.name} was not saved: it or the new text is not UTF-8 text.") from error
    except StorageError as error:
        raise NotSaved(f"{error} So it was not written either.") from error
    if b"\0" in data or len(data) > SIZE_LIMIT:
        what = "holds a zero byte" if b"\0" in data else f"is larger than {SIZE_LIMIT:,} bytes"
        raise NotSaved(f"{path.name} was not saved: the text {what}, so it could not be read again.")
    # Through a link, as every editor does; one that leads out of the folder was refused above.
    write_atomic(Path(os.path.realpath(target)), data)
    return target


def save_settings(path: Path, settings: PackSettings, before: PackSettings | None = None) -> None:
    """Write the settings of a pack; unknown keys and unchanged values keep every byte.

    `before` are the settings that these were made from: raises ChangedMeanwhile when the file has others now. Raises
    InvalidInput, NotSaved; then the file is as before.
    """
    imported = imported_by(path).settings
    if before is not None and read_sidecar(path).over(imported) != before:
        name = sidecar_path(path).name
        raise ChangedMeanwhile(f"{name} was changed by another program since it was read.")
    write_sidecar(path, settings, imported)


def new_pack(name: str, text: str, folder: Path) -> Path:
    """Create a pack file under a free name and return its path. Raises InvalidInput for an unusable name, NotSaved."""
    make_pack_folder(folder)
    path = _reserved(_file_stem(name), ".txt", folder)
    try:
        return save_text(path, text, "")
    except StorageError:
        discard(path)
        raise


def add_pack(source: Path, folder: Path) -> Path:
    """Copy a pack and its settings into the folder and return the copy's path, or that of an equal pack there.

    A different pack of the same name gets a number. Raises Unreadable or InvalidInput for a file that is not a usable
    pack, NotSaved when it cannot be written.
    """
    load_pack(source)
    files = {one: read_bounded(one, SIZE_LIMIT) for one in beside(source) if one == source or is_file(one)}
    make_pack_folder(folder)
    for known in pack_paths(folder):
        same_name = re.fullmatch(rf"{re.escape(source.stem)}( \(\d+\))?", known.stem, re.IGNORECASE)
        is_same = same_name and known.suffix.lower() == source.suffix.lower()
        if is_same and _content(known) == files[source]:
            return known
    path = _reserved(source.stem, source.suffix.lower(), folder)
    try:
        for one, data in files.items():
            write_atomic(path if one == source else path.with_name(path.stem + one.name[len(source.stem) :]), data)
    except StorageError:
        discard(path)
        raise
    return path


def trash_pack(path: Path) -> None:
    """Put a pack and the files that belong only to it into the system's trash. Raises NotSaved."""
    files = [path]
    sidecar, twin = sidecar_path(path), path.with_suffix(PREDECESSOR)
    if is_file(sidecar) and not any(one.stem == path.stem and one.name != path.name for one in pack_paths(path.parent)):
        files.append(sidecar)
    if path.suffix.lower() == ".txt" and is_predecessor(twin):
        # Else it would be listed as a pack in its place.
        files.append(twin)
    for one in files:
        try:
            send2trash.send2trash(one)
        except OSError as error:
            raise NotSaved(f"{one.name} could not be put into the trash: {error}. Delete it by hand.") from error


def _content(path: Path) -> bytes | None:
    try:
        return read_bounded(path, SIZE_LIMIT)
    except Unreadable:
        return None  # certainly not the same


def _seen_now(path: Path) -> str:
    try:
        return open_pack(path).seen
    except StorageError:
        return "not what it was"


# ---- text as the file has it


def _written(before: str, text: str) -> str:
    """The new text with the BOM and the line ends of the file; where they are mixed, unchanged lines keep theirs."""
    bare = before.removeprefix(_BOM)
    pieces = _LINE_END.split(bare)
    old = list(zip(pieces[::2], [*pieces[1::2], ""], strict=True))
    ends = [end for _, end in old if end]
    usual = max(dict.fromkeys(ends), key=ends.count) if ends else "\n"
    new = text.split("\n")
    if len(set(ends)) <= 1:
        return before[: len(before) - len(bare)] + usual.join(new)
    first = _same(old, new)
    last = _same(old[first:][::-1], new[first:][::-1])
    tail = {len(new) - 1 - place: old[len(old) - 1 - place][1] for place in range(last)}
    parts = []
    for place, line in enumerate(new[:-1]):
        kept = old[place][1] if place < first else tail.get(place, "")
        parts.append(line + (kept or usual))
    return before[: len(before) - len(bare)] + "".join(parts) + new[-1]


def _same(old: list[tuple[str, str]], new: list[str]) -> int:
    pairs = zip_longest(old, new)
    return next((place for place, (one, other) in enumerate(pairs) if one is None or one[0] != other), len(new))


# ---- names


def _file_stem(name: str) -> str:
    clean = unicodedata.normalize("NFC", " ".join(_UNUSABLE.sub(" ", name).split()))
    clean = clean.removesuffix(".txt").strip(". ")
    if not clean.strip(" .-_"):
        raise InvalidInput(f"{name!r} cannot be the name of a file. Use letters or digits.", "name")
    clean = f"_{clean}" if _RESERVED.fullmatch(clean) else clean
    return clean.encode("utf-8", "replace")[:_NAME_BYTES].decode("utf-8", "ignore").rstrip(". ")


def _reserved(stem: str, suffix: str, folder: Path) -> Path:
    """Create an empty file under a name that no pack has, so that two programs never get the same one."""
    taken = set(names_in(folder))
    for one in _stems(stem):
        names = {unicodedata.normalize("NFC", one + ending).casefold() for ending in (".txt", ".tsv", ".json", SUFFIX)}
        if taken & names:
            continue
        path = folder / (one + suffix)
        try:
            reserve(path)
        except FileExistsError:
            continue
        except OSError as error:
            raise NotSaved(f"{path.name} cannot be made in {folder}: {error.strerror or error}.") from error
        return path
    raise NotSaved(f"{folder} has too many packs called {stem}. Rename the file and add it again.")


def _stems(stem: str) -> Iterator[str]:
    return (stem if number == 1 else f"{stem} ({number})" for number in range(1, 100))
