"""The nodes of a workflow that is to be run, as the server is told them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ..recipes.comfy_nodes import ComfyNode, LinkedNodes, finished

MOST_NODES, INPUTS = 20_000, 400
Plain = str | int | float | bool


class WorkflowNode(Struct, frozen=True):
    """One node: its class, its inputs (values and links), and its title, "" for that of its class. `choices` are what
    the user decided about its inputs (see `choices.py`).
    """

    kind: str
    inputs: Mapping[str, object]
    title: str = ""
    choices: Mapping[str, str] = {}

    @property
    def heading(self) -> str:
        """What stands above it on the screen."""
        return self.title or self.kind

    def plain(self, key: str) -> Plain | None:
        """The value written at an input; None for a link or nothing."""
        value = self.inputs.get(key)
        return value if isinstance(value, (str, int, float)) else None


class InputPlace(Struct, frozen=True):
    """An input of a node."""

    node: str
    input: str


def is_link(value: object, nodes: Mapping[str, WorkflowNode]) -> bool:
    """Whether a value is a link to a node that is there."""
    return isinstance(value, list) and len(value) == 2 and str(value[0])[:200] in nodes


def searchable(nodes: Mapping[str, WorkflowNode]) -> LinkedNodes:
    """The same nodes for a search along their links; what switches do not hand on is left out."""
    return finished({name: ComfyNode(node.kind, dict(node.inputs)) for name, node in nodes.items()})
