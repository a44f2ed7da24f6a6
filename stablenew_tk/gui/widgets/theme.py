"""Colours, fonts and distances of the window, dark and light. No other module of the window names a colour.

A colour is asked for by its role ("surface", "text2", "accent"), so that one switch repaints everything: what shows a
colour reads `palette` and repaints in `on_change`. Lengths and fonts are in pixels of the design, `px` makes screen
pixels of them; `rescaling` changes how many there are.
"""

from __future__ import annotations

import itertools
import sys
import tkinter as tk
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from tkinter import font as tkfont
from typing import Literal

from ...domain.base.colour_roles import Role
from .toolkit import AppearanceModeTracker, CTk, ThemeManager, desktop_is_dark

Mode = Literal["dark", "light"]

# customtkinter would look 30 times a second whether the system's mode has changed, and its last call would be told as
# an error in the terminal when the window is gone. What the system has is looked up by `apply`.
AppearanceModeTracker.update_loop_running = True

# role: (light, dark), the order customtkinter expects.
_COLOURS: dict[Role, tuple[str, str]] = {
    "bg": ("#F3F2EE", "#121214"),
    "chrome": ("#EAE9E4", "#17171A"),
    "surface": ("#FFFFFF", "#1C1C20"),
    "raised": ("#F3F2EE", "#25252A"),
    "raised2": ("#E4E3DD", "#303037"),
    "line": ("#D9D8D1", "#2E2E35"),
    "edge": ("#94938B", "#565661"),
    "edge_hover": ("#7E7D75", "#73737F"),
    "text": ("#1B1B1D", "#F3F2EF"),
    "text2": ("#47474A", "#C4C3BE"),
    "text3": ("#5C5C60", "#A3A29D"),
    "disabled": ("#65656A", "#8E8D89"),
    "accent": ("#FFC805", "#FFC805"),
    "accent_hover": ("#FFD94D", "#FFD94D"),
    "accent_pressed": ("#E0AE00", "#E0AE00"),
    "accent_ink": ("#1C1600", "#1C1600"),
    "accent_text": ("#735600", "#FFC805"),
    "selection": ("#FFF3C8", "#3C341C"),
    "switch_track": ("#F2D98A", "#6B5708"),
    "switch_knob": ("#735600", "#FFC805"),
    "focus": ("#1B1B1D", "#F3F2EF"),
    "star": ("#A97D00", "#FFC805"),
    "star_empty": ("#94938B", "#565661"),
    "ok": ("#1B6E30", "#63C878"),
    "ok_soft": ("#E8F0EA", "#27382E"),
    "warn": ("#994B00", "#F59E4C"),
    "warn_soft": ("#F5EDE6", "#3F3127"),
    "badge": ("#994B00", "#F59E4C"),
    "badge_ink": ("#FFFFFF", "#1C1600"),
    "danger": ("#B92626", "#FF7B76"),
    "danger_soft": ("#F8E9E9", "#402B2E"),
    "danger_ink": ("#FFFFFF", "#1C1600"),
    "info": ("#1A5FA8", "#6DB1F5"),
    "info_soft": ("#E8EFF6", "#293442"),
    "chart_range": ("#C4C3BB", "#565661"),
    "chart_best": ("#FFC805", "#FFC805"),
    "chart_zone": ("#FBF3D9", "#2E2B1E"),
    "chart_dot": ("#47474A", "#C4C3BE"),
    "chart_mean": ("#1B1B1D", "#F3F2EF"),
    "image_ground": ("#E4E3DD", "#0D0D0F"),
    "logo_ink": ("#1C1600", "#1C1600"),
}

RING = 4  # around every control that takes the focus; always reserved, so nothing shifts
PAD, CARD_PAD = 16, 14
FIELD_GAP_X, FIELD_GAP_Y = 12, 10
RADIUS, RADIUS_CARD = 6, 8
SMALL, CONTROL, ACTION, MAIN = 28, 32, 36, 40  # heights of controls
ROW = 28
TOP_BAR, TOOL_BAR, ACTION_BAR, HINT_BAR, BOTTOM_BAR, RAIL_ITEM, RAIL = 48, 48, 64, 35, 40, 60, 76
NARROW_BELOW, WIDE_FROM = 1180, 1600  # window widths

