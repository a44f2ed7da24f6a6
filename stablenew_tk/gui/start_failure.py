"""Shows why the window cannot open to people who started it from a menu, where nobody reads standard error."""

from __future__ import annotations

import os
import stat
import sys
import tkinter as tk
from contextlib import suppress
from pathlib import Path

# Where X sessions collect what their programs say.
_LOG_OF_SESSION = "session-errors"


def is_read(stream: object) -> bool:
    """Whether somebody reads this stream: a person at a terminal, a program at the other end of a pipe, a file."""
    try:
        descriptor: int = stream.fileno()  # type: ignore[attr-defined]  # OSError or AttributeError where it has none
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISREG(kind):
            on_linux = sys.platform.startswith("linux")
            return not on_linux or _LOG_OF_SESSION not in str(Path(f"/proc/self/fd/{descriptor}").readlink())
        return os.isatty(descriptor) or stat.S_ISFIFO(kind)
    except (AttributeError, OSError, ValueError):
        return False


def show_failure(message: str) -> None:
    """Show a sentence in a box until it is closed; does nothing where no box can be shown."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.MessageBoxW(None, message, "StableNew", 0x10)
        return
    with suppress(tk.TclError, ImportError):
        # Without the theme: what failed may be a part of it.
        from tkinter import messagebox

        root = tk.Tk(className="StableNew")
        root.withdraw()
        messagebox.showerror("StableNew", message, parent=root)
        root.destroy()
