"""`Late`: a thing that is made when it is first needed, by the thread that needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Late(Generic[Made]):
    """Makes one thing, once, at the first `get`. What a worker needs takes a hundred times as long to import as to
    make, and the window should be painted before that. Any thread; `make` runs on the one that comes first.
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._once = threading.Lock()
        self.made: Made | None = None

    def get(self) -> Made:
        """The thing; made now if nobody asked for it before."""
        if self.made is None:
            with self._once:
                if self.made is None:
                    self.made = self._make()
        return self.made
