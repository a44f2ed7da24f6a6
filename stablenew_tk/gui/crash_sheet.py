"""A mistake of the program: told in one sentence, once for each cause, with a report to copy and the log to open."""

from __future__ import annotations

import logging
import tkinter as tk
import traceback
from types import TracebackType

from ..app.controller import Controller
from ..app.crash.last_lines import LastLines
from ..pipeline.messages.files import ShowFile
from .widgets.notices import Notices

log = logging.getLogger(__name__)
MISTAKE = "StableNew itself made a mistake"
_COPIED = "The report is in the clipboard. It has no names, prompts, addresses or paths in it."


class CrashSheet:
    """Tells of mistakes in a window. Main thread; `lines` follow the log until `close`."""

    def __init__(self, window: tk.Misc, controller: Controller, notices: Notices) -> None:
        self._window, self._controller, self._notices = window, controller, notices
        self._causes: set[str] = set()
        self.lines = LastLines()
        logging.getLogger().addHandler(self.lines)

    def close(self) -> None:
        """Follow the log no more."""
        logging.getLogger().removeHandler(self.lines)

    def caught(self, error: BaseException, trace: TracebackType | None) -> None:
        """An error in a Tk callback: logged whole, told once per place."""
        log.error("an error in the window", exc_info=error)
        place = "".join(traceback.format_tb(trace)[-1:])
        self._tell(place, f"{MISTAKE} ({type(error).__name__}: {error}).", error)

    def told(self, message: str) -> bool:
        """Take a sentence of a worker thread; False when it tells of no mistake."""
        if not message.startswith(MISTAKE):
            return False
        self._tell(message, message, None)
        return True

    def _tell(self, cause: str, sentence: str, error: BaseException | None) -> None:
        if cause in self._causes:
            return
        from ..app.crash.crash_report import crash_report
        from ..app.crash.private_words import private_words

        self._causes.add(cause)
        report = crash_report(error, sentence, tuple(self.lines.lines), private_words(self._controller.settings))
        self._notices.ask(sentence, ("Copy report", lambda: self._copy(report)), ("Open log", self._open_log))

    def _copy(self, report: str) -> None:
        self._window.clipboard_clear()
        self._window.clipboard_append(report)
        self._notices.say(_COPIED, warn=False)

    def _open_log(self) -> None:
        self._controller.ask(ShowFile(path=self._controller.places.logs / "stablenew.log"))
