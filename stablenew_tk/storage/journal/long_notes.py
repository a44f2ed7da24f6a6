"""Keeps the text of a note that is too long for the journal in a file of its own, so that nothing typed is lost."""

from __future__ import annotations

from pathlib import Path

from ...domain.base.errors import InvalidInput, NotSaved
from ...domain.journal.record import Feedback, JournalLine
from ..disk.files import make_folder, write_atomic

_FOLDER = "notes"


def why_never(data: Path, line: JournalLine, never: InvalidInput) -> str:
    """Why a line can never be written to the journal, and where the text of its note is kept instead: in the folder
    `notes` of the data folder. Raises NotSaved when it could not be kept; that can be tried again.
    """
    if not (isinstance(line, Feedback) and line.note):
        return str(never)
    path = data / _FOLDER / f"{line.ts[:10]} {line.event_id[-8:]}.txt"
    try:
        make_folder(path.parent)
    except OSError as error:
        raise NotSaved(f"The folder {path.parent} cannot be made: {error.strerror or error}.") from error
    write_atomic(path, line.note.encode("utf-8", "replace"), mode=0o600)
    return f"{never} Its text is in {path}."
