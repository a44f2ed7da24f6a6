"""A small table of names and values in the inspector: heads, plain rows, and rows that warn."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from msgspec import Struct
from PIL import ImageTk

from ...app import wording as phrases
from ...domain.base.colour_roles import Role
from ...domain.config.catalogue import catalogue, get_value
from ...domain.journal.record import LearningRecord, Output, StageRecord
from ..forms.origin_marks import ORIGIN_MARKS
from ..widgets import icons, theme
from ..widgets.basics import Box
from ..widgets.scrollbar import ThinScrollbar

_ROW, _PAD = 24, 16


class ValueLine(Struct, frozen=True):
    """A row of up to three cells. A head is set smaller; a warning has its own ground and a sign at the end.

    `icon` with `ink` stands before the last cell (origin marks).
    """

    cells: tuple[str, ...]
    head: bool = False
    warn: bool = False
    icon: str = ""
    ink: Role = "text2"


def asked_and_applied(record: LearningRecord, output: Output) -> tuple[ValueLine, ...]:
    """What every stage up to this picture was asked and what the backend says it did."""
    lines: list[ValueLine] = []
    doubted = {code.partition(":")[2] for code in output.suspect}
    for stage in record.stage_results:
        lines.append(ValueLine((stage.stage, "asked", "applied"), head=True))
        lines += [_compared(stage, path, path in doubted) for path in _paths(stage)]
        lines += [ValueLine((note,), warn=True) for note in stage.notes]
        if stage.stage == output.stage:
            break
    return tuple(lines)


def _paths(stage: StageRecord) -> list[str]:
    known = {path: number for number, path in enumerate(catalogue())}
    return sorted({*stage.asked, *stage.applied}, key=lambda path: known.get(path, len(known)))


def _compared(stage: StageRecord, path: str, doubted: bool) -> ValueLine:
    asked = phrases.value_text(path, stage.asked[path]) if path in stage.asked else "–"
    if path not in stage.applied:
        return ValueLine((phrases.label(path), asked, phrases.NOT_TOLD))
    applied = phrases.value_text(path, stage.applied[path])
    return ValueLine((phrases.label(path), asked, "same" if applied == asked else applied), warn=doubted)


def origin_lines(record: LearningRecord) -> tuple[ValueLine, ...]:
    """Where every value of the enabled stages comes from."""
    lines = [ValueLine(("value", "", "from"), head=True)]
    for path, spec in catalogue().items():
        in_use = spec.group == "general" or spec.group in record.stages
        if not (in_use or path in record.origins):
            continue
        mark = ORIGIN_MARKS[record.origins.get(path, "engine")]
        value = phrases.value_text(path, get_value(record.config, path))
        lines.append(ValueLine((spec.label, value, mark.word), icon=mark.icon, ink=mark.ink))
    return tuple(lines)


class ValueTable(Box):
    """Draws lines on one canvas; scrolls when there are more than fit."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, "surface")
        self._lines: tuple[ValueLine, ...] = ()
        # Where to be scrolled to, once there is room: the table may get its size only after its lines.
        self._top = self._goal = 0.0
        self._whole = 0
        self._kept: list[ImageTk.PhotoImage] = []
        self.canvas = tk.Canvas(self, bd=0, highlightthickness=0, takefocus=0, height=1, yscrollincrement=1)
        self._bar = ThinScrollbar(self, self._dragged, "surface")
        self.canvas.pack(side="left", fill="both", expand=True)
        self.canvas.bind("<Configure>", lambda _event: self._draw())
        self.canvas.bind("<MouseWheel>", lambda event: self._scroll_by(-1 if event.delta > 0 else 1))
        self.canvas.bind("<Button-4>", lambda _event: self._scroll_by(-1))
        self.canvas.bind("<Button-5>", lambda _event: self._scroll_by(1))
        theme.on_change(self._draw)

    def show(self, lines: Sequence[ValueLine]) -> None:
        """Show these lines, scrolled to the first warning. The same lines again keep the place scrolled to."""
        if tuple(lines) != self._lines:
            self._lines = tuple(lines)
            warning = next((number for number, line in enumerate(lines) if line.warn), 0)
            self._goal = float(max(0, warning - 2) * theme.px(_ROW))
            self._draw()

    def _draw(self) -> None:
        canvas, width, y = self.canvas, self.canvas.winfo_width(), 0
        canvas.delete("all")
        self._kept.clear()
        canvas.configure(bg=theme.colour("surface"))
        for line in self._lines:
            y += self._draw_line(line, y, width)
        self._whole = y
        canvas.configure(scrollregion=(0, 0, width, max(y, canvas.winfo_height())))
        self._scroll_to(self._goal)

    def _draw_line(self, line: ValueLine, y: int, width: int) -> int:
        canvas, height, pad = self.canvas, theme.px(_ROW), theme.px(_PAD)
        middle = y + height // 2
        if line.warn and len(line.cells) > 1:
            canvas.create_rectangle(0, y, width, y + height, fill=theme.colour("warn_soft"), width=0)
            sign = icons.icon("warning", 12, "warn", "warn_soft")
            self._kept.append(sign)
            canvas.create_image(width - pad, middle, image=sign, anchor="e")
        if len(line.cells) == 1:
            ink: Role = "warn" if line.warn else "text3"
            item = canvas.create_text(
                pad,
                y + theme.px(4),
                text=line.cells[0],
                font=theme.font(11),
                fill=theme.colour(ink),
                anchor="nw",
                width=width - 2 * pad,
            )
            return int(canvas.bbox(item)[3]) - y + theme.px(6)
        # The columns of the picture at 320 px: names 96, asked 112, applied the rest.
        edges = [pad, pad + round((width - 2 * pad) / 3), pad + round((width - 2 * pad) * 0.722), width - pad]
        face = theme.font(11 if line.head else 12)
        for number, text in enumerate(line.cells):
            x, last = edges[number], number == 2
            bold = line.warn and last
            ink = "text3" if line.head or (last and text == phrases.NOT_TOLD) else "text2" if not number else "text"
            if last and line.icon:
                mark = icons.icon(line.icon, 10, line.ink, "surface")
                self._kept.append(mark)
                canvas.create_image(x, middle, image=mark, anchor="w")
                x += theme.px(15)
            shown = theme.elide(text, theme.font(12, True) if bold else face, edges[number + 1] - x - theme.px(4))
            canvas.create_text(
                x,
                middle,
                text=shown,
                anchor="w",
                font=theme.font(12, True) if bold else face,
                fill=theme.colour("warn" if bold else ink),
            )
        return height

    def _dragged(self, top: float) -> None:
        self._scroll_to(top)
        self._goal = self._top

    def _scroll_by(self, rows: int) -> None:
        self._scroll_to(self._top + rows * theme.px(_ROW))
        self._goal = self._top

    def _scroll_to(self, top: float) -> None:
        view = self.canvas.winfo_height()
        self._top = min(max(top, 0.0), max(0.0, self._whole - view))
        self.canvas.yview_moveto(self._top / max(self._whole, view, 1))
        if self._whole > view:
            self._bar.place(relx=1.0, rely=0, relheight=1.0, anchor="ne")
        else:
            self._bar.place_forget()
        self._bar.show(self._top, view, self._whole)
