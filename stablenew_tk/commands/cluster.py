"""`cluster`: make one, invite machines, join one, start and stop its scheduler, see who is there."""

from __future__ import annotations

import argparse
import time

from msgspec import Struct
from rich.table import Table

from ..app.cluster import with_cluster_machine, without_cluster_machine
from ..app.engines.backend_for import own_command
from ..domain.base.errors import StableNewError, Unreachable
from ..pipeline.cluster.reach import reach
from ..storage.cluster.folder import PORT, ClusterFolder
from ..storage.cluster.invitations import init_cluster, invite_machine, move_cluster, need_cluster_packages, take_out
from ..storage.cluster.scheduler_note import (
    background_scheduler,
    end_background,
    end_background_and_wait,
    start_in_background,
)
from ..storage.disk.files import typed_path
from ..storage.disk.places import Places
from ..storage.settings import load_settings, save_settings
from .cluster_programs import joined, passphrase_argument, passphrase_of, work, worker_options
from .terminal import FAILED, OK, err, out, print_json, program

Commands = argparse._SubParsersAction  # the type argparse itself gives; it has no public name
_START_S = 20.0


class MachineReport(Struct, frozen=True):
    """A machine that was invited, and whether it is connected now."""

    name: str
    connected: bool


class ClusterReport(Struct, frozen=True, kw_only=True):
    """What `cluster status --json` prints. `scheduler` is running or stopped, `problem` why it cannot be reached. The
    operator knows all `machines`, the others see those that are connected; `to_invite` have keys of before only.
    """

    name: str
    address: str
    operator: bool
    scheduler: str
    machines: tuple[MachineReport, ...]
    to_invite: tuple[str, ...]
    problem: str


