"""Colours in the text of a pack. Only lines in sight that have changed are coloured, so typing costs one line.

Comments are quiet, slots, wildcards and LoRAs have the look they have on every page; mistakes are underlined.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import astuple

from ...domain.base.colour_roles import Role
from ...domain.prompts.highlighting import spans
from ..widgets import theme

# kind: ink, ground (None = that of the text), bold
LOOKS: Mapping[str, tuple[Role, Role | None, bool]] = {
    "comment": ("text3", None, False),
    "keyword": ("text2", None, True),
    "attention": ("text2", None, False),
    "weight": ("text3", None, False),
    "escape": ("text3", None, False),
    "choice": ("ok", None, False),
    "variable": ("ok", "ok_soft", False),
    "wildcard": ("info", "info_soft", False),
    "slot": ("accent_text", "selection", False),
    "lora": ("text2", "raised2", False),
    "embedding": ("text2", "raised2", False),
    "error": ("danger", None, False),
}
# The marks of mistakes found by the check, and of what was searched for; the last one is on top.
MARKS: tuple[str, ...] = ("doubt", "problem", "found")


class Painter:
    """Keeps the tags of one text right. The owner calls `recolour` when the mode changes."""

    def __init__(self, text: tk.Text) -> None:
        self._text = text
        self._first, self._total = 1, 0
        self._seen: list[str] = []
        # Tcl counts some signs (emoji) as two where it keeps texts in 16 bits.
        self._wide = int(text.tk.call("string", "length", "\U0001f600")) > 1
        text.tag_configure("line")
        for kind in (*LOOKS, *MARKS):
            text.tag_configure(kind)
        text.tag_raise("sel")
        self.recolour()

    def recolour(self) -> None:
        """Take the colours of the present mode."""
        text = self._text
        text.tag_configure("line", background=theme.colour("surface"))
        for kind, (ink, ground, bold) in LOOKS.items():
            text.tag_configure(
                kind,
                foreground=theme.colour(ink),
                background=theme.colour(ground) if ground is not None else "",
                font=theme.font(13, bold, mono=True),
            )
        text.tag_configure("problem", underline=True, underlinefg=theme.colour("danger"))
        text.tag_configure("doubt", underline=True, underlinefg=theme.colour("warn"))
        text.tag_configure("found", background=theme.colour("accent"), foreground=theme.colour("accent_ink"))

    def forget(self) -> None:
        """The text is another one: everything in sight is to be coloured."""
        self._seen = []

    def paint(self, first: int, lines: Sequence[str], total: int) -> int:
        """Colour the lines in sight, of which the first has this number; `total` lines are in the whole text.

        Returns how many lines had to be coloured.
        """
        low, high = self._changed(first, lines, total)
        if low < high:
            self._text.tk.eval(self._script(first + low, lines[low:high]))
        self._first, self._total, self._seen = first, total, list(lines)
        return max(0, high - low)

    def _changed(self, first: int, lines: Sequence[str], total: int) -> tuple[int, int]:
        """Which lines differ from those coloured last; from below they are known by their distance to the end."""
        low, high = 0, len(lines)
        move = first - self._first
        while low < high and self._is_known(low + move, lines[low]):
            low += 1
        move -= total - self._total
        while high > low and self._is_known(high - 1 + move, lines[high - 1]):
            high -= 1
        return low, high

    def _is_known(self, at: int, line: str) -> bool:
        return 0 <= at < len(self._seen) and self._seen[at] == line

    def _script(self, first: int, lines: Sequence[str]) -> str:
        """One Tcl script for all of it: every call from Python lets another thread in, for up to 5 ms each."""
        path = str(self._text)
        begin, end = f"{first}.0", f"{first + len(lines) - 1}.end"
        ranges: dict[str, list[str]] = {}
        for number, line in enumerate(lines, start=first):
            for left, right, kind in self._places(line):
                ranges.setdefault(kind, []).append(f"{number}.{left} {number}.{right}")
        commands = [f"{path} tag remove {kind} {begin} {end}" for kind in LOOKS]
        commands += [f"{path} tag add {kind} {' '.join(places)}" for kind, places in ranges.items()]
        return "\n".join(commands)

    def _places(self, line: str) -> Iterator[tuple[int, int, str]]:
        """The spans of a line in Tcl's columns."""
        for left, right, kind in map(astuple, spans(line)):
            if kind in LOOKS and left < right:
                yield self.column(line, left), self.column(line, right), kind

    def column(self, line: str, at: int) -> int:
        """Tcl's column of a character of a line."""
        return at + (sum(sign > "\uffff" for sign in line[:at]) if self._wide and not line.isascii() else 0)
