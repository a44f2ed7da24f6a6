"""Ctrl+C, and the signals with which a system or a terminal that is closed asks a program to end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

# SIGHUP: the terminal was closed. Windows has none.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class StopSignals:
    """Context manager: counts the signals that ask this program to end, so that none is forgotten. Main thread.

    A signal raises KeyboardInterrupt where the program happens to be; within `quietly` it is only counted. A signal
    that the program was told to ignore (nohup) stays ignored.
    """

    def __init__(self) -> None:
        self.count = 0
        self._is_quiet = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> StopSignals:
        for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
            try:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._note)
            except ValueError:
                # Only the main thread may listen.
                return self
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for number, action in self._before.items():
            signal.signal(number, action)  # type: ignore[arg-type]  # what signal.signal gave back
        self._before.clear()

    def raise_if_any(self) -> None:
        """Raise KeyboardInterrupt when there was a signal, however it was lost on its way."""
        if self.count:
            raise KeyboardInterrupt

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Context manager: signals are only counted."""
        before, self._is_quiet = self._is_quiet, True
        try:
            yield
        finally:
            self._is_quiet = before

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if not self._is_quiet:
            raise KeyboardInterrupt
