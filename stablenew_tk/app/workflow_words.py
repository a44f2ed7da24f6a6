"""What the page of a workflow says: what was found, what can be set, what the server has or lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from ..domain.base.errors import InvalidInput
from ..domain.base.wording import counted
from ..domain.config.catalogue import catalogue, parameter
from ..domain.config.pipeline_config import PipelineConfig
from ..domain.config.sweep import focus_in
from ..domain.config.workflow_use import WorkflowParameter
from ..domain.workflows.check import Missing
from ..domain.workflows.choices import OWN, RARE, fed_from, twins_of
from ..domain.workflows.fields import NEGATIVE, PROMPT, SEED, FoundField
from ..domain.workflows.workflow import Workflow
from ..domain.workflows.workflow_nodes import InputPlace
from .wording import value_text

_FIRST = (PROMPT, "checkpoint", "txt2img.width", "txt2img.height", SEED, "txt2img.steps")
_ALL = "; setting it sets all."
_LONGEST_INPUT = 90
_SEEDS = ("seed", "noise_seed")
_TITLES = {PROMPT: "Prompt", NEGATIVE: "Negative prompt", SEED: "Seed"}


# Without these every picture would be the same.
NEEDED = (PROMPT, SEED)


class FoundRow(Struct, frozen=True):
    """One line about something that was found: what it is, its value, its node, and what told so.

    `places` are the inputs that the tick is about, () where nothing can be decided, `also` those that a tick sets
    together with it, `on` whether it is ticked. `words` say in full where the value goes.
    """

    title: str
    value: str
    node: str
    how: str
    path: str = ""
    places: tuple[InputPlace, ...] = ()
    also: tuple[InputPlace, ...] = ()
    on: bool = True
    words: str = ""


def found_rows(workflow: Workflow, choices: Mapping[InputPlace, str]) -> list[FoundRow]:
    """What was understood, the most important first, below each what could be set together with it, and at the end what
    has no place in the workflow. `choices` are what the user decided on the page.
    """
    known = sorted(workflow.found.values(), key=lambda one: _place(one.path))
    rows = [row for one in known for row in (_found(workflow, one, choices), *_twins(workflow, one, choices))]
    rows += [
        FoundRow("LoRA", f"{one.name} at {one.weight:g}", _heading(workflow, one.places[0].node), "the links")
        for one in workflow.loras
        if one.places
    ]
    lost = (path for path in (PROMPT, NEGATIVE, SEED) if path not in workflow.found)
    return [*rows, *(FoundRow(_TITLES[path], "none found", "–", "", path) for path in lost)]


def turned(row: FoundRow) -> tuple[dict[InputPlace, str], str]:
    """What a turn of a row's tick decides, and what that means in a sentence; {} for what has to stay."""
    if row.also:
        if row.on:
            return dict.fromkeys(row.places, ""), f"{row.title}: {row.node} keeps a value of its own."
        word = f"{row.title}: {row.node} is set together with it from now on, as one value."
        return dict.fromkeys((*row.also, *row.places), row.path), word
    if row.on and row.path in NEEDED:
        return {}, f"{row.title} stays: without it every picture would be the same."
    if row.on:
        own = "is left as it stands" if row.path == NEGATIVE else "keeps its own name and a field of its own"
        return dict.fromkeys(row.places, OWN), f"{row.title} {own}; that of Create does not set it."
    return dict.fromkeys(row.places, row.path), f"{row.title} of Create sets it."


def _found(workflow: Workflow, one: FoundField, choices: Mapping[InputPlace, str]) -> FoundRow:
    value = " ".join(value_text(one.path, one.value).split())
    on = any(choices.get(place, "") not in (OWN, RARE) for place in one.places)
    goes = _goes_to(workflow, one.places)
    node = _node(workflow, one)
    short = f"{node} → {counted(len(goes), 'node')}" if len(goes) > 1 else node
    words = f"{_title(one.path)}: {node} feeds {_listed(goes)}{_ALL if len(goes) > 1 else '.'}" if goes else ""
    return FoundRow(_title(one.path), value, short, _how(workflow, one), one.path, one.places, on=on, words=words)


def _twins(workflow: Workflow, one: FoundField, choices: Mapping[InputPlace, str]) -> list[FoundRow]:
    """The inputs that could be set together with something that was found."""
    rows = []
    others = _SEEDS if one.path == SEED else ()
    known = one.path in (PROMPT, NEGATIVE, "checkpoint")
    for place in () if known else twins_of(workflow.nodes, one.places, others):
        node = workflow.nodes[place.node]
        value = str(node.plain(place.input))
        on = choices.get(place, "") == one.path
        words = f"{_title(one.path)}: tick it to set {_heading(workflow, place.node)} and the row above as one value."
        row = FoundRow(f"{_title(one.path)}, too", value, _heading(workflow, place.node), "not set", one.path, (place,))
        rows.append(replace(row, also=one.places, on=on, how="you" if on else "not set", words=words))
    return rows


def _goes_to(workflow: Workflow, places: Sequence[InputPlace]) -> list[str]:
    """What the nodes of these values hand them to, in words; [] where the value stands in the node that uses it."""
    fed = (one for place in places for one in fed_from(workflow.nodes, place.node))
    return [f"{_heading(workflow, one.node)} · {one.input}" for one in fed]


def goes_words(workflow: Workflow, place: InputPlace) -> str:
    """Where an open value goes, as a sentence; "" where it stands in the node that uses it."""
    goes = _goes_to(workflow, [place])
    end = _ALL if len(goes) > 1 else "."
    return f"{_heading(workflow, place.node)} feeds {_listed(goes)}{end}" if goes else ""


def _listed(goes: Sequence[str]) -> str:
    few = list(goes[:3]) + ([f"{len(goes) - 3} more"] if len(goes) > 3 else [])
    return " and ".join(filter(None, (", ".join(few[:-1]), few[-1])))


def _place(path: str) -> tuple[int, str]:
    return (_FIRST.index(path) if path in _FIRST else len(_FIRST), path)


def _title(path: str) -> str:
    return _TITLES.get(path) or (parameter(path).caption if path in catalogue() else path)


def _node(workflow: Workflow, field: FoundField) -> str:
    more = f" and {len(field.places) - 1} more" if len(field.places) > 1 else ""
    return f"{_heading(workflow, field.places[0].node)}{more}"


def _heading(workflow: Workflow, name: str) -> str:
    return f"{workflow.nodes[name].heading} #{name}"


def _how(workflow: Workflow, field: FoundField) -> str:
    if field.how == "title":
        return f"title “{workflow.nodes[field.places[0].node].title}”"
    return "you" if field.how == "choice" else "the links"


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


def varied_paths(workflow: Workflow) -> frozenset[str]:
    """The open values that a Learning Run can be about."""
    config = PipelineConfig(workflow=workflow.use("-"))
    found = set()
    for path in workflow.open_values:
        with suppress(InvalidInput):
            focus_in(config, path)
            found.add(path)
    return frozenset(found)


def input_words(workflow: Workflow, place: InputPlace) -> str:
    """An input with its node and what stands there, on one line."""
    value = " ".join(str(workflow.nodes[place.node].plain(place.input)).split())
    return f"{_heading(workflow, place.node)} · {place.input}: {value or 'empty'}"[:_LONGEST_INPUT]


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
