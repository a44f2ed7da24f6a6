"""The file of unfinished jobs, which the next start of the program can resume.

What changes is added to its end, so that a queue of 100,000 jobs is not written again for one of them. A line is a job,
behind all others; or the ids of jobs that wait no more; or all ids in their order. The file is written anew when more
than half of it is of no use.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

from ..domain.base.errors import NotSaved, Unreadable
from ..domain.base.json_text import json_bytes
from ..domain.base.wording import counted
from ..domain.runs.job import Job
from .disk.files import add_to, make_folder, open_regular, remove, set_aside, write_atomic

_LONGEST_LINE = 64 << 20  # bytes; a job takes two thousand, an id in the order of all takes thirty
_SLACK = 64 << 10  # bytes of no use in which a small file may lie
_UNKNOWN = -1


class _WaitingChange(Struct, omit_defaults=True):
    """A line that is no job: the ids of those that wait no more, or those of all in their order."""

    gone: tuple[str, ...] = ()
    order: tuple[str, ...] = ()


_CHANGES = (b'{"gone":', b'{"order":')


class WaitingRead(Struct, frozen=True):
    """The unfinished jobs of the file, and a sentence about what of it could not be used."""

    jobs: tuple[Job, ...] = ()
    problem: str = ""


class WaitingFile:
    """Reads and writes the file of unfinished jobs. Used by one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._forget()

    def _forget(self) -> None:
        self._size = _UNKNOWN  # of the file in bytes; unknown: it is written anew
        self._order: list[str] = []  # the ids that it says wait
        self._lengths: dict[str, int] = {}  # of all lines in it that are jobs

    def keep(self, jobs: Sequence[Job]) -> None:
        """Write these jobs down; without jobs there is no file. Raises NotSaved; then the file says what it said, or
        also what is new.
        """
        ids = [job.job_id for job in jobs]
        try:
            if not jobs:
                self._forget()
                remove(self._path)
            elif not self._is_as_left():
                self._write(jobs, ids)
            elif ids != self._order:
                lines = self._changes(jobs, ids)
                useful = sum(map(self._lengths.__getitem__, ids))
                if self._size + sum(map(len, lines)) > 2 * useful + _SLACK:
                    self._write(jobs, ids)
                else:
                    self._add(lines, ids)
        except OSError as error:
            raise NotSaved(
                f"The waiting jobs were not written down in {self._path.parent}: {error.strerror}."
            ) from error

    def _is_as_left(self) -> bool:
        """Whether the file is as this object left or found it."""
        try:
            return self._size == self._path.stat().st_size
        except OSError:
            return False

    def _changes(self, jobs: Sequence[Job], ids: list[str]) -> list[bytes]:
        """The lines that make of what the file says what it is to say."""
        wanted = set(ids)
        gone = tuple(name for name in self._order if name not in wanted)
        new = {job.job_id: self._noted(job) for job in jobs if job.job_id not in self._lengths}
        # New ones first: of a write that a power cut interrupts a part may be there, and no job is to be lost.
        lines = [*new.values(), *([_line(_WaitingChange(gone=gone))] if gone else [])]
        if [*(name for name in self._order if name in wanted), *new] != ids:
            lines.append(_line(_WaitingChange(order=tuple(ids))))
        return lines

    def _write(self, jobs: Sequence[Job], ids: list[str]) -> None:
        self._forget()
        make_folder(self._path.parent)
        # Job by job, so that other threads can run in between.
        write_atomic(self._path, map(self._noted, jobs))
        self._size, self._order = sum(self._lengths.values()), ids

    def _noted(self, job: Job) -> bytes:
        line = json_bytes(job) + b"\n"
        self._lengths[job.job_id] = len(line)
        return line

    def _add(self, lines: list[bytes], ids: list[str]) -> None:
        size, self._size = self._size, _UNKNOWN
        add_to(self._path, lines, size)
        self._size, self._order = size + sum(map(len, lines)), ids

    def load(self) -> WaitingRead:
        """Read the file; a missing one has no jobs. A damaged one is moved to `*.broken-<date>`, and each job in it
        that can be read counts. Never raises.
        """
        self._forget()
        jobs: dict[str, Job] = {}
        order: dict[str, None] = {}
        size = understood = damaged = 0
        last, found, is_old = b"", None, False
        try:
            with open_regular(self._path) as file:
                for last in iter(partial(file.readline, _LONGEST_LINE), b""):
                    size += len(last)
                    is_old = is_old or last.startswith(b"[")  # and was written as a whole
                    for piece in _pieces(last):
                        found = _read(piece)
                        understood += found is not None
                        damaged += found is None
                        if isinstance(found, Job):
                            jobs[found.job_id], order[found.job_id] = found, None
                            self._lengths[found.job_id] = len(last)
                        elif found is not None:
                            for name in found.gone:
                                order.pop(name, None)
                            order = dict.fromkeys(filter(jobs.__contains__, found.order)) or order
        except FileNotFoundError:
            return WaitingRead()
        except (OSError, Unreadable):
            return WaitingRead((), self._told("cannot be read", "None of the jobs"))
        waiting = tuple(jobs[name] for name in order)
        is_ended = last.endswith(b"}\n")
        # What was being added when the program was killed had not been said to be written.
        damaged -= bool(understood and found is None and not last.endswith(b"\n") and not is_old)
        if damaged or not understood:
            self._forget()
            words = (
                f"{len(waiting):,} of its {counted(len(waiting) + damaged, 'job')}" if waiting else "None of the jobs"
            )
            return WaitingRead(waiting, self._told("is damaged", words))
        self._order, self._size = list(order), size if is_ended else _UNKNOWN
        return WaitingRead(waiting)

    def _told(self, what: str, usable: str) -> str:
        # Kept: the next list of jobs takes its place.
        try:
            kept = f"it was kept as {set_aside(self._path).name}"
        except OSError as error:
            kept = f"it cannot be moved aside: {error.strerror or error}"
        name = self._path.name
        return f"{name}, the list of jobs that were not done last time, {what}; {kept}. {usable} can be gone on with."


def _line(change: _WaitingChange) -> bytes:
    return msgspec.json.encode(change) + b"\n"


def _pieces(line: bytes) -> Sequence[msgspec.Raw | bytes]:
    """What a line holds. Older versions wrote one JSON array, the first ones in a single line, others with a job in
    each.
    """
    if line.startswith(b"["):
        try:
            return msgspec.json.decode(line, type=tuple[msgspec.Raw, ...])
        except (ValueError, RecursionError, msgspec.MsgspecError):
            pass  # it goes on in the next line
    return (line.strip(b"[],\n"),)


def _read(text: msgspec.Raw | bytes) -> Job | _WaitingChange | None:
    """What it says, None when it cannot be read."""
    try:
        if bytes(text).startswith(_CHANGES):
            return msgspec.json.decode(text, type=_WaitingChange)
        return msgspec.json.decode(text, type=Job)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return None
