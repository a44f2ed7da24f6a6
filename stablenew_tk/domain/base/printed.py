"""Lines of text out of what a program prints to a terminal: without colours, progress bars as they look in the end."""

from __future__ import annotations

import codecs
import re

LONGEST_LINE = 1000
# Colours and cursor movements, titles of windows, and the short forms.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def without_escapes(text: str) -> str:
    """The text without what only steers a terminal; line ends of any kind stay."""
    return _ESCAPES.sub("", text)


class PrintedLines:
    """Takes bytes as they come, cut anywhere, and gives whole lines of at most 1,000 letters."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    @property
    def unfinished(self) -> str:
        """The line that is being printed, as it looks now."""
        return _seen(self._rest)

    def take(self, data: bytes) -> list[str]:
        """The lines that these bytes complete."""
        *whole, self._rest = (self._rest + self._decoder.decode(data)).replace("\r\n", "\n").split("\n")
        # A progress bar may go on for hours in one line; what it showed before its last start is gone.
        if len(self._rest) > 8 * LONGEST_LINE:
            self._rest = self._rest[-4 * LONGEST_LINE :]
        return [_seen(line) for line in whole]


def _seen(line: str) -> str:
    last = next((part for part in reversed(without_escapes(line).split("\r")) if part.strip()), "")
    shown = _CONTROL.sub("", last).rstrip()
    return shown if len(shown) <= LONGEST_LINE else f"{shown[: LONGEST_LINE - 1]}…"
