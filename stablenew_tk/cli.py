"""The command line parser: without arguments the window opens, with them a terminal command runs.

Every command prints a table or, with --json, one JSON document. Exit codes: 0 all went well, 1 the work failed,
2 wrong use.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

from . import __version__
from .app.controller import Controller
from .app.window_claim import WindowClaim
from .commands import doctor as checks
from .commands import from_image, insights, known, learn, packs, presets, profiles, records, run, server, workflows
from .commands import rate as ratings
from .commands.terminal import FAILED, OK, WRONG_USE, err, print_json, program
from .domain.base.errors import InvalidInput, StableNewError
from .storage.disk.places import Places, find_places
from .storage.settings import load_settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Without arguments the window opens."""
    args = _parser().parse_args(list(sys.argv[1:] if argv is None else argv))
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    frozen = Path(sys.executable) if getattr(sys, "frozen", False) else None
    command: Callable[[argparse.Namespace, Places], int] = args.command
    try:
        return command(args, find_places(args.data_dir, os.environ, frozen))
    except InvalidInput as error:
        return _refuse(args, str(error), WRONG_USE)
    except StableNewError as error:
        return _refuse(args, str(error), FAILED)
    except KeyboardInterrupt:
        return _refuse(args, "Stopped.", FAILED)
    except BrokenPipeError:
        # The reader closed the pipe (`| head`), so nothing more can be printed.
        sys.stdout = None  # keeps the interpreter from flushing into it at exit
        return FAILED
    except Exception as error:
        logging.getLogger(__name__).debug("unexpected", exc_info=True)
        return _refuse(args, f"StableNew itself made a mistake: {type(error).__name__}: {error}", FAILED)


def _refuse(args: argparse.Namespace, message: str, code: int) -> int:
    try:
        if args.json:
            print_json({"error": message})
            return code
    except OSError:
        # Printing may fail too, when the output goes to the full disk.
        sys.stdout = None
    err.print(message, style="red", markup=False)
    return code


def _parser() -> argparse.ArgumentParser:
    # SUPPRESS: otherwise the default of the inner parser would overwrite an option given before the command.
    common = _common(argparse.SUPPRESS, argparse.SUPPRESS)
    about = "Run prompt packs, rate the pictures, learn what works."
    parser = argparse.ArgumentParser(prog=program(), description=about, parents=[_common(None, False)])
    parser.set_defaults(command=_window)
    parser.add_argument("--version", action="version", version=f"StableNew {__version__}")
    parser.add_argument("--selftest", action="store_const", dest="command", const=_selftest, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    run.arguments(commands.add_parser("run", parents=[common], help="make the pictures of a pack"))
    learn.arguments(commands.add_parser("learn", parents=[common], help="make a Learning Run: one thing varied"))
    ratings.arguments(commands.add_parser("rate", parents=[common], help="rate a picture, or all pictures of a run"))
    insights.arguments(commands.add_parser("insights", parents=[common], help="what the ratings prove"))
    layer = commands.add_parser("known", help="what is known: use it, switch it off, undo it")
    known.arguments(layer.add_subparsers(required=True, metavar="WHAT"), common)
    preset = commands.add_parser("presets", help="keep settings that are proven, start from them")
    presets.arguments(preset.add_subparsers(required=True, metavar="WHAT"), common)
    models = commands.add_parser("profiles", help="what the files beside models recommend")
    profiles.arguments(models.add_subparsers(required=True, metavar="WHAT"), common)
    journal = commands.add_parser("records", help="look after the journal")
    records.arguments(journal.add_subparsers(required=True, metavar="WHAT"), common)
    pack = commands.add_parser("packs", help="look after packs").add_subparsers(required=True, metavar="WHAT")
    packs.check_arguments(pack.add_parser("check", parents=[common], help="say what is wrong with a pack"))
    packs.expand_arguments(pack.add_parser("expand", parents=[common], help="show the variants of a pack"))
    from_image.arguments(pack.add_parser("from-image", parents=[common], help="the prompt and settings of a picture"))
    own = commands.add_parser("workflows", help="your own workflows of ComfyUI")
    workflows.arguments(own.add_subparsers(required=True, metavar="WHAT"), common)
    servers = commands.add_parser("server", help="your own WebUI or ComfyUI: start it, stop it")
    server.arguments(servers.add_subparsers(required=True, metavar="WHAT"), common)
    checks.arguments(commands.add_parser("doctor", parents=[common], help="check that everything needed is there"))
    return parser


def _common(data_dir: str | None, json: str | bool) -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data-dir", metavar="DIR", default=data_dir, help="keep everything in this folder")
    common.add_argument("--json", action="store_true", default=json, help="print one JSON document")
    return common


def _window(_args: argparse.Namespace, places: Places) -> int:
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        err.print("There is no display here, so the window cannot open. Use the terminal instead:")
        names = "run PACK, learn PACK, rate, insights, known, presets, records, packs check, workflows, server, doctor"
        err.print(f"{program()} {names} ({program()} --help tells more).")
        return WRONG_USE
    claim = WindowClaim(places)
    loaded = load_settings(places.settings_file)
    is_mine = True
    try:
        while (found := claim.settle()) != "mine":
            if found == "shown":
                err.print("StableNew is open already. Its window is in front now.")
                return OK
            err.print(claim.who, markup=False)
            from .gui.start_question import ask_start

            answer = ask_start(claim.who, loaded.settings.appearance)
            if answer == "close":
                return FAILED
            if answer == "open":
                is_mine = claim.take_anyway()
                break
        from .gui.window import open_window

        _log_to_file(places)
        controller = Controller(places, loaded.settings, keep_queue=is_mine)
        return open_window(controller, loaded.notices, claim)
    finally:
        claim.release()


def _log_to_file(places: Places) -> None:
    try:
        places.logs.mkdir(parents=True, exist_ok=True)
        writer = RotatingFileHandler(places.logs / "stablenew.log", maxBytes=1_000_000, backupCount=4, encoding="utf-8")
    except OSError as error:
        err.print(f"No log can be written to {places.logs} ({error.strerror}).", markup=False)
        return
    writer.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(writer)


def _selftest(_args: argparse.Namespace, _places: Places) -> int:
    from .gui.selftest import selftest

    report = selftest()
    print_json(report)
    return OK if report.ok else FAILED
