"""Asks the screen what it knows about itself, for the size of everything."""

from __future__ import annotations

import ctypes
import os
import tkinter as tk
from contextlib import suppress

from ...domain.base.screen_scale import Screen, WindowSystem
from .toolkit import ScalingTracker

_POSSIBLE_DPI = (48.0, 480.0)


def screen_of(root: tk.Misc) -> Screen:
    """What the screen of this window says. Main thread; on X11 one short question to the X server."""
    told = str(root.tk.call("tk", "windowingsystem"))
    system: WindowSystem = "win32" if told == "win32" else "aqua" if told == "aqua" else "x11"
    return Screen(
        system=system,
        width=root.winfo_screenwidth(),
        height=root.winfo_screenheight(),
        resource_dpi=_resource_dpi() if system == "x11" else 0.0,
        desktop_scale=_number(os.environ.get("GDK_SCALE", "")) if system == "x11" else 0.0,
        measured_dpi=float(root.winfo_fpixels("1i")),
        system_scale=float(ScalingTracker.get_window_dpi_scaling(root)) if system == "win32" else 0.0,
    )


def _resource_dpi() -> float:
    """Xft.dpi: from the resources of the X server (what `xrdb` sets), else from ~/.Xdefaults; 0 when nobody says."""
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return 0.0  # no such library: Tk was built for another window system
    x11.XOpenDisplay.restype = x11.XGetDefault.restype = ctypes.c_void_p
    x11.XOpenDisplay.argtypes = (ctypes.c_char_p,)
    x11.XGetDefault.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)
    x11.XCloseDisplay.argtypes = (ctypes.c_void_p,)
    display = x11.XOpenDisplay(None)
    if not display:
        return 0.0
    try:
        # Tk's own option database knows only what is meant for this program.
        found = x11.XGetDefault(display, b"Xft", b"dpi")
        dpi = _number(ctypes.string_at(found).decode("ascii", "replace")) if found else 0.0
    finally:
        x11.XCloseDisplay(display)
    low, high = _POSSIBLE_DPI
    return dpi if low <= dpi <= high else 0.0


def _number(text: str) -> float:
    with suppress(ValueError):
        return max(0.0, float(text))
    return 0.0
