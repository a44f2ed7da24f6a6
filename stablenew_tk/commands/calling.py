"""How this program was called. Imports next to nothing, so that help and version are there at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PROBE = "--window-probe"  # what `doctor` starts this program with, to open a window that nobody sees


def typed_name() -> str:
    """What was typed to call this program: its name, or what its starter says."""
    name = Path(sys.executable).name if getattr(sys, "frozen", False) else "stablenew"
    return os.environ.get("STABLENEW_COMMAND", name)
