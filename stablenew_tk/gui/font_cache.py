"""Where fontconfig, which finds the fonts for Tk, keeps what it has found."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_VARIABLE = "XDG_CACHE_HOME"


def keep_font_cache_in(folder: Path) -> None:
    """Let fontconfig write into this folder instead of the user's cache, where it has to write at all.

    Call it before Tk is loaded. It is begun here and remembers the place; the variable is as before on return, because
    servers that are started later have caches of their own.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        fontconfig = ctypes.CDLL("libfontconfig.so.1")
    except OSError:
        return  # Tk was built without it, or says itself what is missing
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = str(folder)
    try:
        fontconfig.FcInit()
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before
