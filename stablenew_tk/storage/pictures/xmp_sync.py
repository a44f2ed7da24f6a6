"""Brings the stars of the journal and those beside the pictures together, picture by picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct, structs

from ...domain.base.errors import ChangedMeanwhile, StorageError
from ...domain.journal.marks import Marks, settle
from ...domain.journal.record import Feedback
from ..disk.files import FileState, is_there, state_of
from .images import FORMATS
from .xmp import Naming, read_sidecar, sidecar_path, write_sidecar

_TRIES = 3
_ENDINGS = (*(f".{name.lower()}" for name in FORMATS), ".jpg")


class RatedFile(Struct, frozen=True):
    """A recorded picture: its id and run, its file, and what the journal says about it."""

    image_id: str
    run_id: str
    file: Path
    marks: Marks


class Synced(Struct, frozen=True, kw_only=True):
    """What became of one picture. `line` was saved for what was changed beside it; `written`: its file is new.

    `conflict`: both sides had changed the stars; `theirs` is what the file said when it was `seen`. `problem` is a
    sentence, "" = none.
    """

    picture: RatedFile
    theirs: Marks = Marks()
    line: Feedback | None = None
    written: bool = False
    conflict: bool = False
    problem: str = ""
    seen: FileState = FileState()


# Saves the line of a picture; raises NotSaved. None: nothing is saved and written, only told.
Save = Callable[[Feedback], object]


def sync(
    pictures: Iterable[RatedFile], naming: Naming, save: Save | None, *, prefer_files: bool = False
) -> Iterator[Synced]:
    """Read what other programs changed and write what the journal knows. A picture whose file is gone is left out.

    The line of a picture is saved before its file is written: what was changed there would else look as if we had
    written it, and be taken back the next time.
    """
    for one in pictures:
        path = sidecar_path(one.file, naming)
        seen = state_of(path)
        try:
            there = read_sidecar(path)
            if not (one.marks or there):
                continue
            if not is_there(one.file):
                continue
            if naming == "stem" and (twin := _twin(one.file)):
                yield Synced(picture=one, problem=f"{one.file.name}: {twin} would have the same file, {path.name}.")
                continue
            before = Synced(picture=one, theirs=there.marks if there else Marks(), seen=seen)
            yield _synced(before, path, there.last if there else None, save, prefer_files=prefer_files)
        except StorageError as problem:
            yield Synced(picture=one, problem=str(problem))


def write_or_tell(pictures: Iterable[RatedFile], naming: Naming, *, keep: bool = False) -> Iterator[Synced]:
    """As `sync`, but it saves no lines. A picture that others changed is told with its `line`: it is written when it
    comes here again with the marks that hold then. One whose stars both sides changed is told and left as it is; with
    `keep` those of the journal hold.
    """
    for one in pictures:
        for left in reversed(range(_TRIES)):
            try:
                yield from _written_or_told(one, naming, keep=keep)
                break
            except ChangedMeanwhile as busy:
                if not left:
                    yield Synced(picture=one, problem=str(busy))


def _written_or_told(one: RatedFile, naming: Naming, *, keep: bool) -> Iterator[Synced]:
    for told in sync((one,), naming, None):
        if told.problem or (told.conflict and not keep):
            yield structs.replace(told, line=None, written=False)
        elif told.line is not None or not told.written:
            yield structs.replace(told, written=False, conflict=False)
        else:
            try:
                written = write_sidecar(sidecar_path(one.file, naming), one.marks, told.seen)
            except ChangedMeanwhile:
                raise
            except StorageError as problem:
                yield Synced(picture=one, problem=str(problem))
            else:
                yield structs.replace(told, written=written, conflict=False)


def _synced(before: Synced, path: Path, last: Marks | None, save: Save | None, *, prefer_files: bool) -> Synced:
    one, theirs = before.picture, before.theirs
    settled = settle(one.marks, theirs, last, prefer_theirs=prefer_files)
    line = _line(one, settled.marks)
    if line is not None and save is not None:
        save(line)
    written = settled.marks != theirs or settled.marks != last
    if written and save is not None:
        written = write_sidecar(path, settled.marks, before.seen)
    return structs.replace(before, line=line, written=written, conflict=settled.conflict)


def _line(one: RatedFile, marks: Marks) -> Feedback | None:
    """What has to be saved so that the journal says the same; None when it does."""
    added = tuple(tag for tag in marks.tags if tag not in one.marks.tags)
    removed = tuple(tag for tag in one.marks.tags if tag not in marks.tags)
    changed = marks.rating != one.marks.rating
    if not (changed or added or removed):
        return None
    rejected = marks.rating < 0
    return Feedback(
        image_id=one.image_id,
        run_id=one.run_id,
        rating=marks.rating if changed and not rejected else None,
        rejected=rejected if changed else None,
        tags_added=added,
        tags_removed=removed,
    )


def sidecars(picture: Path) -> tuple[Path, ...]:
    """The files that may be beside a picture and belong to it alone, by either name."""
    full = sidecar_path(picture, "full")
    return (full,) if _twin(picture) else (full, sidecar_path(picture, "stem"))


def _twin(picture: Path) -> str:
    """The name of another picture in the folder with the same name but another ending; "" when there is none."""
    others = (picture.with_suffix(ending) for ending in _ENDINGS if ending != picture.suffix.lower())
    return next((other.name for other in others if is_there(other)), "")
