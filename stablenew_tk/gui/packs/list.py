"""The left side of Packs: the packs with their prompts counted, search, and what can be done with them."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ...app.pack_drafts import GONE
from ...storage.packs.pack_file import PackFile
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.entries import Entry
from ..widgets.popups import Menu, MenuEntry, Popup
from ..widgets.row_list import ListRow, RowList
from ..widgets.tooltips import tip

WIDTH, WIDTH_NARROW, WIDTH_WIDE = 280, 232, 320
_EMPTY = "No packs yet. Make one with New pack…, or drop a text file here."
_NOTHING = "No pack is called so."


class PackListActions(Struct, frozen=True):
    """What the list asks of the page."""

    chosen: Callable[[Path], object]
    new: Callable[[str], object]
    add: Callable[[], object]
    from_picture: Callable[[], object]
    scan: Callable[[], object]
    delete: Callable[[], object]
    use: Callable[[], object]
    opened: Callable[[], object]


class NamePopup(Popup):
    """Asks for a short name; Return takes it."""

    def __init__(self) -> None:
        super().__init__()
        self._take: Callable[[str], object] = lambda _name: None
        self.caption = Label(self.body, "", size=12, ink="text2")
        self.caption.pack(anchor="w", padx=theme.px(14), pady=(theme.px(10), 0))
        self.entry = Entry(self.body, width=220)
        self.entry.pack(fill="x", padx=theme.px(10))
        self.button = Button(self.body, "Make pack", self._done)
        self.button.pack(anchor="e", padx=theme.px(10), pady=(0, theme.px(8)))
        for key in ("<Return>", "<KP_Enter>"):
            self.entry.field.bind(key, lambda _event: self._done())

    def open(self, owner: tk.Misc, caption: str, words: str, take: Callable[[str], object]) -> None:
        """Ask under `owner`; `take(name)` gets what was typed."""
        self._take = take
        self.caption.show(caption)
        self.button.set_text(words)
        self.entry.set("")
        self.window.update_idletasks()
        self._place(owner, self.entry.field, width=theme.px(272), height=self.body.winfo_reqheight() + 2)

    def _done(self) -> str:
        name = self.entry.get().strip()
        if name:
            self.close()
            self._take(name)
        return "break"


class PackList(Box):
    """The list. `path` is the chosen pack's, None for none."""

    def __init__(self, parent: tk.Misc, deeds: PackListActions) -> None:
        super().__init__(parent, "surface", width=theme.px(WIDTH))
        self.pack_propagate(False)
        self._deeds = deeds
        self._all: tuple[PackFile, ...] = ()
        self.shown: tuple[PackFile, ...] = ()
        self.path: Path | None = None
        self._unsaved: frozenset[Path] = frozenset()
        self._counts: dict[Path, int] = {}
        self._build()

    @property
    def file(self) -> PackFile | None:
        """The chosen pack as it was listed."""
        return next((one for one in self._all if one.path == self.path), None)

    @property
    def position(self) -> int:
        """Where the chosen pack stands among all, 0 when it does not."""
        return next((place for place, one in enumerate(self._all) if one.path == self.path), 0)

    def show(self, files: Sequence[PackFile], lost: Collection[Path] = ()) -> None:
        """Show these packs, and after them those whose files are `lost` while their texts are still here."""
        kept = [replace(one, problem=GONE, seen="") for one in self._all if one.path in lost]
        self._all = (*files, *kept)
        self._counts = {}
        self._filter()

    def choose(self, path: Path | None) -> None:
        """Choose a pack without telling anybody."""
        self.path = path
        self._filter()
        if self.rows.selected >= 0:
            self.rows.see(self.rows.selected)

    def mark(self, unsaved: frozenset[Path]) -> None:
        """Put a dot before the packs that are not saved."""
        if unsaved != self._unsaved:
            self._unsaved = unsaved
            self.rows.refresh()

    def count(self, path: Path, prompts: int) -> None:
        """Say how many prompts a pack has that is being written."""
        if self._counts.get(path) != prompts:
            self._counts[path] = prompts
            self.rows.refresh()

    def focus_set(self) -> None:
        """Put the keyboard on the list."""
        self.rows.focus_set()

    def ask_name(self) -> None:
        """Ask what the new pack is called."""
        NamePopup.shared().open(self.new, "What is the new pack called?", "Make pack", self._deeds.new)

    def _build(self) -> None:
        head = Box(self)
        head.pack(fill="x", padx=(theme.px(16), theme.px(8)), pady=(theme.px(10), theme.px(2)))
        Label(head, "Packs", size=15, bold=True).pack(side="left")
        self.more = Button(head, "", self._open_menu, kind="quiet", icon="list", height=theme.SMALL)
        self.more.pack(side="right")
        tip(self.more, "Delete, scan again and more")
        self.search = Entry(
            self,
            width=100,
            height=theme.SMALL,
            icon="search",
            placeholder="Find a pack",
            on_edit=lambda _text: self._filter(),
        )
        self.search.pack(fill="x", padx=theme.px(12))
        foot = Box(self)
        foot.pack(side="bottom", fill="x", padx=theme.px(8), pady=theme.px(6))
        self.new = Button(foot, "New pack…", self.ask_name, height=theme.SMALL)
        self.new.pack(side="left")
        self.add = Button(foot, "Add pack…", self._deeds.add, kind="outline", height=theme.SMALL)
        self.add.pack(side="left")
        tip(self.add, "Copy a pack file (.txt, .tsv, .json) among your own (Ctrl+O)")
        Separator(self).pack(side="bottom", fill="x")
        self.rows = RowList(self, on_select=self._pick, on_open=lambda _place: self._deeds.opened(), empty=_EMPTY)
        self.rows.pack(fill="both", expand=True, pady=(theme.px(4), 0))
        self.rows.canvas.bind("<Delete>", lambda _event: self._deeds.delete())
        for key in ("<Return>", "<KP_Enter>", "<Down>"):
            self.search.field.bind(key, lambda _event: self.rows.focus_set())
        # Tab goes from the rows to the buttons below them.
        foot.lift()

    def _filter(self) -> None:
        word = self.search.get().strip().casefold()
        self.shown = tuple(one for one in self._all if word in one.title.casefold())
        place = next((n for n, one in enumerate(self.shown) if one.path == self.path), -1)
        self.rows._empty = _NOTHING if self._all else _EMPTY
        self.rows.show(len(self.shown), self._row, place)

    def _row(self, place: int) -> ListRow:
        one = self.shown[place]
        count = self._counts.get(one.path, one.count)
        locked = one.settings.learning == "locked"
        return ListRow(
            one.title,
            str(count) if count or not one.problem else "",
            mark="dot" if one.path in self._unsaved else "",
            mark_ink="text",
            sign="warning" if one.problem else "lock" if locked else "",
            sign_ink="warn" if one.problem else "text3",
        )

    def _pick(self, place: int) -> None:
        self.path = self.shown[place].path
        self._deeds.chosen(self.path)

    def _open_menu(self) -> None:
        deeds, one = self._deeds, self.file
        entries = [
            MenuEntry("new", "New pack…", "Ctrl+N", icon="plus"),
            MenuEntry("add", "Add pack…", "Ctrl+O", icon="folder"),
            MenuEntry("picture", "From a picture…", icon="image"),
            MenuEntry("scan", "Scan again", "F5", icon="undo"),
        ]
        if one is not None:
            title = theme.elide(one.title, theme.font(13), theme.px(180))
            entries.append(MenuEntry("use", "Use it in Create", icon="create"))
            entries.append(MenuEntry("delete", f"Delete {title}…", icon="trash"))
        actions: dict[str, Callable[[], object]] = {
            "new": self.ask_name,
            "add": deeds.add,
            "picture": deeds.from_picture,
            "scan": deeds.scan,
            "delete": deeds.delete,
            "use": deeds.use,
        }
        Menu.shared().open(self.more, entries, lambda value: actions[value]())
