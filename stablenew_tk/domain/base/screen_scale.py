"""How large everything in the window is drawn: as the screen asks for by its dots per inch, or as the user chose."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

LEAST_SIZE, MOST_SIZE, SIZE_STEP = 80, 250, 10  # percent
AS_THE_SCREEN = 0
USUAL_DPI = 96.0
LEAST_WINDOW = (1024, 700)  # px at 100 %
# Screens report their own millimetres wrongly often: outside of this they are not believed. Below it, 100 % is right.
_PLAUSIBLE_DPI = (120.0, 400.0)
_GRAIN = 5  # percent

WindowSystem = Literal["x11", "win32", "aqua"]


class Screen(Struct, frozen=True, kw_only=True):
    """What a screen tells about itself. Sizes in screen pixels; 0 = not told.

    `resource_dpi` is Xft.dpi of the X server's resources, `desktop_scale` GDK_SCALE, `measured_dpi` what follows from
    the millimetres that the screen claims, `system_scale` the scale Windows gives for the screen (1 = 100 %).
    """

    system: WindowSystem = "x11"
    width: int = 0
    height: int = 0
    resource_dpi: float = 0.0
    desktop_scale: float = 0.0
    measured_dpi: float = 0.0
    system_scale: float = 0.0


def size_for(screen: Screen) -> int:
    """The size of everything that suits a screen, in percent: at least 100, no more than lets the least window fit."""
    wanted = round(_scale_of(screen) * 100 / _GRAIN) * _GRAIN
    room = min(
        (side * 100 // least for side, least in zip((screen.width, screen.height), LEAST_WINDOW, strict=True) if side),
        default=MOST_SIZE,
    )
    return max(100, min(wanted, room // _GRAIN * _GRAIN, MOST_SIZE))


def size_in_use(chosen: int, screen: Screen) -> int:
    """The size of everything in percent: the chosen one within its range, `AS_THE_SCREEN` = what suits the screen."""
    return size_for(screen) if chosen == AS_THE_SCREEN else min(max(chosen, LEAST_SIZE), MOST_SIZE)


def next_size(size: int, way: int) -> int:
    """The next larger (way 1) or smaller (way -1) size in whole steps, within the range."""
    steps = size // SIZE_STEP + 1 if way > 0 else -(-size // SIZE_STEP) - 1
    return min(max(steps * SIZE_STEP, LEAST_SIZE), MOST_SIZE)


def _scale_of(screen: Screen) -> float:
    if screen.system == "aqua":
        return 1.0  # Tk counts in points there, and the system draws them sharp
    if screen.system == "win32":
        return screen.system_scale or 1.0
    # Who sets GDK_SCALE and leaves Xft.dpi at the usual 96 wants the larger of the two.
    told = max(screen.resource_dpi / USUAL_DPI, screen.desktop_scale)
    if told:
        return told
    low, high = _PLAUSIBLE_DPI
    return screen.measured_dpi / USUAL_DPI if low <= screen.measured_dpi <= high else 1.0
