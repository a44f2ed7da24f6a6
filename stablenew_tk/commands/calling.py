"""How this program was called. Imports next to nothing, so that help and version are there at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# What this program starts itself with: to open a window that nobody sees, and to do the whole loop once.
PROBE, SELFTEST = "--window-probe", "--selftest-inside"


def typed_name() -> str:
    """What was typed to call this program: its name, or what its starter says."""
    name = Path(sys.executable).name if getattr(sys, "frozen", False) else "stablenew"
    return os.environ.get("STABLENEW_COMMAND", name)
