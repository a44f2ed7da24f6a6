"""An object that a tool wrote, while it is being read: what was not taken from it can be listed at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from .recipe import RecipeDraft

Json = dict[str, object]
_MOST = 400
# An empty value, or something that was off, says nothing.
_NOTHING: tuple[object, ...] = (None, "", False, [], {})


class Told:
    """The values of one object by their names there."""

    def __init__(self, document: Mapping[str, object]) -> None:
        self.document = document
        self._taken: set[str] = set()

    def get(self, key: str) -> object:
        """A value, which is not taken by that; None where there is none."""
        return self.document.get(key)

    def take(self, *keys: str) -> object:
        """The first value of some names that says anything, which is taken by that. None where none does."""
        for key in keys:
            if (value := self.document.get(key)) is not None and value != "":
                self._taken.add(key)
                return value
        return None

    def rest(self) -> Iterator[tuple[str, object]]:
        """The names and values that were not taken and say anything."""
        for key, value in islice(self.document.items(), _MOST):
            if key not in self._taken and not any(value is one or value == one for one in _NOTHING):
                yield key, value

    def leave_out_rest(self, draft: RecipeDraft, about: tuple[str, ...] = (), *, quiet: bool = False) -> None:
        """List what was not taken, with a sentence unless it is `quiet` or tells `about` the picture or its files."""
        for key, value in self.rest():
            if key in about:
                draft.leave_out(key, value, "It tells about the picture or its files and is no setting.")
            elif quiet:
                draft.leave_out(key, value, "It has no place here.")
            else:
                draft.unplaced(key, value)
