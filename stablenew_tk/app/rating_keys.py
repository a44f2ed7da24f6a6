"""The keys that rate pictures, the same wherever pictures are rated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from ..domain.base.colour_roles import Role
from ..domain.base.key_press import KeyPress, act_on
from ..pipeline.messages.journal import UnsavedChanged

_MOVES = {
    "Left": "left", "Right": "right", "Up": "up", "Down": "down", "Home": "home", "End": "end", "Prior": "page_up",
    "Next": "page_down",
}  # fmt: skip


def tags_go_to(name: str, stars: int) -> str:
    """Which picture the next tag or note is for, when it is not the one in sight. `stars` 0 = not known yet."""
    given = f" ({stars} {'star' if stars == 1 else 'stars'})" if stars else ""
    return f"Tags go to: {name}{given}"


class RatingTarget(Protocol):
    """The pictures of a page as the keys see them. Rows are those of the history."""

    def rate(self, stars: int) -> None:
        """Give 1 to 5 stars and go on, or clear with 0."""

    def rows(self) -> list[int]:
        """The pictures that a tag is about now: right after stars that went on by themselves the one just rated.

        None when the key shall do nothing.
        """

    def tags_of(self, row: int) -> Sequence[str]:
        """The tags of a picture as they hold now."""

    def tell(
        self, rows: list[int], *, added: Iterable[str] = (), removed: Iterable[str] = (), note: str | None = None
    ) -> None:
        """Record the same about all these pictures."""

    def next_unrated(self) -> bool:
        """Go to the next picture without stars. False when there is none."""

    def move(self, how: str, *, extend: bool) -> bool:
        """Move by a key, adding to what is chosen with `extend`. False when the key belongs to somebody else."""

    def undo(self, *, redo: bool) -> bool:
        """Take the last feedback back, or bring it back. False when there is nothing."""

    def say(self, sentence: str, ink: Role = "text2") -> None:
        """Show a sentence below the pictures; "" takes it away."""


class RatingKeys:
    """Answers keys for one target. `tags()` maps letters to tags; `plain` and `control` are the page's own keys."""

    def __init__(
        self,
        target: RatingTarget,
        tags: Callable[[], Mapping[str, str]],
        plain: Mapping[str, Callable[[], object]],
        control: Mapping[str, Callable[[], object]] | None = None,
    ) -> None:
        self._target, self._tags = target, tags
        self._plain = {"u": self.next_unrated, **plain}
        self._control = {"y": lambda: self.undo(redo=True), **(control or {})}

    def answer(self, press: KeyPress) -> bool:
        """Do what a key means; False when it means nothing here."""
        if press.stars is not None:
            self._target.rate(press.stars)
            return True
        if press.control:
            name = press.name.lower()
            return act_on({"z": lambda: self.undo(redo=press.shift), **self._control}, name)
        if tag := self._tags().get(press.letter):
            self.toggle_tag(tag)
            return True
        if press.name in _MOVES and self._target.move(_MOVES[press.name], extend=press.shift):
            return True
        return act_on(self._plain, press.letter or press.name)

    def toggle_tag(self, tag: str) -> None:
        """Add a tag to all pictures the keys are about; take it away when all of them have it."""
        rows = self._target.rows()
        without = [row for row in rows if tag not in self._target.tags_of(row)]
        if without:
            self._target.tell(without, added=(tag,))
        else:
            self._target.tell(rows, removed=(tag,))

    def note(self, row: int, text: str) -> None:
        """Write a note on the picture it was typed for."""
        self._target.tell([row], note=text)

    def undo(self, *, redo: bool = False) -> None:
        """Take the last feedback back, or bring it back."""
        if not self._target.undo(redo=redo):
            self._target.say("Nothing to redo." if redo else "Nothing to undo.")

    def next_unrated(self) -> None:
        """Go to the next picture without stars."""
        if not self._target.next_unrated():
            self._target.say("Everything shown is rated.")

    def tell_unsaved(self, event: UnsavedChanged) -> None:
        """Say how much the disk has refused so far."""
        if event.count:
            sentence = f"{event.count:,} not saved yet, tried again every 2 s. {event.message}".strip()
            self._target.say(sentence, "danger")
        else:
            self._target.say("")
