"""A disk whose n-th operation fails, once or from then on, with an error of the system or a short write."""

from __future__ import annotations

import errno
import io
import os
from contextlib import ExitStack
from unittest import mock

ERRORS = ("ENOSPC", "EIO", "EACCES", "EDQUOT", "EROFS", "short")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
BY_PATH = ("unlink", "remove", "rename", "replace", "mkdir", "rmdir", "listdir", "scandir")
BY_NUMBER = ("write", "fsync", "ftruncate")
READS = ("listdir", "scandir")
# A disk that is full or read-only still reads, and a quota does not keep anything from being removed.
READS_FAIL = ("EIO", "EACCES")
REMOVES_FAIL = ("EIO", "EACCES", "EROFS")


class FaultyDisk:
    """A context manager. The operation number `nth` (from 1) below `folder` fails; with `for_ever` all after it, too.

    `fired` counts the failures, `count` the operations.
    """

    def __init__(self, folder, kind, nth, *, for_ever=False):
        self._folder = os.fspath(folder)
        self._kind, self._nth, self._for_ever = kind, nth, for_ever
        self._numbers: set[int] = set()
        self._stack = ExitStack()
        self.count = self.fired = 0

    def __enter__(self):
        for name in (*BY_PATH, *BY_NUMBER):
            self._put(name, self._guarded(name, getattr(os, name)))
        self._put("open", self._opening(os.open))
        self._put("close", self._closing(os.close))
        self._put("fdopen", self._files(os.fdopen))
        return self

    def __exit__(self, *_error):
        self._stack.close()

    def _put(self, name, replacement):
        self._stack.enter_context(mock.patch.object(os, name, replacement))

    def fails(self, what):
        """Whether this operation fails; counts it."""
        reads = what in READS or what == "open to read"
        removes = what in ("unlink", "remove", "rmdir", "ftruncate")
        applies = not (reads and self._kind not in READS_FAIL) and not (removes and self._kind not in REMOVES_FAIL)
        if self._kind == "short":
            applies = what == "write"
        if not applies:
            return False
        self.count += 1
        hit = self.count == self._nth or (self._for_ever and self.count > self._nth)
        self.fired += hit
        return hit

    def error(self, path=None):
        number = errno.ENOSPC if self._kind == "short" else getattr(errno, self._kind)
        return OSError(number, os.strerror(number), path)

    def write(self, number, data, real):
        """Write through `real`; a short write takes a part and says so, the disk is full after it."""
        if self.fails("write"):
            if self._kind == "short" and len(data) > 1:
                return real(memoryview(data)[: len(data) // 2])
            raise self.error()
        return real(data)

    def _inside(self, path):
        return not isinstance(path, int) and os.fspath(path).startswith(self._folder)

    def _guarded(self, name, real):
        def call(path=".", *more, **options):
            if name == "write" and path in self._numbers:
                return self.write(path, more[0], lambda data: real(path, data))
            inside = path in self._numbers if name in BY_NUMBER else self._inside(path)
            if inside and self.fails(name):
                raise self.error(None if name in BY_NUMBER else path)
            return real(path, *more, **options)

        return call

    def _opening(self, real):
        def call(path, flags, *more, **options):
            inside = self._inside(path)
            if inside and self.fails("open" if flags & WRITING else "open to read"):
                raise self.error(path)
            number = real(path, flags, *more, **options)
            if inside:
                self._numbers.add(number)
            return number

        return call

    def _closing(self, real):
        def call(number):
            self._numbers.discard(number)
            real(number)

        return call

    def _files(self, real):
        disk = self

        class Raw(io.FileIO):
            def write(self, data):
                return disk.write(self.fileno(), data, super().write)

            def close(self):
                if not self.closed:
                    disk.forget(self.fileno())
                super().close()

        def call(number, mode="r", buffering=-1, **options):
            if number not in self._numbers or "b" not in mode:
                return real(number, mode, buffering, **options)
            raw = Raw(number, mode)
            return raw if buffering == 0 else io.BufferedReader(raw) if "r" in mode else io.BufferedWriter(raw)

        return call

    def forget(self, number):
        self._numbers.discard(number)
