"""Power cuts, by a model of the disk: what was not forced to it is lost, half there, filled with zeros or there in
another order. Everything that was acknowledged before the cut is there after it.

A recorder notes every change below a folder while the program works. Each cut takes a moment of that list and makes the
folder as a strict disk may show it afterwards: a file's bytes are certain up to its last fsync, a name up to the last
fsync of its folder. Nothing else is promised, and everything else is decided by chance, each change for itself.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from unittest import mock

from journal_lines import output, rate, record
from PIL import Image

from reliability.faulty_disk import WRITING
from reliability.outcome import Outcome
from stablenew_tk.domain.config.user_settings import Settings
from stablenew_tk.storage.journal.reader import JournalReading, verify
from stablenew_tk.storage.journal.repair import repair
from stablenew_tk.storage.journal.writer import LearningRecordWriter
from stablenew_tk.storage.pictures.images import save_image
from stablenew_tk.storage.settings import load_settings, save_settings


@dataclass
class DiskFile:
    """A file as the disk may have it: `safe` bytes are on it, `steps` came since: (offset, bytes) or a new size."""

    safe: bytes = b""
    now: bytes = b""
    steps: list[tuple[int, bytes] | int] = field(default_factory=list)


class Recorder:
    """A context manager that notes what is done below `folder`: `log` has tuples of what was done."""

    def __init__(self, folder):
        self._folder = os.fspath(folder)
        self._open: dict[int, tuple[str, int]] = {}
        self._files: dict[str, int] = {}
        self._next = 0
        self._stack = ExitStack()
        self.log: list[tuple] = []

    def __enter__(self):
        for name in ("open", "close", "write", "fsync", "ftruncate", "unlink", "replace", "rename", "mkdir", "fdopen"):
            replacement = getattr(self, name)(getattr(os, name))
            self._stack.enter_context(mock.patch.object(os, name, replacement))
        return self

    def __exit__(self, *_error):
        self._stack.close()

    def acknowledge(self, kind, what):
        self.log.append(("said", kind, what))

    def _inside(self, path):
        return not isinstance(path, int) and os.fspath(path).startswith(self._folder)

    def open(self, real):
        def call(path, flags, *more, **options):
            is_new = self._inside(path) and flags & os.O_CREAT and not os.path.lexists(path)
            number = real(path, flags, *more, **options)
            if self._inside(path):
                name = os.fspath(path)
                if is_new:
                    self._next += 1
                    self._files[name] = self._next
                    self.log.append(("made", name, self._next))
                if os.path.isdir(name) or name in self._files:
                    self._open[number] = (name, self._files.get(name, 0))
                if flags & WRITING and flags & os.O_TRUNC and name in self._files:
                    self.log.append(("size", self._files[name], 0))
            return number

        return call

    def close(self, real):
        def call(number):
            self._open.pop(number, None)
            real(number)

        return call

    def written(self, number, size, data, real):
        done = real(data)
        if number in self._open:
            self.log.append(("wrote", self._open[number][1], size, bytes(data)[:done]))
        return done

    def write(self, real):
        return lambda number, data: self.written(number, os.fstat(number).st_size, data, lambda it: real(number, it))

    def fsync(self, real):
        def call(number):
            name, inode = self._open.get(number, ("", 0))
            if name:
                self.log.append(("synced", inode) if inode else ("names synced", name))

        return call

    def ftruncate(self, real):
        def call(number, size):
            real(number, size)
            if number in self._open:
                self.log.append(("size", self._open[number][1], size))

        return call

    def unlink(self, real):
        def call(path, **options):
            real(path, **options)
            if self._inside(path):
                self._files.pop(os.fspath(path), None)
                self.log.append(("removed", os.fspath(path)))

        return call

    def replace(self, real):
        def call(old, new, **options):
            real(old, new, **options)
            if self._inside(old):
                inode = self._files.pop(os.fspath(old))
                self._files[os.fspath(new)] = inode
                self.log.append(("renamed", os.fspath(old), os.fspath(new), inode))

        return call

    rename = replace

    def mkdir(self, real):
        def call(path, *more, **options):
            real(path, *more, **options)
            if self._inside(path):
                self.log.append(("folder", os.fspath(path)))

        return call

    def fdopen(self, real):
        recorder = self

        class Raw(io.FileIO):
            def write(self, data):
                return recorder.written(self.fileno(), os.fstat(self.fileno()).st_size, data, super().write)

            def close(self):
                if not self.closed:
                    recorder.forget(self.fileno())
                super().close()

        def call(number, mode="r", buffering=-1, **options):
            if number not in self._open or "b" not in mode or "r" in mode:
                return real(number, mode, buffering, **options)
            return io.BufferedWriter(Raw(number, mode))

        return call

    def forget(self, number):
        self._open.pop(number, None)


class Disk:
    """What a strict disk holds while the log is played: files by number, names that are certain, names that are not."""

    def __init__(self):
        self.files: dict[int, DiskFile] = {}
        self.safe: dict[str, int] = {}  # names; 0 is a folder
        self.steps: list[tuple] = []  # changes of names that no folder was synced after
        self.said: list[tuple[str, object]] = []

    def play(self, step):
        match step:
            case ("made", name, inode):
                self.files[inode] = DiskFile()
                self.steps.append((name, "", inode))
            case ("folder", name):
                self.steps.append((name, "", 0))
            case ("renamed", old, new, inode):
                self.steps.append((new, old, inode))
            case ("removed", name):
                self.steps.append(("", name, -1))
            case ("wrote", inode, offset, data):
                file = self.files[inode]
                file.now = file.now[:offset].ljust(offset, b"\0") + data + file.now[offset + len(data) :]
                file.steps.append((offset, data))
            case ("size", inode, size):
                self.files[inode].now = self.files[inode].now[:size]
                self.files[inode].steps.append(size)
            case ("synced", inode):
                file = self.files[inode]
                file.safe, file.steps = file.now, []
            case ("names synced", folder):
                self._sync(folder)
            case ("said", kind, what):
                self.said.append((kind, what))

    def _sync(self, folder):
        left = []
        for step in self.steps:
            if os.path.dirname(step[0] or step[1]) == folder:
                self._apply(self.safe, step)
            else:
                left.append(step)
        self.steps = left

    @staticmethod
    def _apply(names, step):
        new, old, inode = step
        if old:
            names.pop(old, None)
        if new:
            names[new] = inode

    def after_a_cut(self, dice: Random) -> dict[str, bytes | None]:
        """Names and contents as they may be now; None is a folder."""
        names = dict(self.safe)
        for step in self.steps:
            if dice.random() < 0.5:
                self._apply(names, step)
        found = {name: self.content(self.files[inode], dice) if inode else None for name, inode in names.items()}
        # What stands in a folder that is not there is not there either.
        folders = {name for name, data in found.items() if data is None}
        return {name: data for name, data in found.items() if self._is_reachable(name, folders)}

    @staticmethod
    def _is_reachable(name, folders):
        above = os.path.dirname(name)
        tops = {os.path.dirname(folder) for folder in folders} - folders
        return above in folders or above in tops or not folders

    @staticmethod
    def content(file: DiskFile, dice: Random) -> bytes:
        data = bytearray(file.safe)
        for step in file.steps:
            if isinstance(step, int):
                if dice.random() < 0.7:
                    del data[step:]
                continue
            offset, new = step
            way = dice.random()
            if way < 0.3:
                continue
            data.extend(bytes(max(0, offset + len(new) - len(data))))
            if way < 0.5:
                continue  # its size is there, its bytes are zeros
            part = new if way < 0.8 else new[: dice.randrange(len(new) + 1)]
            data[offset : offset + len(part)] = part
        return bytes(data)


def work(recorder: Recorder, folder: Path, dice: Random) -> None:
    """What a run, ratings and settings do, with an acknowledgement for everything that was said to be saved."""
    writers = [LearningRecordWriter(folder / "journal", segment_limit=4_000) for _ in range(2)]
    for number in range(8):
        picture = io.BytesIO()
        Image.new("RGB", (4, 4), (number, 0, 0)).save(picture, "PNG")
        place = {"day": "2026-01-01", "run_name": f"run{number // 4}", "stage": "txt2img", "name_parts": [str(number)]}
        saved = save_image(folder / "outputs", data=picture.getvalue(), suffix=".png", **place)
        one = output(path=saved.path, sha256=saved.sha256)
        line = dice.choice(writers).append(record(images=0, outputs=(one,))).line
        recorder.acknowledge("line", line.event_id)
        recorder.acknowledge("picture", (saved.path, saved.sha256))
        recorder.acknowledge("line", dice.choice(writers).append(rate(one, 4)).line.event_id)
        save_settings(folder / "settings.json", Settings(backend=f"http://host:{number}"))
        recorder.acknowledge("settings", number)


def one_cut(disk: Disk, folder: Path, root: str, dice: Random) -> Outcome:
    found = Outcome(tries=1, faults=1)
    for name, data in sorted(disk.after_a_cut(dice).items()):
        path = folder / os.path.relpath(name, root)
        if data is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    try:
        there = {json.loads(line)["event_id"] for _, _, _, line in JournalReading(folder / "journal")}
        settings = load_settings(folder / "settings.json")
    except Exception as error:
        found.uncaught += 1
        found.note(f"{type(error).__name__}: {error}")
        return found
    for kind, what in disk.said:
        if kind == "line" and what not in there:
            found.lost += 1
            found.note(f"a line that was saved is gone after the cut: {what}")
        elif kind == "picture":
            path, digest = what
            file = folder / "outputs" / path
            if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
                found.lost += 1
                found.note(f"a picture with a record is gone after the cut: {path}")
    last = max((what for kind, what in disk.said if kind == "settings"), default=-1)
    if last >= 0 and (settings.notices or int(settings.settings.backend.rpartition(":")[2]) < last):
        found.lost += 1
        found.note(f"settings: {settings.notices} {settings.settings.backend}, saved was {last}")
    if dice.random() < 0.05:
        repair(folder / "journal")
        LearningRecordWriter(folder / "journal").append(record())
        if verify(folder / "journal").damaged:
            found.wrong += 1
            found.note("the journal is not whole after a repair")
    return found


def power_cuts(dice: Random, folder: Path, count: int) -> Outcome:
    """One session of work, cut at `count` moments."""
    found, session = Outcome(), folder / "session"
    session.mkdir()
    with Recorder(session) as recorder:
        work(recorder, session, dice)
    moments = sorted(dice.choices(range(len(recorder.log) + 1), k=count))
    disk, at, root = Disk(), 0, str(session)
    for moment in moments:
        while at < moment:
            disk.play(recorder.log[at])
            at += 1
        found.add(one_cut(disk, folder / "cut", root, dice))
        shutil.rmtree(folder / "cut", ignore_errors=True)
    shutil.rmtree(session)
    return found