_LINUX_FAMILIES = ("Inter", "Noto Sans", "Cantarell", "Ubuntu", "DejaVu Sans")
# These faces are about 6 % wider than the others: one pixel less keeps texts within their fields.
_WIDE_FAMILIES = ("DejaVu Sans", "Verdana")


# The colour of every role in the present mode, as "#RRGGBB". `apply` changes it in place.
palette: dict[Role, str] = {role: dark for role, (_, dark) in _COLOURS.items()}


class Subscribers:
    """Callbacks that are called in the order in which they came. A bound method ends with its widget."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._living: dict[int, Callable[[], Callable[[], object] | None]] = {}

    def add(self, callback: Callable[[], object]) -> None:
        """Call this from now on. A bound method is held weakly, and dropped once its widget is destroyed."""
        if getattr(callback, "__self__", None) is None:
            self._living[next(self._numbers)] = lambda: callback
            return
        number = next(self._numbers)
        self._living[number] = weakref.WeakMethod(callback, lambda _gone: self._living.pop(number, None))

    def call(self) -> None:
        """Call all. What one of them raises is told like any error in a callback of Tk, and the others still follow."""
        for number in tuple(self._living):
            self._call(number)

    def call_in_sight(self) -> Iterator[Callable[[], None]]:
        """Call those that are no widgets, and widgets in sight. Gives the calls of the others, which can wait."""
        hidden = []
        for number, reference in tuple(self._living.items()):
            widget = getattr(reference(), "__self__", None)
            if isinstance(widget, tk.Misc) and not (alive(widget) and widget.winfo_viewable()):
                hidden.append(partial(self._call, number))
            else:
                self._call(number)
        return iter(hidden)

    def _call(self, number: int) -> None:
        reference = self._living.get(number)
        callback = reference() if reference is not None else None
        widget = getattr(callback, "__self__", None)
        # A widget may be destroyed while Python still holds it.
        if callback is None or (isinstance(widget, tk.Misc) and not alive(widget)):
            self._living.pop(number, None)
        else:
            safely(callback)

    def __len__(self) -> int:
        return len(self._living)


class _ThemeState:
    """What `apply` decided. One window per process, so one state."""

    mode: Mode = "dark"
    family: str = "TkDefaultFont"
    scale: float = 1.0
    generation: int = 0
    root: weakref.ref[tk.Misc] | None = None
    painted = Subscribers()


_fonts: dict[tuple[int, bool, bool], tkfont.Font] = {}


def mode() -> Mode:
    """The mode in use; "system" is already resolved."""
    return _ThemeState.mode


def pair(role: Role) -> tuple[str, str]:
    """(light, dark), as customtkinter's window takes it and follows the mode by itself."""
    return _COLOURS[role]


def px(length: float) -> int:
    """Design pixels to screen pixels."""
    return round(length * _ThemeState.scale)


def scale() -> float:
    """Screen pixels for each design pixel, for who needs many of them at once."""
    return _ThemeState.scale


def generation() -> int:
    """Counts roots. Images belong to one root, so image caches keep it in their keys."""
    return _ThemeState.generation


def family() -> str:
    """The family chosen for this machine."""
    return _ThemeState.family


def font_pixels(size: int) -> int:
    """A size of the design for this family: wide faces are set one pixel smaller."""
    return size - 1 if _ThemeState.family in _WIDE_FAMILIES else size


def font(size: int = 13, bold: bool = False, mono: bool = False) -> tkfont.Font:
    """A named font for Canvas and plain Tk widgets, made once. Size in pixels of the design."""
    key = (size, bold, mono)
    if key not in _fonts:
        weight: Literal["bold", "normal"] = "bold" if bold else "normal"
        _fonts[key] = tkfont.Font(root=root(), family=_face(mono), size=-px(font_pixels(size)), weight=weight)
    return _fonts[key]


