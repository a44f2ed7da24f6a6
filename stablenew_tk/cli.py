"""The command line parser: without arguments the window opens, with them a terminal command runs.

Every command prints a table or, with --json, one JSON document. Exit codes: 0 all went well, 1 the work failed,
2 wrong use.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__
from .commands.calling import PROBE, SELFTEST, typed_name
from .domain.base.errors import InvalidInput, StableNewError
from .storage.disk.places import Places, find_places
from .storage.disk.unpacked import own_unpacked_folder

if TYPE_CHECKING:
    from .app.controller import Controller

Parser = argparse.ArgumentParser
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_NO_THREAD = "can't start new thread"
_NO_ROOM = "The system gives this program no more memory or threads. Close others, or raise its limits (ulimit)."
Fill = Callable[[Parser, Parser], None]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Without arguments the window opens."""
    words = list(sys.argv[1:] if argv is None else argv)
    args = parser_for(words).parse_args(words)
    import logging

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    frozen = Path(sys.executable) if getattr(sys, "frozen", False) else None
    unpacked = own_unpacked_folder() if frozen else None
    if unpacked is not None:
        unpacked.take()
    command: Callable[[argparse.Namespace, Places], int] = args.command
    try:
        _need_current_folder()
        return command(args, find_places(args.data_dir, os.environ, frozen))
    except InvalidInput as error:
        return _refuse(args, str(error), wrong_use=True)
    except StableNewError as error:
        return _refuse(args, str(error))
    except KeyboardInterrupt:
        return _refuse(args, "Stopped.")
    except BrokenPipeError:
        # The reader closed the pipe (`| head`), so nothing more can be printed.
        sys.stdout = None  # keeps the interpreter from flushing into it at exit
        return 1
    except Exception as error:
        logging.getLogger(__name__).debug("unexpected", exc_info=True)
        if isinstance(error, OSError) and error.errno in _FULL and error.filename is None:
            return _refuse(args, f"The output could not be written: {error.strerror}. Free some space.")
        if isinstance(error, MemoryError) or _NO_THREAD in str(error):
            return _refuse(args, _NO_ROOM)
        return _refuse(args, f"StableNew itself made a mistake: {type(error).__name__}: {error}")


def _need_current_folder() -> None:
    try:
        os.getcwd()  # noqa: PTH109 - only asked whether there is one
    except OSError as error:
        raise InvalidInput("The folder that you are in was removed. Go to another one (cd), then try again.") from error


def _refuse(args: argparse.Namespace, message: str, *, wrong_use: bool = False) -> int:
    from .commands.terminal import FAILED, WRONG_USE, err, print_json

    code = WRONG_USE if wrong_use else FAILED
    try:
        if args.json:
            print_json({"error": message})
            return code
    except OSError:
        # Printing may fail too, when the output goes to the full disk.
        sys.stdout = None
    with contextlib.suppress(OSError):
        err.print(message, style="red", markup=False)
    if args.command is _window:
        _show(message)
    return code


def _show(message: str) -> None:
    """Where nobody reads standard error, as after a click in a menu, a box tells why no window opened."""
    try:
        from .gui.start_failure import is_read, show_failure
    except ImportError:
        return  # there is no Tk
    if not is_read(sys.stderr):
        show_failure(message)


# ---- the commands: what each is for, and how its options are added. Each is imported only when it is called: all of
# them together take longer than most of them need.


def _run(parser: Parser, _common: Parser) -> None:
    from .commands import run

    run.arguments(parser)


def _learn(parser: Parser, _common: Parser) -> None:
    from .commands import learn

    learn.arguments(parser)


def _rate(parser: Parser, _common: Parser) -> None:
    from .commands import rate

    rate.arguments(parser)


def _insights(parser: Parser, _common: Parser) -> None:
    from .commands import insights

    insights.arguments(parser)


def _doctor(parser: Parser, _common: Parser) -> None:
    from .commands import doctor

    doctor.arguments(parser)


