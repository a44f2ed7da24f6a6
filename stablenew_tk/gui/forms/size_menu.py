"""The menu of sizes beside width and height: those that suit the family of the chosen checkpoint."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ...domain.models.families import Family
from ...domain.models.sizes import Size, size_note, size_text, sizes_for
from ..widgets import theme
from ..widgets.basics import Button
from ..widgets.popups import Menu, MenuEntry
from ..widgets.tooltips import tip


class SizeMenu(Button):
    """A button that opens the menu; `pick(width, height)` follows once a size was chosen."""

    def __init__(
        self, parent: tk.Misc, pick: Callable[[int, int], object], words: str = "", height: int = theme.CONTROL
    ) -> None:
        self._pick, self._now = pick, (0, 0)
        self._family: Family | None = None
        super().__init__(parent, words, self.open, icon="chevron_down", height=height)
        self.bind("<Down>", lambda _event: self.open())
        self.show(Family(), (0, 0))

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The sizes in the menu, in order."""
        return sizes_for(self._family or Family())

    def show(self, family: Family, now: Size) -> None:
        """Offer the sizes of this family; `now` is the size in force."""
        self._now = now
        if family != self._family:
            self._family = family
            tip(self, f"Sizes that suit {family.title}" if family.sizes else "Usual sizes")

    def open(self) -> str:
        """Open the menu below the button."""
        entries = [MenuEntry(f"{w}x{h}", size_text((w, h)), size_note((w, h))) for w, h in self.sizes]
        now = "{}x{}".format(*self._now)
        if self.enabled:
            Menu.shared().open(self, entries, self._picked, selected=now, filtered=False)
        return "break"

    def _picked(self, value: str) -> None:
        width, height = value.split("x")
        self._pick(int(width), int(height))
