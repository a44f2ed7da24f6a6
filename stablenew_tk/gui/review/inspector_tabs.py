"""The tabs of the inspector: values asked and applied, where they come from, the prompt as sent, the picture's file."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ...app.review.record_lines import RecordLine, file_lines, prompt_parts
from ...app.wording import NOT_TOLD, choice_lines, variant_words
from ...domain.base.colour_roles import Role
from ...domain.journal.record import LearningRecord, Output
from ...domain.models.origin_marks import ORIGIN_MARKS
from ..widgets import icons, theme
from ..widgets.basics import Box, Button, Label
from ..widgets.painting import Painting
from ..widgets.scrollbar import ThinScrollbar, bind_wheel

_ROW, _PAD = 24, 16


class ValueTable(Box):
    """A table of names and values on one canvas: heads, plain rows, and rows that warn. It scrolls when it must."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, "surface")
        self._lines: tuple[RecordLine, ...] = ()
        # Where to be scrolled to, once there is room: the table may get its size only after its lines.
        self._top, self._goal, self._whole = 0, 0.0, 0
        self.canvas = Painting(self, "surface", draw=self._draw)
        self.canvas.configure(yscrollincrement=1)
        self._bar = ThinScrollbar(self, self._dragged, "surface")
        self.canvas.pack(side="left", fill="both", expand=True)
        bind_wheel(self.canvas, lambda notches: self._dragged(self._top + notches * theme.px(_ROW)))

    def show(self, lines: Sequence[RecordLine]) -> None:
        """Show these lines, scrolled to the first warning. The same lines again keep the place scrolled to."""
        if tuple(lines) != self._lines:
            self._lines = tuple(lines)
            warning = next((number for number, line in enumerate(lines) if line.warn), 0)
            self._goal = float(max(0, warning - 2) * theme.px(_ROW))
            self._draw()

    def _draw(self) -> None:
        canvas, width, y = self.canvas, self.canvas.winfo_width(), 0
        canvas.clear()
        for line in self._lines:
            y += self._draw_line(line, y, width)
        self._whole = y
        canvas.configure(scrollregion=(0, 0, width, max(y, canvas.winfo_height())))
        self._scroll_to(self._goal)

    def _draw_line(self, line: RecordLine, y: int, width: int) -> int:
        canvas, height, pad = self.canvas, theme.px(_ROW), theme.px(_PAD)
        middle = y + height // 2
        if line.warn and len(line.cells) > 1:
            canvas.fill(0, y, width, y + height, "warn_soft")
            canvas.picture(width - pad, middle, icons.icon("warning", 12, "warn", "warn_soft"), "e")
        if len(line.cells) == 1:
            ink: Role = "warn" if line.warn else "text3"
            room = width - 2 * pad
            canvas.words(pad, y + theme.px(4), line.cells[0], size=11, ink=ink, anchor="nw", width=room)
            return canvas.bottom() - y + theme.px(6)
        # The columns of the picture at 320 px: names 96, asked 112, applied the rest.
        edges = [pad, pad + round((width - 2 * pad) / 3), pad + round((width - 2 * pad) * 0.722), width - pad]
        mark = ORIGIN_MARKS[line.origin] if line.origin is not None else None
        for number, text in enumerate((*line.cells, mark.word) if mark is not None else line.cells):
            x, last = edges[number], number == 2
            bold = line.warn and last
            ink = "text3" if line.head or (last and text == NOT_TOLD) else "text2" if not number else "text"
            if last and mark is not None:
                canvas.picture(x, middle, icons.icon(mark.icon, 10, mark.ink, "surface"), "w")
                x += theme.px(15)
            room, size = edges[number + 1] - x - theme.px(4), 11 if line.head and not bold else 12
            canvas.words(x, middle, text, size=size, bold=bold, ink="warn" if bold else ink, room=room)
        return height

    def _dragged(self, top: float) -> None:
        self._scroll_to(top)
        self._goal = self._top

    def _scroll_to(self, top: float) -> None:
        view = self.canvas.winfo_height()
        self._top = self._bar.follow(top, view, self._whole)
        self.canvas.yview_moveto(self._top / max(self._whole, view, 1))


class PromptText(Box):
    """Prompt and negative prompt as sent, and what varied: text that can be selected and copied, not changed."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self.text = tk.Text(
            self,
            wrap="word",
            bd=0,
            highlightthickness=0,
            padx=theme.px(16),
            pady=theme.px(6),
            state="disabled",
            font=theme.font(12),
            spacing3=theme.px(2),
            cursor="xterm",
            takefocus=1,
            width=10,
            height=4,
        )
        self.text.pack(fill="both", expand=True)
        # A disabled text takes no focus by itself on every system, and then Ctrl+C would copy nothing.
        self.text.bind("<Button-1>", lambda _event: self.text.focus_set())
        self._recolour()

    def show(self, record: LearningRecord | None) -> None:
        """Show the prompt of a record."""
        self.text.configure(state="normal")
        self.text.delete("1.0", "end")
        if record is not None:
            for number, (title, text) in enumerate(prompt_parts(record)):
                self.text.insert("end", "\n\n" if number else "", "head" if number > 1 else "")
                self.text.insert("end", f"{title}\n", "head", text)
            chosen = choice_lines(record.randomizer.choices)
            if chosen:
                self.text.insert("end", "\n\nWhat varied\n", "head", "\n".join(chosen))
                self.text.insert("end", f"\n{variant_words(record.randomizer)}", "head")
        self.text.configure(state="disabled")

    def _recolour(self) -> None:
        super()._recolour()
        self.text.configure(
            bg=theme.palette["surface"],
            fg=theme.palette["text"],
            selectbackground=theme.palette["selection"],
            selectforeground=theme.palette["text"],
            inactiveselectbackground=theme.palette["selection"],
        )
        self.text.tag_configure("head", font=theme.font(11), foreground=theme.palette["text3"])


class FileLines(Box):
    """Path, size, hash and record of a picture, with the ways to get at the file."""

    def __init__(self, parent: tk.Misc, reveal: Callable[[], None]) -> None:
        super().__init__(parent)
        self._path = ""
        inside = Box(self)
        inside.pack(fill="both", expand=True, padx=theme.px(16), pady=theme.px(6))
        self._words: dict[str, Label] = {}
        for name in ("File", "Size", "SHA-256", "Record", "Run"):
            Label(inside, name, size=11, ink="text3").pack(fill="x")
            self._words[name] = Label(inside, size=12, ink="text", wrap=True)
            self._words[name].pack(fill="x", pady=(0, theme.px(6)))
        row = Box(inside)
        row.pack(fill="x", pady=(theme.px(2), 0))
        self._show = Button(row, "Show in folder", reveal, height=theme.SMALL)
        self.copy = Button(row, "Copy path", self._copy_path, kind="quiet", height=theme.SMALL)
        self._show.pack(side="left")
        self.copy.pack(side="left")

    def show(self, record: LearningRecord | None, output: Output | None) -> None:
        """Show where a picture is; empty while its record is being read."""
        known = record is not None and output is not None
        self._show.enable(known)
        self.copy.enable(known)
        self.copy.set_text("Copy path")
        if record is None or output is None:
            for label in self._words.values():
                label.show("")
            return
        root = record.output_root.rstrip("/\\")
        self._path = f"{root}/{output.path}" if root else output.path
        for name, value in file_lines(record, output):
            self._words[name].show(value)

    def _copy_path(self) -> None:
        self.clipboard_clear()
        self.clipboard_append(self._path)
        self.copy.set_text("Copied")