def _desktop_entry(parser: Parser, _common: Parser) -> None:
    from .commands import desktop_entry

    desktop_entry.arguments(parser)


def _known(parser: Parser, common: Parser) -> None:
    from .commands import known

    known.arguments(parser.add_subparsers(required=True, metavar="WHAT"), common)


def _presets(parser: Parser, common: Parser) -> None:
    from .commands import presets

    presets.arguments(parser.add_subparsers(required=True, metavar="WHAT"), common)


def _profiles(parser: Parser, common: Parser) -> None:
    from .commands import profiles

    profiles.arguments(parser.add_subparsers(required=True, metavar="WHAT"), common)


def _records(parser: Parser, common: Parser) -> None:
    from .commands.records import arguments as records

    records.arguments(parser.add_subparsers(required=True, metavar="WHAT"), common)


def _packs(parser: Parser, common: Parser) -> None:
    from .commands import packs

    packs.arguments(parser.add_subparsers(required=True, metavar="WHAT"), common)


def _nodes(parser: Parser, common: Parser) -> None:
    from .commands import nodes

    nodes.arguments(parser, common)


def _workflows(parser: Parser, common: Parser) -> None:
    from .commands import workflows

    workflows.arguments(parser.add_subparsers(required=True, metavar="WHAT"), common)


def _server(parser: Parser, common: Parser) -> None:
    from .commands import server

    server.arguments(parser.add_subparsers(required=True, metavar="WHAT"), common)


def _cluster(parser: Parser, common: Parser) -> None:
    from .commands import cluster

    cluster.arguments(parser.add_subparsers(required=True, metavar="WHAT"), common)


def _worker(parser: Parser, _common: Parser) -> None:
    from .commands import cluster_programs

    cluster_programs.worker_arguments(parser)


def _scheduler(parser: Parser, _common: Parser) -> None:
    from .commands import cluster_programs

    cluster_programs.scheduler_arguments(parser)


_COMMANDS: Mapping[str, tuple[str, Fill]] = {
    "run": ("make the pictures of a pack", _run),
    "learn": ("make a Learning Run: one thing varied", _learn),
    "rate": ("rate a picture, or all pictures of a run", _rate),
    "insights": ("what the ratings prove", _insights),
    "known": ("what is known: use it, switch it off, undo it", _known),
    "presets": ("keep settings that are proven, start from them", _presets),
    "profiles": ("what the files beside models recommend", _profiles),
    "records": ("look after the journal", _records),
    "packs": ("look after packs", _packs),
    "workflows": ("your own workflows of ComfyUI", _workflows),
    "nodes": ("the machines that make pictures", _nodes),
    "cluster": ("machines that work for each other, encrypted", _cluster),
    "worker": ("make pictures for the cluster on this machine", _worker),
    "scheduler": ("the scheduler of the cluster alone, without a window", _scheduler),
    "server": ("your own WebUI or ComfyUI: start it, stop it", _server),
    "doctor": ("check that everything needed is there", _doctor),
    "install-desktop-entry": ("put StableNew into the menu of a Linux desktop", _desktop_entry),
}
# They only lead to further commands, which have the options that all have.
_LEADING = ("known", "presets", "profiles", "records", "packs", "workflows", "server", "cluster")


