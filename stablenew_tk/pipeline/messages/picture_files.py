"""Messages about the files of recorded pictures: trash, copies, the clipboard, files that were moved, cards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from ...domain.journal.image_facts import FilePlace, ImageFacts
from ...domain.journal.marks import Marks
from ...domain.journal.position import Position
from .base import Event, Order

if TYPE_CHECKING:
    from ...domain.insights.matrix import Board
    from ...domain.insights.report import Report
    from ...domain.journal.query import HistoryColumns, Query


class RecordedPicture(Struct, frozen=True):
    """A picture of the journal: its id, its record and its place there, where its file is now, and its marks."""

    image_id: str
    position: Position
    output_index: int
    place: FilePlace = FilePlace()
    marks: Marks = Marks()


def recorded(facts: ImageFacts) -> RecordedPicture:
    """The picture that these facts are about."""
    marks = Marks(-1 if facts.rejected else facts.rating, facts.tags)
    return RecordedPicture(facts.image_id, facts.position, facts.output_index, facts.file, marks)


class PictureOrder(Order, frozen=True, kw_only=True):
    """Base class of the orders of the picture thread."""


class SearchImages(PictureOrder, frozen=True, kw_only=True):
    """Select rows by a query with words in it; ImagesFound answers."""

    columns: HistoryColumns
    query: Query


class PrepareSearch(PictureOrder, frozen=True, kw_only=True):
    """Read the texts of `most` more pictures, so that the first search finds them read; SearchPrepared answers."""

    columns: HistoryColumns
    most: int


class SearchPrepared(Event, frozen=True, kw_only=True):
    """The texts of `left` pictures are still to be read."""

    left: int


class TrashPictures(PictureOrder, frozen=True, kw_only=True):
    """Put the files of pictures into the system's trash; PicturesTrashed answers. `name`: what is done again."""

    pictures: tuple[RecordedPicture, ...]
    name: str = ""


class PicturesTrashed(Event, frozen=True, kw_only=True):
    """`done` are in the trash, at their `place`; `problems` are sentences about the others, still where they were."""

    done: tuple[RecordedPicture, ...]
    problems: tuple[str, ...] = ()
    name: str = ""


class BringBackPictures(PictureOrder, frozen=True, kw_only=True):
    """Bring the files of pictures back from the trash; PicturesBack answers."""

    pictures: tuple[RecordedPicture, ...]


class PicturesBack(Event, frozen=True, kw_only=True):
    """`done` are where they were; `problems` are sentences about the others."""

    done: tuple[str, ...]
    problems: tuple[str, ...] = ()


class ExportPictures(PictureOrder, frozen=True, kw_only=True):
    """Copy pictures with their stars (XMP files beside them) into a folder; PicturesExported answers."""

    pictures: tuple[RecordedPicture, ...]
    folder: Path


class PicturesExported(Event, frozen=True, kw_only=True):
    """`count` pictures are in the folder; `problems` are sentences about the others."""

    count: int
    folder: Path
    problems: tuple[str, ...] = ()


class MovePictures(PictureOrder, frozen=True, kw_only=True):
    """Take pictures with their stars (XMP files beside them) into a folder for good; PicturesMoved answers. `name`:
    what is done again.
    """

    pictures: tuple[RecordedPicture, ...]
    folder: Path
    name: str = ""


class MovedPicture(Struct, frozen=True):
    """A picture, with its place before; the file that it was. `marked`: the XMP file beside it was made by the move."""

    picture: RecordedPicture
    before: Path
    marked: bool = False


class PicturesMoved(Event, frozen=True, kw_only=True):
    """`done` are in the folder; `problems` are sentences about the others, still where they were."""

    done: tuple[MovedPicture, ...]
    folder: Path
    problems: tuple[str, ...] = ()
    name: str = ""


class MoveBackPictures(PictureOrder, frozen=True, kw_only=True):
    """Take moved pictures back to where they were, XMP files, too; PicturesMovedBack answers."""

    moved: tuple[MovedPicture, ...]


class PicturesMovedBack(Event, frozen=True, kw_only=True):
    """`done` are where they were before; `left` are not, `problems` are sentences about them."""

    done: tuple[MovedPicture, ...]
    left: tuple[MovedPicture, ...] = ()
    problems: tuple[str, ...] = ()


CopyWhat = Literal["picture", "path", "infotext", "prompt"]


class FindClipboard(PictureOrder, frozen=True, kw_only=True):
    """Look whether this desktop has a program that puts pictures into the clipboard; ClipboardFound answers."""


class ClipboardFound(Event, frozen=True, kw_only=True):
    """The program that puts pictures into the clipboard, "" = there is none."""

    program: str


class CopyFrom(PictureOrder, frozen=True, kw_only=True):
    """Put a picture itself into the clipboard, or read a text of its record for it; CopyDone answers."""

    picture: RecordedPicture
    what: CopyWhat


class CopyDone(Event, frozen=True, kw_only=True):
    """`text` is for the clipboard; "" when the picture itself is in it already."""

    what: CopyWhat
    text: str = ""


class OpenPicture(PictureOrder, frozen=True, kw_only=True):
    """Open a picture's file with a program, by its id in ProgramsFound; "" = the one that the system has for it.
    Nothing answers when it is open.
    """

    picture: RecordedPicture
    program: str = ""


class FindPrograms(PictureOrder, frozen=True, kw_only=True):
    """Look which programs of this desktop open pictures; ProgramsFound answers."""


class ProgramsFound(Event, frozen=True, kw_only=True):
    """Programs that open pictures, id and name of each, those that the system prefers first."""

    programs: tuple[tuple[str, str], ...]


class LookForPictures(PictureOrder, frozen=True, kw_only=True):
    """Look in a folder (None = the output folder) for pictures whose files are missing, by their checksums;
    PicturesFound answers. Files beside a picture that is found are taken over as well.
    """

    pictures: tuple[RecordedPicture, ...]
    folder: Path | None = None


class PicturesFound(Event, frozen=True, kw_only=True):
    """`found` pictures have a new place in the journal; of those that were asked for `missing` ones are not in
    `folder`, of all recorded ones `left` are still without a file. `looked` files were read.
    """

    found: tuple[str, ...]
    missing: int
    looked: int
    folder: Path
    left: int = 0


# What was done with the files of pictures.
FilesDone = PicturesTrashed | PicturesBack | PicturesExported | PicturesMoved | PicturesMovedBack | PicturesFound


class WriteCard(PictureOrder, frozen=True, kw_only=True):
    """Write what a Learning Run found as a picture or a page to show around; CardWritten answers."""

    path: Path
    report: Report
    board: Board
    prompts: bool = True


class CardWritten(Event, frozen=True, kw_only=True):
    """A card is on disk. `missing` pictures are grey places on it, `prompts`: it holds their texts."""

    path: Path
    missing: int
    prompts: bool
