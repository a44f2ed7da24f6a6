"""Tells pictures apart by their pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

# Rows hashed at a time: the raw bytes of a whole picture are several MB, and to fetch new memory for them takes longer
# than to hash them.
_ROWS = 64


def pixel_digest(mode: str, width: int, height: int, rows: Callable[[int, int], bytes]) -> str:
    """The SHA-256 of a decoded picture: mode, size and raw bytes.

    `mode` is Pillow's ("RGB"; never "P", whose bytes say nothing without the colours). `rows` gives the raw bytes of
    the rows from the first number up to, not including, the second.
    """
    digest = hashlib.sha256(f"{mode} {width} {height} ".encode())
    for top in range(0, height, _ROWS):
        digest.update(rows(top, min(height, top + _ROWS)))
    return digest.hexdigest()
