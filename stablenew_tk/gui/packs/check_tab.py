"""The Check tab of Packs: everything that is wrong with the text, while it is typed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from ...app.packs.kept_slots import KeptSlot
from ...app.packs.wording import TextFinding, check_words, findings
from ...domain.base.colour_roles import Role
from ...pipeline.messages.packs import PackChecked
from ..widgets import icons, theme
from ..widgets.basics import Box, Label, Separator, Sign
from ..widgets.flow import pack_if
from ..widgets.row_list import ListRow, RowList
from .kept_note import KeptNote

_ROW = 62


class FindingRows(RowList):
    """Rows with a sign, the line, and the sentence in two lines."""

    def __init__(self, parent: tk.Misc, *, chosen: Callable[[int], object], opened: Callable[[int], object]) -> None:
        self.found: Sequence[TextFinding] = ()
        super().__init__(parent, on_select=chosen, on_open=opened, row_height=_ROW, ground="surface")

    def show_findings(self, found: Sequence[TextFinding]) -> None:
        """Show these."""
        self.found = found
        self.show(len(found), lambda place: ListRow(found[place].sentence), -1)

    def _draw_row(self, index: int, row: ListRow) -> None:
        one, canvas, y = self.found[index], self.canvas, index * self._row - self._top
        width, ground = canvas.winfo_width(), self._row_ground(index, row)
        if ground != self.ground:
            canvas.fill(0, y, width, y + self._row, ground)
        if index == self.selected:
            canvas.fill(0, y, theme.px(3), y + self._row, "accent")
        ink: Role = "danger" if one.kind == "problem" else "warn"
        left, line = self._pad + theme.px(24), y + theme.px(15)
        canvas.picture(self._pad, line, icons.icon("warning", 14, ink, ground), "w")
        word = "error" if one.kind == "problem" else "warning"
        canvas.words(left, line, f"line {one.problem.line}", size=12, bold=True)
        canvas.words(width - self._pad, line, word, size=11, ink=ink, anchor="e")
        text = two_lines(one.problem.message, width - left - self._pad)
        canvas.words(left, y + theme.px(26), text, size=12, ink="text2", anchor="nw")
        self._draw_ring(index, y, y + self._row)


def two_lines(text: str, width: int) -> str:
    """The text broken at words into two lines at most, the second cut where it is too long."""
    face, words, first = theme.font(12), text.split(" "), ""
    while words and face.measure(f"{first} {words[0]}" if first else words[0]) <= width:
        first = f"{first} {words.pop(0)}".strip()
    rest = " ".join(words)
    if not rest:
        return first
    return f"{first}\n{theme.elide(rest, face, width)}" if first else theme.elide(rest, face, width)


class CheckTab(Box):
    """The list. `go_to(line, column, focus)` when a line of it is chosen, with `focus` on Return; for `take_back` see
    `KeptNote`.
    """

    def __init__(
        self,
        parent: tk.Misc,
        go_to: Callable[[int, int, bool], object],
        take_back: Callable[[KeptSlot], object],
    ) -> None:
        super().__init__(parent, "surface")
        self._go_to = go_to
        head = Box(self)
        head.pack(fill="x", padx=theme.px(16), pady=(theme.px(10), theme.px(8)))
        self._sign = Sign(head, "check", ink="ok")
        self.summary = Label(head, "", size=13, ink="text2", wrap=True)
        self.summary.pack(side="left", fill="x", expand=True)
        self.kept = KeptNote(self, take_back)
        self._rule = Separator(self)
        self._rule.pack(fill="x")
        self.whole = Label(self, "", size=12, ink="text2", wrap=True)
        self.rows = FindingRows(
            self, chosen=lambda place: self._go(place, focus=False), opened=lambda place: self._go(place, focus=True)
        )
        self.rows.pack(fill="both", expand=True)

    def show(self, checked: PackChecked | None) -> None:
        """Show what was found; None while nothing is known."""
        found = findings(checked) if checked is not None else ()
        if checked is not None and not found:
            self._sign.pack(side="left", padx=(0, theme.px(8)), before=self.summary)
        else:
            self._sign.pack_forget()
        self.summary.show(check_words(checked))
        if tuple(self.rows.found) != found:
            self.rows.show_findings(found)
            self._show_whole()

    def show_kept(self, kept: Sequence[KeptSlot]) -> None:
        """Show which texts are in use for slots of the pack."""
        pack_if(self.kept.show(kept), self.kept, fill="x", before=self._rule)

    def focus_set(self) -> None:
        """Put the keyboard on the list."""
        self.rows.focus_set()

    def _go(self, place: int, *, focus: bool) -> None:
        self._show_whole()
        problem = self.rows.found[place].problem
        self._go_to(problem.line, problem.column, focus)

    def _show_whole(self) -> None:
        at = self.rows.selected
        if 0 <= at < len(self.rows.found):
            self.whole.show(self.rows.found[at].sentence)
            self.whole.pack(side="bottom", fill="x", padx=theme.px(16), pady=theme.px(10), before=self.rows)
        else:
            self.whole.pack_forget()

    def next_after(self, line: int, column: int) -> TextFinding | None:
        """The next finding behind a place of the text, else the first one."""

        def place(one: TextFinding) -> tuple[int, int]:
            return one.problem.line, one.problem.column

        later = [one for one in self.rows.found if place(one) > (line, column)]
        return min(later or self.rows.found, key=place, default=None)
