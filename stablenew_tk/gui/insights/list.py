"""The left side of Insights: what the stars say something about, with its verdict, and menus that filter the list."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate

from ...app.insights.entries import InsightEntry, InsightFilter
from ...app.insights.reports import Scope
from ...domain.base.wording import pack_title
from ...domain.insights.titles import heading
from ...domain.runs.plan import LearningPlan
from ..widgets import theme
from ..widgets.basics import Box
from ..widgets.marks import verdict_dot
from ..widgets.popups import ChoiceField, MenuEntry
from ..widgets.row_list import ListRow, RowList

_ITEM, _CAPTION = 46, 31


class InsightMenus(Box):
    """Menus for pack, checkpoint, parameter and machine. One that would offer a single choice is not shown."""

    FIRST: Mapping[str, str] = {
        "pack": "All packs",
        "checkpoint": "Any checkpoint",
        "parameter": "Any parameter",
        "machine": "Any machine",
    }

    def __init__(self, parent: tk.Misc, changed: Callable[[], object]) -> None:
        super().__init__(parent)
        self.menus = {
            name: ChoiceField(
                self, (MenuEntry("", first),), lambda _value: changed(), width=theme.RAIL, height=theme.SMALL
            )
            for name, first in self.FIRST.items()
        }

    @property
    def wanted(self) -> InsightFilter:
        """What is chosen now."""
        return InsightFilter(**{name: menu.value for name, menu in self.menus.items()})

    def reset(self) -> None:
        """Everything again."""
        for menu in self.menus.values():
            menu.set("")

    def offer(self, plans: Sequence[LearningPlan], everyday: Mapping[Scope, int], machines: Iterable[str] = ()) -> None:
        """Offer what exists."""
        known = {
            "pack": {plan.pack_id for plan in plans} | {pack for pack, _ in everyday},
            "checkpoint": {plan.base_config.checkpoint for plan in plans} | {name for _, name in everyday},
            "parameter": {path for plan in plans for path in plan.parameters},
            "machine": set(machines),
        }
        for name, menu in self.menus.items():
            # A value that is gone stays while it is chosen: otherwise nothing would explain the empty list.
            values = sorted({*known[name], menu.value} - {""})
            words = {"parameter": heading, "pack": pack_title}.get(name, str)
            menu.set_entries([MenuEntry("", self.FIRST[name]), *(MenuEntry(value, words(value)) for value in values)])
            menu.pack_forget()
            if len(values) > 1 or menu.value:
                menu.pack(fill="x", padx=theme.px(theme.PAD - theme.RING))


class EntryList(RowList):
    """The list. `chosen(key)` is called when the user chose another line."""

    def __init__(self, parent: tk.Misc, chosen: Callable[[str], object]) -> None:
        self.entries: tuple[InsightEntry, ...] = ()
        self._edges: Sequence[int] = (0,)
        self._quiet = False
        super().__init__(
            parent, on_select=lambda index: chosen(self.entries[index].key), row_height=_ITEM, ground="surface"
        )

    def show_entries(self, entries: Sequence[InsightEntry], key: str) -> None:
        """Show these lines, the one called `key` chosen."""
        before = self.entries[self.selected].key if self.selected >= 0 else ""
        self.entries = tuple(entries)
        heights = (theme.px(_CAPTION if entry.caption else _ITEM) for entry in entries)
        self._edges = tuple(accumulate(heights, initial=0))
        rows = [ListRow(entry.title.lstrip("[_"), head=entry.caption) for entry in entries]
        place = next((at for at, entry in enumerate(entries) if entry.key == key and not entry.caption), -1)
        self.show_rows(rows, place)
        if place >= 0 and key != before:
            self.see(place)

    def see(self, index: int) -> None:
        """Scroll as little as needed to show a line, together with the caption above the first one."""
        super().see(index)
        self.scroll_to(min(self._top, max(0, self._edge(index) - theme.px(_CAPTION))))

    def focus_set(self) -> None:
        """Put the keyboard on the list; the ring waits for the first key."""
        self._quiet = self.focus_get() is not self.canvas
        self.canvas.focus_set()

    def _edge(self, index: int) -> int:
        return self._edges[index]

    def _draw_row(self, index: int, row: ListRow) -> None:
        canvas, entry, pad, width = self.canvas, self.entries[index], theme.px(theme.PAD), self.canvas.winfo_width()
        y = self._edge(index) - self._top
        if entry.caption:
            canvas.words(pad, y + theme.px(17), entry.title, size=11, ink="text3", room=width - pad - theme.px(8))
            return
        mine, ground, line = index == self.selected, self._row_ground(index, row), y + theme.px(15)
        if ground != "surface":
            canvas.fill(0, y, width, y + self._row, ground)
        if mine:
            canvas.fill(0, y, theme.px(3), y + self._row, "accent")
        canvas.picture(pad, line, verdict_dot(entry.state, ground), "w")
        x, end = pad + theme.px(15), width - theme.px(14)
        left = end - theme.px(8) - canvas.words(end, line, entry.count, size=12, ink="text3", anchor="e")
        canvas.words(x, line, entry.title, bold=mine, room=left - x)
        canvas.words(x, y + theme.px(32), entry.note, size=12, ink="text2", room=end - x)
        self._draw_ring(index, y, y + self._row)

    def _pressed(self, event: tk.Event[tk.Misc]) -> None:
        self.focus_set()
        super()._pressed(event)

    def _focus(self, on: bool) -> None:
        super()._focus(on and not self._quiet)
        self._quiet = False

    def _hover(self, index: int) -> None:
        self.canvas.configure(cursor="hand2" if index >= 0 and not self.entries[index].caption else "arrow")
        super()._hover(index)
