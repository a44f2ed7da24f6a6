"""What is done with whole packs: make one, add one, put one into the trash; and what a picture says goes into one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog, messagebox

from ...app.controller import Controller
from ...domain.base.wording import counted
from ...domain.prompts.formatting import pack_block
from ...domain.recipes.recipe import Recipe
from ...pipeline.messages.packs import AddPack, ListPacks, NewPack, ReadRecipe, TrashPack
from ...pipeline.messages.pictures import RecipeRead
from ...storage.packs.pack_file import PackFile
from .recipe_popup import Deed, RecipePopup

# Something that runs at once; the second line is chosen, so that the first key replaces it.
NEW_TEXT = "name: First prompt\na red boat on a calm sea, evening light\nneg: text, watermark\n"
_PACK_FILES = [("Packs", "*.txt *.tsv *.json"), ("All", "*")]
_PICTURES = [("Pictures", "*.png *.jpg *.jpeg *.webp *.avif *.gif"), ("All", "*")]


class PackActions:
    """`wanted` is the name of a pack that is to be opened once it is listed, "" for none."""

    def __init__(self, page: tk.Misc, controller: Controller) -> None:
        self._page, self._controller = page, controller
        self.wanted = ""
        self._asked: dict[Path, tk.Misc] = {}

    def make(self, name: str, text: str = NEW_TEXT) -> None:
        """Make a new pack and open it."""
        self.wanted = name
        self._controller.ask(NewPack(name=name, text=text))

    def add(self, path: Path) -> None:
        """Copy a pack file among the own packs and open the copy."""
        self.wanted = path.stem
        self._controller.ask(AddPack(path=path))

    def browse_pack(self) -> None:
        """Ask for a pack file and add it."""
        name = filedialog.askopenfilename(parent=self._page, title="Add a pack", filetypes=_PACK_FILES)
        if name:
            self.add(Path(name))

    def browse_picture(self, owner: tk.Misc) -> None:
        """Ask for a picture and read what it says about its making."""
        name = filedialog.askopenfilename(parent=self._page, title="Picture to read", filetypes=_PICTURES)
        if name:
            self.read(Path(name), owner)

    def read(self, path: Path, owner: tk.Misc) -> None:
        """Read a picture's recipe; it will be shown under `owner`."""
        self._asked[path] = owner
        self._controller.ask(ReadRecipe(path=path))

    def scan(self) -> None:
        """Look through the folders again."""
        settings = self._controller.settings
        self._controller.ask(ListPacks(folders=settings.pack_folders, wildcard_folders=settings.wildcard_folders))

    def delete(self, file: PackFile) -> bool:
        """Put a pack into the trash, if the user says so."""
        what = f"“{file.title}” with {counted(file.count, 'prompt')} and its settings go to the trash."
        if not messagebox.askyesno("Delete pack", f"{what} Delete it?", parent=self._page):
            return False
        self._controller.ask(TrashPack(path=file.path))
        return True

    def show(
        self, event: RecipeRead, *, into: str, add: Callable[[str], object], use: Callable[[Recipe, str], object]
    ) -> None:
        """Show a recipe that was asked for here. `add(block)` writes it into the open pack, called `into`."""
        owner, recipe = self._asked.pop(event.path, None), event.recipe
        if owner is None:
            return
        name = event.path.stem
        deeds: list[Deed] = []
        if recipe is not None:
            block = pack_block(name, recipe.prompt, recipe.negative)
            if recipe.prompt and into:
                deeds.append((f"Add to {into}", lambda: add(block)))
            if recipe.prompt:
                deeds.append(("Make a new pack of it", lambda: self.make(name, block)))
            deeds.append(("Use these settings in Create", lambda: use(recipe, event.path.name)))
        RecipePopup.shared().open(owner, event, deeds)
