"""Starts this program once more for what may hang or be torn down from outside, such as opening a window.

Tk ends a program that it cannot show, and waits for ever for a display server that hangs: what it does so happens to
the inner program, and the outer one lives to tell.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from msgspec import Struct

from ..app.engines.backend_for import own_command


class Said(Struct, frozen=True):
    """How the inner program ended. `code` None: it had to be ended because it took too long."""

    code: int | None
    out: str
    err: str

    @property
    def why(self) -> str:
        """Why it failed, in a sentence."""
        last = next((line.strip() for line in reversed(self.err.splitlines()) if line.strip()), "")
        if self.code is None:
            return "The window cannot open: the screen did not answer in time." + (f" It said: {last}" if last else "")
        if self.code < 0:
            name = signal.Signals(-self.code).name if -self.code in set(signal.Signals) else str(-self.code)
            return f"The window cannot open: the program was ended by {name}." + (f" It said: {last}" if last else "")
        return last or f"The window cannot open: the program ended with {self.code} and said nothing."


def start_inside(limit_s: float, *words: str) -> Said:
    """Start this program with these words and wait for its end, no longer than `limit_s` seconds."""
    variables = dict(os.environ)
    if not getattr(sys, "frozen", False):
        # The same program as this one, wherever it is called from.
        package = str(Path(__file__).resolve().parents[2])
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, (package, variables.get("PYTHONPATH", ""))))
    try:
        done = subprocess.run(
            own_command(*words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=variables,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        return Said(None, "", late.stderr.decode("utf-8", "replace") if late.stderr else "")
    return Said(done.returncode, done.stdout, done.stderr)
