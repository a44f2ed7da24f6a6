"""The app's own engine in the settings: program, model file, limits."""

from __future__ import annotations

import os
import tkinter as tk
from collections.abc import Callable
from pathlib import Path

from ...app.controller import Controller
from ...app.file_kinds import MODELS
from ...domain.base.errors import InvalidInput
from ...domain.base.file_wish import FileWish
from ...domain.config.number_text import whole_number
from ...domain.config.user_settings import MOST_MEMORY_GB, MOST_THREADS, Settings
from ..widgets import theme
from ..widgets.basics import Box, Button, Label
from ..widgets.entries import Entry
from ..widgets.file_choice import choose_file
from ..widgets.tooltips import tip

ABOUT = (
    "Model files but no WebUI? StableNew starts an sd-server program (of stable-diffusion.cpp) when it is needed,\n"
    "starts it again for another checkpoint and after Stop, and ends it with itself. Nothing is downloaded."
)
_ANY = "no limit"


class OwnEngineFields(Box):
    """The fields; `change(**settings)` when the user has changed one that can be used."""

    def __init__(self, parent: tk.Misc, controller: Controller, change: Callable[..., object]) -> None:
        super().__init__(parent)
        self._controller, self._change = controller, change
        self.program = self._file_row("Program", "sd_server_program", "looked for beside StableNew and on the PATH")
        self.model = self._file_row("Model file", "sd_server_model", "the first checkpoint of the model folders")
        row = self._row("Threads")
        self.threads = Entry(
            row,
            width=150,
            placeholder=_ANY,
            check=_threads,
            on_commit=lambda text: self._change(sd_server_threads=_threads(text)),
        )
        self.threads.pack(side="left")
        label = Label(row, "Memory", ink="text2", wrap=False)
        label.pack(side="left", padx=(theme.px(24), theme.px(8)))
        self.memory = Entry(
            row,
            width=150,
            unit="GB",
            placeholder=_ANY,
            check=_memory_gb,
            on_commit=lambda text: self._change(sd_server_memory_gb=_memory_gb(text)),
        )
        self.memory.pack(side="left")
        self._found = Label(self.program.master, "", size=12, ink="text3")
        self._found.pack(side="left", padx=theme.px(8))
        tip(self.program.field, "The file of the program. Empty: the one that is found.")
        tip(self.model.field, "A picture whose settings name no checkpoint is made with this one.")
        tip(self.memory.field, "The most it may use of the computer's memory. Linux and Windows keep this limit.")

    def show(self, settings: Settings) -> None:
        """Show what is set."""
        self.program.show(settings.sd_server_program)
        self.model.show(settings.sd_server_model)
        self.threads.show(str(settings.sd_server_threads or ""))
        self.memory.show(f"{settings.sd_server_memory_gb:g}" if settings.sd_server_memory_gb else "")

    def show_found(self, program: str) -> None:
        """Say which program is there without naming one; "" = none."""
        self._found.show("Found one." if program else "None found.", "ok" if program else "text3")
        tip(self._found, program or "Neither beside StableNew nor on the PATH")

    def _row(self, caption: str) -> Box:
        row = Box(self)
        row.pack(fill="x", pady=theme.px(2))
        label = Label(row, caption, ink="text2", wrap=False)
        label.configure(width=16)
        label.pack(side="left")
        return row

    def _file_row(self, caption: str, setting: str, placeholder: str) -> Entry:
        def take(text: str) -> None:
            self._change(**{setting: str(Path(os.path.expanduser(text.strip())).absolute()) if text.strip() else ""})  # noqa: PTH111 - it never raises

        def browse() -> None:
            endings = MODELS if setting.endswith("model") else ()
            wish = FileWish(title=caption, words="Model files", endings=endings, start=entry.get())
            choose_file(self, self._controller, wish, lambda file: take(str(file)))

        row = self._row(caption)
        entry = Entry(row, width=440, placeholder=placeholder, on_commit=take)
        entry.pack(side="left")
        Button(row, "Browse…", browse).pack(side="left", padx=theme.px(4))
        return entry


def _threads(text: str) -> int:
    number = whole_number(text.strip() or "0")
    if not 0 <= number <= MOST_THREADS:
        raise InvalidInput(f"Write a number up to {MOST_THREADS}.", "sd_server_threads")
    return number


def _memory_gb(text: str) -> float:
    try:
        gigabytes = float(text.strip().replace(",", ".") or 0)
    except ValueError:
        gigabytes = -1.0
    if not 0 <= gigabytes <= MOST_MEMORY_GB:
        raise InvalidInput(f"Write a number up to {MOST_MEMORY_GB}.", "sd_server_memory_gb")
    return gigabytes
