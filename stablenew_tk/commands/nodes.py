"""`nodes`: the machines that make pictures: which there are, what they have, what they made; add one, remove one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from msgspec import Struct
from rich.table import Table

from ..app.nodes.node_state import NodeState
from ..app.nodes.specs import node_specs, with_machine, without_machine
from ..app.nodes.tasks import offer_of
from ..domain.base.errors import InvalidInput
from ..domain.config.engines import CLUSTER, engine_of
from ..domain.config.user_settings import without_login
from ..domain.journal.record import LearningRecord
from ..storage.disk.places import Places
from ..storage.journal.reader import recent
from ..storage.settings import load_settings, save_settings
from .run_settings import backend_argument, session_for, with_backends
from .terminal import FAILED, OK, err, out, print_json, settings_of

Commands = argparse._SubParsersAction  # the type argparse itself gives; it has no public name
DASK = "dask"
# Records that are looked through for what each machine made.
_RECENT = 1000


class NodeReport(Struct, frozen=True, kw_only=True):
    """One machine in the report. `kind` is that of its engine, "dask" where it is one of the cluster.

    `state` is ready, away or refused, `problem` says why; `job` is what it makes for this
    program, so None here. `done` and `failed` count the jobs among the latest 1,000, `images_per_minute` is the pace of
    the latest seven, None where there is none. `fingerprint` is "" as long as no picture has told the version.
    """

    name: str
    kind: str
    address: str
    state: str
    engine: str
    device: str
    fingerprint: str
    checkpoints: int
    job: str | None
    done: int
    failed: int
    images_per_minute: float | None
    problem: str


class NodesReport(Struct, frozen=True):
    """What `nodes --json` prints."""

    nodes: tuple[NodeReport, ...]


def arguments(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    """The options of `nodes`, and the commands below it."""
    backend_argument(parser)
    parser.set_defaults(command=_list)
    commands = parser.add_subparsers(metavar="WHAT")
    add = commands.add_parser("add", parents=[common], help="make pictures on one more machine from now on")
    add.add_argument("address", metavar="ADDRESS", help="of its WebUI or ComfyUI: http://tower:7860")
    add.set_defaults(command=_add)
    remove = commands.add_parser("remove", parents=[common], help="make no more pictures on a machine")
    remove.add_argument("name", metavar="NAME", help="as `nodes` calls it")
    remove.set_defaults(command=_remove)


def _list(args: argparse.Namespace, places: Places) -> int:
    settings = with_backends(args, settings_of(args, places))
    with session_for(args, places, settings) as session:
        session.check()
        states = session.controller.nodes.states
    made = [folded.record for folded in recent(places.journal, _RECENT)]
    report = NodesReport(tuple(_report(state, made) for state in states))
    if args.json:
        print_json(report)
    else:
        _print(report)
    return OK if all(one.state == "ready" for one in report.nodes) else FAILED


def _report(state: NodeState, made: Sequence[LearningRecord]) -> NodeReport:
    """The state with what it made before."""
    address = state.spec.order.address
    mine = [record for record in made if record.backend.node == state.name]
    found = state.capabilities
    for record in reversed(mine):
        state.ended(record)
    printed = next((record.backend.fingerprint for record in mine if record.backend.fingerprint), "")
    return NodeReport(
        name=state.name,
        kind=DASK if address.startswith(CLUSTER) else state.kind or engine_of(address),
        address=state.spec.address,
        state=state.state,
        engine=state.engine,
        device=state.device,
        fingerprint=(offer_of(found).fingerprint if found is not None else "") or printed,
        checkpoints=len(found.checkpoints) if found is not None else 0,
        job=None,
        done=state.done,
        failed=state.failed,
        images_per_minute=round(state.per_minute, 1) if state.per_minute is not None else None,
        problem=state.problem,
    )


def _print(report: NodesReport) -> None:
    table = Table(box=None)
    for head in ("machine", "state", "engine", "address", "checkpoints", "done", "per minute"):
        table.add_column(head, justify="right" if head in ("checkpoints", "done", "per minute") else "left")
    for one in report.nodes:
        pace = f"{one.images_per_minute:g}" if one.images_per_minute is not None else "–"
        engine = " · ".join(filter(None, (one.engine, one.device)))
        table.add_row(one.name, one.state, engine, one.address, f"{one.checkpoints}", f"{one.done}", pace)
    out.print(table)
    for one in report.nodes:
        if one.problem:
            err.print(f"{one.name}: {one.problem}", style="red", markup=False)


def _add(args: argparse.Namespace, places: Places) -> int:
    before = load_settings(places.settings_file).settings
    settings = with_machine(before, args.address)
    save_settings(places.settings_file, settings, before)
    return _told(args, settings.machines[-1].name, "makes pictures from now on, too")


def _remove(args: argparse.Namespace, places: Places) -> int:
    settings = load_settings(places.settings_file).settings
    names = [spec.name for spec in node_specs(settings)]
    if args.name not in names:
        raise InvalidInput(
            f"There is no machine called {without_login(args.name)}. Machines: {', '.join(names)}.", "name"
        )
    save_settings(places.settings_file, without_machine(settings, args.name), settings)
    return _told(args, without_login(args.name), "makes no more pictures")


def _told(args: argparse.Namespace, name: str, what: str) -> int:
    if args.json:
        print_json({"name": name})
    else:
        out.print(f"{name} {what}.", markup=False)
    return OK
