"""`server`: your own WebUI or ComfyUI: start it with your command, look at it, stop it."""

from __future__ import annotations

import argparse
import time

from msgspec.structs import replace

from ..app.engines.started_server import server_work
from ..domain.base.errors import StorageError
from ..pipeline.messages.server import CloseServer, FindServer, ServerChanged, StartServer, StopServer, WatchServer
from ..storage.disk.files import typed_path
from ..storage.disk.places import Places
from ..storage.settings import load_settings, save_settings
from .terminal import FAILED, OK, out, print_json

Commands = argparse._SubParsersAction  # the type argparse itself gives; it has no public name
_LAST_LINES = 20
# One that fails at once should be told with its exit code, not as started.
_WATCHED_S = 1.0


def arguments(commands: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """The commands below `server`."""
    start = commands.add_parser("start", parents=[common], help="start it; it goes on when this command ends")
    start.add_argument("--command", dest="typed", metavar="COMMAND", help="how it is started, also from now on")
    start.add_argument("--folder", metavar="DIR", help="where the command is run, also from now on")
    start.set_defaults(command=_start)
    commands.add_parser("status", parents=[common], help="whether it runs").set_defaults(command=_status)
    stop = commands.add_parser("stop", parents=[common], help="end it and everything that it started")
    stop.set_defaults(command=_stop)


def _start(args: argparse.Namespace, places: Places) -> int:
    before = settings = load_settings(places.settings_file).settings
    if args.typed is not None or args.folder is not None:
        command = args.typed if args.typed is not None else settings.start_command
        folder = str(typed_path(args.folder).absolute()) if args.folder else settings.start_folder
        settings = replace(settings, start_command=command, start_folder=folder)
    work = server_work(places)
    event = _told(work.perform(StartServer(command=settings.start_command, folder=settings.start_folder)))
    # What could not be started is not worth remembering.
    if args.typed is not None or args.folder is not None:
        save_settings(places.settings_file, settings, before)
    lines = list(event.lines)
    until = time.monotonic() + _WATCHED_S
    while event.state.is_there and time.monotonic() < until:
        event = _told(work.perform(WatchServer()))
        lines += event.lines
    _say(args, event, lines)
    work.perform(CloseServer(stop=False, wanted=True))
    return OK if event.state.is_there else FAILED


def _status(args: argparse.Namespace, places: Places) -> int:
    work = server_work(places)
    event = _told(work.perform(FindServer()))
    _say(args, event, list(event.lines))
    return OK if event.state.is_there else FAILED


def _stop(args: argparse.Namespace, places: Places) -> int:
    work = server_work(places)
    event = _told(work.perform(FindServer()))
    if event.state.is_there:
        event = _told(work.perform(StopServer()))
    while event.state.is_there:
        event = _told(work.perform(WatchServer()))
    _say(args, event, [])
    return OK


def _told(event: object) -> ServerChanged:
    if not isinstance(event, ServerChanged):
        raise StorageError("The server said nothing about itself.")
    return event


def _say(args: argparse.Namespace, event: ServerChanged, lines: list[str]) -> None:
    last = lines[-_LAST_LINES:]
    if args.json:
        print_json({"phase": event.state.phase, "pid": event.state.pid, "code": event.state.code, "lines": last})
        return
    for line in last:
        out.print(line, markup=False)
    out.print(f"The server is {event.state}." if event.state.is_there else f"The server: {event.state}.", markup=False)
