"""Finds the recorded pictures whose files are not where the journal says."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from ..domain.base.errors import StorageError
from ..domain.journal.record import LearningRecord
from ..storage.disk.files import is_file
from ..storage.journal.reader import RECORD_START, JournalReading
from ..storage.pictures.images import picture_file
from ..storage.pictures.moved import MissingPicture
from .recorded_files import RecordedFiles


class Recorded(Struct, frozen=True):
    """The recorded pictures without a file, and the files of the others."""

    missing: tuple[MissingPicture, ...]
    files: frozenset[Path]


def without_files(recorded: RecordedFiles) -> Recorded:
    """Look for the file of every recorded picture that is not in the trash. Raises Unreadable.

    Takes seconds for 100,000 pictures.
    """
    missing, files = [], set[Path]()
    for record, _, _ in JournalReading(recorded.places.journal).decoded(begins=RECORD_START):
        if not isinstance(record, LearningRecord):
            continue
        for index, output in enumerate(record.outputs):
            where = recorded.place(output.image_id)
            if where.trashed:
                continue
            try:
                file = picture_file(record, index, recorded.root, where.path)
            except StorageError:
                continue  # a path that no run of this program writes
            if is_file(file):
                files.add(file)
            else:
                missing.append(MissingPicture(output.image_id, file.name, output.sha256, output.pixels))
    return Recorded(tuple(missing), frozenset(files))
