"""Packs on disk: which ones there are, reading one, adding one, the starter pack of a fresh installation."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ..domain.errors import InvalidInput, NotSaved, StorageError, Unreadable
from ..domain.prompt import PromptPack, parse_pack
from .files import read_bounded, write_atomic
from .places import asset

SIZE_LIMIT = 4 * 1024 * 1024
STARTER = "packs/starter.txt"
STARTER_MARKER = ".starter-added"


class PackFile(Struct, frozen=True):
    """One pack in a list. `count` is its number of prompts; `problem` a sentence when it cannot be run."""

    path: Path
    pack_id: str
    title: str
    count: int
    problem: str = ""


def list_packs(folders: Sequence[Path]) -> tuple[PackFile, ...]:
    """All packs (`*.txt`) directly inside the folders, by title. Folders that are not there are left out.

    A pack that cannot be read or has an error is listed with its problem, so that the user sees it.
    """
    found: dict[Path, PackFile] = {}
    for folder in folders:
        for path in _pack_paths(folder):
            found.setdefault(path.absolute(), _described(path))
    counts = Counter(pack.pack_id.casefold() for pack in found.values())
    packs = (
        replace(pack, title=f"{pack.title} ({pack.path.parent.name})") if counts[pack.pack_id.casefold()] > 1 else pack
        for pack in found.values()
    )
    return tuple(sorted(packs, key=lambda pack: (pack.title.casefold(), str(pack.path))))


def _pack_paths(folder: Path) -> list[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []  # a folder on a drive that is not plugged in must not hide the other packs
    return [path for path in entries if path.suffix.lower() == ".txt" and not path.name.startswith(".")]


def _described(path: Path) -> PackFile:
    title = _title(path.stem)
    try:
        pack = read_pack(path)
    except StorageError as error:
        return PackFile(path, path.stem, title, 0, str(error))
    return PackFile(path, path.stem, title, len(pack.prompts), _first_error(pack, path))


def _title(stem: str) -> str:
    words = " ".join(stem.replace("_", " ").replace("-", " ").split()) or stem
    return words[:1].upper() + words[1:]


def _first_error(pack: PromptPack, path: Path) -> str:
    if not pack.errors:
        return ""
    first = pack.errors[0]
    return f"{path.name}, line {first.line}: {first.message}"


def read_pack(path: Path) -> PromptPack:
    """Read a pack with all its errors and warnings inside. Raises Unreadable when it is not a UTF-8 text file."""
    return parse_pack(_text(read_bounded(path, SIZE_LIMIT), path), path.stem)


def load_pack(path: Path) -> PromptPack:
    """Read a pack that is going to be run. Raises Unreadable, or InvalidInput naming file and line of an error."""
    pack = read_pack(path)
    if pack.errors:
        raise InvalidInput(_first_error(pack, path), str(path))
    return pack


def _text(data: bytes, path: Path) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(f"{path.name} is saved as UTF-16. Save it as UTF-8 in your editor and try again.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"{path.name}, line {line}: not UTF-8 text. Save the file as UTF-8 and try again.") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Unreadable(f"{path.name}, line {line}: holds a zero byte, so it is not a text file.")
    return text


def find_pack(name_or_path: str, folders: Sequence[Path]) -> Path:
    """The pack a person means: a path, or a pack's file name or title (case does not matter).

    Raises InvalidInput when there is none, or several with that name in different folders.
    """
    direct = Path(name_or_path).expanduser()
    if direct.is_file():
        return direct
    paths = [path for folder in folders for path in _pack_paths(folder)]
    wanted = _folded(name_or_path)
    hits = [path for path in paths if wanted in (_folded(path.name), _folded(path.stem), _folded(_title(path.stem)))]
    if len(hits) == 1:
        return hits[0]
    if hits:
        both = " and ".join(str(path) for path in hits)
        raise InvalidInput(f"Several packs are called {name_or_path!r}: {both}. Give the path of one.", name_or_path)
    known = ", ".join(sorted({path.stem for path in paths})[:8]) or "none yet"
    raise InvalidInput(f"There is no pack {name_or_path!r}. Packs found: {known}.", name_or_path)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip()).casefold()


def ensure_starter(packs_folder: Path) -> Path | None:
    """Put the starter pack into a folder without packs, once; a user who deletes it is not given it again.

    Returns the new file, or None when nothing was copied. Raises NotSaved.
    """
    marker = packs_folder / STARTER_MARKER
    if marker.exists():
        return None
    _make_folder(packs_folder)
    target = None
    if not _pack_paths(packs_folder):
        target = packs_folder / Path(STARTER).name
        write_atomic(target, asset(STARTER).read_bytes())
    write_atomic(marker, b"The starter pack was offered once. Delete this file to get it again.\n")
    return target


def add_pack(source: Path, folder: Path) -> Path:
    """Copy a pack into the folder and return the copy's path. The same pack twice is kept once.

    A different pack of the same name gets a number. Raises Unreadable or InvalidInput for a file that is not a usable
    pack, NotSaved when it cannot be written.
    """
    load_pack(source)
    data = read_bounded(source, SIZE_LIMIT)
    _make_folder(folder)
    taken = {_folded(path.name): path for path in _pack_paths(folder)}
    for name in _names(source.stem):
        known = taken.get(_folded(name))
        if known is None:
            write_atomic(folder / name, data)
            return folder / name
        if read_bounded(known, SIZE_LIMIT) == data:
            return known
    raise NotSaved(f"{folder} has too many packs called {source.stem}. Rename the file and add it again.")


def _names(stem: str) -> Iterable[str]:
    return (f"{stem}.txt" if number == 1 else f"{stem} ({number}).txt" for number in range(1, 100))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotSaved(f"The folder {folder} cannot be made: {error.strerror}. Choose another one.") from error
