"""customtkinter's window, its colours and its scale, imported so that no program is started for it and nothing is
written into the home folder.

Of customtkinter's widgets none is used here. Its packages import them all, and Pillow with them, which takes three
times as long as what is used: so the packages are entered without that, and run as usual as soon as somebody asks for
more.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from types import ModuleType

_WHOLE = ("darkdetect", "customtkinter", "customtkinter.windows", "customtkinter.windows.widgets")
_FONTS = "customtkinter.windows.widgets.font.font_manager"


class _Unopened(ModuleType):
    """A package that is run when something is asked of it that it does not have yet."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__") or self.__spec__ is None or self.__spec__.loader is None:
            raise AttributeError(name)
        self.__class__ = ModuleType  # type: ignore[assignment]  # an ordinary package from now on
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


class OwnFonts:
    """In place of customtkinter's loader, which copies its fonts to ~/.fonts at each start. Only its own widgets would
    use them.
    """

    @classmethod
    def init_font_manager(cls) -> bool:
        """Nothing is to be prepared."""
        return True

    @classmethod
    def load_font(cls, _path: str) -> bool:
        """The window takes a font of the system."""
        return True


def _enter(name: str) -> None:
    spec = find_spec(name)
    if name in sys.modules or spec is None:
        return
    package = _Unopened(name)
    package.__spec__, package.__loader__ = spec, spec.loader
    package.__package__, package.__file__ = name, spec.origin
    package.__path__ = list(spec.submodule_search_locations or ())
    sys.modules[name] = package
    above, _, last = name.rpartition(".")
    if above:
        setattr(sys.modules[above], last, package)


for _name in _WHOLE:
    _enter(_name)
if _FONTS not in sys.modules:
    _replacement = ModuleType(_FONTS)
    _replacement.FontManager = OwnFonts  # type: ignore[attr-defined]
    sys.modules[_FONTS] = _replacement

# It would ask the desktop for its mode, with a program that is started for it. `theme.apply` asks if that is wanted.
_detector = sys.modules["darkdetect"]
_asked = vars(_detector).get("theme")
_detector.theme = lambda: "Light"  # type: ignore[attr-defined]
from customtkinter.windows.ctk_tk import CTk  # noqa: E402  # after what it would find otherwise
from customtkinter.windows.widgets.appearance_mode import AppearanceModeTracker  # noqa: E402
from customtkinter.windows.widgets.scaling import ScalingTracker  # noqa: E402
from customtkinter.windows.widgets.theme import ThemeManager  # noqa: E402

if _asked is None:
    del _detector.theme
else:
    _detector.theme = _asked  # type: ignore[attr-defined]

_LONGEST_S = 3.0  # that a desktop may take to answer

__all__ = ["AppearanceModeTracker", "CTk", "ScalingTracker", "ThemeManager", "desktop_is_dark", "hear_own_size"]


def hear_own_size(window: CTk) -> None:
    """Let a window look at its size when that changes; customtkinter does with every change of a widget in it."""
    path, looks = str(window), window.bind("<Configure>")
    window.tk.call("bind", path, "<Configure>", f'if {{"%W" eq "{path}"}} {{{looks}}}')


def desktop_is_dark() -> bool:
    """Whether the system is in its dark mode; False where it does not say. May start a program. Writes nothing."""
    if not sys.platform.startswith("linux"):
        return bool(AppearanceModeTracker.detect_appearance_mode())
    import tempfile

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
    import subprocess

    command = ("gsettings", "get", "org.gnome.desktop.interface", key)
    try:
        done = subprocess.run(
            command, env=variables, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.decode("utf-8", "replace").strip().strip("'").lower()