def elide(text: str, face: tkfont.Font, width: int) -> str:
    """The text cut with "…" so that it fits `width` screen pixels. Canvas text would wrap or run over instead."""
    if width <= 0:
        return ""
    if face.measure(text) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if face.measure(text[:middle].rstrip() + "…") <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def elide_front(text: str, face: tkfont.Font, width: int) -> str:
    """The same cut at its beginning, for texts that differ at their end."""
    return text if face.measure(text) <= width else _turned(elide(_turned(text), face, width))


def _turned(text: str) -> str:
    return text[::-1]


def on_change(callback: Callable[[], object]) -> None:
    """Call this when the mode, the font or the scale changes. A bound method is held weakly, and no longer than its
    widget lives."""
    _ThemeState.painted.add(callback)


def apply(
    root: tk.Misc, wanted: Literal["dark", "light", "system"], *, family: str = "", scale: float | None = None
) -> None:
    """Dress the window: scale, fonts, customtkinter's theme; then repaint everything that asked for it.

    `scale` is screen pixels for each design pixel; None leaves it, 1 for a root not yet seen. "system" is looked up
    once, here.
    """
    if _ThemeState.root is None or _ThemeState.root() is not root:
        _ThemeState.root = weakref.ref(root)
        _ThemeState.generation += 1
        _fonts.clear()
        _ThemeState.scale = 1.0
        # Never shown. Tk loads a class's default font before it takes ours and drops it when no widget uses it:
        # 0.4 ms for every label and entry, unless somebody keeps it loaded.
        tk.Label(root)
        tk.Entry(root)
    if scale is not None:
        set_scale(scale)
    if wanted == "system":
        _ThemeState.mode = "dark" if desktop_is_dark() else "light"
    else:
        _ThemeState.mode = wanted
    palette.update({role: both[_ThemeState.mode == "dark"] for role, both in _COLOURS.items()})
    _choose_family(root, family)
    ThemeManager.theme.update({"CTk": {"fg_color": pair("bg")}})
    AppearanceModeTracker.set_appearance_mode(_ThemeState.mode)
    if isinstance(root, CTk):
        root.configure(fg_color=pair("bg"))
    repaint()


def set_scale(scale: float) -> None:
    """Let `px` and the fonts follow another scale. Lengths in use stay as they are: see `rescaling`."""
    _ThemeState.scale = scale
    _size_fonts()


def repaint() -> None:
    """Have everything drawn again that asked for it in `on_change`."""
    _ThemeState.painted.call()


def repaint_in_sight() -> Iterator[Callable[[], None]]:
    """Have drawn again what can be seen. Gives the calls that draw the rest."""
    return _ThemeState.painted.call_in_sight()


def safely(callback: Callable[[], object]) -> None:
    """Call it on the main thread; what it raises goes where errors of Tk's callbacks go: the log, and the user."""
    tk.CallWrapper(callback, None, root())()


def root() -> tk.Misc:
    """The window that was dressed."""
    dressed = _ThemeState.root() if _ThemeState.root is not None else None
    if dressed is None:
        raise RuntimeError("theme.apply(root, mode) comes first: fonts belong to a root.")
    return dressed


def _face(mono: bool) -> str:
    monos = {"win32": "Consolas", "darwin": "Menlo"}
    return monos.get(sys.platform, "DejaVu Sans Mono") if mono else _ThemeState.family


def _choose_family(root: tk.Misc, wish: str) -> None:
    if wish:
        chosen = wish
    elif sys.platform == "win32":
        chosen = "Segoe UI"
    elif sys.platform == "darwin":
        chosen = str(tkfont.nametofont("TkDefaultFont", root=root).actual("family"))
    else:
        present = set(tkfont.families(root))
        chosen = next((name for name in _LINUX_FAMILIES if name in present), _LINUX_FAMILIES[-1])
    if chosen == _ThemeState.family:
        return
    _ThemeState.family = chosen
    _size_fonts()


def _size_fonts() -> None:
    for (size, _, mono), made in _fonts.items():
        made.configure(family=_face(mono), size=-px(font_pixels(size)))


def alive(widget: tk.Misc) -> bool:
    """Whether a widget still exists, also when its whole root is gone."""
    try:
        return bool(widget.winfo_exists())
    except tk.TclError:
        return False