def arguments(commands: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """The commands below `cluster`."""
    init = commands.add_parser("init", parents=[common], help="make a cluster; this computer is its operator")
    init.add_argument("--name", default="", help="what this computer is called (else as its system calls it)")
    init.add_argument("--host", default="", metavar="ADDRESS", help="of this computer, where its machines find it")
    init.add_argument("--port", type=int, default=PORT, help=f"of the scheduler ({PORT})")
    init.add_argument("--again", action="store_true", help="in place of the one there is; everybody is invited anew")
    init.set_defaults(command=_init)
    invite = commands.add_parser("invite", parents=[common], help="make the pairing file for one more machine")
    invite.add_argument("name", metavar="NAME", help="what the machine is called from now on")
    invite.add_argument("--out", metavar="FILE", required=True, help="the pairing file, to be carried to the machine")
    passphrase_argument(invite)
    invite.set_defaults(command=_invite)
    join = commands.add_parser("join", parents=[common], help="on the other machine: enter the cluster and work for it")
    join.add_argument("file", metavar="FILE", help="the pairing file")
    join.add_argument("--only-join", action="store_true", help="do not start to work yet; `worker` does that later")
    worker_options(join)
    join.set_defaults(command=_join)
    remove = commands.add_parser("remove", parents=[common], help="take a machine out; all others are invited anew")
    remove.add_argument("name", metavar="NAME")
    remove.set_defaults(command=_remove)
    move = commands.add_parser("move", parents=[common], help="the operator's computer has another address now")
    move.add_argument("host", metavar="ADDRESS", help="where the scheduler is from now on; to be told to every machine")
    move.add_argument("--port", type=int, default=0, help="of the scheduler (else as before)")
    move.set_defaults(command=_move)
    for name, what, command in (
        ("leave", "this computer is in no cluster any more", _leave),
        ("start", "start the scheduler; it goes on when this command ends", _start),
        ("stop", "end the scheduler that `cluster start` started", _stop),
        ("status", "who is connected", _status),
    ):
        commands.add_parser(name, parents=[common], help=what).set_defaults(command=command)


def _init(args: argparse.Namespace, places: Places) -> int:
    folder = ClusterFolder(places.cluster)
    made = init_cluster(folder, name=args.name, host=args.host, port=args.port, again=args.again)
    if args.json:
        print_json({"name": made.name, "address": made.address})
        return OK
    out.print(f"A cluster is made. {made.name} is its operator, at {made.address}.", markup=False)
    if made.to_invite:
        out.print(f"It has new keys. Invite again: {', '.join(made.to_invite)}.", markup=False)
    out.print(f"Next: {program(places)} cluster invite NAME --out FILE", markup=False)
    out.print("Machines of a cluster can run programs on each other: invite your own machines only.", markup=False)
    return OK


def _invite(args: argparse.Namespace, places: Places) -> int:
    need_cluster_packages()
    before = load_settings(places.settings_file).settings
    settings = with_cluster_machine(before, args.name.strip())
    chosen = passphrase_of(args, ask=False)
    made = invite_machine(ClusterFolder(places.cluster), args.name, typed_path(args.out).absolute(), chosen)
    save_settings(places.settings_file, settings, before)
    if args.json:
        print_json(made)
        return OK
    for step in (
        f"1. Carry {made.file} to {made.name}, where StableNew is installed, too.",
        f"2. There: stablenew cluster join {typed_path(args.out).name} --backend http://127.0.0.1:7860",
        "   with the address of its own WebUI or ComfyUI, which stays closed to the network.",
        f"3. When it asks for the passphrase: {made.passphrase}",
    ):
        out.print(step, markup=False)
    out.print("The passphrase is kept nowhere. Do not send it the same way as the file.", markup=False)
    return OK


def _join(args: argparse.Namespace, places: Places) -> int:
    membership = joined(args, places, args.file)
    if args.only_join:
        if args.json:
            print_json({"name": membership.name, "address": membership.address})
        else:
            out.print(f"{membership.name} is in the cluster. It works with: {program(places)} worker", markup=False)
        return OK
    return work(args, places)


def _remove(args: argparse.Namespace, places: Places) -> int:
    settings = load_settings(places.settings_file).settings
    removed = take_out(ClusterFolder(places.cluster), args.name)
    save_settings(places.settings_file, without_cluster_machine(settings, args.name), settings)
    if args.json:
        print_json({"removed": args.name, "to_invite": removed.to_invite})
        return OK
    others = f"Invite again: {', '.join(removed.to_invite)}." if removed.to_invite else "No other machine was in it."
    out.print(
        f"{args.name} is out: the cluster has new keys, and no certificate of before is good any more. {others}",
        markup=False,
    )
    if removed.was_running:
        out.print("The scheduler was ended.")
    return OK


def _move(args: argparse.Namespace, places: Places) -> int:
    need_cluster_packages()
    moved = move_cluster(ClusterFolder(places.cluster), args.host, args.port)
    if args.json:
        print_json({"name": moved.name, "address": moved.address})
        return OK
    out.print(f"The scheduler is at {moved.address} from now on. The keys are those of before.", markup=False)
    if moved.is_operator and moved.machines:
        out.print(f"Tell it to every machine, there: stablenew cluster move {moved.host}", markup=False)
    return OK


def _leave(args: argparse.Namespace, places: Places) -> int:
    folder = ClusterFolder(places.cluster)
    if not folder.exists:
        need_cluster_packages()
    left = folder.membership()
    before = settings = load_settings(places.settings_file).settings
    for name in (*left.machines, *left.to_invite):
        settings = without_cluster_machine(settings, name)
    end_background_and_wait(folder.scheduler_note)
    folder.forget()
    save_settings(places.settings_file, settings, before)
    if args.json:
        print_json({"left": left.name})
        return OK
    words = "The cluster is no more; its machines wait in vain." if left.is_operator else "Its keys are removed here."
    out.print(f"{left.name} is in no cluster any more. {words}", markup=False)
    return OK


def _start(args: argparse.Namespace, places: Places) -> int:
    need_cluster_packages()
    folder = ClusterFolder(places.cluster)
    membership = folder.operator()
    found = reach(folder)
    if found.state == "refused":
        raise Unreachable(found.why)
    if found.state == "silent":
        command = own_command("scheduler", "--data-dir", str(places.data))
        start_in_background(command, folder.scheduler_note)
        until = time.monotonic() + _START_S
        while reach(folder).state != "there":
            if not background_scheduler(folder.scheduler_note) or time.monotonic() > until:
                end_background(folder.scheduler_note, force=True)
                raise Unreachable(
                    f"No scheduler started at {membership.address}. Try: {program(places)} scheduler. It says why."
                )
            time.sleep(0.1)
    elif not background_scheduler(folder.scheduler_note) and not args.json:
        out.print("It runs already, started by an open window or another terminal, and ends with that one.")
    return _told(args, places)


def _stop(args: argparse.Namespace, places: Places) -> int:
    folder = ClusterFolder(places.cluster)
    if not folder.exists:
        need_cluster_packages()
    folder.membership()
    was_running = end_background_and_wait(folder.scheduler_note)
    if args.json:
        print_json({"stopped": was_running})
    else:
        words = "The scheduler has ended; its machines wait for it." if was_running else "No scheduler runs of its own."
        out.print(words)
        if folder.membership().is_operator and reach(folder).state == "there":
            out.print("Another one runs: an open window or a terminal that uses the cluster has its own.")
    return OK


def _status(args: argparse.Namespace, places: Places) -> int:
    need_cluster_packages()
    return _told(args, places)


def _told(args: argparse.Namespace, places: Places) -> int:
    folder = ClusterFolder(places.cluster)
    membership = folder.membership()
    connected: tuple[str, ...] | None = None
    found = reach(folder)
    problem = found.why
    if not problem:
        from ..pipeline.cluster.link import ClusterLink

        link = ClusterLink(folder, ())
        try:
            connected = link.machines()
        except StableNewError as error:
            problem = str(error)
        finally:
            link.close()
    runs = connected is not None
    here = connected or ()
    names = dict.fromkeys((*membership.machines, *here))
    report = ClusterReport(
        name=membership.name,
        address=membership.address,
        operator=membership.is_operator,
        scheduler="running" if runs else "stopped",
        machines=tuple(MachineReport(name, name in here) for name in names),
        to_invite=membership.to_invite,
        problem=problem,
    )
    if args.json:
        print_json(report)
    else:
        out.print(f"{report.name} at {report.address}: the scheduler is {report.scheduler}.", markup=False)
        table = Table("machine", "connected", box=None)
        for one in report.machines:
            table.add_row(one.name, "yes" if one.connected else "no")
        for name in report.to_invite:
            table.add_row(name, "has keys of before: invite it again")
        out.print(table)
    if found.state == "silent" and membership.is_operator and not args.json:
        out.print(f"It starts when something is run on its machines, or with: {program(places)} cluster start")
    elif problem and not args.json:
        err.print(problem, style="red", markup=False)
    return OK if runs else FAILED
