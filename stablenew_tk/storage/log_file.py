"""The log: a few files of a limited size. When it cannot be written any more, that is told once."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

_FORM = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"


class LogFile(RotatingFileHandler):
    """Writes into `folder`, which is made. `told` gets the reason when a line could not be written; any thread.

    Raises OSError when there can be no log at all.
    """

    def __init__(self, folder: Path, told: Callable[[str], object]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder / "stablenew.log", maxBytes=1_000_000, backupCount=4, encoding="utf-8")
        self.setFormatter(logging.Formatter(_FORM))
        self._told: Callable[[str], object] | None = told

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk is no mistake of the program: logging itself would print a traceback for each line."""
        error = sys.exception()
        if not isinstance(error, OSError):
            super().handleError(record)
        elif self._told is not None:
            told, self._told = self._told, None
            told(error.strerror or str(error))
