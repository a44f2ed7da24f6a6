"""`workflows`: lists, shows and adds workflows of ComfyUI, and finds the one that `--workflow` names."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from rich.table import Table

from ..app.workflow_words import NEEDED, takes_words
from ..domain.base.errors import InvalidInput
from ..domain.base.wording import counted
from ..domain.config.catalogue import Value
from ..domain.config.sweep import value_text
from ..domain.config.workflow_use import NO_WORKFLOW, WorkflowParameter, WorkflowUse
from ..domain.workflows.check import missing_in
from ..domain.workflows.choices import OWN, RARE
from ..domain.workflows.instead import changed, moved, place_called, titled
from ..domain.workflows.node_kinds import NodeKinds
from ..domain.workflows.workflow import Workflow, places_of
from ..domain.workflows.workflow_nodes import InputPlace
from ..storage.disk.places import Places
from ..storage.workflows.catalog import add_workflow, find_workflow, list_workflows, read_file
from .run_settings import session_for, settings_arguments, settings_in_force
from .session import Session
from .terminal import FAILED, OK, err, out, print_json

Commands = argparse._SubParsersAction  # the type argparse itself gives; it has no public name
_SAID = 3


def arguments(commands: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """The commands below `workflows`."""
    listed = commands.add_parser("list", parents=[common], help="the workflows in your folder")
    listed.set_defaults(command=_list)
    for verb, words, command in (
        ("show", "what was found in a workflow, and what can be set", _show),
        ("add", "check a workflow against the server and keep it in your folder", _add),
    ):
        one = commands.add_parser(verb, parents=[common], help=words)
        one.add_argument("workflow", metavar="FILE", help="a workflow, a picture of ComfyUI, or a name in your folder")
        one.add_argument("--name", default="", metavar="NAME", help="what to call it (else as its file)")
        one.set_defaults(command=command)
        if verb == "add":
            _decisions(one)
        settings_arguments(one, workflow=False)


def _decisions(parser: argparse.ArgumentParser) -> None:
    """What the ticks of the window decide, and the titles of ComfyUI."""
    for option, metavar, words in (
        (
            "--take",
            "PATH=NODE.INPUT",
            "where a parameter stands, instead of what was found; several are one value",
        ),
        (
            "--leave",
            "PATH",
            "a value that was found keeps its own name (workflow.…), Create does not set it",
        ),
        ("--field", "PATH", "a value (workflow.…) that gets a field in Create although it rarely matters"),
        ("--no-field", "PATH", "a value (workflow.…) that gets none"),
        ("--title", "NODE=TITLE", "another title for a node, as in ComfyUI: 7=stablenew:negative"),
        ("--instead", "NODE.INPUT=VALUE", "another value where the server does not have what stands there"),
    ):
        parser.add_argument(option, action="append", default=[], metavar=metavar, help=words)


class WorkflowReport(Struct, frozen=True, kw_only=True):
    """What `workflows show --json` prints. `found` and `values` are by path, `places` tells for both of them where they
    stand ("6.steps"); `missing` is what the server lacks, None when no ComfyUI answered.
    """

    name: str
    file: str
    nodes: int
    found: Mapping[str, Value]
    loras: Mapping[str, float]
    values: Mapping[str, WorkflowParameter]
    places: Mapping[str, tuple[str, ...]]
    notices: tuple[str, ...]
    missing: tuple[str, ...] | None


def workflow_for(args: argparse.Namespace, session: Session) -> WorkflowUse:
    """The workflow that the command line names, checked against the server if it answers. Raises InvalidInput for one
    that cannot be read or run there.
    """
    if not args.workflow:
        return NO_WORKFLOW
    file = find_workflow(args.workflow, session.controller.places.workflows)
    kinds = _kinds(session, must_run=True)
    workflow = read_file(file, kinds)
    for sentence in workflow.notices:
        err.print(sentence, markup=False)
    if kinds and (missing := missing_in(workflow.nodes, kinds)):
        more = f" {len(missing) - _SAID} more things are missing." if len(missing) > _SAID else ""
        raise InvalidInput(" ".join(one.sentence for one in missing[:_SAID]) + more, "--workflow")
    return workflow.use(str(file))


def _kinds(session: Session, *, must_run: bool = False) -> NodeKinds | None:
    """The node classes of the server; None when nobody answers, or another engine does."""
    found = session.check().capabilities
    if found is not None and must_run and not found.nodes:
        raise InvalidInput(
            f"--workflow: {found.name} cannot run workflows of ComfyUI. Name a ComfyUI server: --backend URL",
            "--workflow",
        )
    return found.nodes if found is not None and found.nodes else None


def _list(args: argparse.Namespace, places: Places) -> int:
    files = list_workflows(places.workflows)
    if args.json:
        print_json([{"name": one.name, "file": one.path, "problem": one.problem} for one in files])
        return OK
    for one in files:
        count = counted(len(one.workflow.nodes), "node") if one.workflow is not None else one.problem
        out.print(f"{one.name}: {count}", markup=False)
    if not files:
        out.print(f"No workflow in {places.workflows}. Add one: workflows add FILE", markup=False)
    return OK


def _show(args: argparse.Namespace, places: Places) -> int:
    file = find_workflow(args.workflow, places.workflows)
    with session_for(args, places, settings_in_force(args, places)) as session:
        kinds = _kinds(session)
    report = _report(args.name, file, read_file(file, kinds), kinds)
    if args.json:
        print_json(report)
    else:
        _tell(report)
    return OK


def _add(args: argparse.Namespace, places: Places) -> int:
    file = find_workflow(args.workflow, places.workflows)
    with session_for(args, places, settings_in_force(args, places)) as session:
        kinds = _kinds(session)
    workflow = _decided(args, read_file(file, kinds), kinds or NodeKinds())
    kept = add_workflow(workflow, args.name or file.stem, places.workflows)
    report = _report(args.name, kept, workflow, kinds)
    if args.json:
        print_json(report)
    else:
        _tell(report)
        out.print(f"Kept as {kept}", markup=False)
    return FAILED if report.missing else OK


def _decided(args: argparse.Namespace, workflow: Workflow, kinds: NodeKinds) -> Workflow:
    """The workflow with what the command line decides. Raises InvalidInput for what it does not have."""
    titles = dict(_pair("--title", one) for one in args.title)
    if unknown := next((name for name in titles if name not in workflow.nodes), None):
        raise InvalidInput(f"--title {unknown}: there is no node of this number.", "--title")
    written = {place_called(workflow, at): value for at, value in (_pair("--instead", one) for one in args.instead)}
    for place in written:
        if not isinstance(workflow.nodes[place.node].plain(place.input), str):
            raise InvalidInput(f"--instead {place.node}.{place.input}: it is no name. Set it in a run.", "--instead")
    workflow = titled(changed(workflow, written, {}, kinds), titles, kinds)
    choices: dict[InputPlace, str] = {}
    for path in args.leave:
        if path not in workflow.found or path in NEEDED:
            why = "without it every picture would be the same" if path in NEEDED else "it was not found"
            raise InvalidInput(f"--leave {path}: {why}. Found: {', '.join(workflow.found) or 'nothing'}.", "--leave")
        choices |= dict.fromkeys(workflow.found[path].places, OWN)
    taken: dict[InputPlace, str] = {}
    for path, at in (_pair("--take", one) for one in args.take):
        choices |= moved(workflow, path, place_called(workflow, at))
        taken[place_called(workflow, at)] = path
    for option, paths, word in (("--field", args.field, OWN), ("--no-field", args.no_field, RARE)):
        for path in paths:
            if path not in workflow.open_values:
                raise InvalidInput(f"{option} {path}: the workflow has no such value.", option)
            choices[workflow.open_values[path].place] = word
    decided = changed(workflow, {}, choices | taken, kinds)
    for path in dict.fromkeys(taken.values()):
        if path not in decided.found:
            raise InvalidInput(f"--take {path}: {' '.join(decided.notices)}", "--take")
    return decided


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise InvalidInput(f"{option} {text}: write it as NAME=VALUE.", option)
    return name, value


def _report(name: str, file: Path, workflow: Workflow, kinds: NodeKinds | None) -> WorkflowReport:
    missing = tuple(one.sentence for one in missing_in(workflow.nodes, kinds)) if kinds else None
    return WorkflowReport(
        name=name or file.stem,
        file=str(file),
        nodes=len(workflow.nodes),
        found={path: one.value for path, one in workflow.found.items()},
        loras={one.name: one.weight for one in workflow.loras},
        values={path: one.takes for path, one in workflow.open_values.items()},
        places={
            path: tuple(f"{place.node}.{place.input}" for place in places_of(workflow, path))
            for path in (*workflow.found, *workflow.open_values)
        },
        notices=workflow.notices,
        missing=missing,
    )


def _tell(report: WorkflowReport) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("parameter", "value", "takes", "node.input"):
        table.add_column(title)
    for path, value in report.found.items():
        table.add_row(path, value_text(value, path)[:60], "", " ".join(report.places[path]))
    for name, weight in report.loras.items():
        table.add_row(f"lora:{name}", value_text(weight), "", "")
    for path, takes in report.values.items():
        words = takes_words(takes) + (", no field" if takes.minor else "")
        table.add_row(path, value_text(takes.default)[:60], words, report.places[path][0])
    out.print(table)
    for sentence in (*report.notices, *(report.missing or ())):
        err.print(sentence, style="yellow", markup=False)
    if report.missing is None:
        err.print("No ComfyUI answered, so nothing was checked there.", markup=False)
