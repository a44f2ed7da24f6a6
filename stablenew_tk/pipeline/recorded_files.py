"""`RecordedFiles`: reads the record of a picture and says where its file is, for the threads that work on pictures."""

from __future__ import annotations

from pathlib import Path

from ..domain.config.user_settings import Settings
from ..domain.journal.file_book import FileBook
from ..domain.journal.image_facts import AS_RECORDED, FilePlace
from ..domain.journal.position import Position
from ..domain.journal.record import LearningRecord
from ..storage.disk.places import Places
from ..storage.journal.reader import read_record
from ..storage.pictures.images import picture_file, recorded_file


class RecordedFiles:
    """Any thread may ask. `settings` and `book`, which tells what was moved, are set when they are known."""

    def __init__(self, places: Places, settings: Settings) -> None:
        self.places, self.settings = places, settings
        self.book: FileBook | None = None

    @property
    def root(self) -> Path:
        """The output folder of today."""
        return self.places.output_root(self.settings.output_folder)

    def record(self, position: Position) -> LearningRecord:
        """The record at a place of the journal. Raises Unreadable."""
        return read_record(self.places.journal, position)

    def place(self, image_id: str) -> FilePlace:
        """What the journal says about a picture's file."""
        return self.book.place(image_id) if self.book is not None else AS_RECORDED

    def homes(self, position: Position, output_index: int) -> tuple[Path, ...]:
        """Where a picture's file belongs that was never moved by itself: in the output folder of today, or in that of
        the time when it was made. Raises Unreadable for a path that leads out of the output folder.
        """
        record = self.record(position)
        roots = (self.root, Path(record.output_root)) if record.output_root else (self.root,)
        return tuple(recorded_file((root,), record.outputs[output_index].path) for root in dict.fromkeys(roots))

    def path(self, image_id: str, position: Position, output_index: int) -> Path:
        """The file of a picture: where it was moved to, else in the current output folder, else in that of the time
        when it was made. Raises Unreadable.
        """
        moved = self.place(image_id).path
        return picture_file(self.record(position), output_index, self.root, moved)
