"""`FileBook`: where the files of pictures are now, for those that were moved or put into the trash."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .feedback import Withdrawals
from .record import PictureFiles


class FilePlace(NamedTuple):
    """Where a file is: its absolute path, "" = where the record says; in the trash, "" = nobody told where in it."""

    path: str = ""
    trashed: bool = False


class PlacedFiles(NamedTuple):
    """A line with its place in the journal."""

    segment: int
    offset: int
    line: PictureFiles


AS_RECORDED = FilePlace()


class FileBook:
    """All lines about files. The thread of the history adds to it; any thread may ask for a place. `withdrawn` has the
    undone lines.
    """

    def __init__(self, withdrawn: Withdrawals, lines: Iterable[PlacedFiles] = ()) -> None:
        self._withdrawn = withdrawn
        self.lines: list[PlacedFiles] = []
        self._line: dict[str, PictureFiles] = {}  # by event id
        self._of: dict[str, tuple[PlacedFiles, ...]] = {}
        for one in lines:
            self.add(one)

    def __contains__(self, image_id: str) -> bool:
        """Whether anything was ever said about this picture's file."""
        return image_id in self._of

    def add(self, placed: PlacedFiles) -> tuple[str, ...]:
        """Take in one more line; returns the pictures it is about. The same line twice counts once."""
        if placed.line.event_id in self._line:
            return ()
        self._line[placed.line.event_id] = placed.line
        self.lines.append(placed)
        for image_id in placed.line.paths:
            before = self._of.get(image_id, ())
            # Lines may come in another order than that of the journal, which counts.
            self._of[image_id] = tuple(sorted((*before, placed), key=_journal_order))
        return tuple(placed.line.paths)

    def place(self, image_id: str) -> FilePlace:
        """Where the file of a picture is."""
        for placed in reversed(self._of.get(image_id, ())):
            if placed.line.event_id not in self._withdrawn:
                return FilePlace(placed.line.paths[image_id], placed.line.trashed)
        return AS_RECORDED

    def pictures_of(self, event_id: str) -> tuple[str, ...]:
        """The pictures of the line with this id, () for other lines."""
        line = self._line.get(event_id)
        return tuple(line.paths) if line is not None else ()


def _journal_order(placed: PlacedFiles) -> tuple[int, int]:
    return placed.segment, placed.offset
