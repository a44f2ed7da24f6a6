"""Lists the packs on disk, finds one by its name, and puts the starter pack into a fresh installation."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from ...domain.base.errors import InvalidInput, NotSaved, StorageError, Unreadable
from ...domain.base.wording import pack_title
from ...domain.prompts.stablenew2_import import SIGN
from ..disk.files import is_file, is_link, is_there, make_folder, read_bounded, real_path, typed_path, write_atomic
from ..disk.places import asset
from .pack_file import PackFile
from .reader import ENDINGS, PREDECESSOR, SIZE_LIMIT, beside, is_sidecar, open_pack

STARTER = "packs/starter.txt"
STARTER_MARKER = ".starter-added"


class PackCatalog:
    """Lists packs repeatedly and reads only those whose files have changed. For one thread."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[object, ...], PackFile]] = {}

    def list(self, folders: Sequence[Path]) -> tuple[PackFile, ...]:
        """As `list_packs`."""
        before, self._known = self._known, {}
        for folder in folders:
            for path in pack_paths(folder):
                states = tuple(map(_file_state, beside(path)))
                known = before.get(path)
                described = known[1] if known is not None and known[0] == states else describe(path)
                self._known.setdefault(path, (states, described))
        return _titled([described for _, described in self._known.values()])


def list_packs(folders: Sequence[Path]) -> tuple[PackFile, ...]:
    """All packs directly inside the folders, by title. Missing folders are skipped.

    A pack that cannot be read or has an error is listed with its problem. A predecessor's JSON file counts where there
    is no text file of that name.
    """
    return PackCatalog().list(folders)


def describe(path: Path) -> PackFile:
    """The list entry of a pack file. Never raises."""
    try:
        opened = open_pack(path)
    except StorageError as error:
        return PackFile(path, path.stem, pack_title(path.stem), 0, str(error))
    return PackFile(
        path=path,
        pack_id=path.stem,
        title=pack_title(path.stem),
        count=len(opened.pack.prompts),
        problem=opened.problem,
        settings=opened.settings,
        notices=opened.notices,
        seen=opened.seen,
    )


def pack_paths(folder: Path) -> list[Path]:
    """The pack files directly inside a folder, in order; none when it cannot be listed."""
    folder = folder.absolute()
    try:
        entries = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and _is_text(path.name))
    except OSError:
        return []  # a folder on a drive that is not plugged in must not hide the other packs
    texts = [path for path in entries if path.suffix.lower() in ENDINGS]
    stems = {_folded(path.stem) for path in texts if path.suffix.lower() == ".txt"}
    rest = (path for path in entries if path.suffix.lower() == PREDECESSOR and not is_sidecar(path))
    return sorted([*texts, *(path for path in rest if _folded(path.stem) not in stems and is_predecessor(path))])


def _is_text(name: str) -> bool:
    """Whether a name can be shown and recorded: on Linux a name may be bytes that are no text."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_predecessor(path: Path) -> bool:
    """Whether a JSON file is a pack of the predecessors, and not somebody's other JSON."""
    try:
        return SIGN in read_bounded(path, SIZE_LIMIT, within=path.parent)
    except Unreadable:
        return False  # somebody else's file


def _file_state(path: Path) -> tuple[int, ...] | None:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _titled(packs: Sequence[PackFile]) -> tuple[PackFile, ...]:
    """Sort by title; packs of the same name get their folder or ending added to it."""
    names = Counter(pack.pack_id.casefold() for pack in packs)
    places = Counter((pack.path.parent, pack.pack_id.casefold()) for pack in packs)
    titled = []
    for pack in packs:
        if places[pack.path.parent, pack.pack_id.casefold()] > 1:
            pack = replace(pack, title=f"{pack.title} ({pack.path.parent.name}, {pack.path.suffix[1:].lower()})")
        elif names[pack.pack_id.casefold()] > 1:
            pack = replace(pack, title=f"{pack.title} ({pack.path.parent.name})")
        titled.append(pack)
    return tuple(sorted(titled, key=lambda pack: (pack.title.casefold(), str(pack.path))))


def find_pack(name_or_path: str, folders: Sequence[Path]) -> Path:
    """The pack a person means: a path, or a pack's file name or title (case does not matter).

    Raises InvalidInput when there is none, or several with that name in different folders.
    """
    direct = typed_path(name_or_path)
    if is_file(direct):
        # Whoever names a link means its file; in the folders of packs links are not followed out of them.
        return real_path(direct) if is_link(direct) else direct
    paths = list(dict.fromkeys(path for folder in folders for path in pack_paths(folder)))
    wanted = _folded(name_or_path)
    hits = [path for path in paths if wanted in map(_folded, (path.name, path.stem, pack_title(path.stem)))]
    if len(hits) == 1:
        return hits[0]
    if hits:
        both = " and ".join(str(path) for path in hits)
        raise InvalidInput(f"Several packs are called {name_or_path!r}: {both}. Give the path of one.", name_or_path)
    known = ", ".join(sorted({path.stem for path in paths})[:8]) or "none yet"
    raise InvalidInput(f"There is no pack {name_or_path!r}. Packs found: {known}.", name_or_path)


def ensure_starter(packs_folder: Path) -> Path | None:
    """Put the starter pack into a folder without packs, once; a user who deletes it is not given it again.

    Returns the new file, or None when nothing was copied. Raises NotSaved.
    """
    marker = packs_folder / STARTER_MARKER
    if is_there(marker):
        return None
    make_pack_folder(packs_folder)
    target = None
    if not pack_paths(packs_folder):
        target = packs_folder / Path(STARTER).name
        write_atomic(target, read_bounded(asset(STARTER), SIZE_LIMIT))
    write_atomic(marker, b"The starter pack was offered once. Delete this file to get it again.\n")
    return target


def make_pack_folder(folder: Path) -> None:
    """Create a folder for packs. Raises NotSaved."""
    try:
        make_folder(folder)
    except OSError as error:
        raise NotSaved(f"The folder {folder} cannot be made: {error.strerror}. Choose another one.") from error


def names_in(folder: Path) -> Iterator[str]:
    """The names of all files in a folder, folded as systems do that ignore case."""
    try:
        for path in folder.iterdir():
            yield _folded(path.name)
    except OSError:
        return


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip()).casefold()
