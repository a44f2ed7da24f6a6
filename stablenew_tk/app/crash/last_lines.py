"""The last lines of the log, for the report of a mistake."""

from __future__ import annotations

import logging
from collections import deque

LINES = 60


class LastLines(logging.Handler):
    """The last lines of the log, in memory. Any thread."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: deque[str] = deque(maxlen=LINES)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the lines of one record."""
        try:
            self.lines.extend(self.format(record).splitlines())
        except (TypeError, ValueError):
            self.handleError(record)
