"""Copies of pictures with their stars, for other programs: the pictures as they are, XMP beside or inside of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from ...domain.base.errors import InvalidInput, NotSaved, Unreadable
from ...domain.journal.marks import Marks
from ..disk.files import is_folder, is_there, make_folder, write_atomic
from .images import NAME_BYTES, portable, read_picture
from .xmp import Naming, embedded, sidecar_path, write_sidecar


class Copied(Struct, frozen=True, kw_only=True):
    """What was written: the number of pictures, their new files by the old ones, and sentences about those that were
    left out.
    """

    pictures: int
    files: tuple[tuple[Path, Path], ...] = ()
    problems: tuple[str, ...] = ()


class ToCopy(Struct, frozen=True):
    """A picture: its file, what the copy is called (without ending), and its marks."""

    file: Path
    name: str
    marks: Marks


def copy_pictures(folder: Path, pictures: Iterable[ToCopy], *, inside: bool, names: Naming = "full") -> Copied:
    """Copy pictures into a folder; no file that is there is replaced. Raises NotSaved when one cannot be written.

    With `inside` the marks are written into the copies, else as files beside them, called as `names` says. A picture
    that is gone or cannot be read is told and left out.
    """
    try:
        if is_there(folder) and not is_folder(folder):
            raise InvalidInput(f"{folder} is a file. Name a folder.", "folder")
        make_folder(folder)
    except OSError as error:
        raise NotSaved(f"The folder {folder} cannot be made: {error.strerror}.") from error
    done: list[tuple[Path, Path]] = []
    problems = []
    for one in pictures:
        try:
            data = read_picture(one.file)
            if inside and one.marks:
                data = embedded(data, one.marks, one.file.name)
        except Unreadable as problem:
            problems.append(str(problem))
            continue
        target = _free(folder, portable(one.name, NAME_BYTES), one.file.suffix.lower(), names)
        write_atomic(target, data)
        if not inside:
            # Nothing is there yet, so there is nothing that could not be read.
            write_sidecar(sidecar_path(target, names), one.marks)
        done.append((one.file, target))
    return Copied(pictures=len(done), files=tuple(done), problems=tuple(problems))


def _free(folder: Path, stem: str, ending: str, names: Naming) -> Path:
    """A name that is free, and whose file beside it is free, too."""
    for number in range(1, 1_000_000):
        target = folder / (f"{stem}{ending}" if number == 1 else f"{stem}-{number}{ending}")
        if not (is_there(target) or is_there(sidecar_path(target, names))):
            return target
    raise NotSaved(f"{folder}: there are too many files called {stem}.")
