"""`workflows`: lists, shows and adds workflows of ComfyUI, and finds the one that `--workflow` names."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from rich.table import Table

from ..app.workflow_words import takes_words
from ..domain.base.errors import InvalidInput
from ..domain.base.wording import counted
from ..domain.config.catalogue import Value
from ..domain.config.sweep import value_text
from ..domain.config.workflow_use import NO_WORKFLOW, WorkflowParameter, WorkflowUse
from ..domain.workflows.check import missing_in
from ..domain.workflows.node_kinds import NodeKinds
from ..domain.workflows.workflow import Workflow
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
        settings_arguments(one, workflow=False)


class WorkflowReport(Struct, frozen=True, kw_only=True):
    """What `workflows show --json` prints. `found` and `values` are by path; `missing` is what the server lacks, None
    when no ComfyUI answered.
    """

    name: str
    file: str
    nodes: int
    found: Mapping[str, Value]
    loras: Mapping[str, float]
    values: Mapping[str, WorkflowParameter]
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
    workflow = read_file(file, kinds)
    kept = add_workflow(workflow, args.name or file.stem, places.workflows)
    report = _report(args.name, kept, workflow, kinds)
    if args.json:
        print_json(report)
    else:
        _tell(report)
        out.print(f"Kept as {kept}", markup=False)
    return FAILED if report.missing else OK


def _report(name: str, file: Path, workflow: Workflow, kinds: NodeKinds | None) -> WorkflowReport:
    missing = tuple(one.sentence for one in missing_in(workflow.nodes, kinds)) if kinds else None
    return WorkflowReport(
        name=name or file.stem,
        file=str(file),
        nodes=len(workflow.nodes),
        found={path: one.value for path, one in workflow.found.items()},
        loras={one.name: one.weight for one in workflow.loras},
        values={path: one.takes for path, one in workflow.open_values.items()},
        notices=workflow.notices,
        missing=missing,
    )


def _tell(report: WorkflowReport) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("parameter", "value", "takes"):
        table.add_column(title)
    for path, value in report.found.items():
        table.add_row(path, value_text(value, path)[:60], "")
    for name, weight in report.loras.items():
        table.add_row(f"lora:{name}", value_text(weight), "")
    for path, takes in report.values.items():
        table.add_row(path, value_text(takes.default)[:60], takes_words(takes))
    out.print(table)
    for sentence in (*report.notices, *(report.missing or ())):
        err.print(sentence, style="yellow", markup=False)
    if report.missing is None:
        err.print("No ComfyUI answered, so nothing was checked there.", markup=False)
