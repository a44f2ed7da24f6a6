"""What the page of a workflow says: what was found, what can be set, what the server has or lacks."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ..domain.base.wording import counted
from ..domain.config.catalogue import catalogue, parameter
from ..domain.config.workflow_use import WorkflowParameter
from ..domain.workflows.check import Missing
from ..domain.workflows.fields import NEGATIVE, PROMPT, SEED, FoundField
from ..domain.workflows.workflow import Workflow
from .wording import value_text

_FIRST = (PROMPT, "checkpoint", "txt2img.width", "txt2img.height", SEED, "txt2img.steps")
_TITLES = {PROMPT: "Prompt", NEGATIVE: "Negative prompt", SEED: "Seed"}


class FoundRow(Struct, frozen=True):
    """One line about something that was found: what it is, its value, its node, and what told so."""

    title: str
    value: str
    node: str
    how: str


def found_rows(workflow: Workflow) -> list[FoundRow]:
    """What was understood, the most important first, and below it what has no place in the workflow."""
    known = sorted(workflow.found.values(), key=lambda one: _place(one.path))
    rows = [
        FoundRow(_title(one.path), " ".join(value_text(one.path, one.value).split()), _node(workflow, one), _how(one))
        for one in known
    ]
    rows += [
        FoundRow("LoRA", f"{one.name} at {one.weight:g}", _heading(workflow, one.places[0].node), "the links")
        for one in workflow.loras
        if one.places
    ]
    lost = (path for path in (PROMPT, NEGATIVE, SEED) if path not in workflow.found)
    return [*rows, *(FoundRow(_TITLES[path], "none found", "–", "") for path in lost)]


def _place(path: str) -> tuple[int, str]:
    return (_FIRST.index(path) if path in _FIRST else len(_FIRST), path)


def _title(path: str) -> str:
    return _TITLES.get(path) or (parameter(path).caption if path in catalogue() else path)


def _node(workflow: Workflow, field: FoundField) -> str:
    more = f" and {len(field.places) - 1} more" if len(field.places) > 1 else ""
    return f"{_heading(workflow, field.places[0].node)}{more}"


def _heading(workflow: Workflow, name: str) -> str:
    return f"{workflow.nodes[name].heading} #{name}"


def _how(field: FoundField) -> str:
    return "its title" if field.how == "title" else "the links"


def takes_words(takes: WorkflowParameter) -> str:
    """ "number, 0 to 1", "choice of 5", "switch"."""
    if takes.kind == "bool":
        return "switch"
    if takes.kind == "str":
        return f"choice of {len(takes.options)}" if takes.options else "text"
    word = "whole number" if takes.kind == "int" else "number"
    if takes.minimum is None or takes.maximum is None or takes.maximum - takes.minimum > 1e9:
        return word
    return f"{word}, {takes.minimum:g} to {takes.maximum:g}"


def about_words(workflow: Workflow, *, picture: bool) -> str:
    """What the file is, and that nothing happened yet."""
    count = counted(len(workflow.nodes), "node")
    values = counted(len(workflow.open_values) + len(workflow.found), "value")
    what = "A picture that holds a workflow" if picture else "A workflow"
    form = "the editor's form, converted" if workflow.converted else "API form"
    return f"{what}: {form}, {count}, {values}. Nothing is sent or changed yet."


def server_lines(workflow: Workflow, missing: Sequence[Missing]) -> list[tuple[str, str]]:
    """What the server has, as pairs of a line and what it means."""
    wrong = {one.node for one in missing}
    fine = len(workflow.nodes) - len(wrong)
    lines = [(f"{fine} of {len(workflow.nodes)} nodes fit", "their classes are known and all their inputs are taken")]
    checkpoint = workflow.found.get("checkpoint")
    if checkpoint is not None and checkpoint.places[0].node not in wrong:
        lines.append((str(checkpoint.value), "the checkpoint is there"))
    return lines
