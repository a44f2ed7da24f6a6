"""The left side of Packs: packs with their numbers of prompts, a search field, and what is done with whole packs."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ...app.controller import Controller
from ...app.file_kinds import PACKS, PICTURES
from ...app.packs.drafts import GONE
from ...app.packs.open_pack import OpenPack
from ...domain.base.file_wish import FileWish
from ...domain.base.wording import counted
from ...domain.prompts.pack import pack_block
from ...domain.recipes.recipe import Recipe
from ...pipeline.messages.packs import ReadRecipe
from ...pipeline.messages.pictures import RecipeRead
from ...storage.packs.pack_file import PackFile
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.entries import Entry
from ..widgets.file_choice import choose_file
from ..widgets.modal import Decision, QuestionBox, nothing
from ..widgets.notices import Action
from ..widgets.page_frame import SizeClass
from ..widgets.popups import Menu, MenuEntry, Popup
from ..widgets.row_list import ListRow, RowList
from ..widgets.tooltips import tip
from .recipe_popup import RecipePopup

WIDTHS: dict[SizeClass, int] = {"narrow": 232, "usual": 280, "wide": 320}


class PackActions:
    """Dialogs about whole packs, and recipes of pictures. `pack` makes and adds packs."""

    def __init__(self, page: tk.Misc, controller: Controller, pack: OpenPack) -> None:
        self._page, self._controller, self.pack = page, controller, pack
        self._reading: dict[Path, tk.Misc] = {}

    @property
    def empty_text(self) -> str:
        """What the list says when it has no rows."""
        return self._controller.packs.empty_text

    def browse_pack(self) -> None:
        """Ask for a pack file and add it."""
        choose_file(
            self._page, self._controller, FileWish(title="Add a pack", words="Packs", endings=PACKS), self.pack.add
        )

    def browse_picture(self, anchor: tk.Misc) -> None:
        """Ask for a picture and read what it says about its making."""
        wish = FileWish(title="Picture to read", words="Pictures", endings=PICTURES)
        choose_file(self._page, self._controller, wish, lambda path: self.read(path, anchor))

    def read(self, path: Path, anchor: tk.Misc) -> None:
        """Read a picture's recipe; RecipeRead answers, and `show` opens it under `anchor`."""
        self._reading[path] = anchor
        self._controller.ask(ReadRecipe(path=path))

    def scan(self) -> None:
        """Look through the folders again."""
        self._controller.packs.open(self._controller.settings)

    def ask_delete(self, file: PackFile, delete: Callable[[], object]) -> None:
        """Ask whether a pack is to go into the trash; `delete()` follows if it is."""
        words = f"It has {counted(file.count, 'prompt')}. Its text and its settings go to the trash."
        answers = (Decision("Delete it", delete), Decision("Keep it", nothing))
        QuestionBox(self._page, f"Delete “{file.title}”?", words, answers)

    def show(
        self, event: RecipeRead, *, into: str, add: Callable[[str], object], use: Callable[[Recipe, str], object]
    ) -> None:
        """Show a recipe that was asked for here. `add(block)` writes it into the open pack, called `into`."""
        anchor, recipe = self._reading.pop(event.path, None), event.recipe
        if anchor is None:
            return
        name = event.path.stem
        actions: list[Action] = []
        if recipe is not None:
            block = pack_block(name, recipe.prompt, recipe.negative)
            if recipe.prompt and into:
                actions.append((f"Add to {into}", lambda: add(block)))
            if recipe.prompt:
                actions.append(("Make a new pack of it", lambda: self.pack.make(name, block)))
            actions.append(("Use these settings in Create", lambda: use(recipe, event.path.name)))
        RecipePopup.shared().open(anchor, event, actions)


class PackListActions(Struct, frozen=True):
    """What the list calls; `delete`, `use` and `edit` concern the chosen pack."""

    packs: PackActions
    chosen: Callable[[Path], object]
    delete: Callable[[], object]
    use: Callable[[], object]
    edit: Callable[[], object]


