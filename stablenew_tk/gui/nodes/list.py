"""The list of machines: a picture of what each makes, its state, how far it is, how fast; compact from twelve on."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from PIL import ImageTk

from ...app.nodes.node_lines import NodeLine
from ...domain.base.colour_roles import Role
from ..widgets import icons, theme
from ..widgets.row_list import ListRow, RowList

ROW, COMPACT, HEAD = 98, 56, 28
PREVIEW = (92, 79)
COMPACT_FROM = 12
NAME_AT = (122, 16)  # px from the left: usual, compact
_LEFT, _PACE, _SUSPECT = 16, 166, 102  # px: from the left; the last two from the right
_NOW_SHARE, _BAR = 0.43, 150


class NodeList(RowList):
    """One row for each machine; `chosen(name)` is called when the user chose another one."""

    def __init__(self, parent: tk.Misc, chosen: Callable[[str], object]) -> None:
        self.lines: tuple[NodeLine, ...] = ()
        self._pictures: dict[str, ImageTk.PhotoImage] = {}
        super().__init__(parent, on_select=lambda index: chosen(self.lines[index].name), row_height=ROW)

    @property
    def is_compact(self) -> bool:
        """Whether there are too many for pictures."""
        return self._row_height == COMPACT

    def show_lines(self, lines: Sequence[NodeLine], chosen: str, *, compact: bool) -> None:
        """Show these machines, the one called `chosen` selected."""
        if compact != self.is_compact:
            self._row_height = COMPACT if compact else ROW
            self._measure()
        self.lines = tuple(lines)
        place = next((at for at, line in enumerate(lines) if line.name == chosen), -1)
        self.show_rows([ListRow(line.name) for line in lines], place)

    def show_picture(self, name: str, picture: ImageTk.PhotoImage | None) -> None:
        """What a machine makes now, None for nothing that may be seen."""
        if picture is None:
            self._pictures.pop(name, None)
        else:
            self._pictures[name] = picture
        self.refresh()

    def _draw_row(self, index: int, row: ListRow) -> None:
        canvas, line, width = self.canvas, self.lines[index], self.canvas.winfo_width()
        y, px = index * self._row - self._top, theme.px
        ground = self._row_ground(index, row)
        if ground != self.ground:
            canvas.fill(0, y, width, y + self._row, ground)
        if index == self.selected:
            canvas.fill(0, y, px(3), y + self._row, "accent")
        now, end = round(width * _NOW_SHARE), width - px(_PACE)
        name_at = px(NAME_AT[self.is_compact])
        if not self.is_compact:
            self._draw_picture(line, y)
        self._draw_name(line, name_at, y, now - px(12) - name_at, index)
        self._draw_now(line, now, y, end - now - px(60))
        middle = y + self._row // 2
        canvas.words(width - px(_PACE), middle, line.pace, size=13, ink="text", anchor="e")
        canvas.words(width - px(_SUSPECT) + px(40), middle, line.suspect, size=13, ink=line.suspect_ink, anchor="e")
        canvas.fill(0, y + self._row - px(1), width, y + self._row, "line")
        self._draw_ring(index, y, y + self._row)

    def _draw_picture(self, line: NodeLine, y: int) -> None:
        canvas, px = self.canvas, theme.px
        x, middle = px(_LEFT) + px(PREVIEW[0]) // 2, y + self._row // 2
        picture = self._pictures.get(line.name)
        if picture is not None and line.ink != "danger":
            canvas.picture(x, middle, picture, "center")
            return
        half_w, half_h = px(36), px(36)
        canvas.fill(x - half_w, middle - half_h, x + half_w, middle + half_h, "image_ground")
        if line.ink == "danger":
            canvas.picture(x, middle, icons.icon("warning", 20, "danger", "image_ground"), "center")

    def _draw_name(self, line: NodeLine, x: int, y: int, room: int, index: int) -> None:
        canvas, px = self.canvas, theme.px
        ground = self._row_ground(index, ListRow(line.name))
        top = y + px(18 if self.is_compact else 21)
        wide = canvas.words(x, top, line.name, size=15 if not self.is_compact else 13, bold=True, room=room // 2)
        wide = min(wide, room // 2)
        size = 9 if line.sign == "disc" else 11
        canvas.picture(x + wide + px(10), top, icons.icon(line.sign, size, line.ink, ground), "w")
        canvas.words(x + wide + px(26), top, line.word, size=12, ink=line.ink, room=max(1, room - wide - px(26)))
        facts = (" · ".join((*line.facts[:1], *line.facts[2:])),) if self.is_compact else line.facts
        for place, fact in enumerate(facts):
            ink: Role = "text" if place == 0 and not self.is_compact else "text3"
            canvas.words(x, top + px(22 + 17 * place), fact, size=12, ink=ink, room=room)

    def _draw_now(self, line: NodeLine, x: int, y: int, room: int) -> None:
        canvas, px = self.canvas, theme.px
        above, below = y + self._row // 2 - px(11), y + self._row // 2 + px(12)
        if line.now:
            alone = line.done is None or line.now_ink == "danger"
            canvas.words(x, y + self._row // 2 if alone else above, line.now, size=12, ink=line.now_ink, room=room)
            if alone:
                return
        if line.done is not None:
            wide = min(px(_BAR), room // 2)
            canvas.fill(x, below - px(2), x + wide, below + px(2), "raised2")
            canvas.fill(x, below - px(2), x + round(wide * line.done), below + px(2), "accent")
            canvas.words(x + wide + px(10), below, line.step, size=12, ink="text2", room=room - wide - px(10))
