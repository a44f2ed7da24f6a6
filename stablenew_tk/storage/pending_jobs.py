"""The file of unfinished jobs, which the next start of the program can resume."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from ..domain.base.errors import NotSaved, Unreadable
from ..domain.runs.job import Job
from .disk.files import make_folder, read_bounded, remove, write_atomic

SIZE_LIMIT = 256 * 1024 * 1024
# Number of jobs that may end before the file is written again. The records show which jobs are done, and writing
# thousands of jobs after each one would keep the disk and the window busy.
MOST_BEHIND = 40


class WaitingFile:
    """Writes the file of unfinished jobs. Used by one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: frozenset[str] = frozenset()
        self._behind = 0

    def keep(self, jobs: Sequence[Job], *, ended: bool = False) -> None:
        """Write these jobs. `ended`: only a job ended, so writing may be postponed. Raises NotSaved."""
        self._behind += 1
        # After a crash, a finished job without a record would be made again.
        can_wait = ended and jobs and self._behind < MOST_BEHIND and all(job.record for job in jobs)
        if can_wait and all(job.job_id in self._written for job in jobs):
            return
        save_waiting(self._path, jobs)
        self._written, self._behind = frozenset(job.job_id for job in jobs), 0


def save_waiting(path: Path, jobs: Sequence[Job]) -> None:
    """Write the jobs to the file; without jobs remove it. Raises NotSaved."""
    try:
        if not jobs:
            remove(path)
            return
        make_folder(path.parent)
    except OSError as error:
        raise NotSaved(f"The waiting jobs were not written down in {path.parent}: {error.strerror}.") from error
    # Encode job by job, so that other threads can run in between.
    encoded = (b",\n" * (place > 0) + msgspec.json.encode(job) for place, job in enumerate(jobs))
    write_atomic(path, (chunk for part in ((b"[",), encoded, (b"]",)) for chunk in part))


def load_waiting(path: Path) -> tuple[Job, ...]:
    """The jobs in the file; () when it is missing or damaged. Never raises."""
    if not path.exists():
        return ()
    try:
        return msgspec.json.decode(read_bounded(path, SIZE_LIMIT), type=tuple[Job, ...])
    except (Unreadable, ValueError, RecursionError, msgspec.MsgspecError):
        return ()