class NamePopup(Popup):
    """Asks for the name of a new pack; Return takes it."""

    def __init__(self) -> None:
        super().__init__()
        self._take: Callable[[str], object] = lambda _name: None
        caption = Label(self.body, "What is the new pack called?", size=12, ink="text2")
        caption.pack(anchor="w", padx=theme.px(14), pady=(theme.px(10), 0))
        self.entry = Entry(self.body, width=220)
        self.entry.pack(fill="x", padx=theme.px(10))
        Button(self.body, "Make pack", self._done).pack(anchor="e", padx=theme.px(10), pady=(0, theme.px(8)))
        for key in ("<Return>", "<KP_Enter>"):
            self.entry.field.bind(key, lambda _event: self._done())

    def open(self, anchor: tk.Misc, take: Callable[[str], object]) -> None:
        """Ask under `anchor`; `take(name)` gets what was typed."""
        self._take = take
        self.entry.set("")
        self._fit(anchor, self.entry.field, theme.px(272))

    def _done(self) -> str:
        name = self.entry.get().strip()
        if name:
            self.close()
            self._take(name)
        return "break"


class PackList(Box):
    """The list. `path` is the chosen pack's, None for none; `unsaved` are those marked with a dot."""

    def __init__(self, parent: tk.Misc, actions: PackListActions) -> None:
        super().__init__(parent, "surface", width=theme.px(WIDTHS["usual"]))
        self.pack_propagate(False)
        self._actions = actions
        self._all: tuple[PackFile, ...] = ()
        self.shown: tuple[PackFile, ...] = ()
        self.path: Path | None = None
        self.unsaved: frozenset[Path] = frozenset()
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
        if unsaved != self.unsaved:
            self.unsaved = unsaved
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
        NamePopup.shared().open(self.new, self._actions.packs.pack.make)

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
        self.add = Button(foot, "Add pack…", self._actions.packs.browse_pack, kind="outline", height=theme.SMALL)
        self.add.pack(side="left")
        tip(self.add, "Copy a pack file (.txt, .tsv, .json) among your own (Ctrl+O)")
        Separator(self).pack(side="bottom", fill="x")
        self.rows = RowList(self, on_select=self._pick, on_open=lambda _place: self._actions.edit())
        self.rows.pack(fill="both", expand=True, pady=(theme.px(4), 0))
        self.rows.canvas.bind("<Delete>", lambda _event: self._actions.delete())
        for key in ("<Return>", "<KP_Enter>", "<Down>"):
            self.search.field.bind(key, lambda _event: self.rows.focus_set())
        # Tab goes from the rows to the buttons below them.
        foot.lift()

    def _filter(self) -> None:
        word = self.search.get().strip().casefold()
        self.shown = tuple(one for one in self._all if word in one.title.casefold())
        place = next((n for n, one in enumerate(self.shown) if one.path == self.path), -1)
        self.rows.empty = self._actions.packs.empty_text
        self.rows.show(len(self.shown), self.row, place)

    def row(self, place: int) -> ListRow:
        """What the list shows in a row."""
        one = self.shown[place]
        count = self._counts.get(one.path, one.count)
        locked = one.settings.learning == "locked"
        return ListRow(
            one.title,
            str(count) if count or not one.problem else "",
            mark="dot" if one.path in self.unsaved else "",
            mark_ink="text",
            sign="warning" if one.problem else "lock" if locked else "",
            sign_ink="warn" if one.problem else "text3",
        )

    def _pick(self, place: int) -> None:
        self.path = self.shown[place].path
        self._actions.chosen(self.path)

    def _open_menu(self) -> None:
        actions, packs, one = self._actions, self._actions.packs, self.file
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
        commands: dict[str, Callable[[], object]] = {
            "new": self.ask_name,
            "add": packs.browse_pack,
            "picture": lambda: packs.browse_picture(self.more),
            "scan": packs.scan,
            "delete": actions.delete,
            "use": actions.use,
        }
        Menu.shared().open(self.more, entries, lambda value: commands[value]())
