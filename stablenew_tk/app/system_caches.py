"""Where libraries of the system keep what they found out: fontconfig about fonts, dconf about the desktop."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ..storage.disk.places import Places

_VARIABLE = "XDG_CACHE_HOME"


@contextmanager
def caches_inside(places: Places) -> Iterator[None]:
    """Context manager around the making of a window: where everything is to be in one folder, this is there, too.

    The variable is as before afterwards, because servers that the user starts from here keep models there. Main thread,
    while no other starts a program.
    """
    if places.kind == "platform":
        yield
        return
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = str(places.cache)
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before
