"""Undo and redo stacks for feedback given in this session."""

from __future__ import annotations


class UndoStacks:
    """Event ids of the latest lines, in groups: one key press on several pictures is undone at once."""

    def __init__(self) -> None:
        self._done: list[tuple[str, ...]] = []
        self._undone: list[tuple[str, ...]] = []

    def did(self, event_ids: tuple[str, ...]) -> tuple[str, ...]:
        """Push a new group on the undo stack and clear the redo stack."""
        self._done.append(event_ids)
        self._undone.clear()
        return event_ids

    def next(self, *, redo: bool) -> tuple[str, ...]:
        """Pop the group of lines to void: for an undo the last group, for a redo the voids of the last undo."""
        stack = self._undone if redo else self._done
        return stack.pop() if stack else ()

    def undid(self, event_ids: tuple[str, ...], *, redo: bool) -> None:
        """Push the void lines that were just made on the opposite stack."""
        if event_ids:
            (self._done if redo else self._undone).append(event_ids)
