"""The file of a Learning Run that was begun in the wizard and left, so that it can be gone on with after a restart."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from ..domain.base.errors import InvalidInput, NotSaved, Unreadable
from ..domain.base.json_text import json_bytes
from ..domain.experiments.plan_draft import PlanDraft
from .disk.files import discard, is_there, make_folder, read_bounded, set_aside, write_atomic

SIZE_LIMIT = 16 * 1024 * 1024


def save_plan_draft(path: Path, draft: PlanDraft | None) -> None:
    """Write the draft to the file; without one remove it. Raises NotSaved."""
    if draft is None:
        discard(path)
        return
    try:
        make_folder(path.parent)
    except OSError as error:
        raise NotSaved(f"The Learning Run begun was not written down in {path.parent}: {error.strerror}.") from error
    write_atomic(path, json_bytes(draft))


class DraftRead(Struct, frozen=True):
    """The draft of the file, if there is one, and a sentence about a file that could not be used."""

    draft: PlanDraft | None = None
    problem: str = ""


def load_plan_draft(path: Path) -> DraftRead:
    """Read the file. One that is damaged, or made by a version that knew other settings, is moved to `*.broken-<date>`.
    Never raises.
    """
    if not is_there(path):
        return DraftRead()
    try:
        draft = msgspec.json.decode(read_bounded(path, SIZE_LIMIT), type=PlanDraft)
        if draft.spec is not None:
            return DraftRead(draft)
    except (InvalidInput, Unreadable, ValueError, RecursionError, msgspec.MsgspecError):
        pass
    try:
        kept = f"it was kept as {set_aside(path).name}"
    except OSError as error:
        kept = f"it cannot be moved aside: {error.strerror or error}"
    return DraftRead(None, f"The Learning Run that you had begun cannot be read from {path.name}; {kept}.")
