"""The way out of the window: what has to be decided first, and the last words about what could not be saved."""

from __future__ import annotations

import logging
import sys
import tkinter as tk
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..app.controller import Controller
from ..app.runs.outbox import LeftBehind
from ..app.stop_signals import StopSignals
from .widgets.modal import Decision, QuestionBox, nothing, open_boxes
from .widgets.theme import safely

if TYPE_CHECKING:
    from .packs.page import PacksPage

log = logging.getLogger(__name__)
_USUAL_S = 0.005  # how long a thread keeps Python before it hands it over


class WayOut:
    """Closes `window`, one question after the other: a running job, changed packs, the user's own server.

    `packs()` gives the packs page if there is one; `fall_silent()` ends what the window does by itself. Signals ask
    nothing.
    """

    def __init__(
        self,
        window: tk.Tk,
        controller: Controller,
        signals: StopSignals,
        *,
        packs: Callable[[], PacksPage | None],
        fall_silent: Callable[[], object],
    ) -> None:
        self._window, self._controller, self._signals = window, controller, signals
        self._packs, self._fall_silent = packs, fall_silent

    def leave(self) -> None:
        """Close the window. During a run it asks first; jobs that are not done wait for the next start."""
        for box in reversed(open_boxes(self._window)):
            box.dismiss()
        if self._controller.running is None:
            self._leave_packs()
            return
        words = (
            "A job is running. Finished pictures and ratings are kept, and the jobs that are not done can go on next "
            "time."
        )
        answers = (Decision("Stop and close", self._leave_packs), Decision("Stay", nothing))
        QuestionBox(self._window, "Stop it and close?", words, answers)

    def end(self) -> None:
        """Close it now, without a question."""
        window = self._window
        safely(self._take_what_is_typed)
        self._fall_silent()
        window.withdraw()
        window.update_idletasks()
        sys.setswitchinterval(_USUAL_S)
        left = self._controller.close()
        if left.words and not self._signals.count:
            self._tell_unsaved(left)
            return
        if left.words:
            # Nobody may be there to read a box.
            log.warning("%s", left.words)
        window.destroy()

    def _take_what_is_typed(self) -> None:
        """A field takes its text when it is left, and a window that closes leaves none of them."""
        typing = self._window.focus_get()
        if isinstance(typing, tk.Entry | tk.Text):
            typing.event_generate("<FocusOut>")

    def _leave_packs(self) -> None:
        packs = self._packs()
        if packs is not None:
            packs.work.leave(self._leave_server)
        else:
            self._leave_server()

    def _leave_server(self) -> None:
        """Ask what happens to the user's own server, where the settings say so."""
        server = self._controller.server
        if not server.asks_at_close:
            self.end()
            return

        def end(stop: bool) -> None:
            server.stop_at_close = stop
            self.end()

        answers = (
            Decision("Stop it and close", lambda: end(True), main=True),
            Decision("Leave it running", lambda: end(False)),
            Decision("Stay", nothing),
        )
        words = f"The server that you started from here is {server.state}."
        QuestionBox(self._window, "Stop your own server too?", words, answers)

    def _tell_unsaved(self, left: LeftBehind) -> None:
        """The last thing that is said: without it, what was rated would be gone and nobody would know."""
        self._window.deiconify()
        self._window.protocol("WM_DELETE_WINDOW", self._window.destroy)
        title = "Not saved" if left.lost or left.refused else "Saved at the next start"
        could = left.kept or left.lost
        why = f"The journal in {self._controller.places.journal} could not be written. " if could else ""
        words = f"{why}{left.words}"
        QuestionBox(self._window, title, words, (Decision("Close", self._window.destroy),))
