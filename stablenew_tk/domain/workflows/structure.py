"""What tells a workflow from others whatever is set in it: which nodes it has, and how they are linked."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256

from ..recipes.recipe import MODEL_ENDING
from .workflow_nodes import InputPlace, WorkflowNode, is_link

# Where pictures leave a workflow: a picture made here has a node of ours instead.
_LEAVES = re.compile(r"show|display|preview|save", re.IGNORECASE)


def structure_of(nodes: Mapping[str, WorkflowNode], taken: Collection[InputPlace]) -> str:
    """A hash of the nodes, their links and the files of models that are no field, which are not `taken`.

    Ids, titles and the order of nodes do not count: each export may choose others. Other values are left out: the same
    workflow comes with another seed and prompt in each picture that it made. So are nodes that only show or save.
    """
    links = {name: tuple(_links(node, nodes)) for name, node in nodes.items()}
    used = {target for found in links.values() for _, target, _ in found}
    kept = {name: found for name, found in links.items() if name in used or not _LEAVES.search(nodes[name].kind)}
    try:
        order = tuple(
            TopologicalSorter({name: [one[1] for one in found] for name, found in kept.items()}).static_order()
        )
    except CycleError:
        order = tuple(kept)  # no server runs it
    # Each node is told by all that stands above it, then also by all that use it: two that are alike above may not be.
    above: dict[str, str] = {}
    for name in order:
        files = ((key, file, -1) for key, file in _files(nodes[name]) if InputPlace(name, key) not in taken)
        parts = [*files, *((key, above.get(target, ""), output) for key, target, output in kept[name])]
        above[name] = _hash([nodes[name].kind, sorted(parts)])
    users: dict[str, list[tuple[str, str, int]]] = {name: [] for name in order}
    told: list[str] = []
    for name in reversed(order):
        told.append(_hash([above[name], sorted(users[name])]))
        for key, target, output in kept[name]:
            users[target].append((key, told[-1], output))
    return _hash(sorted(told))


def _links(node: WorkflowNode, nodes: Mapping[str, WorkflowNode]) -> Iterator[tuple[str, str, int]]:
    for key, value in node.inputs.items():
        if isinstance(value, list) and is_link(value, nodes):
            yield key, str(value[0]), value[1] if isinstance(value[1], int) else 0


def _files(node: WorkflowNode) -> Iterator[tuple[str, str]]:
    for key, value in node.inputs.items():
        if isinstance(value, str) and MODEL_ENDING.search(value):
            yield key, value.replace("\\", "/")


def _hash(told: object) -> str:
    return sha256(json.dumps(told).encode()).hexdigest()
