"""The one function that the cluster calls: bytes in, bytes out. It is found by its name at every machine."""

from __future__ import annotations

from collections.abc import Callable

Answering = Callable[[bytes], bytes]
_worker: list[Answering] = []


def serve(answering: Answering | None) -> None:
    """What `answer` does in this process from now on; None = nothing."""
    _worker[:] = [answering] if answering is not None else []


def answer(request: bytes) -> bytes:
    """Carry out a request of the operator (`wire.Request`); its answer (`wire.Answer`). Any thread."""
    if not _worker:
        raise RuntimeError("no worker of StableNew in this process")
    return _worker[0](request)
