"""ULIDs: unique ids that sort by time, for runs, jobs, pictures and journal lines."""

from __future__ import annotations

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32: no I, L, O, U to misread
ID_LENGTH = 26
# Two characters at a time: a run may need thousands of ids at one click.
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS = range(120, -10, -10)


def ulid(unix_ms: int, randomness: bytes) -> str:
    """26 characters that sort by time (ulid.org layout): 48 bits of milliseconds, then 80 random bits.

    `randomness` is 10 bytes; raises ValueError for other lengths or a time outside 48 bits.
    """
    if len(randomness) != 10 or not 0 <= unix_ms < 1 << 48:
        raise ValueError("a ulid needs 10 random bytes and a time in milliseconds of at most 48 bits")
    number = (unix_ms << 80) | int.from_bytes(randomness, "big")
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])
