"""Opens a window that nobody sees, to know whether one can be opened here and what it lacks."""

from __future__ import annotations

import tkinter as tk
from tkinter import font

from msgspec import Struct
from PIL import Image, ImageTk

from .widgets.toolkit import AppearanceModeTracker, CTk

# Those that the program brings; they have Latin letters only.
_OWN_FONTS = {"CustomTkinter_shapes_font", "Roboto"}


class WindowProbe(Struct, frozen=True, kw_only=True):
    """What the window found: the version of Tk, and how many families of fonts are installed."""

    tk: str
    fonts: int


def probe_window() -> WindowProbe:
    """Open a hidden window with a text and a picture in it, and close it. Raises what Tk raises."""
    # Otherwise the desktop is asked for its mode, by a program that leaves a file in the user's cache.
    AppearanceModeTracker.set_appearance_mode("light")
    root = CTk(className="StableNew")
    root.withdraw()
    # Painting needs Pillow's bridge to Tk, which a frozen program easily lacks.
    picture = ImageTk.PhotoImage(Image.new("RGB", (8, 8)), master=root)
    tk.Label(root, text="StableNew", image=str(picture), compound="left").pack()
    root.update()
    found = WindowProbe(tk=str(root.tk.call("info", "patchlevel")), fonts=len(set(font.families(root)) - _OWN_FONTS))
    root.destroy()
    return found
