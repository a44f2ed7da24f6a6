"""What the window imports while it lives: its first page at once, the other pages afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...pipeline import late


def import_soon(modules: Iterable[str], pause_s: float = 0) -> Callable[[], bool]:
    """Import modules on a thread of its own, with a pause after each. Call what is returned to know whether that is
    done. A module that cannot be imported is left to whoever wants it.
    """
    return late.import_soon(modules, pause_s)
