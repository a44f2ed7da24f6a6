"""What the window asks of a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..pipeline.events import Event


class Page(Protocol):
    """A page, which is also a Tk frame."""

    @property
    def title(self) -> tuple[str, str]:
        """Words for the top bar: name and a quiet remark."""
        ...

    @property
    def key_words(self) -> Sequence[tuple[str, str]]:
        """Keys of the page and what they do, for F1."""
        ...

    def on_event(self, event: Event) -> None:
        """Something happened."""
        ...

    def shown(self) -> None:
        """The page came into sight."""
        ...
