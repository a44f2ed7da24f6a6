"""`StartedServer`: the user's server, started with their command, that may live longer than this program.

What it prints goes to a file, so that it is never held up and can go on when this program ends. A second file says
which process it is, so that the next start finds it again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from ...domain.base.environment import for_other_programs
from ...domain.base.errors import InvalidInput, StorageError, Unreadable
from ...domain.base.json_text import json_bytes
from ..disk.files import discard, open_regular, open_to_add, read_bounded, write_atomic
from .processes import end_group, group_lives, start_mark
from .start_command import ReadyCommand

# What it prints beyond this is forgotten when the window has read it.
MOST_PRINTED = 8 << 20
_AT_ONCE = 256 << 10
_NOTE_LIMIT = 64 << 10
_KILLED_WITHIN_S = 5.0


class ServerNote(Struct, frozen=True, kw_only=True):
    """Which process it is. `left`: the user wanted it to go on without this program."""

    pid: int
    mark: str
    left: bool = False


class ServerFiles(Struct, frozen=True):
    """Where it is written down which process runs, and what it prints."""

    note: Path
    output: Path


class StartedServer:
    """A server that runs, or did. One thread."""

    def __init__(self, files: ServerFiles, note: ServerNote, process: subprocess.Popen[bytes] | None) -> None:
        self.pid = note.pid
        self.note = note
        self._files = files
        self._process = process
        # What it printed before this program knew it is not read as a whole.
        self._read_to = max(0, self._printed_size() - _AT_ONCE) if process is None else 0

    @property
    def is_own(self) -> bool:
        """Whether this run of the program started it."""
        return self._process is not None

    @property
    def is_running(self) -> bool:
        """Whether it, or something that it started, has not ended yet."""
        if self._process is not None:
            return self._process.poll() is None or group_lives(self.pid)
        mark = start_mark(self.pid)
        # While no other program has its id, a group with this number is the one it led.
        return mark == self.note.mark or (not mark and group_lives(self.pid))

    @property
    def exit_code(self) -> int | None:
        """Its exit code, a negative one for the signal that ended it; None while it runs or where nobody knows."""
        return self._process.poll() if self._process is not None else None

    def end(self, *, force: bool) -> None:
        """Ask it and all that it started to end, or with `force` end them."""
        if self.is_running:
            end_group(self.pid, force=force)

    def printed(self) -> tuple[bytes, int]:
        """What it printed since the last call, at most 256 KiB, and how many bytes before these were left out."""
        size = self._printed_size()
        if size < self._read_to:
            self._read_to = 0
        skipped = max(0, size - self._read_to - _AT_ONCE)
        begin = self._read_to + skipped
        try:
            with open_regular(self._files.output) as file:
                file.seek(begin)
                data = file.read(size - begin)
        except (OSError, Unreadable):
            return b"", 0
        self._read_to = begin + len(data)
        self._trim()
        return data, skipped

    def wait(self) -> None:
        """Wait a moment until it has ended that was ended by force."""
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_KILLED_WITHIN_S)

    def leave(self) -> None:
        """Let it go on without this program, and write down that this is wanted. Raises NotSaved."""
        _write(self._files.note, msgspec.structs.replace(self.note, left=True))
        self.let_go()

    def let_go(self) -> None:
        """Let it go on without this program; the next start tells of it."""
        if self._process is not None and self._process.poll() is None:
            # It is no longer ours to wait for; Python would warn of it at the end.
            self._process.returncode = 0

    def forget(self) -> None:
        """It has ended: the next start has nothing to find."""
        discard(self._files.note)

    def _printed_size(self) -> int:
        try:
            return self._files.output.stat().st_size
        except OSError:
            return 0

    def _trim(self) -> None:
        # Its file is opened for adding, so on Unix it goes on at the new end.
        if self._read_to > MOST_PRINTED and sys.platform != "win32":
            os.truncate(self._files.output, 0)
            self._read_to = 0


def start_server(command: ReadyCommand, files: ServerFiles) -> StartedServer:
    """Start it. Raises InvalidInput when one runs already or the system refuses the program, StorageError."""
    running = find_server(files)
    if running is not None:
        raise InvalidInput(f"The server runs already (pid {running.pid}). Stop it first.", "start_command")
    try:
        files.output.parent.mkdir(parents=True, exist_ok=True)
        files.note.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(open_to_add(files.output), "ab", buffering=0) as printed:
            printed.truncate(0)
            process = _started(command, printed.fileno())
    except OSError as error:
        name = Path(command.words[0]).name
        raise InvalidInput(f"{name} cannot be started: {error.strerror or error}.", "start_command") from error
    started = StartedServer(files, ServerNote(pid=process.pid, mark=start_mark(process.pid)), process)
    try:
        _write(files.note, started.note)
    except StorageError:
        # Nobody could find it again after a crash.
        started.end(force=True)
        started.wait()
        raise
    return started


def find_server(files: ServerFiles) -> StartedServer | None:
    """The server that an earlier run of this program started and that still runs; None when there is none."""
    try:
        note = msgspec.json.decode(read_bounded(files.note, _NOTE_LIMIT), type=ServerNote)
    except (StorageError, msgspec.MsgspecError, ValueError, RecursionError):
        return None
    # Never by the id alone: that may be somebody else's program by now.
    if note.pid <= 1 or not note.mark or start_mark(note.pid) != note.mark:
        discard(files.note)  # a note about a process that has ended does no harm where it stays
        return None
    return StartedServer(files, note, None)


def _started(command: ReadyCommand, output: int) -> subprocess.Popen[bytes]:
    environment = for_other_programs(os.environ, frozen=getattr(sys, "frozen", False))
    # Python keeps what it prints to a file for later, and a start can take minutes.
    environment.setdefault("PYTHONUNBUFFERED", "1")
    if sys.platform == "win32":
        return subprocess.Popen(
            command.words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=command.folder,
            env=environment,
            creationflags=subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW,
        )
    return subprocess.Popen(
        command.words,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=command.folder,
        env=environment,
        start_new_session=True,  # one signal ends them all, and Ctrl+C in our terminal is not meant for it
    )


def _write(path: Path, note: ServerNote) -> None:
    write_atomic(path, json_bytes(note))
