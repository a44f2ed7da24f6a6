"""`FileWish`: what a user is asked for when a file or folder is to be chosen."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

ChoiceKind = Literal["open", "several", "folder", "save"]


class FileWish(Struct, frozen=True, kw_only=True):
    """One question for files. `endings` (".png") are offered under the name `words`, beside all files; () = all files.

    `start` is a file or folder to begin at, "" where the last choice was made. `name` is proposed for a file to save.
    """

    title: str
    kind: ChoiceKind = "open"
    words: str = ""
    endings: tuple[str, ...] = ()
    start: str = ""
    name: str = ""

    def fits(self, name: str) -> bool:
        """Whether a file of this name is offered."""
        return not self.endings or name.lower().endswith(self.endings)

    def with_ending(self, name: str) -> str:
        """The name of a file to save, with the first ending if it has none of them."""
        return name if self.fits(name) else name + self.endings[0]
