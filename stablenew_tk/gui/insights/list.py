"""The left side of Insights: what the stars say something about, with its verdict, and menus that filter the list."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence

from PIL import ImageTk

from ...app.insights.entries import InsightEntry, InsightFilter
from ...app.insights.reports import Scope
from ...domain.base.colour_roles import Role
from ...domain.insights.titles import heading
from ...domain.runs.plan import LearningPlan
from ..widgets import theme
from ..widgets.basics import Box
from ..widgets.marks import verdict_dot
from ..widgets.popups import ChoiceField, MenuEntry
from ..widgets.scrollbar import ThinScrollbar

_ITEM, _CAPTION = 46, 31


class InsightMenus(Box):
    """Menus for pack, checkpoint and parameter. One that would offer a single choice is not shown."""

    FIRST: Mapping[str, str] = {"pack": "All packs", "checkpoint": "Any checkpoint", "parameter": "Any parameter"}

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

    def offer(self, plans: Sequence[LearningPlan], everyday: Mapping[Scope, int]) -> None:
        """Offer what exists."""
        known = {
            "pack": {plan.pack_id for plan in plans} | {pack for pack, _ in everyday},
            "checkpoint": {plan.base_config.checkpoint for plan in plans} | {name for _, name in everyday},
            "parameter": {plan.focus_parameter for plan in plans},
        }
        for name, menu in self.menus.items():
            # A value that is gone stays while it is chosen: otherwise nothing would explain the empty list.
            values = sorted({*known[name], menu.value} - {""})
            words = heading if name == "parameter" else str
            menu.set_entries([MenuEntry("", self.FIRST[name]), *(MenuEntry(value, words(value)) for value in values)])
            menu.pack_forget()
            if len(values) > 1 or menu.value:
                menu.pack(fill="x", padx=theme.px(theme.PAD - theme.RING))


class EntryList(Box):
    """The list. `chosen(key)` is called when the user chose another line. Up, Down, Home, End move; letters jump."""

    def __init__(self, parent: tk.Misc, chosen: Callable[[str], object], *, empty: str = "") -> None:
        super().__init__(parent, "surface")
        self._chosen, self._empty = chosen, empty
        self.entries: tuple[InsightEntry, ...] = ()
        self.key = ""
        self._under, self._top = "", 0
        self._focused = self._quiet = False
        self._kept: list[ImageTk.PhotoImage] = []
        self.canvas = tk.Canvas(self, bd=0, highlightthickness=0, takefocus=1, width=1)
        self.canvas.pack(fill="both", expand=True)
        self._bar = ThinScrollbar(self, self.scroll_to, "surface")
        self._wire()
        theme.on_change(self.refresh)

    def show(self, entries: Sequence[InsightEntry], key: str) -> None:
        """Show these lines, the one called `key` chosen."""
        changed = key != self.key
        self.entries, self.key = tuple(entries), key
        if changed:
            self._see()
        else:
            self.scroll_to(self._top)

    def scroll_to(self, top: float) -> None:
        """Put this pixel of the list at the upper edge."""
        whole, view = self._whole(), self.canvas.winfo_height()
        self._top = max(0, min(round(top), whole - view))
        if whole > view > 1:
            self._bar.place(relx=1, rely=0, relheight=1, anchor="ne")
            self._bar.show(self._top, view, whole)
        else:
            self._bar.place_forget()
        self.refresh()

    def refresh(self) -> None:
        """Draw the lines in sight."""
        canvas, y = self.canvas, -self._top
        canvas.delete("all")
        self._kept.clear()
        canvas.configure(bg=theme.palette["surface"])
        if not self.entries and self._empty:
            room = max(1, canvas.winfo_width() - 2 * theme.px(theme.PAD))
            canvas.create_text(
                theme.px(theme.PAD),
                theme.px(8),
                text=self._empty,
                width=room,
                anchor="nw",
                font=theme.font(12),
                fill=theme.palette["text3"],
            )
        for entry in self.entries:
            high = self._height(entry)
            if -high < y < canvas.winfo_height():
                self._draw_caption(entry, y) if entry.caption else self._draw(entry, y)
            y += high

    def focus_set(self) -> None:
        """Put the keyboard on the list; the ring waits for the first key."""
        self._quiet = self.focus_get() is not self.canvas
        self.canvas.focus_set()

    # ---- drawing

    @staticmethod
    def _height(entry: InsightEntry) -> int:
        return theme.px(_CAPTION if entry.caption else _ITEM)

    def _whole(self) -> int:
        return sum(map(self._height, self.entries))

    def _draw_caption(self, entry: InsightEntry, y: int) -> None:
        x = theme.px(theme.PAD)
        text = theme.elide(entry.title, theme.font(11), self.canvas.winfo_width() - x - theme.px(8))
        self._words(x, y + theme.px(17), text, 11, "text3")

    def _draw(self, entry: InsightEntry, y: int) -> None:
        canvas, pad, width, high = self.canvas, theme.px(theme.PAD), self.canvas.winfo_width(), theme.px(_ITEM)
        mine = entry.key == self.key
        ground: Role = "selection" if mine else "raised" if entry.key == self._under else "surface"
        if ground != "surface":
            canvas.create_rectangle(0, y, width, y + high, fill=theme.palette[ground], width=0)
        if mine:
            canvas.create_rectangle(0, y, theme.px(3), y + high, fill=theme.palette["accent"], width=0)
        line = y + theme.px(15)
        dot = verdict_dot(entry.state, ground)
        self._kept.append(dot)
        canvas.create_image(pad, line, image=dot, anchor="w")
        x, end = pad + theme.px(15), width - theme.px(14)
        canvas.create_text(end, line, text=entry.count, font=theme.font(12), fill=theme.palette["text3"], anchor="e")
        room = end - theme.font(12).measure(entry.count) - theme.px(8) - x
        self._words(x, line, theme.elide(entry.title, theme.font(13, mine), room), 13, "text", bold=mine)
        note = theme.elide(entry.note, theme.font(12), end - x)
        self._words(x, y + theme.px(32), note, 12, "text2")
        if mine and self._focused:
            box = (theme.px(3) + 2, y + 2, width - 2, y + high - 2)
            canvas.create_rectangle(*box, outline=theme.palette["focus"], width=2)

    def _words(self, x: int, y: int, text: str, size: int, ink: Role, *, bold: bool = False) -> None:
        self.canvas.create_text(x, y, text=text, font=theme.font(size, bold), fill=theme.palette[ink], anchor="w")

    # ---- the user

    def _wire(self) -> None:
        canvas = self.canvas
        canvas.bind("<Configure>", lambda _event: self.scroll_to(self._top))
        canvas.bind("<ButtonPress-1>", self._pressed)
        canvas.bind("<Motion>", lambda event: self._hover(self._key_at(event.y)))
        canvas.bind("<Leave>", lambda _event: self._hover(""))
        canvas.bind("<FocusIn>", lambda _event: self._focus(True))
        canvas.bind("<FocusOut>", lambda _event: self._focus(False))
        for event, way in (("<Button-4>", -1), ("<Button-5>", 1)):
            canvas.bind(event, lambda _event, way=way: self.scroll_to(self._top + way * theme.px(_ITEM)))  # type: ignore[misc]
        canvas.bind(
            "<MouseWheel>", lambda event: self.scroll_to(self._top - (1 if event.delta > 0 else -1) * theme.px(_ITEM))
        )
        for key, step in (("<Up>", -1), ("<Down>", 1), ("<Home>", -10_000), ("<End>", 10_000)):
            canvas.bind(key, lambda _event, step=step: self._step(step))  # type: ignore[misc]
        canvas.bind("<Key>", self._letter)

    def _key_at(self, y: int) -> str:
        edge = -self._top
        for entry in self.entries:
            edge += self._height(entry)
            if y < edge:
                return "" if entry.caption else entry.key
        return ""

    def _pressed(self, event: tk.Event[tk.Misc]) -> None:
        self.focus_set()
        self._focused = False  # the ring is for the keyboard
        self._choose(self._key_at(event.y))

    def _choose(self, key: str) -> None:
        changed = bool(key) and key != self.key
        self.key = key or self.key
        self._see()
        if changed:
            self._chosen(key)

    def _see(self) -> None:
        top = 0
        for entry in self.entries:
            if entry.key == self.key and not entry.caption:
                bottom = top + self._height(entry)
                # The caption above the first line comes into sight with it.
                self.scroll_to(
                    min(max(self._top, bottom - self.canvas.winfo_height()), max(0, top - theme.px(_CAPTION)))
                )
                return
            top += self._height(entry)
        self.refresh()

    def _hover(self, key: str) -> None:
        if key != self._under:
            self._under = key
            self.canvas.configure(cursor="hand2" if key else "arrow")
            self.refresh()

    def _focus(self, on: bool) -> None:
        self._focused, self._quiet = on and not self._quiet, False
        self.refresh()

    def _step(self, step: int) -> str:
        keys = [entry.key for entry in self.entries if not entry.caption]
        if keys:
            self._focused = True
            place = keys.index(self.key) + step if self.key in keys else 0
            self._choose(keys[min(max(place, 0), len(keys) - 1)])
        return "break"

    def _letter(self, event: tk.Event[tk.Misc]) -> None:
        letter = event.char.casefold()
        # Bits 4 and 8 of the state are Control and Alt: those belong to shortcuts.
        if not letter.strip() or not letter.isprintable() or int(event.state) & 0b1100:
            return
        lines = [entry for entry in self.entries if not entry.caption]
        at = next((place for place, entry in enumerate(lines) if entry.key == self.key), -1)
        for entry in (*lines[at + 1 :], *lines[: at + 1]):
            if entry.title.casefold().lstrip("[_").startswith(letter):
                self._choose(entry.key)
                return
