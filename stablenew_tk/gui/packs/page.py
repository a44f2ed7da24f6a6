"""The Packs page: the list of packs, the text of one, and tabs with its problems, variants and settings.

The pack worker reads and writes the files: "saved" is said when the text is on disk. What was typed stays in memory
while other packs or pages are open.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from ...app.controller import Controller
from ...app.packs.open_pack import OpenPack
from ...app.packs.prompt_inventory import PromptInventory
from ...domain.base.key_press import KeyPress, act_on
from ...domain.prompts.completion import Offer, token
from ...domain.recipes.recipe import Recipe
from ...pipeline.messages.base import Event
from ...pipeline.messages.jobs import BackendChecked
from ...pipeline.messages.models import LibraryChanged, ModelRead
from ...pipeline.messages.pictures import RecipeRead
from ..widgets import theme
from ..widgets.basics import Box, Button, Label, Separator
from ..widgets.keyboard import Shortcuts
from ..widgets.page_frame import PageFrame
from .editor import PackEditor, PackEditorActions
from .list import WIDTHS, PackActions, PackList, PackListActions
from .open_pack import PackWork, Parts
from .tabs import WIDTHS as SIDE_WIDTHS
from .tabs import PackSide, PackTabsActions

_NO_PACK = "No packs yet. A pack is a text file with your prompts, a blank line between them."
KEYS = (
    ("Ctrl+S", "save"), ("Ctrl+N", "new pack"), ("Ctrl+O", "add a pack"), ("Ctrl+F", "find a pack"),
    ("Ctrl+G, F3", "find in the text"), ("Ctrl+Space", "complete a name"), ("Ctrl+Z, Ctrl+Y", "undo, redo"),
    ("F6", "next panel"), ("Ctrl+PgUp, PgDn", "other tab"), ("F8", "next problem"), ("F5", "scan again"),
)  # fmt: skip


class PackPageActions(Struct, frozen=True):
    """Where the page leads to: `use(recipe, name)` and `run(pack_id)` go to Create, `draw_seed()` gives a seed."""

    go: Callable[[str], object]
    use: Callable[[Recipe, str], object]
    run: Callable[[str], object]
    draw_seed: Callable[[], int]


class PacksPage(PageFrame):
    """The page: `pack` is the open pack, `work` keeps list, editor and tabs in step with it."""

    title = ("Packs", "")
    key_words = KEYS

    def __init__(self, parent: tk.Misc, controller: Controller, actions: PackPageActions) -> None:
        super().__init__(parent)
        self._controller, self._leads = controller, actions
        self._inventory = PromptInventory(controller)
        self.open_pack = OpenPack(controller, self._inventory)
        self.actions = PackActions(self, controller, self.open_pack)
        self._build()
        self.work = PackWork(
            self, controller, Parts(self.list, self.editor, self.side, self._show_parts), self.open_pack
        )
        Shortcuts(self, lambda _press: False, self._answer)
        self.work.listed()

    # ---- what the window asks

    def shown(self) -> None:
        """The page came into sight."""
        if self.work.path is None:
            self.list.focus_set()
        else:
            self.editor.text.focus_set(quiet=True)
            self.work.check()

    def on_event(self, event: Event) -> None:
        """Follow packs and models, and take in what was asked for."""
        self.work.on_event(event)
        if isinstance(event, RecipeRead):
            self._recipe_read(event)
        elif isinstance(event, (LibraryChanged, ModelRead, BackendChecked)):
            self._inventory_changed(event)

    # ---- building

    def _build(self) -> None:
        self.list = PackList(
            self,
            PackListActions(
                packs=self.actions,
                chosen=lambda path: self.work.open(path),
                delete=self.delete,
                use=self.use_pack,
                edit=lambda: self.editor.text.focus_set(quiet=True),
            ),
        )
        self.list.pack(side="left", fill="y")
        Separator(self).pack(side="left", fill="y")
        self.editor = PackEditor(
            self,
            PackEditorActions(
                edited=lambda: self.work.edited(),
                moved=lambda: self.work.moved(),
                offers=self._offers,
                weight=self._inventory.weight,
                save=lambda: self.work.save(),
                settle=lambda mine: self.work.settle(mine),
                run=self.use_pack,
            ),
        )
        self._side_rule = Separator(self)
        self.side = PackSide(
            self,
            self._controller,
            PackTabsActions(
                go_to=lambda line, column, focus: self.editor.text.go_to(line, column, focus=focus),
                expand=lambda again: self.work.expand(again=again),
                settings=lambda settings: self.work.change_settings(settings),
                insert=self.insert,
                weight=self._inventory.weight,
                turned=self._turned,
                go_models=lambda: self._leads.go("models"),
                draw_seed=self._leads.draw_seed,
                take_back=lambda slot: self._controller.known.take_back(slot.known),
            ),
        )
        self.empty = Box(self, "bg")
        Label(self.empty, _NO_PACK, size=15).pack(pady=(theme.px(160), theme.px(12)))
        Button(self.empty, "New pack…", self.list.ask_name, kind="main", height=theme.MAIN).pack()
        self.empty.pack(fill="both", expand=True)
        self.bind("<Configure>", lambda _event: self._fit())

    def _fit(self) -> None:
        self.list.configure(width=theme.px(WIDTHS[self.size_class]))
        self.side.configure(width=theme.px(SIDE_WIDTHS[self.size_class]))

    def _show_parts(self, on: bool) -> None:
        if on and not self.editor.winfo_manager():
            self.empty.pack_forget()
            self.side.pack(side="right", fill="y")
            self._side_rule.pack(side="right", fill="y")
            self.editor.pack(side="left", fill="both", expand=True)
        elif not on and self.editor.winfo_manager():
            for part in (self.side, self._side_rule, self.editor):
                part.pack_forget()
            self.empty.pack(fill="both", expand=True)

    # ---- the text

    def insert(self, offer: Offer) -> None:
        """Write a LoRA, an embedding, a wildcard or a slot where the cursor is."""
        self.editor.text.put(token(offer, self._inventory.weight(offer)))
        self.editor.text.focus_set(quiet=True)

    def take_model(self, path: Path) -> bool:
        """A model file was dropped: a LoRA is written where the cursor is. False for anything else."""
        known = self._controller.models.find(path.stem, "lora")
        folders = " ".join(path.parts[:-1]).casefold()
        if self.work.path is None or (known is None and "lora" not in folders):
            return False
        self.insert(Offer("lora", path.stem, str(known.path) if known is not None else ""))
        return True

    def _offers(self) -> Sequence[Offer]:
        return self._inventory.offers(self.open_pack.slots)

    def _inventory_changed(self, event: Event) -> None:
        if not self.winfo_viewable():
            return
        if self.side.tab == "models":
            self.side.models.show(self._offers())
            self.side.models.rows.refresh()  # a weight has become known
        if isinstance(event, ModelRead):
            self.editor.completion.redraw()

    # ---- keys and buttons

    def delete(self) -> None:
        """Put the chosen pack into the trash, if the user confirms it."""
        file = self.list.file
        if file is not None:
            self.actions.ask_delete(file, lambda: self.work.trash(file.path))

    def use_pack(self) -> None:
        """Go to Create with the open pack chosen."""
        if self.work.path is not None:
            self._leads.run(self.work.path.stem)

    def _recipe_read(self, event: RecipeRead) -> None:
        file = self.list.file
        self.actions.show(event, into=file.title if file is not None else "", add=self._append, use=self._leads.use)

    def _append(self, block: str) -> None:
        self._leads.go("packs")
        self.editor.text.append(block)

    def _turned(self, tab: str) -> None:
        if tab == "models":
            self.side.models.show(self._offers())
        elif tab == "variants":
            self.work.check()

    def _answer(self, press: KeyPress) -> bool:
        plain: dict[str, Callable[[], object]] = {
            "F5": self.actions.scan,
            "F6": lambda: self._next_panel(back=press.shift),
            "F3": lambda: self.editor.find_next(backwards=press.shift),
            "F8": self._next_problem,
        }
        if not press.control:
            return act_on(plain, press.name)
        with_control: dict[str, Callable[[], object]] = {
            "s": self.work.save,
            "n": self.list.ask_name,
            "o": self.actions.browse_pack,
            "f": self.list.search.focus_set,
            "g": self.editor.open_find,
            "space": self.editor.completion.ask,
            "prior": lambda: self.side.step(-1),
            "next": lambda: self.side.step(1),
        }
        return act_on(with_control, press.name.lower())

    def _next_problem(self) -> None:
        view = self.editor.text.view
        found = self.side.check.next_after(view.line, view.column)
        if found is not None:
            self.editor.text.go_to(found.problem.line, found.problem.column)

    def _next_panel(self, *, back: bool) -> None:
        panels: list[tk.Misc] = [self.list, self.editor.text, self.side]
        here = str(self.focus_get() or "")
        at = next((n for n, panel in enumerate(panels) if here.startswith(str(panel))), 0)
        panels[(at + (-1 if back else 1)) % len(panels)].focus_set()
