"""Checks a workflow against a server before anything is sent: classes, inputs, names of files, ranges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from msgspec import Struct

from ..config.lenient_reader import shown
from .node_kinds import COMBO, DYNAMIC, InputKind, NodeKinds
from .workflow_nodes import WorkflowNode, is_link

_SOME = 3
_ENDS = ("Save", "Preview", "Image Save")


class Missing(Struct, frozen=True):
    """Something in a workflow that a server cannot take: the node with its title and id, the input ("" = the class),
    and a sentence without the node's name.
    """

    node: str
    title: str
    input: str
    why: str

    @property
    def sentence(self) -> str:
        """The whole sentence: node, input, what is wrong, what to do."""
        at = f", input {self.input}" if self.input else ""
        return f"Node “{self.title}” #{self.node}{at}: {self.why}"


def missing_in(nodes: Mapping[str, WorkflowNode], kinds: NodeKinds) -> tuple[Missing, ...]:
    """What a server cannot take, in the order of the nodes. Inputs count only where something is saved or shown."""
    return tuple(_missing(nodes, kinds))


def _missing(nodes: Mapping[str, WorkflowNode], kinds: NodeKinds) -> Iterator[Missing]:
    used = above_ends(nodes, kinds)
    for name, node in nodes.items():
        known = kinds.inputs.get(node.kind)
        title = node.heading[:80]
        if known is None:
            why = f"{kinds.server} has no class {node.kind[:80]}. Install the extension that brings it."
            yield Missing(name, title, "", why)
        elif name in used:
            for key, why in _wrong_inputs(node, known, nodes, kinds.server):
                yield Missing(name, title, key, why)


def end_nodes(nodes: Mapping[str, WorkflowNode], kinds: NodeKinds) -> list[str]:
    """The nodes at which something comes out: the server names their classes, else their names tell."""
    return [
        name
        for name, node in nodes.items()
        if node.kind in kinds.ends or (node.kind not in kinds.inputs and node.kind.startswith(_ENDS))
    ]


def above_ends(nodes: Mapping[str, WorkflowNode], kinds: NodeKinds) -> frozenset[str]:
    """The nodes that something which comes out is made by; the others are not run."""
    return above(nodes, end_nodes(nodes, kinds))


def above(nodes: Mapping[str, WorkflowNode], ends: Sequence[str]) -> frozenset[str]:
    """Some nodes and all that they are made by."""
    waiting, seen = [*ends], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [str(value[0]) for value in _links(nodes[name], nodes)]
    return frozenset(seen)


def _links(node: WorkflowNode, nodes: Mapping[str, WorkflowNode]) -> Iterator[Sequence[object]]:
    for value in node.inputs.values():
        if isinstance(value, list) and is_link(value, nodes):
            yield value


def _wrong_inputs(
    node: WorkflowNode, known: Mapping[str, InputKind], nodes: Mapping[str, WorkflowNode], server: str
) -> Iterator[tuple[str, str]]:
    for key, about in known.items():
        value = node.inputs.get(key)
        if value is None:
            if about.required and key not in node.inputs:
                yield key, "nothing is connected or written there, and it is needed. Mend it in ComfyUI."
            continue
        if isinstance(value, list):
            if len(value) == 2 and isinstance(value[0], (str, int)) and not is_link(value, nodes):
                yield key, f"it is linked to node {str(value[0])[:20]}, which is not in the workflow."
            continue
        if isinstance(value, (str, int, float)) and (why := wrong_value(value, about, server)):
            yield key, why


def wrong_value(value: str | int | float | bool, about: InputKind, server: str) -> str:
    """Why a server does not take a value at an input, as the end of a sentence; "" = it does."""
    if about.kind in (COMBO, DYNAMIC) and about.choices:
        if value in about.choices:
            return ""
        near = get_close_matches(str(value)[:200], about.choices, _SOME, 0.5)
        few = ", ".join(about.choices[:_SOME]) + (" and others" if len(about.choices) > _SOME else "")
        hint = f"Did you mean {' or '.join(near)}?" if near else f"It has {few}."
        return f"{server} has no {str(value)[:80]!r}. {hint}"
    if about.kind == COMBO and not about.required:
        return ""
    if about.kind == COMBO:
        return f"{server} has no {str(value)[:80]!r}, and nothing else to choose from there."
    if about.kind in ("INT", "FLOAT"):
        if isinstance(value, str):
            return "" if _is_number(value) else f"{value[:40]!r} is no number."
        if not about.takes(value):
            return f"{server} takes {_plain(about.low)} to {_plain(about.high)}, not {shown(value)}."
    return ""


def _plain(number: float | None) -> str:
    """All digits of a whole number: seeds have up to twenty."""
    return str(number) if isinstance(number, int) else f"{number:g}"


def _is_number(text: str) -> bool:
    try:
        float(text[:60])
    except ValueError:
        return False
    return True
