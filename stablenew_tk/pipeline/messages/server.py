"""Messages about the server that the user's own command starts: start, watch, stop, and what it prints."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from .base import Event, Order
from .jobs import CheckBackend

MOST_LINES = 2000  # of what a server printed, so many are kept
ServerPhase = Literal["stopped", "starting", "running", "stopping", "ended"]
_WORDS: dict[ServerPhase, str] = {
    "stopped": "not running",
    "starting": "starting",
    "running": "running",
    "stopping": "stopping",
    "ended": "ended",
}


class ServerState(Struct, frozen=True, kw_only=True):
    """What the server does. `pid` 0 = none runs. `code` is its exit code, negative for a signal, None = unknown.

    "starting" until it answers at the address where it is looked for; without one it is "running" at once.
    `is_from_before`: an earlier run of this program started it; `left`: the user wanted it to go on without it.
    """

    phase: ServerPhase = "stopped"
    pid: int = 0
    code: int | None = None
    is_from_before: bool = False
    left: bool = False

    @property
    def is_there(self) -> bool:
        """Whether a process runs."""
        return self.phase in ("starting", "running", "stopping")

    def __str__(self) -> str:
        told = _WORDS[self.phase]
        if self.is_there:
            return f"{told} (pid {self.pid}{', from an earlier start' if self.is_from_before else ''})"
        if self.phase == "ended" and self.code is not None:
            return f"ended by signal {-self.code}" if self.code < 0 else f"ended with exit code {self.code}"
        return told


class ServerOrder(Order, frozen=True, kw_only=True):
    """Base class of orders about the server; ServerChanged answers each, or OrderFailed."""


class FindServer(ServerOrder, frozen=True, kw_only=True):
    """Look for a server that an earlier run of this program started."""


class StartServer(ServerOrder, frozen=True, kw_only=True):
    """Start the command in the folder ("" = that of its program). `look` is where it should answer, None = unknown."""

    command: str
    folder: str = ""
    look: CheckBackend | None = None


class WatchServer(ServerOrder, frozen=True, kw_only=True):
    """Wait a moment and tell what is new."""


class StopServer(ServerOrder, frozen=True, kw_only=True):
    """End it: at first it is asked to, and by force when it still runs a while later, or at once with `force`."""

    force: bool = False


class CloseServer(ServerOrder, frozen=True, kw_only=True):
    """This program ends. With `stop` the server does too, within seconds; else it goes on.

    `wanted`: the user said so, and the next start does not ask what is to become of it.
    """

    stop: bool
    wanted: bool


class ServerChanged(Event, frozen=True, kw_only=True):
    """The state of the server, and what it printed since the last time.

    `lines` are whole, `unfinished` is the line being printed. `skipped` bytes before them were left out. `is_new`: the
    lines are those of a new start; `has_just_ended`: it ran until now.
    """

    state: ServerState
    lines: tuple[str, ...] = ()
    unfinished: str = ""
    skipped: int = 0
    is_new: bool = False
    has_just_ended: bool = False
