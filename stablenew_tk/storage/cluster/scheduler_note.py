"""Which process is the scheduler that `cluster start` started, so that `cluster stop` ends that one and no other."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from ...domain.base.errors import Unreadable
from ..disk.files import is_file, read_bounded, remove, write_atomic
from ..programs.processes import end_group, start_mark

_END_S = 10.0
_APART_ON_WINDOWS = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)


class _Note(Struct, frozen=True):
    pid: int
    mark: str


def start_in_background(command: Sequence[str], note: Path) -> int:
    """Start a scheduler that goes on when this program ends, and keep which one it is. Its process id."""
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
    write_atomic(note, msgspec.json.encode(_Note(process.pid, start_mark(process.pid))), mode=0o600)
    return process.pid


def background_scheduler(note: Path) -> int:
    """The process id of the scheduler that was started so and still runs, 0 = none."""
    if not is_file(note):
        return 0
    try:
        known = msgspec.json.decode(read_bounded(note, 4096), type=_Note)
    except (msgspec.MsgspecError, Unreadable):
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


def end_background_and_wait(note: Path) -> bool:
    """End that scheduler and wait until it has ended, by force when it does not. False when none ran."""
    was_running = end_background(note)
    until = time.monotonic() + _END_S
    while background_scheduler(note):
        if time.monotonic() > until:
            end_background(note, force=True)
            until += _END_S
        time.sleep(0.05)
    return was_running
