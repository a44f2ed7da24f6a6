"""`OwnServer`: the server that the user's own command starts: what it does, and the end of what it printed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...domain.config.engines import SD_SERVER, SKETCH
from ...domain.config.user_settings import Settings
from ...pipeline.late import Late
from ...pipeline.messages.base import Event, OrderFailed
from ...pipeline.messages.jobs import CheckBackend, backend_order
from ...pipeline.messages.server import (
    MOST_LINES,
    CloseServer,
    FindServer,
    ServerChanged,
    ServerOrder,
    ServerState,
    StartServer,
    StopServer,
    WatchServer,
)
from ...pipeline.workers import Desk, Inbox
from ...storage.disk.places import Places

if TYPE_CHECKING:
    from ...backends.remote.backend import Readiness
    from ...pipeline.server_worker import ServerWork


class OwnServer:
    """Main thread only; every method returns at once, except `close`. ServerChanged tells of everything.

    Nothing is ever started by itself, unless the settings say so. `lines` are the last that it printed, at most 2,000.
    """

    def __init__(self, places: Places, inbox: Inbox, settings: Callable[[], Settings]) -> None:
        self.state = ServerState()
        self.lines: deque[str] = deque(maxlen=MOST_LINES)
        self.unfinished = ""
        # What the user wants to happen when the program closes, once asked; until then as the settings say.
        self.stop_at_close: bool | None = None
        self._places, self._inbox, self._settings = places, inbox, settings
        self._desk: Desk | None = None
        self._opening = False

    @property
    def asks_at_close(self) -> bool:
        """Whether the user is to be asked what happens to it when the program closes."""
        is_watched = self._desk is not None and self.state.is_there and not self.state.left
        return is_watched and self._settings().server_at_close == "ask"

    def open(self) -> None:
        """Find the one that an earlier run of the program started; start it if the settings say so."""
        self._opening = True
        self._ask(FindServer())

    def start(self, look: CheckBackend | None = None) -> None:
        """Start it. `look` is where it should answer, None = at the address of the settings."""
        settings = self._settings()
        has_address = settings.backend not in (SKETCH, SD_SERVER)
        look = look or (backend_order(settings) if has_address else None)
        self._ask(StartServer(command=settings.start_command, folder=settings.start_folder, look=look))

    def stop(self) -> None:
        """Ask it to end, and a second time: end it by force."""
        self._ask(StopServer(force=self.state.phase == "stopping"))

    def fold(self, event: Event) -> bool:
        """Take in what happened. True when a server that was started answers now, so that it can be asked."""
        if isinstance(event, OrderFailed) and isinstance(event.order, ServerOrder):
            self._opening = False
            return False
        if not isinstance(event, ServerChanged):
            return False
        began = self.state.phase == "starting" and event.state.phase == "running"
        if event.is_new:
            self.lines.clear()
        if event.skipped:
            self.lines.append(f"… {event.skipped:,} bytes are left out here.")
        self.lines.extend(event.lines)
        self.state, self.unfinished = event.state, event.unfinished
        opening, self._opening = self._opening, False
        if self.state.is_there:
            self._ask(WatchServer())
        elif opening and self._settings().start_with_app and self._settings().start_command.strip():
            self.start()
        return began

    def close(self, timeout_s: float) -> None:
        """End its thread, and with it the server, if that is wanted."""
        if self._desk is None:
            return
        at_close = self._settings().server_at_close
        stop = self.stop_at_close if self.stop_at_close is not None else at_close == "stop"
        self._desk.ask(CloseServer(stop=stop, wanted=at_close == "leave" or self.stop_at_close is False), Desk.FIRST)
        self._desk.close(timeout_s)
        self._desk = None

    def _ask(self, order: ServerOrder) -> None:
        if self._desk is None:
            work = Late(lambda: server_work(self._places))
            self._desk = Desk(lambda one: work.now().perform(one), self._inbox, name="server")
        self._desk.ask(order)


def _look(order: CheckBackend) -> Readiness:
    # As in `backend_for`.
    from ...backends.remote.backend import readiness

    return readiness(order.address, user=order.user, password=order.password, certificate=order.certificate)


def server_work(places: Places) -> ServerWork:
    """What carries out orders about the server; for a thread, or for a terminal command that waits anyway."""
    from ...pipeline.server_worker import ServerWork
    from ...storage.programs.started_server import ServerFiles

    return ServerWork(ServerFiles(places.server_note, places.server_output), _look)


def server_text(event: ServerChanged, *, seen: bool) -> str:
    """What is said of the server outside of Settings, "" = nothing. `seen`: the user looks at its state anyway."""
    state = event.state
    if event.is_new and state.is_from_before and not state.left:
        return f"The server that StableNew started earlier still runs (pid {state.pid})."
    if state.phase == "ended" and event.has_just_ended and not seen:
        return f"Your own server {state}. Settings shows what it printed."
    return ""
