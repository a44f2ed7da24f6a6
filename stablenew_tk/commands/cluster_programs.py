"""`worker` and `scheduler`: the two programs of a cluster, which run until they are ended."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from datetime import UTC, datetime

from ..app.engines.backend_for import make_backend
from ..app.engines.own_engine import engine_address
from ..backends.base import Backend
from ..backends.sketch.backend import Sketch
from ..domain.base.errors import InvalidInput
from ..domain.config.engines import CLUSTER, SKETCH
from ..pipeline.messages.jobs import backend_order
from ..storage.cluster.folder import ClusterFolder, Membership, usable_ports
from ..storage.cluster.invitations import need_cluster_packages
from ..storage.disk.files import read_bounded, typed_path
from ..storage.disk.places import Places
from .terminal import OK, err, settings_of

PASSPHRASE_VARIABLE = "STABLENEW_PASSPHRASE"
_LONGEST_PASSPHRASE = 1000


def worker_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `worker`."""
    worker_options(parser)
    parser.add_argument("--join", metavar="FILE", help="enter the cluster of this pairing file first")
    parser.set_defaults(command=_worker)


def worker_options(parser: argparse.ArgumentParser) -> None:
    """The options of everything that starts to work for a cluster."""
    parser.add_argument("--backend", metavar="ADDRESS", help="what makes the pictures here (else as in the settings)")
    words = "listen at one of these, 9000 or 9000-9010 (else one of the ten after the scheduler's: 8787-8796)"
    parser.add_argument("--ports", metavar="RANGE", help=words)
    parser.add_argument("--once", action="store_true", help="end when the scheduler does, instead of waiting for it")
    # For tests: pictures of the sketch engine are made in milliseconds, and nothing could be seen at work.
    parser.add_argument("--sketch-pace", type=float, default=0.0, help=argparse.SUPPRESS)
    passphrase_argument(parser)


def scheduler_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `scheduler`."""
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    # For tests: nobody wants to wait two minutes until a machine that sleeps is taken for dead.
    parser.add_argument("--worker-ttl", type=float, default=0.0, metavar="SECONDS", help=argparse.SUPPRESS)
    parser.set_defaults(command=_scheduler)


def passphrase_argument(parser: argparse.ArgumentParser) -> None:
    """Where the passphrase comes from; never the command line, which every user of the computer can see."""
    parser.add_argument(
        "--passphrase-file", metavar="FILE", help=f"read the passphrase from a file (or set {PASSPHRASE_VARIABLE})"
    )


def passphrase_of(args: argparse.Namespace, *, ask: bool) -> str:
    """The passphrase, "" for none. With `ask` it is asked for in the terminal. Raises InvalidInput."""
    if args.passphrase_file:
        return read_bounded(typed_path(args.passphrase_file), _LONGEST_PASSPHRASE).decode("utf-8", "replace").strip()
    if told := os.environ.get(PASSPHRASE_VARIABLE, ""):
        return told
    if not ask:
        return ""
    if not sys.stdin.isatty():
        raise InvalidInput(
            f"The passphrase is missing: use --passphrase-file, or set {PASSPHRASE_VARIABLE}.", "passphrase"
        )
    return getpass.getpass("Passphrase of the pairing file: ", stream=sys.stderr)


def joined(args: argparse.Namespace, places: Places, file: str) -> Membership:
    """Enter the cluster of a pairing file."""
    need_cluster_packages()
    from ..storage.cluster.pairing import join

    path = typed_path(file)
    return join(ClusterFolder(places.cluster), path, passphrase_of(args, ask=True), datetime.now(UTC))


def work(args: argparse.Namespace, places: Places) -> int:
    """Work for the cluster until the program is ended."""
    need_cluster_packages()
    from ..pipeline.cluster.worker import WorkerWords, run_worker

    folder = ClusterFolder(places.cluster)
    ports = usable_ports(args.ports) if args.ports else ()
    backend = _own_backend(args, places)
    telling = _Telling()
    run_worker(folder, backend, WorkerWords(telling.ready, telling.waits), ports=ports, once=args.once)
    return OK


def _worker(args: argparse.Namespace, places: Places) -> int:
    if args.join:
        joined(args, places, args.join)
    return work(args, places)


def _own_backend(args: argparse.Namespace, places: Places) -> Backend:
    settings = settings_of(args, places)
    address = engine_address(args.backend.strip().rstrip("/"))[0] if args.backend else settings.backend
    if address.startswith(CLUSTER):
        raise InvalidInput("A worker needs a backend of its own: --backend http://127.0.0.1:7860.", "--backend")
    if address == SKETCH:
        return Sketch(args.sketch_pace)
    order = backend_order(settings)
    same = address == settings.backend
    return make_backend(order if same else type(order)(address=address, engine=settings.own_engine))


def _scheduler(args: argparse.Namespace, places: Places) -> int:
    need_cluster_packages()
    from ..pipeline.cluster.scheduler import run_scheduler

    run_scheduler(
        ClusterFolder(places.cluster),
        lambda address: _say(f"ready {address}"),
        is_child=args.child,
        worker_ttl_s=args.worker_ttl,
    )
    return OK


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class _Telling:
    """Tells why nothing works once, not every few seconds."""

    def __init__(self) -> None:
        self._told = ""

    def ready(self, name: str) -> None:
        self._told = ""
        _say(f"ready {name}")

    def waits(self, why: str, _seconds: float) -> None:
        if why != self._told:
            self._told = why
            err.print(f"{why} It is tried again and again; Ctrl+C ends it.", markup=False)
