"""What a program prints, as it comes: the last 2,000 lines, scrolled to the end unless the user has scrolled up. Also
for long texts that are only read.
"""

from __future__ import annotations

import tkinter as tk
from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Literal

from ...pipeline.messages.server import MOST_LINES
from ..widgets import theme
from ..widgets.page_frame import DeferringBox
from ..widgets.scrollbar import ThinScrollbar
from ..widgets.text_field import bind_text_keys

# So many lines at once take the window a few milliseconds, however fast a program prints.
_AT_ONCE, _PAUSE_MS = 150, 20


class OutputPane(DeferringBox):
    """Text that can be selected and copied, not changed. `field` is the inner text. It `follows` what comes, or stays
    at its beginning.
    """

    def __init__(
        self, parent: tk.Misc, *, rows: int = 14, wrap: Literal["char", "word"] = "char", follows: bool = True
    ) -> None:
        super().__init__(parent, "raised")
        face = theme.font(12, mono=True)
        self.field = tk.Text(self, height=rows, width=1, wrap=wrap, bd=0, highlightthickness=0, font=face)
        self.field.configure(padx=theme.px(10), pady=theme.px(8), state="disabled", takefocus=1)
        self.field.pack(side="left", fill="both", expand=True)
        self._bar = ThinScrollbar(self, lambda top: self.field.yview_moveto(top / 1000), "raised")
        self._bar.pack(side="right", fill="y")
        self.field.configure(yscrollcommand=self._scrolled)
        bind_text_keys(self.field)
        self._waiting: deque[str] = deque(maxlen=MOST_LINES)
        self._unfinished, self._follows = "", follows
        # The line that is still being printed stands behind this mark.
        self.field.mark_set("unfinished", "1.0")
        self.field.mark_gravity("unfinished", "left")
        self._colour()
        theme.on_change(self._colour)

    def set(self, lines: Iterable[str], unfinished: str = "") -> None:
        """Show these lines instead of all others."""
        self._waiting.clear()
        self.field.configure(state="normal")
        self.field.delete("1.0", "end")
        self.field.mark_set("unfinished", "1.0")
        self.field.configure(state="disabled")
        self.add(lines, unfinished)

    def add(self, lines: Iterable[str], unfinished: str = "") -> None:
        """Show further lines, and the one being printed."""
        self._waiting.extend(lines)
        self._unfinished = unfinished
        self._write()

    def _write(self) -> None:
        portion = list(islice(self._waiting, _AT_ONCE))
        for _ in portion:
            self._waiting.popleft()
        at_end = self._follows and self.field.yview()[1] >= 1.0
        field = self.field
        field.configure(state="normal")
        # Up to "end", Tk would take the line end before it as well.
        field.delete("unfinished", "end-1c")
        if portion:
            field.insert("unfinished", "".join(f"{line}\n" for line in portion))
            field.mark_set("unfinished", "end-1c")
        over = int(field.index("unfinished").partition(".")[0]) - 1 - MOST_LINES
        if over > 0:
            field.delete("1.0", f"{over + 1}.0")
        if not self._waiting and self._unfinished:
            field.insert("end", self._unfinished)
        field.configure(state="disabled")
        if at_end:
            field.yview_moveto(1.0)
        if self._waiting:
            self.later("write", _PAUSE_MS, self._write)

    def _scrolled(self, first: float, last: float) -> None:
        top, end = float(first), float(last)
        self._bar.show(top * 1000, (end - top) * 1000, 1000)

    def _colour(self) -> None:
        palette = theme.palette
        self.field.configure(bg=palette["raised"], fg=palette["text2"], insertbackground=palette["raised"])
        self.field.configure(selectbackground=palette["selection"], selectforeground=palette["text"])
