"""Keeps the window alive when the clock of the computer is set back.

Tk's timers come at a time of that clock: when it is set back by an hour they come an hour late, and with them all that
the threads have to tell. What comes through a pipe waits for no clock.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import tkinter as tk
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..app.controller import Controller

_NOTICED_S = 0.5  # a clock that is corrected all the time moves less than this between two events


class ClockGuard:
    """As soon as an event or a signal comes after the clock was set back, every timer of `root` that waits is run, as
    Tk itself does when the clock is set forward. Does nothing on Windows, whose Tk listens to no pipe.
    """

    def __init__(self, root: tk.Tk, controller: Controller) -> None:
        self._root, self._inbox = root, controller.inbox
        self._ahead_s = _ahead_s()
        hears, tells = os.pipe()
        # As files, because what is written to a number after it was closed may go to some other file.
        self._hears, self._tells = os.fdopen(hears, "rb", buffering=0), os.fdopen(tells, "wb", buffering=0)
        self._signals_to = -1
        if sys.platform != "win32":
            os.set_blocking(hears, False)
            os.set_blocking(tells, False)
            root.createfilehandler(self._hears, tk.READABLE, self._heard)
            self._signals_to = signal.set_wakeup_fd(tells, warn_on_full_buffer=False)
            self._inbox.put_noticed = self.look

    def close(self) -> None:
        """Guard no more."""
        if sys.platform != "win32":
            self._inbox.put_noticed = None
            signal.set_wakeup_fd(self._signals_to)
            self._root.deletefilehandler(self._hears)
        self._hears.close()
        self._tells.close()

    def look(self) -> None:
        """See whether the clock was changed. Any thread."""
        if self._is_set_back:
            # Full: it is heard anyway. Closed: the window is gone.
            with suppress(OSError, ValueError):
                self._tells.write(b"\0")
        else:
            # Set forward: what waits from now on comes late even when it is set back to what it was before.
            self._ahead_s = max(self._ahead_s, _ahead_s())

    @property
    def _is_set_back(self) -> bool:
        return _ahead_s() < self._ahead_s - _NOTICED_S

    def _heard(self, _pipe: object, _mask: int) -> None:
        self._hears.read(4096)
        set_back, self._ahead_s = self._is_set_back, _ahead_s()
        if not set_back:
            return
        tcl = self._root.tk
        for timer in reversed(tcl.splitlist(tcl.call("after", "info"))):
            # One may have ended another.
            with suppress(tk.TclError):
                script, kind = tcl.splitlist(tcl.call("after", "info", timer))
                if kind == "timer":
                    tcl.call("after", "cancel", timer)
                    tcl.eval(script)


def _ahead_s() -> float:
    """How far the clock, which anybody can set, is ahead of the one that only counts seconds."""
    return time.time() - time.monotonic()
