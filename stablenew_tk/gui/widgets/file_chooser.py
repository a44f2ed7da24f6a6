"""Our own file chooser, where the desktop has none: places, a typed path that completes itself, folders and files.

The file thread looks at the disk; a folder on a drive that hangs leaves the window as it is.
"""

from __future__ import annotations

import itertools
import os
import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from ...domain.base.file_wish import FileWish
from ...domain.base.wording import counted
from ...pipeline.messages.base import Event, Order, OrderFailed
from ...pipeline.messages.files import FindPlaces, FolderListed, ListFolder, LookAt, PathSeen, UsualPlacesFound
from . import theme
from .basics import Box, Button, Label, Separator
from .controls import Check
from .entries import Entry
from .modal import Decision, ModalBox, QuestionBox, nothing
from .popups import ChoiceField, MenuEntry
from .row_list import ListRow, RowList
from .tooltips import tip

_WIDTH, _HEIGHT, _PLACES = 780, 560, 164
_FITTING, _ALL = "fitting", "all"
_VERBS = {"open": "Open", "several": "Add", "folder": "Use this folder", "save": "Save"}
_numbers = itertools.count(1)


class FileAnswers(Protocol):
    """What is needed of the controller: it carries out orders and announces their answers."""

    def ask(self, order: Order, *, last: bool = False) -> None: ...

    def subscribe(self, subscriber: Callable[[Event], None]) -> Callable[[], None]: ...


