"""What could stand in a workflow instead of what was found there: another value that the server has, another input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from msgspec.structs import replace

from ..base.errors import InvalidInput
from .choices import OWN, with_choices
from .fields import NEGATIVE, PROMPT, SEED, could_be, find_fields
from .node_kinds import NodeKinds
from .open_values import open_values
from .workflow import Workflow
from .workflow_nodes import InputPlace, Plain, WorkflowNode

_MOST, _FEW = 60, 6


def values_instead(nodes: Mapping[str, WorkflowNode], places: Sequence[InputPlace], kinds: NodeKinds) -> list[str]:
    """What the server takes at all of these inputs; [] where they are no choices, or it has nothing else."""
    each = []
    for place in places:
        node = nodes.get(place.node)
        about = kinds.inputs.get(node.kind, {}).get(place.input) if node is not None else None
        if node is None or about is None or not about.choices:
            return []
        each.append(about.choices)
    shared = [one for one in each[0] if all(one in other for other in each[1:])] if each else []
    return shared if set(shared) - {nodes[one.node].plain(one.input) for one in places} else []


def inputs_instead(workflow: Workflow, path: str) -> list[InputPlace]:
    """Other inputs that a parameter could be meant to stand at. Those of other parameters are left out, but for words,
    which may have been taken for each other.
    """
    others = [one for one in workflow.found.values() if one.path == path or path not in (PROMPT, NEGATIVE)]
    taken = {place for one in others for place in one.places}
    found = (
        InputPlace(name, key)
        for name, node in workflow.nodes.items()
        for key in node.inputs
        if InputPlace(name, key) not in taken and could_be(path, key, node.plain(key))
    )
    return list(islice(found, _MOST))


def moved(workflow: Workflow, path: str, place: InputPlace) -> dict[InputPlace, str]:
    """The decisions by which a parameter stands at this input and no longer where it was found."""
    before = workflow.found.get(path)
    return {**dict.fromkeys(before.places if before is not None else (), OWN), place: path}


def changed(
    workflow: Workflow, values: Mapping[InputPlace, Plain], choices: Mapping[InputPlace, str], kinds: NodeKinds
) -> Workflow:
    """The workflow with other values at some inputs and with what was decided about others, searched anew."""
    if not values and not choices:
        return workflow
    nodes = dict(workflow.nodes)
    for place, value in values.items():
        if place.node in nodes:
            node = nodes[place.node]
            nodes[place.node] = replace(node, inputs={**node.inputs, place.input: value})
    return _searched(workflow, with_choices(nodes, choices), kinds)


def _searched(workflow: Workflow, nodes: Mapping[str, WorkflowNode], kinds: NodeKinds) -> Workflow:
    search = find_fields(nodes)
    return replace(
        workflow,
        nodes=nodes,
        found=search.found,
        loras=search.loras,
        open_values=open_values(nodes, search.taken, kinds),
        notices=search.notices,
    )


def titled(workflow: Workflow, titles: Mapping[str, str], kinds: NodeKinds) -> Workflow:
    """The workflow with other titles on some nodes, by id, searched anew."""
    nodes = {name: replace(node, title=titles.get(name, node.title)) for name, node in workflow.nodes.items()}
    return _searched(workflow, nodes, kinds)


def place_called(workflow: Workflow, word: str) -> InputPlace:
    """The input that "NODE.INPUT" means, by the node's id. Raises InvalidInput with what there is."""
    for at in (place for place, letter in enumerate(word) if letter == "."):
        node = workflow.nodes.get(word[:at])
        if node is not None and node.plain(word[at + 1 :]) is not None:
            return InputPlace(word[:at], word[at + 1 :])
    node = workflow.nodes.get(word.partition(".")[0])
    if node is None:
        some = ", ".join(f"{name} ({one.heading})" for name, one in islice(workflow.nodes.items(), _FEW))
        raise InvalidInput(f"{word}: there is no such node. Write NODE.INPUT with the number of a node: {some} …")
    keys = ", ".join(key for key in node.inputs if node.plain(key) is not None) or "none"
    raise InvalidInput(f"{word}: node {node.heading} has no value at this input. It has {keys}.")


def can_move(path: str) -> bool:
    """Whether the search can be wrong about where a parameter stands, so that a person may say it."""
    return path in (PROMPT, NEGATIVE, SEED) or path.startswith("txt2img.")
