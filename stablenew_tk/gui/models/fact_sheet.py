"""A sheet of what is known: headings, values with their source, and running text, drawn on one canvas.

Built from a list of lines, so that turning to the next model costs a few milliseconds and no new widgets.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter.font import Font

from msgspec import Struct
from PIL import ImageTk

from ...domain.base.colour_roles import Role
from ..widgets import icons, theme

_LINE, _LABEL, _SOURCE = 26, 118, 122
_SHARE = 0.28  # of the width, at most, for the columns of labels and sources


class FactLine(Struct, frozen=True, kw_only=True):
    """One line. With `label` it is a value: label, text, and at the right end `source` with its mark.

    `heading` is bold with a rule above it; otherwise the text runs over as many lines as it needs. `sign` is an icon
    before it, `lost` marks a value that another one has beaten.
    """

    text: str
    label: str = ""
    source: str = ""
    mark: str = ""
    mark_ink: Role = "text2"
    sign: str = ""
    ink: Role = "text"
    heading: bool = False
    bold: bool = False
    lost: bool = False


class FactSheet(tk.Canvas):
    """The canvas, as high as its lines. Every heading has a rule above it, but for that of a sheet which is `first`.

    It takes the keyboard, so that what is below can be read without a mouse: `scroll(pixels)` moves the area around it.
    """

    def __init__(self, parent: tk.Misc, scroll: Callable[[int], object], *, first: bool = False) -> None:
        self._lines: Sequence[FactLine] = ()
        self._is_first, self._ring = first, False
        self._kept: list[ImageTk.PhotoImage] = []
        super().__init__(parent, width=1, height=1, bd=0, highlightthickness=0, takefocus=0)
        self.bind("<Configure>", lambda _event: self.refresh())
        for key, pixels in (("<Up>", -60), ("<Down>", 60), ("<Prior>", -400), ("<Next>", 400)):
            self.bind(key, lambda _event, pixels=pixels: scroll(theme.px(pixels)))  # type: ignore[misc]  # default binds it
        for on, event in ((True, "<FocusIn>"), (False, "<FocusOut>")):
            self.bind(event, lambda _event, on=on: self._focus(on))  # type: ignore[misc]
        theme.on_change(self.refresh)

    @property
    def lines(self) -> Sequence[FactLine]:
        """What is shown."""
        return self._lines

    def show(self, lines: Sequence[FactLine]) -> None:
        """Draw these; the same ones again cost nothing."""
        if lines != self._lines:
            self._lines = lines
            self.configure(takefocus=bool(lines))
            self.refresh()

    def _focus(self, on: bool) -> None:
        self._ring = on
        self.refresh()

    def refresh(self) -> None:
        """Draw again."""
        self.delete("all")
        self._kept.clear()
        self.configure(bg=theme.colour("surface"))
        width = self.winfo_width()
        if width < theme.px(100):
            return
        y = 0
        for line in self._lines:
            if line.heading:
                y = self._heading(line, y, width)
            elif line.label or line.lost:
                y = self._value(line, y, width)
            else:
                y = self._text(line, y, width)
        if int(self.cget("height")) != max(1, y):
            self.configure(height=max(1, y))
        if self._ring:
            self.create_rectangle(3, 2, width - theme.px(10), max(4, y - 2), outline=theme.colour("focus"), width=2)

    def _heading(self, line: FactLine, y: int, width: int) -> int:
        pad = theme.px(theme.PAD)
        if y or not self._is_first:
            y += theme.px(10)
            self.create_rectangle(0, y, width, y + 1, fill=theme.colour("line"), width=0)
        middle = y + theme.px(20)
        self.create_text(pad, middle, text=line.text, font=theme.font(13, True), anchor="w", fill=theme.colour("text"))
        if line.source:
            self.create_text(
                width - pad, middle, text=line.source, font=theme.font(12), anchor="e", fill=theme.colour("text3")
            )
        return y + theme.px(36)

    def _value(self, line: FactLine, y: int, width: int) -> int:
        pad = theme.px(theme.PAD)
        left = pad + min(theme.px(_LABEL), round(width * _SHARE))
        source = width - pad - min(theme.px(_SOURCE), round(width * _SHARE))
        height = theme.px(20 if line.lost else _LINE)
        middle = y + height // 2
        face = theme.font(12 if line.lost else 13, line.bold)
        self._words(pad, middle, line.label, ("text2", theme.font(13)), left - pad - theme.px(6))
        ink: Role = "text3" if line.lost else line.ink
        room = (source if line.source else width - pad) - left - theme.px(8)
        self._words(left, middle, line.text, (ink, face), room)
        if line.mark:
            self._kept.append(icons.icon(line.mark, 10, line.mark_ink, "surface"))
            self.create_image(source, middle, image=self._kept[-1], anchor="w")
        room = width - pad - source - theme.px(17)
        self._words(source + theme.px(17), middle, line.source, ("text3", theme.font(12)), room)
        return y + height

    def _text(self, line: FactLine, y: int, width: int) -> int:
        pad = theme.px(theme.PAD)
        x = pad + (theme.px(22) if line.sign else 0)
        room = theme.px(_SOURCE) if line.source else 0
        words = self.create_text(
            x,
            y + theme.px(2),
            text=line.text,
            font=theme.font(12 if line.ink != "text" else 13, line.bold),
            anchor="nw",
            width=max(40, width - pad - x - room),
            fill=theme.colour(line.ink),
        )
        if line.sign:
            self._kept.append(icons.icon(line.sign, 14, line.ink, "surface"))
            self.create_image(pad, y + theme.px(3), image=self._kept[-1], anchor="nw")
        if line.source:
            left = width - pad - room + theme.px(8)
            middle = y + theme.px(10)
            self._words(left, middle, line.source, ("text3", theme.font(12)), room - theme.px(8))
        return int(self.bbox(words)[3]) + theme.px(4)

    def _words(self, x: int, y: int, text: str, look: tuple[Role, Font], room: int) -> None:
        ink, face = look
        shown = theme.elide(text, face, room)
        self.create_text(x, y, text=shown, font=face, anchor="w", fill=theme.colour(ink))
