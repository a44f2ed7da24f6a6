"""Where files go that are dropped on the window: packs and pictures to Packs, models to their folder or a prompt."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from ..app.controller import Controller
from .file_drop import Drops, kind_of
from .packs.page import PacksPage
from .widgets.notices import Notices


class DropActions(Struct, frozen=True):
    """What is asked of the window: `packs()` gives the page, made if need be; `is_on_packs()`: it is in sight."""

    packs: Callable[[], PacksPage]
    is_on_packs: Callable[[], bool]
    show: Callable[[str], object]


class DroppedFiles:
    """Takes what is dropped on a window. `drops.available` is False where nothing can be."""

    def __init__(self, window: tk.Tk, controller: Controller, notices: Notices, doors: DropActions) -> None:
        self._controller, self._notices, self._doors, self._window = controller, notices, doors, window
        self.drops = Drops(window, self.take)

    def take(self, paths: Sequence[Path]) -> None:
        """Files were dropped. Of pictures only the first is read: two sheets would hide each other."""
        by_kind = {kind: [one for one in paths if kind_of(one) == kind] for kind in ("pack", "picture", "model", "")}
        if by_kind["pack"]:
            self._doors.show("packs")
            for path in by_kind["pack"]:
                self._doors.packs().open_pack.add(path)
        if by_kind["picture"]:
            page = self._doors.packs()
            owner = page.editor.title if self._doors.is_on_packs() else self._window.winfo_children()[0]
            page.actions.read(by_kind["picture"][0], owner)
        for path in by_kind["model"]:
            self._model(path)
        if by_kind[""]:
            self._notices.say(
                f"{by_kind[''][0].name} is no pack (.txt, .tsv, .json), no picture and no model, so nothing was done."
            )

    def _model(self, path: Path) -> None:
        if self._doors.is_on_packs() and self._doors.packs().take_model(path):
            return
        folder = str(path.parent)
        folders = self._controller.settings.model_folders
        if any(path.is_relative_to(one) for one in folders):
            self._notices.say(f"{path.name} lies in one of the model folders already. It is on the Models page.")
            return
        self._notices.ask(
            f"{path.name} lies in {folder}, which is not among the model folders.",
            ("Add folder", lambda: self._add(folder)),
        )

    def _add(self, folder: str) -> None:
        settings = self._controller.settings
        self._controller.change_settings(
            msgspec.structs.replace(settings, model_folders=(*settings.model_folders, folder))
        )
        self._doors.show("models")
