"""Copies of pictures with their stars, for other programs: the pictures as they are, XMP beside or inside of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from ...domain.base.errors import NotSaved, Unreadable
from ...domain.base.wording import counted
from ...domain.journal.marks import Marks
from ..disk.files import discard, write_atomic
from .images import read_picture
from .moves import folder_to_fill, free_name
from .xmp import Naming, embedded, sidecar_path, write_sidecar


class Copied(Struct, frozen=True, kw_only=True):
    """What was written: the number of pictures, and sentences about those that were left out."""

    pictures: int
    problems: tuple[str, ...] = ()


class ToCopy(Struct, frozen=True):
    """A picture: its file, what the copy is called (without ending), and its marks."""

    file: Path
    name: str
    marks: Marks


def copy_pictures(folder: Path, pictures: Iterable[ToCopy], *, inside: bool, names: Naming = "full") -> Copied:
    """Copy pictures into a folder; no file that is there is replaced. Raises InvalidInput and NotSaved for the folder.

    With `inside` the marks are written into the copies, else as files beside them, called as `names` says. A picture
    that is gone or cannot be read is told and left out; the first that cannot be written ends it, for the next ones
    hardly could.
    """
    folder_to_fill(folder)
    wanted = list(pictures)
    done = 0
    problems = []
    for number, one in enumerate(wanted):
        try:
            data = read_picture(one.file)
            if inside and one.marks:
                data = embedded(data, one.marks, one.file.name)
        except Unreadable as problem:
            problems.append(str(problem))
            continue
        try:
            target = free_name(folder, one.name, one.file.suffix.lower())
            write_atomic(target, data)
            if not inside:
                # Nothing is there yet, so there is nothing that could not be read.
                _marks_beside(target, names, one.marks)
        except NotSaved as problem:
            problems.append(str(problem))
            if left := len(wanted) - number - 1:
                problems.append(f"{counted(left, 'picture')} behind it {'was' if left == 1 else 'were'} not copied.")
            break
        done += 1
    return Copied(pictures=done, problems=tuple(problems))


def _marks_beside(picture: Path, names: Naming, marks: Marks) -> None:
    """Write them, or take the picture back: a copy without its stars is none."""
    try:
        write_sidecar(sidecar_path(picture, names), marks)
    except NotSaved:
        discard(picture)
        raise
