"""What the user decided about single values of a workflow, over what links and titles tell: kept in the file itself.

Each node has it in `_meta.stablenew`, by input: a path ("txt2img.steps", "seed") for what the value is, OWN for a value
that keeps its own name and has a field in Create, RARE for one that has none there. ComfyUI passes this over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice

from msgspec.structs import replace

from ..recipes.recipe import object_of
from .workflow_nodes import INPUTS, InputPlace, WorkflowNode, is_link

OWN, RARE = "own", "rare"
META = "stablenew"
_MOST, _LONGEST = 40, 200


def choices_in(meta: Mapping[str, object]) -> dict[str, str]:
    """The decisions in the `_meta` of a node, by input."""
    written = islice(object_of(meta.get(META)).items(), INPUTS)
    return {str(key): word[:_LONGEST] for key, word in written if isinstance(word, str) and word}


def with_choices(nodes: Mapping[str, WorkflowNode], choices: Mapping[InputPlace, str]) -> dict[str, WorkflowNode]:
    """The nodes with these decisions in place of those about the same inputs."""
    found = dict(nodes)
    for place, word in choices.items():
        node = found.get(place.node)
        if node is not None:
            found[place.node] = replace(node, choices={**node.choices, place.input: word})
    return found


def fed_from(nodes: Mapping[str, WorkflowNode], node: str) -> list[InputPlace]:
    """The inputs that a node with no links of its own hands its value to, in the order of the nodes; [] for a node that
    works itself, as a loader or a sampler does.
    """
    known = nodes.get(node)
    if known is None or "load" in known.kind.casefold() or any(is_link(one, nodes) for one in known.inputs.values()):
        return []
    if sum(known.plain(key) is not None for key in known.inputs) > 2:
        # A value, and what becomes of it after each run.
        return []
    return list(islice(_fed(nodes, node), _MOST))


def _fed(nodes: Mapping[str, WorkflowNode], node: str) -> Iterator[InputPlace]:
    for name, other in nodes.items():
        for key, value in other.inputs.items():
            if isinstance(value, list) and is_link(value, nodes) and str(value[0]) == node:
                yield InputPlace(name, key)


def twins_of(
    nodes: Mapping[str, WorkflowNode], places: tuple[InputPlace, ...], others: Collection[str] = ()
) -> list[InputPlace]:
    """Other inputs that could be set together with these: those of the same name in nodes of the same class, or with
    one of the names in `others` anywhere, that hold the same kind of value. A text of words is never one.
    """
    if not places or places[0].node not in nodes:
        return []
    first, key = nodes[places[0].node], places[0].input
    value = first.plain(key)
    if value is None or (isinstance(value, str) and "text" in key):
        return []
    found = (
        InputPlace(name, one)
        for name, node in nodes.items()
        for one in (others or ([key] if node.kind == first.kind else ()))
        if type(node.plain(one)) is type(value)
    )
    return [place for place in found if place not in places][:_MOST]
