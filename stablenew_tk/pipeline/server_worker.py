"""`ServerWork`: orders of the server thread: starts the user's own server, reads what it prints, ends it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import singledispatchmethod
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ..domain.base.errors import InvalidInput
from ..domain.base.printed import PrintedLines
from ..storage.programs.start_command import ready_command
from ..storage.programs.started_server import ServerFiles, StartedServer, find_server, start_server
from .messages.base import Event, Order
from .messages.jobs import CheckBackend
from .messages.server import (
    MOST_LINES,
    CloseServer,
    FindServer,
    ServerChanged,
    ServerState,
    StartServer,
    StopServer,
    WatchServer,
)

Look = Callable[[CheckBackend], Literal["no", "nearly", "yes"]]


class ServerTiming(Struct, frozen=True, kw_only=True):
    """Seconds: `watch_s` between two looks at process and output, `look_s` between two looks at its address, `grace_s`
    for it to end by itself, `close_s` the same when this program ends. `nearly` looks with settings alone are enough.
    """

    watch_s: float = 0.15
    look_s: float = 1.5
    grace_s: float = 10.0
    close_s: float = 5.0
    nearly: int = 12


class ServerWork:
    """Carries out the orders of one thread. `look` says whether a server answers at an address; it may block."""

    def __init__(self, files: ServerFiles, look: Look, timing: ServerTiming | None = None) -> None:
        self._files = files
        self._look_at = look
        self._timing = timing or ServerTiming()
        self._server: StartedServer | None = None
        self._lines = PrintedLines()
        self._state = ServerState()
        self._look: CheckBackend | None = None
        self._next_look = 0.0
        self._nearly = 0
        self._kill_at = 0.0

    @singledispatchmethod
    def perform(self, order: Order) -> Event | None:
        """Carry out an order and return the event that answers it."""
        raise InvalidInput(f"The server thread does not know the order {type(order).__name__}.")

    @perform.register
    def _(self, _order: FindServer) -> ServerChanged:
        if self._server is None and (found := find_server(self._files)) is not None:
            self._server, self._lines = found, PrintedLines()
            self._state = ServerState(phase="running", pid=found.pid, is_from_before=True, left=found.note.left)
        return self._told(is_new=True)

    @perform.register
    def _(self, order: StartServer) -> ServerChanged:
        if self._server is not None:
            raise InvalidInput(f"The server runs already (pid {self._server.pid}). Stop it first.", "start_command")
        self._server = start_server(ready_command(order.command, order.folder), self._files)
        self._lines, self._look, self._nearly = PrintedLines(), order.look, 0
        self._next_look = time.monotonic() + self._timing.look_s
        self._state = ServerState(phase="starting" if order.look is not None else "running", pid=self._server.pid)
        return self._told(is_new=True)

    @perform.register
    def _(self, _order: WatchServer) -> ServerChanged:
        if self._server is not None:
            time.sleep(self._timing.watch_s)
        return self._told()

    @perform.register
    def _(self, order: StopServer) -> ServerChanged:
        if self._server is not None:
            self._server.end(force=order.force)
            self._kill_at = time.monotonic() + self._timing.grace_s
            self._state = replace(self._state, phase="stopping")
        return self._told()

    @perform.register
    def _(self, order: CloseServer) -> ServerChanged:
        server = self._server
        if server is None or not server.is_running:
            return self._told()
        if not order.stop:
            if order.wanted:
                server.leave()
            else:
                server.let_go()
            return self._told()
        server.end(force=False)
        until = time.monotonic() + self._timing.close_s
        while server.is_running and time.monotonic() < until:
            time.sleep(self._timing.watch_s)
        server.end(force=True)
        server.wait()
        return self._told()

    def _told(self, *, is_new: bool = False) -> ServerChanged:
        # Looked at before its output is read: the last words of one that has ended must not be missed.
        self._follow()
        lines: list[str] = []
        skipped, ended = 0, False
        if self._server is not None:
            data, skipped = self._server.printed()
            lines = self._lines.take(data)
            if not self._state.is_there:
                ended = True
                rest = self._lines.unfinished
                lines += [rest] if rest else []
                self._server.forget()
                self._server, self._lines = None, PrintedLines()
        return ServerChanged(
            state=self._state,
            lines=tuple(lines[-MOST_LINES:]),
            unfinished=self._lines.unfinished,
            skipped=skipped,
            is_new=is_new,
            has_just_ended=ended,
        )

    def _follow(self) -> None:
        server, now = self._server, time.monotonic()
        if server is None:
            return
        if not server.is_running:
            stopped = self._state.phase == "stopping"
            self._state = ServerState(phase="stopped" if stopped else "ended", code=server.exit_code)
        elif self._state.phase == "stopping" and now >= self._kill_at:
            server.end(force=True)
        elif self._state.phase == "starting" and self._look is not None and now >= self._next_look:
            answer = self._look_at(self._look)
            self._nearly += answer == "nearly"
            if answer == "yes" or self._nearly >= self._timing.nearly:
                self._state = replace(self._state, phase="running")
            self._next_look = time.monotonic() + self._timing.look_s
