"""Opens the window of the program and stays until it is closed."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..app.stop_signals import StopSignals
from ..domain.config.user_settings import Settings
from .main_frame import MainFrame

if TYPE_CHECKING:
    from ..app.controller import Controller
    from ..app.start.window_claim import WindowClaim

# What the first page needs takes longer to import than the frame around it to be painted.
_FIRST = ("stablenew_tk.app.controller", "stablenew_tk.gui.window", "stablenew_tk.gui.create.page")


def open_window(
    settings: Settings,
    make_controller: Callable[[], Controller],
    notices: Sequence[str],
    claim: WindowClaim,
    begun: Callable[[], object],
) -> int:
    """Open the window and stay until it is closed. The frame is painted first, then the controller made and the first
    page. A second start shows the window by way of `claim`. `begun` is called once the first page is in sight. Returns
    the exit code.

    Ctrl+C in its terminal, SIGTERM and SIGHUP close it without a question. Raises TclError where no window can be
    built, and what `make_controller` raises.
    """
    made: list[Controller] = []
    with StopSignals() as signals, signals.quietly():
        frame = MainFrame(settings)

        def furnish() -> None:
            from .window import Window

            made.append(make_controller())
            Window(frame, made[0], notices, claim=claim, signals=signals, begun=begun)
            # What was made until now stays: no collection has to look at it any more.
            gc.freeze()

        try:
            frame.stay(_FIRST, furnish)
        finally:
            # When something fails in between, threads left alone would keep the program alive.
            left = [controller.close() for controller in made]
    return 1 if any(left) else 0
