"""What every page is: a frame with a title and keys, told what happens, that puts things off and knows its width."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import ClassVar, Literal

from ...domain.base import colour_roles
from ...pipeline.messages.base import Event
from . import theme
from .basics import Box

SizeClass = Literal["narrow", "usual", "wide"]


class DeferringBox(Box):
    """A box that does things a moment later. What is pending is dropped when it is destroyed."""

    def __init__(self, parent: tk.Misc, ground: colour_roles.Role = "surface", **more: int) -> None:
        super().__init__(parent, ground, **more)
        self._pending: dict[str, str] = {}

    def later(self, name: str, after_ms: int, action: Callable[[], object], *, restart: bool = False) -> None:
        """Do it once after a while, however often it is asked for meanwhile. `restart` counts from the last time."""
        if restart:
            self.not_later(name)
        if name not in self._pending:
            self._pending[name] = self.after(after_ms, self._do, name, action)

    def not_later(self, name: str) -> None:
        """Forget what was to be done under this name."""
        if pending := self._pending.pop(name, ""):
            self.after_cancel(pending)

    def is_pending(self, name: str) -> bool:
        """Whether something is to be done under this name."""
        return name in self._pending

    @property
    def size_class(self) -> SizeClass:
        """How much room the window has across: "narrow" below 1180 px at 100 %, "wide" from 1600 px on."""
        width = self.winfo_toplevel().winfo_width()
        if width < theme.px(theme.NARROW_BELOW):
            return "narrow"
        return "wide" if width >= theme.px(theme.WIDE_FROM) else "usual"

    def _do(self, name: str, action: Callable[[], object]) -> None:
        self._pending.pop(name, None)
        action()

    def destroy(self) -> None:
        """Drop what is pending and go."""
        for name in tuple(self._pending):
            self.not_later(name)
        super().destroy()


class PageFrame(DeferringBox):
    """A page of the window, which calls `shown` when the page comes up, and `on_event` for the events it `FOLLOWS`."""

    FOLLOWS: ClassVar[tuple[type[Event], ...]] = (Event,)

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, "bg")

    @property
    def title(self) -> tuple[str, str]:
        """Words for the top bar: name and a quiet remark."""
        raise NotImplementedError

    @property
    def key_words(self) -> Sequence[tuple[str, str]]:
        """Keys of the page and what they do, for F1."""
        return ()

    @property
    def parent(self) -> str:
        """What a way back to the page's home would be called; "" while it is there."""
        return ""

    def home(self) -> None:
        """Go to the first view of the page, as a click on its name in the rail does."""

    def on_event(self, event: Event) -> None:
        """Something happened."""

    def shown(self) -> None:
        """The page came into sight."""
