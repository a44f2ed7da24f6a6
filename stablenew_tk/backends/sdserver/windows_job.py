"""A Windows job: the system ends the process in it with the program that holds it, and limits its memory."""

from __future__ import annotations

import ctypes
import subprocess
import sys

_KILL_ON_CLOSE, _PROCESS_MEMORY = 0x2000, 0x0100
_EXTENDED_LIMITS = 9  # JobObjectExtendedLimitInformation


class _BasicLimits(ctypes.Structure):
    _fields_ = (
        ("per_process_time", ctypes.c_int64),
        ("per_job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("most_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    )


class _ExtendedLimits(ctypes.Structure):
    _fields_ = (
        ("basic", _BasicLimits),
        ("counters", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


if sys.platform == "win32":
    from ctypes import wintypes

    _system = ctypes.WinDLL("kernel32", use_last_error=True)
    _system.CreateJobObjectW.restype = wintypes.HANDLE
    _system.CreateJobObjectW.argtypes = (ctypes.c_void_p, wintypes.LPCWSTR)
    _system.SetInformationJobObject.argtypes = (wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD)
    _system.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
    _system.OpenProcess.restype = wintypes.HANDLE
    _system.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
    _system.CloseHandle.argtypes = (wintypes.HANDLE,)
    _SET_QUOTA_AND_TERMINATE = 0x0100 | 0x0001

    class ChildJob:
        """Holds one process. When it cannot be put into the job, it runs on without."""

        def __init__(self, process: subprocess.Popen[bytes], memory_gb: float) -> None:
            self._job = _system.CreateJobObjectW(None, None)
            limits = _ExtendedLimits()
            limits.basic.flags = _KILL_ON_CLOSE | (_PROCESS_MEMORY if memory_gb > 0 else 0)
            limits.process_memory = int(memory_gb * 1024**3)
            _system.SetInformationJobObject(self._job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits))
            handle = _system.OpenProcess(_SET_QUOTA_AND_TERMINATE, False, process.pid)
            if handle:
                _system.AssignProcessToJobObject(self._job, handle)
                _system.CloseHandle(handle)

        def close(self) -> None:
            """Let go of the job, which ends a process that still runs in it. May be called twice."""
            if self._job:
                _system.CloseHandle(self._job)
                self._job = None
