"""What the code editor draws beside and into its text: line numbers with signs of mistakes, and syntax colours."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import astuple
from PIL import ImageTk

from ...app.packs.wording import Severity
from ...domain.base.colour_roles import Role
from ...domain.prompts.highlighting import spans
from ..widgets import icons, theme

_HALF_FIGURE = 4  # px: half the height of a figure
_SIGN_COLOURS: Mapping[Severity, Role] = {"problem": "danger", "doubt": "warn"}
# Kind of span: colour of the letters, of the ground (None = that of the text), bold.
_STYLES: Mapping[str, tuple[Role, Role | None, bool]] = {
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
# Tags of what the check and a search have found; the last one is on top.
MARK_TAGS: tuple[str, ...] = ("doubt", "problem", "found")


class Gutter(tk.Canvas):
    """Line numbers, drawn where the text says its lines are, with a sign where the check found something."""

    def __init__(self, parent: tk.Misc, ground: Role) -> None:
        self._ground = ground
        super().__init__(parent, bd=0, highlightthickness=0, takefocus=0, cursor="arrow")
        self.rows: tuple[tuple[int, int], ...] = ()  # (number, pixel of the foot of its letters)
        self._current, self._digits = 0, 0
        self._marks: Mapping[int, Severity] = {}
        self._numbers: list[int] = []
        self._signs: list[int] = []
        self._images: list[ImageTk.PhotoImage] = []
        self._recolour()
        theme.on_change(self._recolour)

    def show(self, rows: Sequence[tuple[int, int]], current: int, total: int) -> None:
        """Show numbers: (number, pixel of the foot of its letters). The current one is brighter."""
        digits = max(3, len(str(total)))
        wider = digits != self._digits
        if wider:
            self._digits = digits
            self.configure(width=theme.font(12, mono=True).measure("0" * digits) + theme.px(28))
        if wider or tuple(rows) != self.rows or current != self._current:
            self.rows, self._current = tuple(rows), current
            self._draw()

    def mark(self, marks: Mapping[int, Severity]) -> None:
        """Put a sign beside these lines."""
        if dict(marks) != dict(self._marks):
            self._marks = dict(marks)
            self._draw()

    def _draw(self) -> None:
        right = int(self.cget("width")) - theme.px(10)
        while len(self._numbers) < len(self.rows):
            self._numbers.append(self.create_text(0, 0, anchor="e", font=theme.font(12, mono=True)))
        lift = theme.px(_HALF_FIGURE)
        usual, bright = theme.palette["text3"], theme.palette["text"]
        # One script for all: a new row moves all numbers below it, and each call into Tk may wait for other threads.
        script = [
            f"{self} itemconfigure {item} -state normal -text {number} -fill "
            f"{bright if number == self._current else usual}\n{self} coords {item} {right} {y - lift}"
            for item, (number, y) in zip(self._numbers, self.rows, strict=False)
        ]
        script += [f"{self} itemconfigure {item} -state hidden" for item in self._numbers[len(self.rows) :]]
        self.tk.eval("\n".join(script))
        self._draw_signs()

    def _draw_signs(self) -> None:
        for sign in self._signs:
            self.delete(sign)
        self._signs, self._images = [], []
        for number, y in self.rows:
            mark = self._marks.get(number)
            if mark is not None:
                self._images.append(icons.icon("warning", 10, _SIGN_COLOURS[mark], self._ground))
                at = (theme.px(5), y - theme.px(_HALF_FIGURE))
                self._signs.append(self.create_image(*at, image=self._images[-1], anchor="w"))

    def _recolour(self) -> None:
        self.configure(bg=theme.palette[self._ground])
        self._draw()


class SyntaxPainter:
    """Keeps the tags of one text right. Only lines in sight that have changed are coloured: a key costs one line."""

    def __init__(self, text: tk.Text) -> None:
        self._text = text
        self._first, self._total = 1, 0
        self._coloured: list[str] = []
        # Tcl counts some signs (emoji) as two where it keeps texts in 16 bits.
        self._wide = int(text.tk.call("string", "length", "\U0001f600")) > 1
        text.tag_configure("line")
        for kind in (*_STYLES, *MARK_TAGS):
            text.tag_configure(kind)
        text.tag_raise("sel")
        self.recolour()

    def recolour(self) -> None:
        """Take the colours of the present mode."""
        text = self._text
        text.tag_configure("line", background=theme.palette["surface"])
        for kind, (ink, ground, bold) in _STYLES.items():
            text.tag_configure(
                kind,
                foreground=theme.palette[ink],
                background=theme.palette[ground] if ground is not None else "",
                font=theme.font(13, bold, mono=True),
            )
        text.tag_configure("problem", underline=True, underlinefg=theme.palette["danger"])
        text.tag_configure("doubt", underline=True, underlinefg=theme.palette["warn"])
        text.tag_configure("found", background=theme.palette["accent"], foreground=theme.palette["accent_ink"])

    def forget(self) -> None:
        """Colour everything in sight next time: the text is another one."""
        self._coloured = []

    def paint(self, first: int, lines: Sequence[str], total: int) -> int:
        """Colour the lines in sight, of which the first has this number; `total` lines are in the whole text.

        Returns how many lines had to be coloured.
        """
        low, high = self._changed(first, lines, total)
        if low < high:
            self._text.tk.eval(self._script(first + low, lines[low:high]))
        self._first, self._total, self._coloured = first, total, list(lines)
        return max(0, high - low)

    def column(self, line: str, at: int) -> int:
        """Tcl's column of a character of a line."""
        return at + (sum(sign > "\uffff" for sign in line[:at]) if self._wide and not line.isascii() else 0)

    def _changed(self, first: int, lines: Sequence[str], total: int) -> tuple[int, int]:
        """Which lines differ from those coloured last; from below they are known by their distance to the end."""
        low, high = 0, len(lines)
        move = first - self._first
        while low < high and self._is_coloured(low + move, lines[low]):
            low += 1
        move -= total - self._total
        while high > low and self._is_coloured(high - 1 + move, lines[high - 1]):
            high -= 1
        return low, high

    def _is_coloured(self, at: int, line: str) -> bool:
        return 0 <= at < len(self._coloured) and self._coloured[at] == line

    def _script(self, first: int, lines: Sequence[str]) -> str:
        """One Tcl script for all of it: every call from Python lets another thread in, for up to 5 ms each."""
        path = str(self._text)
        begin, end = f"{first}.0", f"{first + len(lines) - 1}.end"
        ranges: dict[str, list[str]] = {}
        for number, line in enumerate(lines, start=first):
            for left, right, kind in self._columns(line):
                ranges.setdefault(kind, []).append(f"{number}.{left} {number}.{right}")
        commands = [f"{path} tag remove {kind} {begin} {end}" for kind in _STYLES]
        commands += [f"{path} tag add {kind} {' '.join(places)}" for kind, places in ranges.items()]
        return "\n".join(commands)

    def _columns(self, line: str) -> Iterator[tuple[int, int, str]]:
        """The spans of a line in Tcl's columns."""
        for left, right, kind in map(astuple, spans(line)):
            if kind in _STYLES and left < right:
                yield self.column(line, left), self.column(line, right), kind
