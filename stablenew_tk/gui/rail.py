"""The rail on the left: all pages, the one in sight marked."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from ..domain.base import colour_roles
from .widgets import icons, theme
from .widgets.basics import Box, Painted
from .widgets.tooltips import tip


class RailItem(Painted):
    """One page on the rail: icon above its name, a gold bar at the left when chosen."""

    def __init__(self, parent: tk.Misc, icon: str, words: str, command: Callable[[], object]) -> None:
        self._icon, self._words, self._command = icon, words, command
        self.chosen = False
        ring = 2 * theme.RING
        super().__init__(
            parent, width=theme.px(theme.RAIL - ring), height=theme.px(theme.RAIL_ITEM - ring), ground="chrome"
        )

    def act(self) -> None:
        self._command()

    def choose(self, on: bool) -> None:
        """Show it as the page in sight."""
        if on != self.chosen:
            self.chosen = on
            self.repaint()

    def draw(self, width: int, height: int) -> None:
        whole_w, whole_h = width + 2 * self.margin, height + 2 * self.margin
        ground: colour_roles.Role = "raised" if self.chosen or self.hover else "chrome"
        self.fill(0, 0, whole_w, whole_h, ground)
        if self.chosen:
            self.fill(0, 0, theme.px(3), whole_h, "accent")
        ink: colour_roles.Role = "accent_text" if self.chosen else "text2"
        self.picture(whole_w // 2, theme.px(21), icons.icon(self._icon, 20, ink, ground), "center")
        words: colour_roles.Role = "text" if self.chosen else "text2"
        self.words(whole_w // 2, theme.px(43), self._words, size=11, ink=words, anchor="center")
        if self.ring:
            self.focus_ring(0, 0, whole_w - 1, whole_h - 1)


class RailLogo(Painted):
    """The sign of the program; a click brings Welcome back."""

    def __init__(self, parent: tk.Misc, command: Callable[[], object]) -> None:
        self._command = command
        super().__init__(parent, width=theme.px(36), height=theme.px(36), ground="chrome")

    def act(self) -> None:
        self._command()

    def draw(self, width: int, height: int) -> None:
        middle = self.margin + width // 2, self.margin + height // 2
        self.picture(*middle, icons.logo(28), "center")
        if self.ring:
            self.focus_ring(0, 0, width + 2 * self.margin - 1, height + 2 * self.margin - 1)


class Rail(Box):
    """All pages, Settings at the bottom."""

    def __init__(self, parent: tk.Misc, pages: tuple[tuple[str, str, str], ...], go: Callable[[str], object]) -> None:
        super().__init__(parent, "chrome", width=theme.px(theme.RAIL))
        self.pack_propagate(False)
        self.logo = RailLogo(self, lambda: go("welcome"))
        self.logo.pack(pady=theme.px(4))
        tip(self.logo, "Welcome: where pictures are made, the guide")
        self.items: dict[str, RailItem] = {}
        for number, (name, icon, words) in enumerate(pages, start=1):
            item = RailItem(self, icon, words, lambda name=name: go(name))  # type: ignore[misc]  # default binds the name
            tip(item, f"{words} (Ctrl+{number})")
            self.items[name] = item
        for name, item in self.items.items():
            item.pack(side="bottom" if name == "settings" else "top")
        tk.Misc.lift(self.items["settings"])  # Tab comes to it last

    def choose(self, name: str) -> None:
        """Mark the page in sight."""
        for page, item in self.items.items():
            item.choose(page == name)
