"""customtkinter as `ctk`, imported so that it starts no program and writes nothing into the home folder."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
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
_LONGEST_S = 3.0  # that a desktop may take to answer


def desktop_is_dark() -> bool:
    """Whether the system is in its dark mode; False where it does not say. May start a program. Writes nothing."""
    if not sys.platform.startswith("linux"):
        return bool(ctk.AppearanceModeTracker.detect_appearance_mode())
    try:
        # GNOME's program leaves a file in the runtime or the cache folder: both are this one here, which goes at once.
        with tempfile.TemporaryDirectory(prefix="stablenew-") as folder:
            places = {"XDG_RUNTIME_DIR": folder, "XDG_CACHE_HOME": folder}
            scheme = _setting("color-scheme", os.environ | places)
            return scheme == "prefer-dark" or (
                # Desktops that do not know the first one name their theme so.
                scheme in ("", "default") and "-dark" in _setting("gtk-theme", os.environ | places)
            )
    except OSError:
        return False


def _setting(key: str, variables: Mapping[str, str]) -> str:
    command = ("gsettings", "get", "org.gnome.desktop.interface", key)
    try:
        done = subprocess.run(
            command, env=variables, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.decode("utf-8", "replace").strip().strip("'").lower()


__all__ = ["ctk", "desktop_is_dark"]
