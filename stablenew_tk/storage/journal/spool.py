"""Keeps journal lines that were not in the journal when a program ended, until the next start writes them.

Each program leaves a file of its own in the data folder, so nobody waits for anybody when it ends.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path

from msgspec import Struct

from ...domain.base.errors import InvalidInput, NotSaved, Unreadable
from ...domain.journal.record import JournalLine
from ..disk.files import make_folder, move, remove, write_atomic
from ..disk.process_lock import ProcessLock
from .long_notes import why_never
from .segments import DECODE_ERRORS, LINE, judge, raw_lines
from .writer import storable

_LOCK, _PATTERN, _ASIDE = "unsaved.lock", "unsaved-*.jsonl", ".damaged"


class KeptLines(Struct, frozen=True):
    """What `Spool.keep` did: the file, None when there is none, the lines in it, and those that are `lost`. `refused`
    are sentences about lines that no journal can hold.
    """

    file: Path | None = None
    kept: tuple[JournalLine, ...] = ()
    lost: tuple[JournalLine, ...] = ()
    refused: tuple[str, ...] = ()


class TakenIn(Struct, frozen=True):
    """What `Spool.take_in` did: lines that are in the journal now, damaged ones that were set aside, and why lines are
    still waiting ("" = none are).
    """

    saved: int = 0
    damaged: int = 0
    problem: str = ""


class Spool:
    """The kept lines in a data folder. Any thread, any number of programs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, lines: Iterable[JournalLine]) -> KeptLines:
        """Write lines to a new file, which is on disk (fsync) on return. Never raises: what is not kept is `lost`."""
        path = self.folder / f"unsaved-{secrets.token_hex(4)}.jsonl"
        data: list[bytes] = []
        kept: list[JournalLine] = []
        lost: list[JournalLine] = []
        refused: list[str] = []
        for line in lines:
            try:
                data.append(storable(line)[1])
                kept.append(line)
            except InvalidInput as never:
                try:
                    refused.append(why_never(self.folder, line, never))
                except NotSaved:
                    lost.append(line)
        if not data:
            return KeptLines(None, (), tuple(lost), tuple(refused))
        try:
            make_folder(self.folder)
            write_atomic(path, data, mode=0o600)
        except (NotSaved, OSError):
            return KeptLines(None, (), (*kept, *lost), tuple(refused))
        return KeptLines(path, tuple(kept), tuple(lost), tuple(refused))

    def take_in(self, append: Callable[[JournalLine], object]) -> TakenIn:
        """Append all kept lines to the journal with `append` and remove their files. Never raises.

        A file goes only when all its lines are in the journal; readers count a line that was written twice once. Does
        nothing while another program is at it.
        """
        done, lock = TakenIn(), ProcessLock(self.folder / _LOCK)
        try:
            if not self._waiting():
                return done
            if not lock.take():
                return done
            # Listed again: the program that had the lock may have taken them.
            for path in self._waiting():
                done = self._take_file(path, append, done)
                if done.problem:
                    break
        except (NotSaved, Unreadable, OSError) as error:
            return TakenIn(done.saved, done.damaged, str(error))
        finally:
            lock.release()
        return done

    def _waiting(self) -> list[Path]:
        # Path.glob finds nothing in a folder that may not be read, and says nothing about it.
        try:
            return sorted(path for path in self.folder.iterdir() if fnmatch(path.name, _PATTERN))
        except FileNotFoundError:
            return []

    def _take_file(self, path: Path, append: Callable[[JournalLine], object], done: TakenIn) -> TakenIn:
        saved, damaged = done.saved, done.damaged
        waiting: list[bytes] = []
        problem = ""
        for piece, line in _lines(path):
            try:
                if line is None:
                    damaged += 1
                elif not problem:
                    append(line)
                    saved += 1
                    continue
            except InvalidInput:
                damaged += 1
            except NotSaved as refused:
                problem = str(refused)
            waiting.append(piece + b"\n")
        if problem:
            if saved > done.saved:
                write_atomic(path, waiting, mode=0o600)
        elif damaged > done.damaged:
            move(path, path.with_name(path.name + _ASIDE))
        else:
            remove(path)
        return TakenIn(saved, damaged, problem)


def _lines(path: Path) -> Iterator[tuple[bytes, JournalLine | None]]:
    """The lines of a file with their bytes, None for a damaged one; whole lines inside a damaged one count."""
    for _, data, _, _ in raw_lines(path):
        if not data.strip():
            continue
        judgement = judge(data)
        for start, length in judgement.pieces:
            piece = data[start : start + length]
            try:
                yield piece, LINE.decode(piece)
            except DECODE_ERRORS:
                yield piece, None
        if judgement.reason or not judgement.pieces:
            yield data, None