def parser_for(words: Sequence[str]) -> Parser:
    """The parser for these words: only the commands among them have their options."""
    # SUPPRESS: otherwise the default of the inner parser would overwrite an option given before the command.
    common = _common(argparse.SUPPRESS, argparse.SUPPRESS)
    about = "Run prompt packs, rate the pictures, learn what works."
    parser = Parser(prog=typed_name(), description=about, parents=[_common(None, False)])
    parser.set_defaults(command=_window)
    parser.add_argument("--version", action="version", version=f"StableNew {__version__}")
    words_of = "print the licences of everything in the program"
    parser.add_argument("--licenses", action="store_const", dest="command", const=_licences, help=words_of)
    for word, inner in (("--selftest", _selftest), (SELFTEST, _selftest_inside), (PROBE, _window_probe)):
        parser.add_argument(word, action="store_const", dest="command", const=inner, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, (purpose, fill) in _COMMANDS.items():
        # Options that all have, but for those that only lead to further commands.
        one = commands.add_parser(name, help=purpose, parents=[] if name in _LEADING else [common])
        if name in words:
            fill(one, common)
    return parser


def _common(data_dir: str | None, json: str | bool) -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data-dir", metavar="DIR", default=data_dir, help="keep everything in this folder")
    common.add_argument("--json", action="store_true", default=json, help="print one JSON document")
    return common


def _window(_args: argparse.Namespace, places: Places) -> int:
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        from .commands.terminal import WRONG_USE, err

        err.print("There is no display here, so the window cannot open. Use the terminal instead:")
        names = "run PACK, learn PACK, rate, insights, known, presets, records, packs check, workflows, nodes, server"
        err.print(f"{typed_name()} {names}, doctor ({typed_name()} --help tells more).")
        return WRONG_USE
    # What is imported and made now stays, so nobody is to look for what could be thrown away.
    gc.disable()
    from .app.start.start_folder import ready_folder
    from .app.start.window_claim import WindowClaim
    from .gui.screen_faults import screen_faults_told
    from .storage.settings import load_settings

    notice = ready_folder(places)
    _ready_fonts(places)
    claim = WindowClaim(places)
    loaded = load_settings(places.settings_file)
    is_mine = True
    try:
        while (found := claim.settle()) != "mine":
            # Only here, for it takes a tenth of the time in which the window opens.
            from .commands.terminal import FAILED, OK, err

            if found == "shown":
                err.print("StableNew is open already. Its window is in front now.")
                return OK
            err.print(claim.who, markup=False)
            with screen_faults_told():
                from .gui.start_question import ask_start

                answer = ask_start(claim.who, loaded.settings.appearance)
            if answer == "close":
                return FAILED
            if answer == "open":
                is_mine = claim.take_anyway()
                break
        with screen_faults_told():
            from .gui.opening import open_window

            def make_controller() -> Controller:
                from .app.controller import Controller

                return Controller(places, loaded.settings, keep_queue=is_mine)

            told = (*loaded.notices, *filter(None, (notice,)))
            return open_window(loaded.settings, make_controller, told, claim, lambda: _log_to_file(places))
    finally:
        claim.release()


def _ready_fonts(places: Places) -> None:
    """There is one at least; and everything is in one folder: what is found about fonts as well."""
    from .gui.font_cache import begin_fonts, lend_own_font

    begin_fonts(places.cache if places.kind != "platform" else None)
    lend_own_font()


def _log_to_file(places: Places) -> None:
    import logging

    from .storage.log_file import LogFile

    def told(why: str) -> None:
        from .commands.terminal import err

        err.print(f"No log can be written to {places.logs} ({why}).", markup=False)

    try:
        logging.getLogger().addHandler(LogFile(places.logs, told))
    except OSError as error:
        told(error.strerror or str(error))


def _licences(args: argparse.Namespace, places: Places) -> int:
    from .commands.licences import print_licences

    return print_licences(args, places)


def _selftest(args: argparse.Namespace, places: Places) -> int:
    from .commands.selftest import selftest

    return selftest(args, places)


def _selftest_inside(_args: argparse.Namespace, places: Places) -> int:
    from .commands.terminal import FAILED, OK, print_json
    from .gui.screen_faults import screen_faults_told

    _ready_fonts(places)
    with screen_faults_told():
        from .gui.selftest import selftest

        report = selftest(str(places.data))
    print_json(report)
    return OK if report.ok else FAILED


def _window_probe(_args: argparse.Namespace, places: Places) -> int:
    from .commands.terminal import OK, print_json
    from .gui.screen_faults import screen_faults_told

    _ready_fonts(places)
    with screen_faults_told():
        from .gui.window_probe import probe_window

        print_json(probe_window())
    return OK
