"""Processes by their id: whether the one that was meant still runs, and how it is ended with all that it started.

An id alone says little, because the system gives it to another program later. With the mark of its start it is one
process for certain. On Unix a program is started as the leader of a process group, on Windows as the root of a tree.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_FOR_OTHER_SYSTEMS_S = 10.0


def start_mark(pid: int) -> str:
    """What tells a running process from a later one with the same id; "" when it has ended."""
    if sys.platform == "win32":
        return _windows_mark(pid)
    elif sys.platform == "linux":
        return _linux_mark(pid)
    else:
        told = _output(["ps", "-o", "state=,lstart=", "-p", str(pid)]).split(None, 1)
        return told[1].strip() if len(told) == 2 and not told[0].startswith("Z") else ""


def group_lives(pid: int) -> bool:
    """Whether something that this program started still runs, although it may have ended itself. Blocks for some ms."""
    if sys.platform == "win32":
        return bool(start_mark(pid))
    elif sys.platform == "linux":
        return any(fields[2] == str(pid) and fields[0] not in "ZX" for fields in _all_stats())
    else:
        try:
            os.killpg(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


def group_worked(pid: int) -> int | None:
    """The time of the processor that something started by this program took so far, with all that it started and that
    still runs, in ticks; None where the system does not tell. Blocks for some ms.
    """
    if sys.platform != "linux":
        return None
    return sum(int(fields[11]) + int(fields[12]) for fields in _all_stats() if fields[2] == str(pid))


def _linux_mark(pid: int) -> str:
    fields = _stat(_PROC / str(pid))
    if not fields or fields[0] in "ZX":
        return ""
    with suppress(OSError):
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {fields[19]}"
    return fields[19]


def end_group(pid: int, *, force: bool) -> None:
    """Ask a program and all that it started to end, or with `force` end them. Returns at once on Unix."""
    if sys.platform == "win32":
        _output(["taskkill", "/PID", str(pid), "/T", *(["/F"] if force else [])])
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL if force else signal.SIGTERM)


def _all_stats() -> Iterator[list[str]]:
    for folder in _PROC.iterdir():
        if folder.name.isdecimal() and (fields := _stat(folder)):
            yield fields


def _stat(folder: Path) -> list[str]:
    """State, parent, group … of a process; [] when it has ended. Its name may hold anything, even brackets."""
    try:
        return (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            # Windows' own tools write in the alphabet of the console, which is not that of Python.
            errors="replace",
            check=False,
            timeout=_FOR_OTHER_SYSTEMS_S,
            stdin=subprocess.DEVNULL,
            # Without it a console flashes up beside a program that has none.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _QUERY, _STILL_ACTIVE = 0x1000, 259
    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.OpenProcess.restype = wintypes.HANDLE
    _kernel.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
    _kernel.GetProcessTimes.argtypes = (wintypes.HANDLE, *([ctypes.POINTER(ctypes.c_uint64)] * 4))
    _kernel.GetExitCodeProcess.argtypes = (wintypes.HANDLE, ctypes.POINTER(wintypes.DWORD))
    _kernel.CloseHandle.argtypes = (wintypes.HANDLE,)

    def _windows_mark(pid: int) -> str:
        handle = _kernel.OpenProcess(_QUERY, False, pid)
        if not handle:
            return ""
        times, code = [ctypes.c_uint64() for _ in range(4)], wintypes.DWORD()
        try:
            _kernel.GetExitCodeProcess(handle, ctypes.byref(code))
            known = _kernel.GetProcessTimes(handle, *(ctypes.byref(one) for one in times))
        finally:
            _kernel.CloseHandle(handle)
        return str(times[0].value) if known and code.value == _STILL_ACTIVE else ""
