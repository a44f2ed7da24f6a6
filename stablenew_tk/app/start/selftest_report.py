"""What `--selftest` answers. Imports nothing of Tk, so that it can be told where there is none."""

from __future__ import annotations

from msgspec import Struct

# Seconds: of the processor, for the whole test in the inner program; without any work, before the outer one ends it.
LIMIT_S, PATIENCE_S = 13.0, 12.0
CLUSTER_S = 60.0  # for its three programs


class SelfTest(Struct, frozen=True, kw_only=True):
    """What worked. `ok` only when everything did; otherwise `problem` is a sentence.

    `cluster` is "ok", "not installed", or what went wrong; "" when the rest failed before.
    """

    ok: bool
    window: bool = False
    picture: bool = False
    job: str = ""
    record: bool = False
    cluster: str = ""
    seconds: float = 0.0
    problem: str = ""
