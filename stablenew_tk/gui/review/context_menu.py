"""The menu of the review grid: what can be done with the selected pictures, by right click, Menu key or Shift+F10."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping

from msgspec import Struct

from ...domain.base.wording import counted, pack_title
from ...domain.journal.image_facts import ImageFacts
from ..widgets import theme
from ..widgets.picture_grid import ThumbnailGrid
from ..widgets.popups import Menu, MenuEntry

_WIDTH = 292


class MenuState(Struct, frozen=True):
    """The pictures that the menu is about, and whether pictures can be put into the clipboard here."""

    pictures: list[ImageFacts]
    copies_pictures: bool


def entries(state: MenuState) -> list[MenuEntry]:
    """What is offered for these pictures. The first line names them and does nothing."""
    pictures = state.pictures
    many, one = len(pictures), len(pictures) == 1
    packs = {facts.pack_id for facts in pictures}
    where = f", {pack_title(packs.pop())}" if len(packs) == 1 else ""
    trashed, rejected = all(facts.file.trashed for facts in pictures), all(facts.rejected for facts in pictures)
    number = "" if one else f" {many:,}"
    found = [
        MenuEntry("", f"{counted(many, 'picture')}{where}", enabled=False),
        MenuEntry("large", "Open full size", "Space", ruled=True),
    ]
    if many > 1:
        found.append(MenuEntry("compare", "Compare side by side", "C"))
    found.append(MenuEntry("learn", "Make Learning Run…", "Ctrl L"))
    if one:
        copies = [MenuEntry("copy picture", "Copy picture", "Ctrl C", ruled=True)] if state.copies_pictures else []
        found += [
            *copies,
            MenuEntry("copy prompt", "Copy prompt", ruled=not copies),
            MenuEntry("copy infotext", "Copy infotext"),
            MenuEntry("copy path", "Copy path of the file"),
            MenuEntry("reveal", "Show in folder", ruled=True),
            MenuEntry("open", "Open with the usual program"),
            MenuEntry("open with", "Open with…"),
        ]
    found.append(MenuEntry("export", f"Copy{number} with XMP to a folder…", "Ctrl E", ruled=True))
    if not trashed:
        found += [
            MenuEntry("move", f"Move{number} with XMP to a folder…"),
            MenuEntry("look", "Look for the file" if one else "Look for the files", ruled=True),
            MenuEntry("look in", "Look for it in a folder…" if one else "Look for them in a folder…"),
        ]
    found.append(MenuEntry("reject", "No longer rejected" if rejected else "Reject", "X", ruled=True))
    trash = f"Bring{number} back from the trash" if trashed else f"Move{number} to the trash"
    found.append(MenuEntry("trash", trash, "Del", icon="trash"))
    return found


class GridMenu:
    """Opens the menu where it was asked for. `state()` is asked each time, `acts` says what the entries do."""

    def __init__(
        self, grid: ThumbnailGrid, state: Callable[[], MenuState], acts: Mapping[str, Callable[[], object]]
    ) -> None:
        self._grid, self._state, self._acts = grid, state, acts
        self._spot, self._at = tk.Frame(grid.canvas, width=1, height=1), (0, 0)
        for button in (
            ("<Button-3>", "<Control-Button-1>") if grid.tk.call("tk", "windowingsystem") == "aqua" else ("<Button-3>",)
        ):
            grid.canvas.bind(button, self._clicked)
        for key in ("<Shift-F10>", "<Menu>", "<App>"):
            try:
                grid.canvas.bind(key, lambda _event: self.open())
            except tk.TclError:
                continue  # this system has no such key

    def open(self) -> str:
        """Open it at the current picture."""
        place = self._grid.picked.current
        if place >= 0:
            if not self._grid.in_sight(place):
                self._grid.go_to_rows(set(self._grid.picked.selected))
                place = self._grid.picked.current
            spot = self._grid.layout.spot(place)
            self._open_at(spot.x + theme.px(24), round(spot.y - self._grid.top) + theme.px(24))
        return "break"

    def _clicked(self, event: tk.Event[tk.Misc]) -> str:
        grid = self._grid
        grid.canvas.focus_set()
        place = grid.place_under(event.x, event.y)
        if place < 0:
            return "break"
        if grid.picked.rows[place] not in grid.picked.selected:
            grid.go_to(place)
        self._open_at(event.x, event.y)
        return "break"

    def _open_at(self, x: int, y: int) -> None:
        state = self._state()
        if not state.pictures:
            return
        self._at = x, y
        self.choose(entries(state), self._chosen)

    def choose(self, lines: list[MenuEntry], take: Callable[[str], object]) -> None:
        """A second menu where the first one was."""
        self._spot.place(x=self._at[0], y=self._at[1], width=1, height=1)
        self._grid.update_idletasks()
        Menu.shared().open(self._spot, lines, take, selected="\0", width=theme.px(_WIDTH), filtered=False)
        # Only its place was wanted; a dot on the picture would be left.
        self._spot.place_forget()

    def _chosen(self, value: str) -> None:
        self._acts[value]()
