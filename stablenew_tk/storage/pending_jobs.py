"""The file of unfinished jobs, which the next start of the program can resume."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from ..domain.base.errors import NotSaved, Unreadable
from ..domain.base.json_text import json_bytes
from ..domain.base.wording import counted
from ..domain.runs.job import Job
from .disk.files import make_folder, read_bounded, remove, set_aside, write_atomic

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
    encoded = (b",\n" * (place > 0) + json_bytes(job) for place, job in enumerate(jobs))
    write_atomic(path, (chunk for part in ((b"[",), encoded, (b"]",)) for chunk in part))


class WaitingRead(Struct, frozen=True):
    """The unfinished jobs of the file, and a sentence about what of it could not be used."""

    jobs: tuple[Job, ...] = ()
    problem: str = ""


def load_waiting(path: Path) -> WaitingRead:
    """Read the file; a missing one has no jobs. A damaged one is moved to `*.broken-<date>`, and each job in it that
    can be read counts. Never raises.
    """
    try:
        raw = msgspec.json.decode(read_bounded(path, SIZE_LIMIT), type=tuple[msgspec.Raw, ...])
    except Unreadable as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return WaitingRead()
        return WaitingRead((), _told(path, "cannot be read", "None of the jobs"))
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return WaitingRead((), _told(path, "is damaged", "None of the jobs"))
    jobs = tuple(job for one in raw if (job := _job(one)) is not None)
    if len(jobs) == len(raw):
        return WaitingRead(jobs)
    return WaitingRead(jobs, _told(path, "is damaged", f"{len(jobs):,} of its {counted(len(raw), 'job')}"))


def _job(raw: msgspec.Raw) -> Job | None:
    try:
        return msgspec.json.decode(raw, type=Job)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return None


def _told(path: Path, what: str, usable: str) -> str:
    # Kept: the next list of jobs takes its place.
    try:
        kept = f"it was kept as {set_aside(path).name}"
    except OSError as error:
        kept = f"it cannot be moved aside: {error.strerror or error}"
    return f"{path.name}, the list of jobs that were not done last time, {what}; {kept}. {usable} can be gone on with."
