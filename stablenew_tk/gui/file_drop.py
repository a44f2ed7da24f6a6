"""Files dropped on the window: packs, pictures, models. Where the system's part cannot be loaded, nothing is dropped.

Everything that can be dropped can be chosen by a button, too.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

try:
    from tkinterdnd2 import TkinterDnD
except ImportError:  # an installation without it; the buttons remain
    TkinterDnD = None

Kind = Literal["pack", "picture", "model", ""]
PACKS = frozenset((".txt", ".tsv", ".json"))
PICTURES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif"))
MODELS = frozenset((".safetensors", ".ckpt", ".gguf", ".sft", ".pt", ".pth", ".bin"))


def kind_of(path: Path) -> Kind:
    """What a file is, by its ending."""
    ending = path.suffix.lower()
    return "pack" if ending in PACKS else "picture" if ending in PICTURES else "model" if ending in MODELS else ""


class Drops:
    """Listens for files on a whole window. `dropped(paths)` is called on the main thread."""

    def __init__(self, window: tk.Tk, dropped: Callable[[Sequence[Path]], object]) -> None:
        self._window, self._tell = window, dropped
        self.available = self._register()

    def take(self, data: str) -> str:
        """A drop as Tcl hands it over: a list, with braces around names that have blanks."""
        paths = [Path(str(one)) for one in self._window.tk.splitlist(data)]
        if paths:
            self._tell(paths)
        return "copy"

    def _register(self) -> bool:
        if TkinterDnD is None:
            return False
        window = self._window
        try:
            TkinterDnD._require(window)
            window.tk.call("tkdnd::drop_target", "register", window, ("DND_Files",))
        except (RuntimeError, tk.TclError):
            # "Unable to load tkdnd library": a library of the system is missing.
            return False
        command = window.register(self.take)
        window.tk.call("bind", window, "<<Drop:DND_Files>>", f"{command} %D")
        return True
