"""fontconfig, which finds the fonts for Tk: where it keeps what it has found, and what it finds where nothing is
installed.
"""

from __future__ import annotations

import ctypes
import os
import sys
from importlib.util import find_spec
from pathlib import Path

_LIBRARY = "libfontconfig.so.1"
# Brought along by customtkinter. Tk opens no window at all without any font.
_OWN = ("Roboto-Regular.ttf", "Roboto-Medium.ttf")
_SYSTEM = 0  # FcSetSystem
# First the folder to write into, then what the system says; where it says nothing, the usual folders of fonts.
_ALL = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>{settings}</fontconfig>"""
_CACHE, _USERS_CACHE = "<cachedir>{folder}</cachedir>", '<cachedir prefix="xdg">fontconfig</cachedir>'
_FILE = "fonts.conf"
_SYSTEMS = f"/etc/fonts/{_FILE}"
_INCLUDE = '<include ignore_missing="yes">{file}</include>'
_USUAL = '<dir>/usr/share/fonts</dir><dir>/usr/local/share/fonts</dir><dir prefix="xdg">fonts</dir>'


class _FontSet(ctypes.Structure):
    _fields_ = (("count", ctypes.c_int),)


def begin_fonts(own: Path | None) -> None:
    """Begin fontconfig. Where it has to write at all it does so below the folder `own`, None = in its usual caches.

    Call it before Tk is loaded. No variable is changed: servers that are started later have caches of their own.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        fontconfig = ctypes.CDLL(_LIBRARY)
    except OSError:
        return  # Tk was built without it, or says itself what is missing
    # Asked for the name of its file, fontconfig would begin as usual, and write.
    named = os.environ.get("FONTCONFIG_FILE", "")
    is_told = named or os.environ.get("FONTCONFIG_PATH") or os.path.exists(_SYSTEMS)  # noqa: PTH110
    if own is None and is_told:
        return
    from html import escape

    # Told nothing it would complain of that on standard error.
    settings = _CACHE.format(folder=escape(str(own / "fontconfig"))) if own is not None else _USERS_CACHE
    settings += _INCLUDE.format(file=escape(named or _FILE)) if is_told else _USUAL
    fontconfig.FcConfigCreate.restype = ctypes.c_void_p
    fontconfig.FcConfigParseAndLoadFromMemory.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
    fontconfig.FcConfigSetCurrent.argtypes = (ctypes.c_void_p,)
    config = fontconfig.FcConfigCreate()
    if fontconfig.FcConfigParseAndLoadFromMemory(config, os.fsencode(_ALL.format(settings=settings)), False):
        fontconfig.FcConfigSetCurrent(config)


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
