"""`OwnScheduler`: a scheduler as a child process of this program; it ends with it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress

_END_S = 3.0
_LAST_WORDS = 2000  # bytes


class OwnScheduler:
    """Started with `command`, () = never. One thread."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)
        self._child: subprocess.Popen[bytes] | None = None
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - as long as this object

    def start(self) -> bool:
        """Start it, unless it runs. False when it is never started."""
        if self._command and (self._child is None or self._child.poll() is not None):
            self._said.seek(0)
            self._said.truncate()
            self._child = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._said
            )
        return bool(self._command)

    @property
    def failed(self) -> bool:
        """Whether it was started and has ended by itself."""
        return self._child is not None and self._child.poll() is not None

    @property
    def last_words(self) -> str:
        """What it said when it ended, "" for nothing."""
        self._said.seek(0)
        return " ".join(self._said.read(_LAST_WORDS).decode("utf-8", "replace").split())

    def close(self) -> None:
        """End it: it ends when its input does. Blocks for some seconds at most."""
        if self._child is not None:
            if self._child.stdin is not None:
                with suppress(OSError):
                    self._child.stdin.close()
            try:
                self._child.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait(_END_S)
        self._said.close()
