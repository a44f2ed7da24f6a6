"""`doctor`: checks window, folders, free space, journal and backend, or one backend alone, and prints what is wrong.

`--report` writes it down for whoever helps, with the last lines of the log and without what is private.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
from rich.table import Table

from .. import __version__
from ..app.crash.fault_report import fault_report
from ..app.crash.private_words import private_words
from ..app.engines.backend_for import Engines
from ..app.engines.own_engine import engine_address
from ..domain.base.errors import InvalidInput, StableNewError, Unreadable
from ..domain.base.wording import counted
from ..domain.config.engines import engine_of
from ..domain.config.user_settings import Settings, without_login
from ..domain.nodes.fingerprint import fingerprint
from ..pipeline.messages.jobs import backend_order
from ..storage.disk.files import read_bounded, remove, write_atomic
from ..storage.disk.places import Places
from ..storage.journal.snapshot import verify_all
from .calling import PROBE
from .certificates import trust_argument, with_trust
from .inner_start import start_inside
from .progress import progress
from .terminal import FAILED, OK, err, out, outside_journal, print_json, program, settings_of

LOW_DISK = 2 * 1024**3
REPORT = "stablenew-report.txt"
_LOG_LIMIT = 4 << 20
_WINDOW_IDLE_S = 12.0


class Finding(msgspec.Struct, frozen=True):
    """Result of one check. `ok` None: worth knowing, but not an error."""

    name: str
    ok: bool | None
    detail: str


class _Probed(msgspec.Struct, frozen=True):
    tk: str
    fonts: int


class BackendReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `doctor --backend ADDRESS` found. `kind` "" = nothing that can be used answered, and `problems` say why.

    `checkpoints` and `samplers` are numbers. `fingerprint` is the same for all servers of this kind, program and
    version with the same graphics card, as far as they tell it.
    """

    kind: str = ""
    name: str
    version: str = ""
    fingerprint: str = ""
    checkpoints: int = 0
    samplers: int = 0
    features: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `doctor`."""
    parser.add_argument("--backend", metavar="ADDRESS", default="", help="check only what makes pictures there")
    parser.add_argument(
        "--report", metavar="FILE", nargs="?", const=REPORT, help=f"write a report for whoever helps ({REPORT})"
    )
    trust_argument(parser)
    parser.set_defaults(command=doctor)


def doctor(args: argparse.Namespace, places: Places) -> int:
    """Check everything the program needs; exit code 1 when something required is missing."""
    settings = settings_of(args, places)
    if args.backend and args.report:
        raise InvalidInput("--report tells of everything, --backend of one backend: give one of them.", "--report")
    if args.backend:
        return _one_backend(args, places, settings)
    settings = with_trust(args, places, settings)
    checks: tuple[Callable[[], Finding], ...] = (
        lambda: Finding("program", True, f"StableNew {__version__}, Python {platform.python_version()}"),
        lambda: _window(places),
        lambda: _folder("settings", places.settings_file.parent),
        lambda: _folder("records", places.journal),
        lambda: _folder("pictures", Path(settings.output_folder) if settings.output_folder else places.outputs),
        lambda: _journal(args, places),
        lambda: _backend(settings, places),
    )
    findings = [check() for check in checks]
    if args.report:
        # First: when it cannot be written, that is the one document.
        _write_report(args, places, settings, findings)
    if args.json:
        print_json({"checks": findings})
    else:
        table = Table(box=None, show_header=False)
        for found in findings:
            mark = {True: "[green]ok[/]", False: "[red]no[/]", None: "[yellow]–[/]"}[found.ok]
            table.add_row(mark, found.name, found.detail)
        out.print(table)
    return FAILED if any(found.ok is False for found in findings) else OK


def _write_report(args: argparse.Namespace, places: Places, settings: Settings, findings: list[Finding]) -> None:
    target = outside_journal(args.report, places, "--report").absolute()
    marks = {True: "ok", False: "no", None: "note"}
    facts = (
        ("screen", f"{os.environ.get('XDG_SESSION_TYPE', '') or sys.platform}, {_tk_version()}"),
        ("desktop", os.environ.get("XDG_CURRENT_DESKTOP", "") or "not told"),
        ("libc", " ".join(platform.libc_ver()).strip() or "not told"),
        ("data folder chosen by", places.kind),
        ("engine", engine_of(settings.backend)),
        ("machines", str(1 + len(settings.machines))),
        ("model folders", str(len(settings.model_folders))),
        ("learning", settings.learning),
    )
    try:
        log = read_bounded(places.logs / "stablenew.log", _LOG_LIMIT).decode("utf-8", "replace").splitlines()
    except Unreadable as error:
        log = [f"no log: {error}"]
    text = fault_report(
        [(marks[found.ok], found.name, found.detail) for found in findings],
        facts,
        log,
        private_words(settings),
        (*map(str, _folders(places)), *_own_folders(settings)),
    )
    write_atomic(target, text.encode("utf-8", "replace"))
    err.print(f"The report is {target}. Read it before you send it.", markup=False)


def _folders(places: Places) -> tuple[Path, ...]:
    return (
        *(places.data, places.settings_file.parent, places.journal, places.outputs, places.packs),
        *(places.cache, places.logs, Path.home()),
    )


def _own_folders(settings: Settings) -> tuple[str, ...]:
    return (
        *(settings.output_folder, settings.start_folder, settings.sd_server_model, settings.start_command),
        *(*settings.pack_folders, *settings.wildcard_folders, *settings.model_folders),
    )


def _tk_version() -> str:
    try:
        import _tkinter
    except ImportError:
        return "no Tk"
    return f"Tk {_tkinter.TK_VERSION}"


def _one_backend(args: argparse.Namespace, places: Places, settings: Settings) -> int:
    address, model = engine_address(args.backend.strip().rstrip("/"))
    changes = {"backend": address} | ({"sd_server_model": model} if model else {})
    order = backend_order(with_trust(args, places, msgspec.structs.replace(settings, **changes)))
    report = BackendReport(name=without_login(address))
    # An address that is none is wrong use, not a server that is away.
    engines = Engines(places)
    backend = engines.make(order)
    try:
        found = backend.check()
        report = BackendReport(
            kind=found.kind,
            name=found.name,
            version=found.version,
            fingerprint=fingerprint(found.kind, found.name, found.version, found.device),
            checkpoints=len(found.checkpoints),
            samplers=len(found.samplers),
            features=tuple(sorted((*found.features, *found.stages))),
            problems=() if found.checkpoints else ("It lists no checkpoint, so it can make no picture.",),
        )
    except StableNewError as error:
        report = msgspec.structs.replace(report, problems=(str(error),))
    finally:
        backend.close()
        engines.close()
    if args.json:
        print_json(report)
    elif report.kind:
        counts = f"{counted(report.checkpoints, 'checkpoint')}, {counted(report.samplers, 'sampler')}"
        out.print(f"{report.name} {report.version}".strip() + f" ({report.kind}): {counts}", markup=False)
        out.print(f"Features: {', '.join(report.features)}", markup=False)
    for problem in report.problems if not args.json else ():
        err.print(problem, style="red" if not report.kind else "yellow", markup=False)
    return OK if report.kind else FAILED


def _window(places: Places) -> Finding:
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        return Finding("window", None, "no display here; the commands work without one.")
    # In a folder of its own it keeps the cache of fonts in there, too.
    own = () if places.kind == "platform" else ("--data-dir", str(places.data))
    said = start_inside(_WINDOW_IDLE_S, PROBE, *own)
    try:
        found = msgspec.json.decode(said.out, type=_Probed)
    except msgspec.DecodeError:
        return Finding("window", False, said.why)
    if not found.fonts:
        lacks = "no fonts are installed: only Latin letters can be shown (Debian: apt-get install fonts-dejavu-core)."
        return Finding("window", None, f"a window opens (Tk {found.tk}), but {lacks}")
    return Finding("window", True, f"a window opens (Tk {found.tk}, {found.fonts} families of fonts)")


def _folder(name: str, folder: Path) -> Finding:
    probe = folder / ".stablenew-probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(probe, b"probe")
        remove(probe)
        free = shutil.disk_usage(folder).free
    except (OSError, StableNewError) as error:
        # What could not be written is only a probe, so of its sentence the reason counts.
        reason = error if isinstance(error, OSError) else error.__cause__
        why = reason.strerror if isinstance(reason, OSError) and reason.strerror else error
        return Finding(name, False, f"{folder}: cannot be written ({why}). Choose another with --data-dir.")
    if free < LOW_DISK:
        return Finding(name, None, f"{folder}: only {free / 1024**3:.1f} GiB free")
    return Finding(name, True, f"{folder} ({free / 1024**3:.0f} GiB free)")


def _journal(args: argparse.Namespace, places: Places) -> Finding:
    try:
        with progress("Checking the journal", quiet=args.json) as tell:
            found = verify_all(places.journal, places.snapshot, tell)
    except StableNewError as error:
        return Finding("journal", False, str(error))
    if found.damaged:
        return Finding(
            "journal", False, f"{len(found.damaged)} of {found.lines} lines damaged: {program(places)} records verify"
        )
    return Finding("journal", True, f"{counted(found.lines, 'line')}, all whole")


def _backend(settings: Settings, places: Places) -> Finding:
    engines = Engines(places)
    try:
        backend = engines.make(backend_order(settings))
        try:
            found = backend.check()
        finally:
            backend.close()
            engines.close()
    except StableNewError as error:
        return Finding("backend", False, str(error))
    name = f"{found.name} {found.version}".strip()
    return Finding("backend", True, f"{name}: {counted(len(found.checkpoints), 'checkpoint')}")
