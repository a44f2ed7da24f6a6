"""Put off until after the first paint: `Late` makes a thing when it is first needed, by the thread that needs it;
`import_soon` imports modules on a thread of its own.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Late(Generic[Made]):
    """Makes one thing, once, at the first `now`. What a worker needs takes a hundred times as long to import as to
    make, and the window should be painted before that. Any thread; `make` runs on the one that comes first.
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._once = threading.Lock()
        self.made: Made | None = None

    def now(self) -> Made:
        """The thing; made now if nobody asked for it before."""
        if self.made is None:
            with self._once:
                if self.made is None:
                    self.made = self._make()
        return self.made


def import_soon(modules: Iterable[str], pause_s: float) -> Callable[[], bool]:
    """Import these modules one by one on a thread of its own, with a pause after each, so that keys and the pointer
    come first. Call what is returned to know whether that is done. Whoever wants a module before waits for that one
    only, and is the one who is told when it cannot be imported.
    """

    def work() -> None:
        for name in modules:
            with contextlib.suppress(ImportError):
                import_module(name)
            time.sleep(pause_s)

    thread = threading.Thread(target=work, name="imports")
    thread.start()
    return lambda: not thread.is_alive()