class FileChooser(ModalBox):
    """The chooser. `done(paths)` is called once, with () when the user gave it up.

    `folder` is the one in sight; what is typed behind it narrows the list, and Tab completes it.
    """

    def __init__(
        self,
        parent: tk.Misc,
        answers: FileAnswers,
        wish: FileWish,
        start: Path,
        done: Callable[[tuple[Path, ...]], object],
    ) -> None:
        super().__init__(parent, width=_WIDTH, height=_HEIGHT)
        self._answers, self.wish, self._done = answers, wish, done
        self.folder = start
        self._listing = self._looking = 0
        self._uses_folder = False
        self._content = FolderListed(number=0, path=start)
        self._shown: tuple[tuple[str, bool], ...] = ()  # names in sight, and whether they are folders
        self._places: tuple[tuple[str, Path], ...] = ()
        self._back_to = ""  # name that is to be chosen when its folder is listed
        self.ticked: tuple[Path, ...] = ()
        self._build()
        self._end = answers.subscribe(self._on_event)
        answers.ask(FindPlaces(number=next(_numbers)))
        self.go(start)
        self.open(self.name.field if wish.kind == "save" else self.rows.canvas)
        self.path.field.bind("<Tab>", lambda _event: self._complete())

    def dismiss(self) -> None:
        """Give it up."""
        self._finish(())

    # ---- building

    def _build(self) -> None:
        side = theme.px(theme.PAD)
        Label(self.body, self.wish.title, size=15, bold=True).pack(anchor="w", padx=side, pady=(theme.px(12), 0))
        self._build_path()
        # Packed first, so that a low window takes room from the list, never from the buttons.
        self._build_foot()
        Separator(self.body).pack(side="bottom", fill="x")
        self._problem = Label(self.body, "", size=12, ink="danger", wrap=True)
        middle = Box(self.body)
        middle.pack(fill="both", expand=True)
        left = Box(middle, width=theme.px(_PLACES))
        left.pack_propagate(False)
        left.pack(side="left", fill="y")
        self.places = RowList(left, on_select=lambda at: self.go(self._places[at][1]))
        self.places.pack(fill="both", expand=True)
        Separator(middle).pack(side="left", fill="y")
        self.rows = RowList(
            middle,
            on_select=lambda _at: self._show_buttons(),
            on_open=self._opened,
            on_check=self._tick,
            empty="Nothing to choose here.",
        )
        self.rows.pack(side="left", fill="both", expand=True)
        for key in ("<BackSpace>", "<Alt-Up>"):
            self.rows.canvas.bind(key, lambda _event: self.go_up())
        self.rows.canvas.bind("<slash>", lambda _event: self._to_path(self.folder.anchor))
        self.rows.canvas.bind("<asciitilde>", lambda _event: self._to_path(f"~{os.sep}"))

    def _build_path(self) -> None:
        row = Box(self.body)
        row.pack(fill="x", padx=theme.px(theme.PAD - theme.RING), pady=(theme.px(6), theme.px(4)))
        self.up = Button(row, "Up", self.go_up, kind="outline")
        self.up.pack(side="left")
        tip(self.up, "To the folder above (Backspace)")
        self.path = Entry(row, width=400, on_edit=self._typed)
        self.path.pack(side="left", fill="x", expand=True)
        again = ", and again takes it" if self.wish.kind == "folder" else ""
        tip(self.path.field, f"Type a path; Tab completes it, Return goes there{again}")
        for key in ("<Return>", "<KP_Enter>"):
            self.path.field.bind(key, lambda _event: self._go_typed())
        self.path.field.bind("<Down>", lambda _event: self._to_rows())

    def _build_foot(self) -> None:
        wish, side = self.wish, theme.px(theme.PAD - theme.RING)
        foot = Box(self.body)
        foot.pack(side="bottom", fill="x", padx=side, pady=theme.px(10))
        self.name = Entry(foot, wish.name, width=280, placeholder="name of the file", on_edit=self._show_buttons_for)
        self.name.field.bind("<Return>", lambda _event: self.take())
        if wish.kind == "save":
            self.name.pack(side="left")
        all_files = MenuEntry(_ALL, "All files")
        words = f"{wish.words} ({' '.join(wish.endings)})"
        kinds = (MenuEntry(_FITTING, words), all_files) if wish.endings else (all_files,)
        self.kind = ChoiceField(foot, kinds, lambda _kind: self._list(), value=kinds[0].value, width=200)
        if wish.kind != "folder" and wish.endings:
            self.kind.pack(side="left")
        self.hidden = Check(foot, "Hidden", lambda _on: self._list())
        self.hidden.pack(side="left", padx=theme.px(8))
        tip(self.hidden, "Show names that begin with a dot")
        self.cancel = Button(foot, "Cancel", self.dismiss)
        self.button = Button(foot, _VERBS[wish.kind], self.take, kind="main")
        self.button.pack(side="right")
        self.cancel.pack(side="right")

    # ---- where we are

    def go(self, folder: Path) -> None:
        """Show a folder."""
        self.folder = folder
        self.path.set(_with_separator(folder))
        self.path.field.icursor("end")
        self.path.field.xview_moveto(1.0)
        self._list()

    def go_up(self) -> str:
        """Show the folder above, with the one we come from chosen."""
        if self.folder.parent != self.folder:
            came_from = self.folder.name
            self.go(self.folder.parent)
            self._back_to = came_from
        return "break"

    def _list(self) -> None:
        self._back_to = ""
        self._listing = next(_numbers)
        self._answers.ask(
            ListFolder(
                number=self._listing,
                path=self.folder,
                wish=self.wish,
                hidden=self.hidden.on or self._typed_name.startswith("."),
                all_files=self.kind.value == _ALL,
            )
        )

    @property
    def _typed_name(self) -> str:
        """What is typed behind the last separator."""
        return _split(self.path.get())[1]

    def _typed(self, text: str) -> None:
        folder, name = _split(text)
        self._tell("")
        if folder != self.folder and folder.is_absolute():
            self.folder = folder
            self._list()
        elif name.startswith(".") and not self.hidden.on:
            self._list()
        else:
            self._show()

    def _complete(self) -> str:
        """Write what all names in sight have in common; where that is nothing more, go to the next field."""
        name, names = self._typed_name, [shown for shown, _ in self._shown]
        common = _common_start([one.casefold() for one in names]) if name else 0
        only = len(names) == 1
        if common <= len(name) and not (only and name and self._shown[0][1]):
            return self._step(1)
        written = names[0] if only else names[0][:common]
        path = f"{_with_separator(self.folder)}{written}"
        if only and self._shown[0][1]:
            self.go(Path(path))
        else:
            self.path.set(path)
            self.path.field.icursor("end")
            self._show()
        return "break"

    def _go_typed(self) -> str:
        text = self.path.get().strip()
        if self.wish.kind == "folder" and self._is_in_sight:
            self.take()
        elif text:
            self._look(Path(_expanded(text)))
        return "break"

    def _to_path(self, beginning: str) -> str:
        """Who types a path while the list has the keyboard types a whole one."""
        self.path.set(beginning)
        self._typed(beginning)
        self.path.field.focus_set()
        self.path.field.icursor("end")
        return "break"

    def _to_rows(self) -> str:
        self.rows.focus_set()
        if self.rows.selected < 0 and self._shown:
            self.rows.select(0, tell=True)
        return "break"

    # ---- what is told

    def _on_event(self, event: Event) -> None:
        if isinstance(event, FolderListed) and event.number == self._listing:
            self._content = event
            self._tell(event.problem)
            self._show()
        elif isinstance(event, UsualPlacesFound) and not self._places:
            self._places = event.places
            self.places.show_rows([ListRow(name, mark="folder") for name, _ in event.places], -1)
        elif isinstance(event, PathSeen) and event.number == self._looking:
            self._seen(event)
        elif isinstance(event, OrderFailed) and isinstance(event.order, (ListFolder, LookAt)):
            self._tell(event.message)

    def _seen(self, event: PathSeen) -> None:
        """The path that was typed, or put together from folder and name, was looked at."""
        path, saving, kind = event.path, self.wish.kind == "save", event.kind
        if kind == "folder" and self._uses_folder:
            self._finish((path,))
        elif kind == "folder":
            self.go(path)
        elif kind == "nowhere":
            self._tell(f"There is no folder {path.parent}.")
        elif saving and kind == "file":
            ask_replace(self, path, lambda: self._finish((path,)))
        elif saving or (kind == "file" and self.wish.kind != "folder"):
            self._finish((path,))
        else:
            self._tell(f"{path} is a file, not a folder." if kind == "file" else f"There is no file {path}.")

    def _tell(self, problem: str) -> None:
        self._problem.show(problem)
        if problem and not self._problem.winfo_manager():
            self._problem.pack(side="bottom", fill="x", padx=theme.px(theme.PAD), pady=theme.px(4))
        elif not problem:
            self._problem.pack_forget()

    def _show(self) -> None:
        content, begin = self._content, self._typed_name.casefold()
        if content.path != self.folder:
            return
        folders = [(name, True) for name in content.folders if name.casefold().startswith(begin)]
        files = [(name, False) for name in content.files if name.casefold().startswith(begin)]
        self._shown = (*folders, *files)
        back = self._back_to
        at = next((n for n, (name, _) in enumerate(self._shown) if name == back), -1) if back else -1
        if at < 0 and self._shown:
            at = 0
        self.rows.show(len(self._shown), self._row, at)
        self.rows.scroll_to(0)
        if at > 0:
            self.rows.see(at)
        self._show_buttons()

    def _row(self, index: int) -> ListRow:
        name, is_folder = self._shown[index]
        ticks = self.wish.kind == "several" and not is_folder
        return ListRow(
            name,
            mark="folder" if is_folder else "" if ticks else "image" if _is_picture(name) else "packs",
            mark_ink="accent_text" if is_folder else "text3",
            checked=(self.folder / name in self.ticked) if ticks else None,
        )

    def _show_buttons_for(self, _name: str) -> None:
        self._show_buttons()

    def _show_buttons(self) -> None:
        kind, picked = self.wish.kind, self._picked
        if kind == "several" and self.ticked:
            self.button.set_text(f"Add {counted(len(self.ticked), 'file')}")
        elif kind != "folder":
            self.button.set_text("Open folder" if picked is not None and picked[1] and kind != "save" else _VERBS[kind])
        able = kind == "folder" or bool(self.ticked) or picked is not None
        if kind == "save":
            able = bool(self.name.get().strip())
        self.button.enable(able, "Write a name first." if kind == "save" else "Choose a file first.")
        self.up.enable(self.folder.parent != self.folder, "This is the uppermost folder.")

    @property
    def _picked(self) -> tuple[str, bool] | None:
        at = self.rows.selected
        return self._shown[at] if 0 <= at < len(self._shown) else None

    # ---- what is chosen

    def _opened(self, index: int) -> None:
        name, is_folder = self._shown[index]
        if is_folder:
            self.go(self.folder / name)
        elif self.wish.kind == "save":
            self.name.set(name)
            self.take()
        elif self.wish.kind == "several":
            self._tick(index)
        else:
            self._finish((self.folder / name,))

    def _tick(self, index: int) -> None:
        path = self.folder / self._shown[index][0]
        self.ticked = tuple(one for one in self.ticked if one != path) if path in self.ticked else (*self.ticked, path)
        self.rows.refresh()
        self._show_buttons()

    def take(self) -> str:
        """Take what is chosen: what the button says."""
        kind, picked = self.wish.kind, self._picked
        if kind == "folder":
            self._look_at_folder()
        elif kind == "save":
            if name := self.name.get().strip():
                self._look(self.folder / _expanded(self.wish.with_ending(name)))
        elif kind == "several" and self.ticked:
            self._finish(self.ticked)
        elif picked is not None and picked[1]:
            self.go(self.folder / picked[0])
        elif picked is not None:
            self._finish((self.folder / picked[0],))
        return "break"

    @property
    def _is_in_sight(self) -> bool:
        """Whether the path names the folder whose content is shown."""
        return self._content.path == self.folder and not self._typed_name and not self._content.problem

    def _look_at_folder(self) -> None:
        if self._is_in_sight:
            self._finish((self.folder,))
        elif text := self.path.get().strip():
            self._look(Path(_expanded(text)), use=True)

    def _look(self, path: Path, *, use: bool = False) -> None:
        """Look at a path: a folder is gone to, or with `use` chosen."""
        self._looking, self._uses_folder = next(_numbers), use
        self._answers.ask(LookAt(number=self._looking, path=path))

    def _finish(self, paths: tuple[Path, ...]) -> None:
        if self.is_open:
            self._end()
            self.close()
            self._done(paths)


def ask_replace(parent: tk.Misc, path: Path, yes: Callable[[], object], no: Callable[[], object] = nothing) -> None:
    """Ask whether a file that exists is to be replaced."""
    answers = (Decision("Replace it", yes), Decision("Keep it", no))
    QuestionBox(parent, f"Replace {path.name}?", f"There is a file of this name in {path.parent}.", answers)


def _expanded(text: str) -> str:
    return os.path.expanduser(text)  # noqa: PTH111 - a path that is still being typed


def _split(text: str) -> tuple[Path, str]:
    """The folder of a typed path and what stands behind it."""
    head, tail = os.path.split(_expanded(text))
    return Path(head or text or os.sep), tail


def _common_start(names: Sequence[str]) -> int:
    """How many letters all names begin with."""
    return next(
        (at for at, letters in enumerate(zip(*names, strict=False)) if len(set(letters)) > 1),
        min(map(len, names), default=0),
    )


def _with_separator(folder: Path) -> str:
    text = str(folder)
    return text if text.endswith(os.sep) else text + os.sep


def _is_picture(name: str) -> bool:
    return name.lower().endswith((".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".tif", ".tiff"))
