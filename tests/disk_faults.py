"""Disks that misbehave: one that turns read-only at a chosen moment, and one that tells what was forced onto it."""

from __future__ import annotations

import errno
import math
import os
from pathlib import Path

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class ReadOnlyDisk:
    """From `turn` on nothing below `folder` can be written, made, renamed or removed."""

    def __init__(self, folder, monkeypatch):
        self._folder = str(folder)
        self._left = math.inf
        for name in ("unlink", "remove", "rename", "replace", "mkdir", "rmdir", "open", "ftruncate", "truncate"):
            monkeypatch.setattr(os, name, self._guarded(getattr(os, name), opens=name == "open"))

    def turn(self, *, after=0):
        """Turn read-only now, or after so many more changes."""
        self._left = after

    def _guarded(self, real, *, opens):
        def call(path, *args, **more):
            writes = not opens or bool(args and args[0] & _WRITES)
            inside = isinstance(path, int) or os.fspath(path).startswith(self._folder)
            self._left -= writes and inside
            if writes and inside and self._left < 0:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
            return real(path, *args, **more)

        return call


class Synced:
    """The paths that were forced to disk (fsync), in order."""

    def __init__(self, monkeypatch):
        self.paths: list[Path] = []
        real = os.fsync

        def fsync(descriptor):
            self.paths.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
            real(descriptor)

        monkeypatch.setattr(os, "fsync", fsync)

    def __contains__(self, path):
        return Path(path) in self.paths
