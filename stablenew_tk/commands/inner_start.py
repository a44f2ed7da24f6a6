"""Starts this program once more for what may hang or be torn down from outside, such as opening a window.

Tk ends a program that it cannot show, and waits for ever for a display server that hangs: what it does so happens to
the inner program, and the outer one lives to tell.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from msgspec import Struct

from ..app.engines.backend_for import own_command
from ..storage.programs.processes import end_group, group_worked

_LOOK_S, _LONGEST_S, _END_S = 0.5, 120.0, 10.0
# A system without any fonts; whatever went wrong, it was not that.
_NOISE = "Fontconfig "
# What Xlib says before it ends the program.
_SERVER_GONE = ("XIO:", "X connection to ")


class Said(Struct, frozen=True):
    """How the inner program ended. `code` None: it had to be ended because it took too long."""

    code: int | None
    out: str
    err: str

    @property
    def why(self) -> str:
        """Why it failed, in a sentence."""
        lines = [line.strip() for line in self.err.splitlines() if line.strip() and not line.startswith(_NOISE)]
        last = lines[-1] if lines else ""
        if self.code and any(words in self.err for words in _SERVER_GONE):
            return "The window cannot open: the display server ended or broke the connection. Log in again."
        if self.code is None:
            return "The window cannot open: the screen did not answer in time." + (f" It said: {last}" if last else "")
        if self.code < 0:
            name = signal.Signals(-self.code).name if -self.code in set(signal.Signals) else str(-self.code)
            return f"The window cannot open: the program was ended by {name}." + (f" It said: {last}" if last else "")
        return last or f"The window cannot open: the program ended with {self.code} and said nothing."


def start_inside(idle_s: float, *words: str) -> Said:
    """Start this program with these words and wait for its end.

    It is ended when it has done nothing for `idle_s` seconds, which is how a screen that hangs looks; one that works
    slowly on a busy computer is given `_LONGEST_S`. Where nobody tells how much it works it has half of that.
    """
    variables = dict(os.environ)
    if not getattr(sys, "frozen", False):
        # The same program as this one, wherever it is called from.
        package = str(Path(__file__).resolve().parents[2])
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, (package, variables.get("PYTHONPATH", ""))))
    inner = subprocess.Popen(
        own_command(*words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env=variables,
        # A session of its own, because the executable is two processes.
        start_new_session=True,
    )
    began = changed = time.monotonic()
    worked: int | None = 0
    try:
        while True:
            try:
                out, err = inner.communicate(timeout=_LOOK_S)
            except subprocess.TimeoutExpired:
                now, before, worked = time.monotonic(), worked, group_worked(inner.pid)
                changed = now if worked != before else changed
                if now - began > (_LONGEST_S if worked is not None else _LONGEST_S / 2) or (
                    worked is not None and now - changed > idle_s
                ):
                    end_group(inner.pid, force=True)
                    return Said(None, *inner.communicate(timeout=_END_S))
            else:
                return Said(inner.returncode, out, err)
    finally:
        if inner.returncode is None:
            end_group(inner.pid, force=True)
            inner.communicate(timeout=_END_S)
