"""Backups of the journal: made once a day and before a repair, an upgrade or a restore, and thinned as they grow old.

A backup is a folder with the journal's segments as they were. Segments that are complete are copied once and shared by
later backups. Pictures are not inside: they are in the output folder, and too large.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from ...domain.base.errors import InvalidInput, NotSaved, Unreadable
from ..disk.files import is_there, make_folder, move, open_regular, read_bounded, remove, write_atomic
from ..disk.process_lock import folder_lock, holding
from .reader import JournalReading, whole_sizes
from .segments import DECODE_ERRORS, MANIFEST, read_manifest, segment_path, segments
from .writer import SEGMENT_LIMIT, seal

NOTE = "backup.json"
DAYS, WEEKS, MONTHS, OTHERS = 7, 4, 12, 3
_UNFINISHED = ".unfinished"
_LEFT_FOR_S = 3600.0
_FORM = "%Y%m%d-%H%M%S"
Reason = Literal["daily", "asked", "repair", "upgrade", "restore"]


class Backup(Struct, frozen=True):
    """A backup. `made` is UTC, ISO 8601 with Z; `reason`: daily, asked for by the user, or what it was made before.
    `lines` counts what is in it, `version` is that of the program that made it. `number` counts up from backup to
    backup, because a clock may be set back: the latest date need not be the newest; 0 = made before there were numbers.
    """

    name: str
    made: str
    reason: Reason
    version: str
    lines: int
    sha256: dict[str, str]
    number: int = 0


class RestorePlan(Struct, frozen=True):
    """What a restore does or did: `back` lines that come back, `kept` ones that are in both, `newer` ones that are only
    in the journal of now; they stay, or with `exact` are set aside. `name` is the backup restored, `undo` the one that
    undoes it ("" = nothing was done yet).
    """

    name: str
    back: int
    kept: int
    newer: int
    exact: bool = False
    undo: str = ""


class Backups:
    """The backups of the journal in `journal`, inside the folder `folder`. Any thread; blocks on the disk."""

    def __init__(self, folder: Path, journal: Path, *, version: str) -> None:
        self.folder, self._journal, self._version = folder, journal, version

    def list(self) -> tuple[Backup, ...]:
        """All backups that are whole, newest first. Raises Unreadable."""
        try:
            names = [path.name for path in self.folder.iterdir() if _UNFINISHED not in path.name]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise Unreadable(f"{self.folder} cannot be listed: {error.strerror or error}.") from error
        found = (self._noted(name) for name in names)
        return tuple(sorted((one for one in found if one is not None), key=_age, reverse=True))

    def make(self, reason: Reason, now: datetime, *, needed: str = "") -> Backup | None:
        """Make a backup and drop those that are too old, except that with the name `needed`. None for a journal
        without lines. Raises NotSaved, Unreadable; then the others are as before.
        """
        sizes = {number: size for number, size in whole_sizes(self._journal).items() if size}
        if not sizes:
            return None
        target = self._free(now.astimezone(UTC), reason)
        unfinished = target.with_name(target.name + _UNFINISHED)
        try:
            make_folder(unfinished)
            before = self.list()
            sha256 = {
                segment_path(unfinished, number).name: self._copy(number, size, number < max(sizes), unfinished, before)
                for number, size in sizes.items()
            }
            made = Backup(
                name=target.name,
                made=f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                reason=reason,
                version=self._version,
                lines=sum(1 for _ in JournalReading(unfinished, newer_too=True)),
                sha256=sha256,
                number=before[0].number + 1 if before else 1,
            )
            write_atomic(unfinished / NOTE, msgspec.json.format(msgspec.json.encode(made)), mode=0o600)
            move(unfinished, target)
        except OSError as error:
            raise NotSaved(f"The backup was not made in {self.folder}: {error.strerror or error}.") from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        self._thin(needed)
        return made

    def make_due(self, now: datetime) -> Backup | None:
        """The backup of today, or that before an upgrade, if it is not made yet. Raises as `make`."""
        known = self.list()
        if known and known[0].version != self._version:
            return self.make("upgrade", now)
        today = f"{now.astimezone(UTC):%Y-%m-%d}"
        return None if any(one.made[:10] == today for one in known) else self.make("daily", now)

    def find(self, name: str) -> Backup:
        """The backup of that name or beginning of a name; "last" is the newest that no restore made, "undo" the one
        made before the last restore. Raises InvalidInput.
        """
        known = self.list()
        if name in ("last", "undo"):
            hits = [one for one in known if (one.reason == "restore") is (name == "undo")][:1]
        else:
            hits = [one for one in known if one.name == name] or [one for one in known if one.name.startswith(name)]
        if len(hits) == 1:
            return hits[0]
        if not known:
            raise InvalidInput("There is no backup yet.", name)
        if name == "undo":
            raise InvalidInput("Nothing was restored yet, so there is nothing to undo.", name)
        names = ", ".join(one.name for one in known[:5])
        raise InvalidInput(f"{'Several backups begin' if hits else 'No backup begins'} with {name!r}: {names}.", name)

    def plan(self, backup: Backup, *, exact: bool = False) -> RestorePlan:
        """What restoring it would do. Changes nothing. Raises Unreadable, also when the backup is damaged."""
        self._check(backup)
        return _plan(backup, _lines(self.folder / backup.name), _lines(self._journal), exact=exact)

    def restore(self, backup: Backup, now: datetime, *, exact: bool = False) -> RestorePlan:
        """Bring back the lines of a backup. What was added since stays, unless `exact`: then the journal is as it was.

        The journal of now is kept as a backup first, which undoes this, also when this is interrupted. Raises NotSaved,
        Unreadable, InvalidInput when there is nothing to do.
        """
        planned = self.plan(backup, exact=exact)
        if not planned.back and not (exact and planned.newer):
            raise InvalidInput(
                f"Nothing to restore: all {planned.kept:,} lines of {backup.name} are there.", backup.name
            )
        undo = self.make("restore", now, needed=backup.name)
        try:
            make_folder(self._journal)
            with holding(folder_lock(self._journal)):
                source = self.folder / backup.name
                there, here = _lines(source), _lines(self._journal)
                lines = [(source, one) for one in there] if exact else _merged(source, there, self._journal, here)
                self._rewrite(lines)
        except OSError as error:
            raise NotSaved(
                f"The journal was not restored: {error.strerror or error}. Free some space, then try again; "
                f"as it was: {self.folder / undo.name if undo else 'it was empty'}."
            ) from error
        return msgspec.structs.replace(planned, undo=undo.name if undo else "")

    # ---- the copies

    def _free(self, now: datetime, reason: Reason) -> Path:
        stem = f"{now:{_FORM}}-{reason}"
        candidates = (self.folder / (stem if count == 1 else f"{stem}-{count}") for count in range(1, 1000))
        return next(path for path in candidates if not is_there(path))

    def _copy(self, number: int, size: int, complete: bool, to: Path, before: Sequence[Backup]) -> str:
        """Copy a segment up to its size, or share the copy of an earlier backup. Gives its SHA-256."""
        path = segment_path(self._journal, number)
        sealed = {one.name: one.sha256 for one in read_manifest(self._journal)} if complete else {}
        digest = sealed.get(path.name) or _digest(path, size)
        for earlier in before if complete else ():
            shared = self.folder / earlier.name / path.name
            if earlier.sha256.get(path.name) == digest and _linked(shared, to / path.name):
                return digest
        write_atomic(to / path.name, _chunks(path, size), mode=0o600)
        # Of what was copied: a disk may have changed it since it was sealed.
        return _digest(to / path.name, None)

    def _noted(self, name: str) -> Backup | None:
        try:
            noted = msgspec.json.decode(read_bounded(self.folder / name / NOTE, 1 << 20), type=Backup)
        except (Unreadable, *DECODE_ERRORS):
            return None  # not one of ours, or an unfinished one
        return noted if noted.name == name else None

    def _check(self, backup: Backup) -> None:
        for name, digest in backup.sha256.items():
            path = self.folder / backup.name / Path(name).name
            if _digest(path, None) != digest:
                raise Unreadable(f"The backup {backup.name} is damaged: {name} is not what it was. Take another one.")

    def _thin(self, needed: str) -> None:
        """Remove what is too old. A backup too many does no harm, and the next one tries again."""
        with suppress(OSError, Unreadable):
            for left in self.folder.glob(f"*{_UNFINISHED}"):
                # Of a program that was killed; that of another one that is at it now is younger.
                if time.time() - left.stat().st_mtime > _LEFT_FOR_S:
                    shutil.rmtree(left, ignore_errors=True)
            for gone in thinned(self.list()):
                if gone.name != needed:
                    # Its note first, so that a half-removed one is none.
                    remove(self.folder / gone.name / NOTE)
                    shutil.rmtree(self.folder / gone.name)

    def _rewrite(self, lines: Sequence[tuple[Path, _Line]]) -> None:
        """Put these lines in place of the journal. The lock is held."""
        written = self._journal / f"restored{_UNFINISHED}"
        try:
            # All of it first: the lines are read from the very files that are replaced then.
            make_folder(written)
            count = 0
            for count, part in enumerate(_parts(lines), start=1):
                write_atomic(segment_path(written, count), _bytes_of(part), mode=0o600)
            for number in range(1, count + 1):
                move(segment_path(written, number), segment_path(self._journal, number))
        finally:
            shutil.rmtree(written, ignore_errors=True)
        for number, path in segments(self._journal):
            if number > count:
                remove(path)
        remove(self._journal / MANIFEST)
        seal(self._journal, segments(self._journal)[:-1], again=True)


class _Line(Struct, frozen=True, gc=False):
    """Where a line stands, and its id."""

    key: bytes
    segment: int
    offset: int
    length: int


class _Key(Struct, gc=False):
    event_id: str = ""


_KEY = msgspec.json.Decoder(_Key)


def thinned(known: Sequence[Backup]) -> tuple[Backup, ...]:
    """Those that are not needed any more: of each of the last seven days, four weeks and twelve months with backups the
    newest daily one stays, and the last three of every other sort.
    """
    newest_first = sorted(known, key=_age, reverse=True)
    times = {one.name: datetime.fromisoformat(one.made) for one in newest_first}
    kept: set[str] = set()
    for form, most in (("%Y-%m-%d", DAYS), ("%G-%V", WEEKS), ("%Y-%m", MONTHS)):
        newest: dict[str, str] = {}
        for one in newest_first:
            if one.reason == "daily":
                newest.setdefault(f"{times[one.name]:{form}}", one.name)
        kept.update([*newest.values()][:most])
    for reason in ("asked", "repair", "upgrade", "restore"):
        kept.update([one.name for one in newest_first if one.reason == reason][:OTHERS])
    return tuple(one for one in known if one.name not in kept)


def _age(backup: Backup) -> tuple[int, str]:
    return backup.number, backup.name


def _lines(folder: Path) -> list[_Line]:
    """All readable lines of a journal, in order, each once."""
    found: dict[bytes, _Line] = {}
    for segment, offset, length, data in JournalReading(folder, newer_too=True):
        try:
            key = _KEY.decode(data).event_id.encode("utf-8", "replace") or hashlib.sha256(data).digest()
        except DECODE_ERRORS:
            key = hashlib.sha256(data).digest()
        found.setdefault(key, _Line(key, segment, offset, length))
    return list(found.values())


def _plan(backup: Backup, there: Sequence[_Line], here: Sequence[_Line], *, exact: bool) -> RestorePlan:
    old, new = {one.key for one in there}, {one.key for one in here}
    return RestorePlan(backup.name, back=len(old - new), kept=len(old & new), newer=len(new - old), exact=exact)


def _merged(source: Path, there: Sequence[_Line], journal: Path, here: Sequence[_Line]) -> list[tuple[Path, _Line]]:
    """The lines of both, each once, each behind what it stood behind: of two ratings the later one must stay later."""
    old = {one.key for one in there}
    place, merged = 0, list[tuple[Path, _Line]]()
    known = {one.key: number for number, one in enumerate(there)}
    for line in here:
        if line.key in old:
            upto = known[line.key] + 1
            merged += [(source, one) for one in there[place:upto]]
            place = max(place, upto)
        else:
            merged.append((journal, line))
    # What the journal has lost from its end stood before everything that came after the backup.
    rest = [(source, one) for one in there[place:]]
    last = max((number for number, (folder, _) in enumerate(merged) if folder is source), default=-1) + 1
    return [*merged[:last], *rest, *merged[last:]]


def _parts(lines: Sequence[tuple[Path, _Line]]) -> Iterator[list[tuple[Path, _Line]]]:
    part, size = list[tuple[Path, _Line]](), 0
    for one in lines:
        if part and size + one[1].length > SEGMENT_LIMIT:
            yield part
            part, size = [], 0
        part.append(one)
        size += one[1].length + 1
    yield part


def _bytes_of(lines: Iterable[tuple[Path, _Line]]) -> Iterator[bytes]:
    opened: dict[Path, io.BufferedReader] = {}
    try:
        for folder, line in lines:
            path = segment_path(folder, line.segment)
            if path not in opened:
                opened[path] = open_regular(path)
            file = opened[path]
            file.seek(line.offset)
            yield file.read(line.length) + b"\n"
    finally:
        for file in opened.values():
            file.close()


def _chunks(path: Path, size: int | None) -> Iterator[bytes]:
    left = size
    with open_regular(path) as file:
        while chunk := file.read(1 << 20 if left is None else min(left, 1 << 20)):
            yield chunk
            left = None if left is None else left - len(chunk)


def _digest(path: Path, size: int | None) -> str:
    digest = hashlib.sha256()
    try:
        for chunk in _chunks(path, size):
            digest.update(chunk)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or error}.") from error
    return digest.hexdigest()


def _linked(shared: Path, target: Path) -> bool:
    try:
        os.link(shared, target)
    except OSError:
        return False  # a drive without links: a copy is made
    return True
