"""Jobs that were not done when the program ended, kept so that the next start can go on with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from ..domain.errors import NotSaved, Unreadable
from ..domain.job import Job
from .files import read_bounded, write_atomic

SIZE_LIMIT = 64 * 1024 * 1024


def save_waiting(path: Path, jobs: Sequence[Job]) -> None:
    """Write the jobs down; no jobs removes the file. Raises NotSaved."""
    try:
        if not jobs:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotSaved(f"The waiting jobs were not written down in {path.parent}: {error.strerror}.") from error
    write_atomic(path, msgspec.json.encode(jobs))


def load_waiting(path: Path) -> tuple[Job, ...]:
    """The jobs left over. A file that cannot be understood counts as no jobs: their records tell what was made."""
    if not path.exists():
        return ()
    try:
        return msgspec.json.decode(read_bounded(path, SIZE_LIMIT), type=tuple[Job, ...])
    except (Unreadable, ValueError, RecursionError, msgspec.MsgspecError):
        return ()
