"""Files dropped on the window: workflows have their page, packs and pictures go to Packs, models to their folder.

Everything that can be dropped can be chosen by a button, too. Where the system's part cannot be loaded, nothing is
dropped.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from ..app.controller import Controller
from ..app.file_kinds import kind_of
from ..pipeline.messages.workflows import WorkflowRead
from .widgets.notices import Notices

if TYPE_CHECKING:
    from .packs.page import PacksPage


class DropActions(Struct, frozen=True):
    """What is asked of the window: `packs()` gives the page, made if need be; `is_on_packs()`: it is in sight;
    `show_workflow` brings up the page of a workflow.
    """

    packs: Callable[[], PacksPage]
    is_on_packs: Callable[[], bool]
    show: Callable[[str], object]
    show_workflow: Callable[[WorkflowRead], object]


class DroppedFiles:
    """Takes what is dropped on a window. `available` is False until `open`, and where nothing can be."""

    def __init__(self, window: tk.Tk, controller: Controller, notices: Notices, actions: DropActions) -> None:
        self._controller, self._notices, self._actions, self._window = controller, notices, actions, window
        self._asked: set[Path] = set()
        self.available = False

    def open(self) -> None:
        """Let files be dropped from now on, where that is possible."""
        self.available = self._register()

    def drop(self, data: str) -> str:
        """A drop as Tcl hands it over: a list, with braces around names that have blanks."""
        self.take([Path(str(one)) for one in self._window.tk.splitlist(data)])
        return "copy"

    def take(self, paths: Sequence[Path]) -> None:
        """Bring every file where it belongs. Of pictures only the first is read: two popups would hide each other."""
        may_hold = [one for one in paths if one.suffix.lower() == ".json" or kind_of(one) == "picture"]
        if may_hold and not self._actions.is_on_packs():
            # Only what is in a file tells a workflow from a pack or a picture of another tool.
            self.look_at(may_hold[0])
            paths = [one for one in paths if one != may_hold[0]]
        self._take(paths)

    def look_at(self, path: Path) -> None:
        """Read a file that may hold a workflow; `answered` goes on."""
        self._asked.add(path)
        self._controller.workflows.read(path)

    def answered(self, event: WorkflowRead) -> None:
        """What is in a file that was dropped: a workflow has its own page, everything else goes where it belongs."""
        if event.path not in self._asked:
            return
        self._asked.discard(event.path)
        if event.workflow is not None:
            self._actions.show_workflow(event)
        elif event.path.suffix.lower() == ".json" and event.is_workflow:
            self._notices.say(event.problem)
        else:
            self._take([event.path])

    def _take(self, paths: Sequence[Path]) -> None:
        by_kind = {kind: [one for one in paths if kind_of(one) == kind] for kind in ("pack", "picture", "model", "")}
        if by_kind["pack"]:
            self._actions.show("packs")
            for path in by_kind["pack"]:
                self._actions.packs().open_pack.add(path)
        if by_kind["picture"]:
            page = self._actions.packs()
            above = page.editor.title if self._actions.is_on_packs() else self._window.winfo_children()[0]
            page.actions.read(by_kind["picture"][0], above)
        for path in by_kind["model"]:
            self._model(path)
        if by_kind[""]:
            self._notices.say(
                f"{by_kind[''][0].name} is no pack (.txt, .tsv, .json), no picture and no model, so nothing was done."
            )

    def _register(self) -> bool:
        try:
            from tkinterdnd2 import TkinterDnD
        except ImportError:  # an installation without it; the buttons remain
            return False
        window = self._window
        try:
            TkinterDnD._require(window)
            window.tk.call("tkdnd::drop_target", "register", window, ("DND_Files",))
        except (RuntimeError, tk.TclError):
            # "Unable to load tkdnd library": a library of the system is missing.
            return False
        window.tk.call("bind", window, "<<Drop:DND_Files>>", f"{window.register(self.drop)} %D")
        return True

    def _model(self, path: Path) -> None:
        if self._actions.is_on_packs() and self._actions.packs().take_model(path):
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
        self._actions.show("models")
