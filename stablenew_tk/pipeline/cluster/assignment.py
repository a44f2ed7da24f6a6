"""`Assignment`: a job for one machine of the cluster; `Link`: what a machine needs of the connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from .wire import Progress, Versions


class Assignment(Struct, frozen=True, kw_only=True):
    """A job for one machine: `key` and bytes of the request, `tags` are what the machine must have. `waits(sentence)`
    is told while it is away, "" when it is there; `stops()` is asked whether to give up.
    """

    machine: str
    key: str
    request: bytes
    tags: Sequence[str] = ()
    stops: Callable[[], bool]
    stop_request: bytes
    waits: Callable[[str], None] = lambda _why: None


class Link(Protocol):
    """The operator's connection as its machines use it; see `link.ClusterLink`."""

    versions: Versions

    def make(self, one: Assignment) -> object: ...
    def ask(self, machine: str, request: bytes) -> object: ...
    def tell(self, machine: str, request: bytes, *, lasting: bool = False) -> None: ...
    def progress_of(self, key: str) -> Progress | None: ...
    def is_connected(self, machine: str) -> bool: ...
