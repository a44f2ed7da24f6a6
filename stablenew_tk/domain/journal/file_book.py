"""`FileBook`: where the files of pictures are now, for those that were moved or put into the trash."""

from __future__ import annotations

from collections.abc import Iterable

from .feedback import Withdrawals
from .image_facts import AS_RECORDED, FilePlace
from .record import PictureFiles


class FileBook:
    """All lines about files. The thread of the history adds to it; any thread may ask for a place. `withdrawn` has the
    undone lines.
    """

    def __init__(self, withdrawn: Withdrawals, lines: Iterable[PictureFiles] = ()) -> None:
        self._withdrawn = withdrawn
        self.lines: list[PictureFiles] = []
        self._line: dict[str, PictureFiles] = {}  # by event id
        self._of: dict[str, tuple[PictureFiles, ...]] = {}
        for one in lines:
            self.add(one)

    def __contains__(self, image_id: str) -> bool:
        """Whether anything was ever said about this picture's file."""
        return image_id in self._of

    def add(self, line: PictureFiles) -> tuple[str, ...]:
        """Take in one more line; returns the pictures it is about. The same line twice counts once."""
        if line.event_id in self._line:
            return ()
        self._line[line.event_id] = line
        self.lines.append(line)
        for image_id in line.paths:
            # A line that the disk refused at first comes after later ones: ids tell when it was said.
            self._of[image_id] = tuple(sorted((*self._of.get(image_id, ()), line), key=lambda one: one.event_id))
        return tuple(line.paths)

    def place(self, image_id: str) -> FilePlace:
        """Where the file of a picture is."""
        for line in reversed(self._of.get(image_id, ())):
            if line.event_id not in self._withdrawn:
                return FilePlace(line.paths[image_id], line.trashed)
        return AS_RECORDED

    def before_trash(self, image_id: str) -> str:
        """Where a picture was moved to before it came into the trash; "" = it was where its record says."""
        for line in reversed(self._of.get(image_id, ())):
            if line.event_id not in self._withdrawn and not line.trashed:
                return line.paths[image_id]
        return ""

    def pictures_of(self, event_id: str) -> tuple[str, ...]:
        """The pictures of the line with this id, () for other lines."""
        line = self._line.get(event_id)
        return tuple(line.paths) if line is not None else ()
