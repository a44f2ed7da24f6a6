"""The file of a Learning Run that was begun in the wizard and left, so that it can be gone on with after a restart."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ..domain.base.errors import InvalidInput, NotSaved, Unreadable
from ..domain.base.json_text import json_bytes
from ..domain.experiments.plan_draft import PlanDraft
from .disk.files import discard, is_there, make_folder, read_bounded, write_atomic

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


def load_plan_draft(path: Path) -> PlanDraft | None:
    """The draft in the file; None when it is missing, damaged, or made by a version that knew other settings."""
    if not is_there(path):
        return None
    try:
        draft = msgspec.json.decode(read_bounded(path, SIZE_LIMIT), type=PlanDraft)
        return draft if draft.spec is not None else None
    except (InvalidInput, Unreadable, ValueError, RecursionError, msgspec.MsgspecError):
        return None
