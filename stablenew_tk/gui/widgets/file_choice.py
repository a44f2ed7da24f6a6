"""The one way in which the window asks for files: `choose_files(parent, host, wish, take)`.

On Windows and macOS the system's dialog asks, on Linux that of the desktop, and where there is none our own. It begins
where the last choice was made, or at home. Nothing waits for the answer: `take` is called when it is there.
"""

from __future__ import annotations

import itertools
import os
import sys
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from weakref import WeakKeyDictionary

from msgspec.structs import replace

from ...domain.base.file_wish import FileWish
from ...domain.config.user_settings import Settings
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.files import AskDesktop, DesktopAnswered, LookAt, PathSeen
from .file_chooser import FileAnswers, FileChooser, ask_replace
from .modal import nothing

Take = Callable[[Path], object]
_numbers = itertools.count(1)


class FileHost(FileAnswers, Protocol):
    """What is needed of the controller: answers, and the settings, which keep the folder of the last choice."""

    @property
    def settings(self) -> Settings: ...

    def change_settings(self, settings: Settings) -> None: ...


def choose_file(parent: tk.Misc, host: FileHost, wish: FileWish, take: Take) -> None:
    """Ask for one file or folder, or where to save one; `take(path)` follows unless the user gives it up."""
    choose_files(parent, host, wish, lambda paths: take(paths[0]))


def choose_files(parent: tk.Misc, host: FileHost, wish: FileWish, take: Callable[[tuple[Path, ...]], object]) -> None:
    """Ask for files; `take(paths)` follows unless the user gives it up. One question at a time for each window."""
    window = parent.winfo_toplevel()
    open_one = _open.get(window)
    if open_one is None or open_one.is_done:
        _open[window] = _FileQuestion(window, host, wish, take)


class _FileQuestion:
    """One question on its way through the dialogs."""

    def __init__(
        self, window: tk.Misc, host: FileHost, wish: FileWish, take: Callable[[tuple[Path, ...]], object]
    ) -> None:
        self._window, self._host, self._wish, self._take = window, host, wish, take
        self._number, self.is_done = next(_numbers), False
        self._end: Callable[[], object] = nothing
        start = Path(os.path.expanduser(wish.start or host.settings.last_folder or Path.home()))  # noqa: PTH111 - it never raises
        if sys.platform in ("win32", "darwin"):
            self._chosen(_native(window, wish, start))
            return
        self._end = host.subscribe(self._on_event)
        host.ask(AskDesktop(number=self._number, wish=wish, start=start))

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DesktopAnswered) and event.number == self._number:
            if event.answer.outcome == "none":
                FileChooser(self._window, self._host, self._wish, event.start, self._chosen)
            else:
                self._chosen(event.answer.paths)
        elif isinstance(event, PathSeen) and event.number == self._number:
            self._save(event)
        elif isinstance(event, OrderFailed) and isinstance(event.order, (AskDesktop, LookAt)):
            self._finish(())

    def _chosen(self, paths: tuple[Path, ...]) -> None:
        if paths and self._wish.kind == "save":
            path = paths[0].with_name(self._wish.with_ending(paths[0].name))
            if path != paths[0]:
                # The dialog has asked about another name, without the ending.
                self._host.ask(LookAt(number=self._number, path=path))
                if sys.platform in ("win32", "darwin"):
                    self._end = self._host.subscribe(self._on_event)
                return
        self._finish(paths)

    def _save(self, event: PathSeen) -> None:
        path = event.path
        if event.kind != "file":
            self._finish((path,))
            return
        ask_replace(self._window, path, lambda: self._finish((path,)), lambda: self._finish(()))

    def _finish(self, paths: tuple[Path, ...]) -> None:
        self._end()
        self.is_done = True
        if paths:
            folder = str(paths[0] if self._wish.kind == "folder" else paths[0].parent)
            if folder != self._host.settings.last_folder:
                self._host.change_settings(replace(self._host.settings, last_folder=folder))
            self._take(paths)


_open: WeakKeyDictionary[tk.Misc, _FileQuestion] = WeakKeyDictionary()


def _native(window: tk.Misc, wish: FileWish, start: Path) -> tuple[Path, ...]:
    """The dialog of Windows or macOS. It keeps the window's loop running while it is open."""
    from tkinter import filedialog

    types = [(wish.words, " ".join(f"*{ending}" for ending in wish.endings)), ("All files", "*")]
    offered = types if wish.endings else types[1:]
    folder = str(start if os.path.isdir(start) else start.parent)  # noqa: PTH112 - it never raises
    if wish.kind == "folder":
        names: tuple[str, ...] = (filedialog.askdirectory(parent=window, title=wish.title, initialdir=folder),)
    elif wish.kind == "save":
        names = (
            filedialog.asksaveasfilename(
                parent=window, title=wish.title, initialdir=folder, initialfile=wish.name, filetypes=offered
            ),
        )
    elif wish.kind == "several":
        found = filedialog.askopenfilenames(parent=window, title=wish.title, initialdir=folder, filetypes=offered)
        names = tuple(found or ())
    else:
        names = (filedialog.askopenfilename(parent=window, title=wish.title, initialdir=folder, filetypes=offered),)
    return tuple(Path(name) for name in names if name)
