"""What was said last about pictures, so that it can be taken back and brought again."""

from __future__ import annotations


class UndoStacks:
    """What was said last, in groups: one key press on several pictures is taken back at once."""

    def __init__(self) -> None:
        self._done: list[tuple[str, ...]] = []
        self._undone: list[tuple[str, ...]] = []

    def did(self, event_ids: tuple[str, ...]) -> tuple[str, ...]:
        """Remember a group. What was undone before can no longer be redone."""
        self._done.append(event_ids)
        self._undone.clear()
        return event_ids

    def next(self, *, redo: bool) -> tuple[str, ...]:
        """Take the group to void: the last thing done, or the last undo."""
        stack = self._undone if redo else self._done
        return stack.pop() if stack else ()

    def undid(self, event_ids: tuple[str, ...], *, redo: bool) -> None:
        """Remember the voids just made, so that they can be voided in turn."""
        if event_ids:
            (self._done if redo else self._undone).append(event_ids)
