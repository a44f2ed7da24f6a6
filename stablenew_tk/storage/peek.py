"""Reading small files by the ten thousand: few system calls, and never a pipe, a device or a large file."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from ..domain.errors import Unreadable
from .files import BINARY

_NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)


def read_whole(path: str, name: str, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes. `name` is for sentences. Raises Unreadable."""

    def read(descriptor: int, size: int) -> bytes:
        if size > limit:
            raise Unreadable(f"{name} is larger than {limit:,} bytes and was not read. Make it smaller.")
        # The file may grow while it is read, so its size alone is no promise.
        data = read_up_to(descriptor, limit + 1, first=size + 1)
        if len(data) > limit:
            raise Unreadable(f"{name} grew beyond {limit:,} bytes and was not read. Make it smaller.")
        return data

    return opened(path, name, read)


def opened(path: str, name: str, read: Callable[[int, int], bytes]) -> bytes:
    """What `read` gives for the descriptor and size of a regular file. Raises Unreadable for anything else."""
    try:
        descriptor = os.open(path, os.O_RDONLY | BINARY | _NONBLOCK)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise Unreadable(f"{name} is not a regular file and was not read. Remove it.")
            return read(descriptor, status.st_size)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unreadable(f"{name} cannot be read: {error.strerror or error}. Check its permissions.") from error


def read_up_to(descriptor: int, limit: int, *, first: int) -> bytes:
    """Everything from here on, at most `limit` bytes; `first` is how much to ask for at once. Raises OSError."""
    data = os.read(descriptor, min(first, limit))
    if len(data) < first - 1 or len(data) == first:
        while len(data) < limit and (more := os.read(descriptor, limit - len(data))):
            data += more
    return data
