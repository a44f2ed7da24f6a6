"""Which process is the scheduler that `cluster start` started, so that `cluster stop` ends that one and no other."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from ...domain.base.errors import InvalidInput, NotSaved
from ..disk.files import is_file, read_bounded, remove, write_atomic
from ..programs.processes import end_group, start_mark

_END_S = 10.0
_APART_ON_WINDOWS = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)


class _Note(Struct, frozen=True):
    pid: int
    mark: str


def start_in_background(command: Sequence[str], note: Path) -> int:
    """Start a scheduler that goes on when this program ends, and note which it is. Its process id. Raises NotSaved."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # So that neither Ctrl+C in this terminal nor its end is meant for it: on Unix, and on Windows.
        start_new_session=True,
        creationflags=_APART_ON_WINDOWS,
        # The one-file executable would lend it its unpacked files, and remove them when it ends itself.
        env={**os.environ, "PYINSTALLER_RESET_ENVIRONMENT": "1"},
    )
    try:
        write_atomic(note, msgspec.json.encode(_Note(process.pid, start_mark(process.pid))), mode=0o600)
    except NotSaved:
        # Nobody would ever end it.
        end_group(process.pid, force=True)
        process.wait(_END_S)
        raise
    return process.pid


def background_scheduler(note: Path) -> int:
    """The process id of the scheduler that was started so and still runs, 0 = none. Raises Unreadable for a note that
    is somebody else's.
    """
    if not is_file(note):
        return 0
    try:
        known = msgspec.json.decode(read_bounded(note, 4096), type=_Note)
    except msgspec.MsgspecError:
        return 0
    return known.pid if known.mark and start_mark(known.pid) == known.mark else 0


def end_background(note: Path, *, force: bool = False) -> bool:
    """Ask that scheduler to end. False when none runs."""
    pid = background_scheduler(note)
    if pid:
        end_group(pid, force=force)
    elif is_file(note):
        remove(note)
    return bool(pid)


def end_background_and_wait(note: Path, end_s: float = _END_S) -> bool:
    """End that scheduler and wait until it has ended, by force after `end_s`. False when none ran. Raises InvalidInput
    when it cannot be ended, because somebody else started it.
    """
    was_running = end_background(note)
    began, forced = time.monotonic(), False
    while pid := background_scheduler(note):
        waited = time.monotonic() - began
        if waited > end_s and not forced:
            forced = end_background(note, force=True)
        elif waited > 2 * end_s:
            raise InvalidInput(f"The scheduler (process {pid}) cannot be ended from here. Who started it can do that.")
        time.sleep(0.05)
    return was_running
