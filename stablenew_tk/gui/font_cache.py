"""fontconfig, which finds the fonts for Tk: where it keeps what it has found, and what it finds where nothing is
installed.
"""

from __future__ import annotations

import ctypes
import os
import sys
from importlib.util import find_spec
from pathlib import Path

_VARIABLE = "XDG_CACHE_HOME"
_LIBRARY = "libfontconfig.so.1"
# Brought along by customtkinter. Tk opens no window at all without any font.
_OWN = ("Roboto-Regular.ttf", "Roboto-Medium.ttf")
_SYSTEM = 0  # FcSetSystem


class _FontSet(ctypes.Structure):
    _fields_ = (("count", ctypes.c_int),)


def keep_font_cache_in(folder: Path) -> None:
    """Let fontconfig write into this folder instead of the user's cache, where it has to write at all.

    Call it before Tk is loaded. It is begun here and remembers the place; the variable is as before on return, because
    servers that are started later have caches of their own.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        fontconfig = ctypes.CDLL(_LIBRARY)
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


def lend_own_font() -> None:
    """Where no font is installed, give this program the one that it brings along: Latin letters only.

    Call it before Tk is loaded. Nothing is copied or written.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        fontconfig = ctypes.CDLL(_LIBRARY)
    except OSError:
        return  # as above
    fontconfig.FcConfigGetFonts.restype = ctypes.POINTER(_FontSet)
    fontconfig.FcConfigGetFonts.argtypes = (ctypes.c_void_p, ctypes.c_int)
    fontconfig.FcConfigAppFontAddFile.argtypes = (ctypes.c_void_p, ctypes.c_char_p)
    fontconfig.FcInit()
    installed = fontconfig.FcConfigGetFonts(None, _SYSTEM)
    if installed and installed.contents.count > 0:
        return
    spec = find_spec("customtkinter")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        for name in _OWN:
            path = Path(folder) / "assets" / "fonts" / "Roboto" / name
            fontconfig.FcConfigAppFontAddFile(None, os.fsencode(path))
