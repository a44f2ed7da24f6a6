"""customtkinter as `ctk`, imported so that it starts no program and writes nothing into the home folder."""

from __future__ import annotations

import ctypes
import os
import sys
from types import ModuleType

import darkdetect  # type: ignore[import-untyped]

_MODULE = "customtkinter.windows.widgets.font.font_manager"


class OwnFonts:
    """In place of customtkinter's loader, which copies its fonts to ~/.fonts at each start: this program alone gets
    them. Where it cannot, the window takes a font of the system.
    """

    @classmethod
    def init_font_manager(cls) -> bool:
        """Nothing is to be prepared."""
        return True

    @classmethod
    def load_font(cls, path: str) -> bool:
        """Let Tk find the font in this file, whatever the answer: only customtkinter's own widgets depend on it."""
        try:
            fontconfig = ctypes.CDLL("libfontconfig.so.1")
        except OSError:
            return True
        fontconfig.FcConfigAppFontAddFile(None, ctypes.c_char_p(os.fsencode(path)))
        return True


if sys.platform.startswith("linux") and _MODULE not in sys.modules:
    _replacement = ModuleType(_MODULE)
    _replacement.FontManager = OwnFonts  # type: ignore[attr-defined]
    sys.modules[_MODULE] = _replacement

# It would ask the desktop for its mode, with a program that is started for it. `theme.apply` asks if that is wanted.
_asked, darkdetect.theme = darkdetect.theme, lambda: "Light"
import customtkinter as ctk  # noqa: E402  # after what it would find otherwise

darkdetect.theme = _asked

__all__ = ["ctk"]
