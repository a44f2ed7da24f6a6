"""What `--selftest` answers. Imports nothing of Tk, so that it can be told where there is none."""

from __future__ import annotations

from msgspec import Struct

# The whole test in the inner program, and how long the outer one waits for it: both in seconds.
LIMIT_S, PATIENCE_S = 13.0, 18.0


class SelfTest(Struct, frozen=True, kw_only=True):
    """What worked. `ok` only when everything did; otherwise `problem` is a sentence."""

    ok: bool
    window: bool = False
    picture: bool = False
    job: str = ""
    record: bool = False
    seconds: float = 0.0
    problem: str = ""
