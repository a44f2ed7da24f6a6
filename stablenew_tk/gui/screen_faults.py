"""Why no window can be opened here, in a sentence: no display answers, or a library of the screen is missing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from ..domain.base.errors import NoScreen
from .display_server import hangs

# Debian's packages of what Tk is linked to; others are named by their file.
_PACKAGES = {"libX11": "libx11-6", "libxcb": "libxcb1", "libXft": "libxft2", "libXss": "libxss1", "libtk8": "libtk8.6"}
_LIBRARY = re.compile(r"\b(lib[A-Za-z0-9_+-]+)[\w.+-]*\.so[.\d]*")
_NO_DISPLAY = ("couldn't connect to display", "no display name")
_TERMINAL = "The terminal commands work without a window: --help lists them."


@contextmanager
def screen_faults_told() -> Iterator[None]:
    """Context manager: what Tk says when it cannot open a window here is raised as NoScreen, all else as it is.

    Raises NoScreen at once when the display server hangs. Takes about a millisecond when it does not.
    """
    if hangs(display := os.environ.get("DISPLAY", "")):
        raise NoScreen(
            f"The window cannot open: the display server at DISPLAY={display!r} does not answer. Log in again, or set "
            f"DISPLAY to one that does. {_TERMINAL}"
        )
    try:
        yield
    except (ImportError, _tcl_error()) as error:
        told = _told(error)
        if told is None:
            raise
        raise NoScreen(f"{told} {_TERMINAL}") from error


def _tcl_error() -> type[Exception]:
    try:
        from tkinter import TclError
    except ImportError:
        return ImportError  # Tk itself is missing, so nothing of it is ever raised
    return TclError


def _told(error: Exception) -> str | None:
    text = str(error)
    if any(words in text for words in _NO_DISPLAY):
        if not (display := os.environ.get("DISPLAY", "")):
            return "The window cannot open: there is no display here. Log in to a desktop, or set DISPLAY."
        return (
            f"The window cannot open: no display server answers at DISPLAY={display!r}. Log in to a desktop, or set "
            "DISPLAY to one that runs and lets you in."
        )
    if not isinstance(error, ImportError):
        return None
    if found := _LIBRARY.search(text):
        package = _PACKAGES.get(found[1])
        install = f"Install it: apt-get install {package}." if package else "Install the package that has it."
        return f"The window cannot open: {found[0]} is missing on this system. {install}"
    if (error.name or "") in ("tkinter", "_tkinter"):
        return "The window cannot open: this Python has no Tk. Install it: apt-get install python3-tk."
    return None
